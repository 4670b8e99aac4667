//! What arms choose from on the validation part, and what they chose.

use std::collections::BTreeMap;

use distil_report::TrialId;
use distil_report::run_json::{MainMetric, Status, Trial, Tuned};

use super::logs::Logs;
use super::trials::trials as every_trial;
use crate::plan::{Plan, Width};
use crate::run::options::Options;

/// The metric a plan's models are compared by.
pub(super) fn main_metric(plan: &Plan) -> MainMetric {
    MainMetric::of(plan.metric, plan.task.unit())
}

/// The choice of every arm on every fold, of every seed where each chooses for itself, among these candidates.
pub(super) fn tuned<'a>(
    plan: &Plan,
    trials: impl Iterator<Item = &'a Trial>,
    candidates: &[String],
    seeds: u64,
) -> Vec<Tuned> {
    let Some(tuning) = &plan.tuning else {
        return Vec::new();
    };
    let first = plan.run.seed.value;
    let trials: Vec<Trial> = trials.cloned().collect();
    let mut places: Vec<(&str, Option<usize>, Option<u64>)> = Vec::new();
    for trial in &trials {
        let seed = tuning.seeds.is_none().then_some(trial.id.seed);
        let place = (trial.id.arm.as_str(), trial.id.fold, seed);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
        .into_iter()
        .map(|place| {
            let seeds = tuning.choosers(place.2.unwrap_or(first), first, seeds);
            Tuned::of(&trials, place, candidates, &seeds, &main_metric(plan))
        })
        .collect()
}

/// The settings there are to choose from: those as written, and others beyond the end of a list while the choice of some arm, by the
/// mean over its seeds and folds, lies there. All arms have the same. It needs every trial with those before.
pub(super) fn candidates(plan: &Plan, options: &Options, logs: &Logs) -> Vec<String> {
    listed(plan, options, &logs.trials().collect::<Vec<_>>()).1
}

pub(super) fn listed(
    plan: &Plan,
    options: &Options,
    trials: &[&Trial],
) -> (Option<Width>, Vec<String>) {
    let Some(tuning) = &plan.tuning else {
        return (None, Vec::new());
    };
    let mut width = tuning.written();
    loop {
        let candidates = tuning.names(&width);
        let ended = |id: &TrialId| {
            let mut of = trials.iter().filter(|trial| trial.id == *id);
            of.any(|trial| matches!(trial.status, Status::Finished | Status::Diverged))
        };
        let all = every_trial(options, plan, &candidates);
        if !all.iter().filter(|id| id.settings.is_some()).all(ended) {
            return (Some(width), candidates);
        }
        let tuned = tuned(plan, trials.iter().copied(), &candidates, options.seeds);
        let chosen = Tuned::overall(&tuned, plan.metric.better);
        let chosen: Vec<String> = chosen.into_iter().filter_map(|one| one.chosen).collect();
        let wider = tuning.wider(&width, &chosen);
        if wider == width {
            return (Some(width), candidates);
        }
        width = wider;
    }
}

/// The arms whose choice, by the mean over their seeds and folds, lies at the end of a list however wide it got, each with its choice.
pub(super) fn ends(
    plan: &Plan,
    options: &Options,
    logs: &Logs,
    tuned: &[Tuned],
) -> BTreeMap<String, String> {
    let trials: Vec<&Trial> = logs.trials().collect();
    let (Some(tuning), (Some(width), _)) = (&plan.tuning, listed(plan, options, &trials)) else {
        return BTreeMap::new();
    };
    let overall = Tuned::overall(tuned, plan.metric.better).into_iter();
    overall
        .filter_map(|one| Some((one.arm, one.chosen?)))
        .filter(|(_, chosen)| tuning.is_at_an_end(&width, chosen))
        .collect()
}
