//! Whether a model in a run's folder is the one its record speaks of.

use std::path::{Path, PathBuf};

use distil_report::compare::FLOW;
use distil_report::run_json::{RunJson, Status};

use super::folder::RunFolder;
use crate::saved::SavedModel;

/// Metrics that are further apart, relative to their size, are those of two models.
const SAME: f64 = 1e-4;

/// What a reader of a model's folder has to know: that the record of its run speaks of another one. None where they agree, or where
/// there is no such record.
pub fn disagreement(model: &Path) -> Option<String> {
    let run = RunFolder::open(model.parent()?).ok()?;
    let is = |kept: PathBuf| kept.file_name() == model.file_name();
    let record = RunJson::read(&run.run_json()).ok()?;
    let mends = |why: String| {
        format!(
            "{}: {why}. `distil resume {}` mends it while the run has its trials.",
            model.display(),
            run.path().display()
        )
    };
    let (of, expected) = if is(run.model()) {
        let flow = record.trials.iter().find(|trial| trial.id.arm == FLOW);
        ("the result", flow?)
    } else if is(run.recommended()) {
        let Some(id) = &record.recommended else {
            let unknown = || mends("the verdict in run.json recommends the flow's model".into());
            return model.exists().then(unknown);
        };
        if !model.exists() {
            return Some(mends(format!(
                "the model of {id} is missing, which the verdict recommends"
            )));
        }
        let trial = record.trials.iter().find(|trial| trial.id == *id);
        ("what the verdict recommends", trial?)
    } else {
        return None;
    };
    let card = SavedModel::read_card(model).ok()?;
    if expected.status != Status::Finished {
        return None;
    }
    let (own, other) = (&card.provenance.trial, expected.id.to_string());
    let tested = &expected.result()?.test;
    let same = |name: &str, value: &f64| {
        let known = tested.get(name).copied().unwrap_or(*value);
        !(known - value).is_finite() || (known - value).abs() <= SAME * known.abs().max(SAME)
    };
    let same = card
        .provenance
        .test
        .iter()
        .all(|(name, value)| same(name, value));
    let why = match *own == other {
        true if same => return None,
        true => format!("has other metrics than {other} in run.json"),
        false => format!("is that of {own}, and {of} in run.json is {other}"),
    };
    Some(mends(format!("the model {why}")))
}
