//! Mean absolute error.

use super::ValueOutputs;
use super::registry::{Better, Metric, Quantity};
use super::{Outputs, Rows};

/// The registry's entry.
pub(super) const METRIC: Metric = Metric {
    name: "mae",
    title: "MAE",
    better: Better::Lower,
    quantity: Quantity::Target,
    summary: "mean absolute error in the target's unit; with several targets the mean of theirs",
    classes: None,
    labels: None,
    values: Some(|outputs| Some(mae(outputs))),
    rows: |outputs| match outputs {
        Outputs::Values(outputs) => Rows::Means(outputs.row_means(|_, error| error.abs())),
        other => Rows::kin(other),
    },
    is_mean: |_| true,
    usual: true,
};

/// mean |error| in the target's unit; with several targets the mean of theirs.
pub fn mae(outputs: &ValueOutputs<'_>) -> f64 {
    let of_target = |target| {
        let errors = outputs.target(target).zip(outputs.weights.each());
        errors
            .map(|((value, truth), weight)| weight * (value - truth).abs())
            .sum::<f64>()
    };
    outputs.mean_over_targets(of_target) / outputs.weights.total()
}
