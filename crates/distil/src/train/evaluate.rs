//! Outputs and targets in the terms the metrics want.

use distil_report::Numbers;
use distil_report::measure::{self, BadOutputs, ClassOutputs, LabelOutputs, Outputs, ValueOutputs};

use crate::data::Targets;
use crate::error::{Error, Result};
use crate::sample::SampleId;
use crate::weights::Array;

/// Every metric that applies to these outputs, `[ids, outputs]`; regression in the targets' own unit.
pub fn metrics(outputs: &Array, targets: &Targets, ids: &[SampleId]) -> Result<Numbers> {
    with_outputs(outputs, targets, ids, |outputs| measure::all(&outputs))
}

/// Hands outputs and targets over in the targets' own terms.
pub fn with_outputs<T>(
    outputs: &Array,
    targets: &Targets,
    ids: &[SampleId],
    read: impl FnOnce(Outputs) -> T,
) -> Result<T> {
    let refuse = |e: BadOutputs| Error::input("outputs", e);
    let width = targets.outputs();
    let rows = |block: &Array| {
        ids.iter()
            .flat_map(|id| block.row(id.row()))
            .copied()
            .collect::<Vec<f32>>()
    };
    Ok(match targets {
        Targets::Classes { labels, .. } => {
            let labels: Vec<u32> = ids.iter().map(|id| labels[id.row()]).collect();
            read(Outputs::Classes(
                ClassOutputs::new(&outputs.values, &labels, width).map_err(refuse)?,
            ))
        }
        Targets::Labels { values, .. } => read(Outputs::Labels(
            LabelOutputs::new(&outputs.values, &rows(values), width).map_err(refuse)?,
        )),
        Targets::Values { values, scale, .. } => {
            let (outputs, truth) = (
                scale.to_units(&outputs.values),
                scale.to_units(&rows(values)),
            );
            read(Outputs::Values(
                ValueOutputs::new(&outputs, &truth, width).map_err(refuse)?,
            ))
        }
    })
}
