//! Accuracy.

use super::ClassOutputs;
use super::Rows;
use super::registry::{Better, Metric, Quantity};

/// The registry's entry.
pub(super) const METRIC: Metric = Metric {
    name: "accuracy",
    title: "accuracy",
    better: Better::Higher,
    quantity: Quantity::Share,
    summary: "the share of samples classified right",
    classes: Some(|outputs| Some(accuracy(outputs))),
    labels: None,
    values: None,
    rows: Rows::kin,
    is_mean: |_| true,
    usual: true,
};

/// The share of rows whose largest logit is at the label, in [0, 1].
pub fn accuracy(outputs: &ClassOutputs<'_>) -> f64 {
    outputs.weights.mean(outputs.correct().map(f64::from))
}
