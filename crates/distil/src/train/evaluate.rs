//! Outputs and targets in the terms the metrics want.

use std::borrow::Cow;
use std::collections::BTreeMap;

use distil_report::Numbers;
use distil_report::measure::{self, BadOutputs, Metric, Outputs};
use distil_report::predictions::Truth;

use crate::data::{Dataset, Targets};
use crate::error::{Error, Result};
use crate::sample::SampleId;
use crate::weights::Array;

/// Every metric that applies to these outputs, `[ids, outputs]`, each sample by its weight; regression in the targets' own unit.
pub fn metrics(outputs: &Array, data: &Dataset, ids: &[SampleId]) -> Result<Numbers> {
    let weights = data.weights.as_deref();
    measured(outputs, &data.targets, weights, ids, measure::all)
}

/// The same and these.
pub fn metrics_and(
    outputs: &Array,
    data: &Dataset,
    ids: &[SampleId],
    more: &[&Metric],
) -> Result<Numbers> {
    let weights = data.weights.as_deref();
    let measure = |outputs: &Outputs<'_>| measure::all_and(outputs, more);
    measured(outputs, &data.targets, weights, ids, measure)
}

/// The same of targets and the weights of their rows, and the metrics of each of several targets by name; none of one target, nor of
/// classes and labels.
pub fn metrics_by_target(
    outputs: &Array,
    targets: &Targets,
    weights: Option<&[f32]>,
    ids: &[SampleId],
    metric: Option<&Metric>,
) -> Result<(Numbers, BTreeMap<String, Numbers>)> {
    measured(outputs, targets, weights, ids, |outputs| {
        let names = targets.names().iter().cloned();
        let by_target = names.zip(measure::by_target(outputs)).collect();
        let all = match metric {
            Some(metric) => measure::all_and(outputs, &[metric]),
            None => measure::all(outputs),
        };
        (all, by_target)
    })
}

fn measured<T>(
    outputs: &Array,
    targets: &Targets,
    weights: Option<&[f32]>,
    ids: &[SampleId],
    measure: impl Fn(&Outputs<'_>) -> T,
) -> Result<T> {
    let refuse = |e: BadOutputs| Error::input("outputs", e);
    let (outputs, truth) = in_own_terms(outputs, targets, ids);
    let weights = weights_of(weights, ids);
    let outputs = truth
        .beside(&outputs, targets.outputs(), weights.as_deref())
        .map_err(refuse)?;
    Ok(measure(&outputs))
}

/// The weights of these samples, where rows have any.
pub fn weights_of(weights: Option<&[f32]>, ids: &[SampleId]) -> Option<Vec<f32>> {
    weights.map(|weights| ids.iter().map(|id| weights[id.row()]).collect())
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
