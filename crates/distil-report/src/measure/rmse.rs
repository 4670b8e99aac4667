//! Root mean squared error.

use super::Rows;
use super::ValueOutputs;
use super::registry::{Better, Metric, Quantity};

/// The registry's entry.
pub(super) const METRIC: Metric = Metric {
    name: "rmse",
    title: "RMSE",
    better: Better::Lower,
    quantity: Quantity::Target,
    summary: "root mean squared error in the target's unit; with several targets the mean of theirs",
    classes: None,
    labels: None,
    values: Some(|outputs| Some(rmse(outputs))),
    rows: Rows::kin,
    is_mean: |_| true,
    usual: true,
};

/// √(mean squared error) in the target's unit; with several targets the mean of theirs.
pub fn rmse(outputs: &ValueOutputs<'_>) -> f64 {
    outputs.mean_over_targets(|target| rmse_by_target(outputs, target))
}

/// √(mean squared error) of one target.
pub fn rmse_by_target(outputs: &ValueOutputs<'_>, target: usize) -> f64 {
    let errors = outputs.target(target);
    let squares = errors.map(|(value, truth)| (value - truth).powi(2));
    outputs.weights.mean(squares).sqrt()
}
