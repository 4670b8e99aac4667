//! What became of the flow's trainings, in sentences.

use crate::compare::FLOW;
use crate::present::human::human_epochs;
use crate::present::show;
use crate::run_json::RunJson;

/// That the flow's result has learnt its training part by heart, in the trials in which it has.
pub(super) fn by_heart(run: &RunJson) -> Option<String> {
    let results = || run.arm(FLOW).filter_map(|trial| trial.result());
    let found: Vec<_> = results()
        .filter_map(|result| Some((&result.name, result.by_heart.as_ref()?)))
        .collect();
    let (name, losses) = found.first()?;
    let trials = match results().count() {
        1 => String::new(),
        all => format!(" in {} of {all} trials", found.len()),
    };
    let unit = run.metric.unit.as_deref();
    let [first, last] = losses.training.map(show::number);
    let [lowest, at_end] = losses
        .validation
        .map(|value| show::value(&losses.metric, unit, value));
    Some(format!(
        "`{name}` has learnt its training part by heart{trials}: its training loss fell from {first} to {last}, and on the validation part {} rose from {lowest} to {at_end}; `keep = \"best\"` keeps the weights of the best epoch",
        show::title(&losses.metric)
    ))
}

/// Which epochs' weights are the models of the flow's stages, where those of the best evaluation were kept; none where the last were.
pub(super) fn kept(run: &RunJson) -> Option<String> {
    // Each stage with the epochs kept and trained for, by trial.
    let mut stages: Vec<(&str, Vec<f64>, Vec<f64>)> = Vec::new();
    for stage in run.arm(FLOW).flat_map(|trial| &trial.stages) {
        let Some(kept) = stage.kept else { continue };
        match stages.iter_mut().find(|(name, ..)| *name == stage.name) {
            Some((_, all_kept, all)) => {
                all_kept.push(kept);
                all.push(stage.epochs);
            }
            None => stages.push((&stage.name, vec![kept], vec![stage.epochs])),
        }
    }
    let mut said = String::new();
    for (name, kept, all) in &stages {
        let verb = if said.is_empty() { " kept" } else { "" };
        let (kept, all) = (span(kept), span(all));
        let plural = if kept.contains(' ') { "s" } else { "" };
        let comma = if said.is_empty() { "" } else { ", " };
        said += &format!("{comma}`{name}`{verb} epoch{plural} {kept} of {all}");
    }
    (!said.is_empty()).then(|| format!("{said}, the best on the validation part"))
}

/// The least and the most, or the one they are.
fn span(epochs: &[f64]) -> String {
    let least = epochs.iter().copied().fold(f64::INFINITY, f64::min);
    let most = epochs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (least, most) = (human_epochs(least), human_epochs(most));
    match least == most {
        true => least,
        false => format!("{least} to {most}"),
    }
}
