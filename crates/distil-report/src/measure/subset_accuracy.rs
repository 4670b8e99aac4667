//! Subset accuracy.

use super::LabelOutputs;
use super::registry::{Better, Metric, Quantity};
use super::{Outputs, Rows};

/// The registry's entry.
pub(super) const METRIC: Metric = Metric {
    name: "subset_accuracy",
    title: "subset accuracy",
    better: Better::Higher,
    quantity: Quantity::Share,
    summary: "the share of samples all of whose labels are right",
    classes: None,
    labels: Some(|outputs| Some(subset_accuracy(outputs))),
    values: None,
    rows: |outputs| match outputs {
        Outputs::Labels(outputs) => Rows::Right(subset_rows(outputs).collect()),
        other => Rows::kin(other),
    },
    is_mean: |_| true,
    usual: true,
};

/// Whether all of each row's labels are right at probability 0.5.
pub fn subset_rows(outputs: &LabelOutputs<'_>) -> impl ExactSizeIterator<Item = bool> {
    outputs.rows().map(|(logits, targets)| {
        logits
            .iter()
            .zip(targets)
            .all(|(&z, &y)| (z >= 0.0) == (y == 1.0))
    })
}

/// The share of rows of which [`subset_rows`] holds, in [0, 1].
pub fn subset_accuracy(outputs: &LabelOutputs<'_>) -> f64 {
    outputs.weights.mean(subset_rows(outputs).map(f64::from))
}
