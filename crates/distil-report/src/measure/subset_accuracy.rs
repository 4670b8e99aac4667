//! Subset accuracy.

use super::LabelOutputs;
use super::registry::{Better, Metric, Scale};

/// The registry's entry.
pub(super) const METRIC: Metric = Metric {
    name: "subset_accuracy",
    title: "subset accuracy",
    better: Better::Higher,
    scale: Scale::Share,
    summary: "the share of samples all of whose labels are right",
    classes: None,
    labels: Some(|outputs| Some(subset_accuracy(outputs))),
    values: None,
};

/// The share of rows whose labels are all right at probability 0.5, in [0, 1].
pub fn subset_accuracy(outputs: &LabelOutputs<'_>) -> f64 {
    let right = outputs
        .rows()
        .filter(|(logits, targets)| {
            logits
                .iter()
                .zip(*targets)
                .all(|(&z, &y)| (z >= 0.0) == (y == 1.0))
        })
        .count();
    right as f64 / outputs.rows().len() as f64
}
