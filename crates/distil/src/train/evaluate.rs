//! Outputs and targets in the terms the metrics want.

use std::borrow::Cow;
use std::collections::BTreeMap;

use distil_report::Numbers;
use distil_report::measure::{self, BadOutputs, Outputs};
use distil_report::predictions::Truth;

use crate::data::Targets;
use crate::error::{Error, Result};
use crate::sample::SampleId;
use crate::weights::Array;

/// Every metric that applies to these outputs, `[ids, outputs]`; regression in the targets' own unit.
pub fn metrics(outputs: &Array, targets: &Targets, ids: &[SampleId]) -> Result<Numbers> {
    measured(outputs, targets, ids, measure::all)
}

/// The same, and the metrics of each of several targets by name; none of one target, nor of classes and labels.
pub fn metrics_by_target(
    outputs: &Array,
    targets: &Targets,
    ids: &[SampleId],
) -> Result<(Numbers, BTreeMap<String, Numbers>)> {
    measured(outputs, targets, ids, |outputs| {
        let names = targets.names().iter().cloned();
        let by_target = names.zip(measure::by_target(outputs)).collect();
        (measure::all(outputs), by_target)
    })
}

fn measured<T>(
    outputs: &Array,
    targets: &Targets,
    ids: &[SampleId],
    measure: impl Fn(&Outputs<'_>) -> T,
) -> Result<T> {
    let refuse = |e: BadOutputs| Error::input("outputs", e);
    let (outputs, truth) = in_own_terms(outputs, targets, ids);
    let outputs = truth.beside(&outputs, targets.outputs()).map_err(refuse)?;
    Ok(measure(&outputs))
}

/// Outputs and the truth of these samples: logits beside classes or labels, values in the targets' own unit. Where 32 bits do
/// not hold them, both are less [`crate::data::TargetScale::offsets`]: errors are the same.
pub fn in_own_terms<'a>(
    outputs: &'a Array,
    targets: &Targets,
    ids: &[SampleId],
) -> (Cow<'a, [f32]>, Truth) {
    let rows = |block: &Array| {
        let rows = ids.iter().flat_map(|id| block.row(id.row()));
        rows.copied().collect::<Vec<f32>>()
    };
    let logits = || Cow::Borrowed(outputs.values.as_slice());
    match targets {
        Targets::Classes { labels, .. } => {
            let labels = ids.iter().map(|id| labels[id.row()]);
            (logits(), Truth::Classes(labels.collect()))
        }
        Targets::Labels { values, .. } => (logits(), Truth::Labels(rows(values))),
        Targets::Values { values, scale, .. } => (
            Cow::Owned(scale.to_units(&outputs.values)),
            Truth::Values(scale.to_units(&rows(values))),
        ),
    }
}
