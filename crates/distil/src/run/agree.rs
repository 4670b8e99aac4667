//! Whether the model in a run's folder is the one its record speaks of.

use std::path::Path;

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
    if run.model().file_name() != model.file_name() {
        return None;
    }
    let card = SavedModel::read_card(model).ok()?;
    let record = RunJson::read(&run.run_json()).ok()?;
    let mut flows = record.trials.iter().filter(|trial| trial.id.arm == FLOW);
    let flow = flows
        .next()
        .filter(|flow| flow.status == Status::Finished)?;
    let (own, other) = (&card.provenance.trial, flow.id.to_string());
    let tested = &flow.result()?.test;
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
        false => format!("is that of {own}, and the result in run.json is {other}"),
    };
    Some(format!(
        "{}: the model {why}. `distil resume {}` mends it while the run has its trials.",
        model.display(),
        run.path().display()
    ))
}
