//! The coefficient of determination.

use super::Rows;
use super::ValueOutputs;
use super::registry::{Better, Metric, Quantity};

/// The registry's entry.
pub(super) const METRIC: Metric = Metric {
    name: "r2",
    title: "R²",
    better: Better::Higher,
    quantity: Quantity::Plain,
    summary: "the share of the target's variance explained; with several targets the mean of theirs",
    classes: None,
    labels: None,
    values: Some(|outputs| Some(r2(outputs))),
    rows: Rows::kin,
    is_mean: |_| false,
    usual: true,
};

/// 1 − Σ(y − f)² / Σ(y − ȳ)², at most 1; with several targets the mean of theirs. A target that never varies gives 1 where it
/// is met exactly and 0 otherwise.
pub fn r2(outputs: &ValueOutputs<'_>) -> f64 {
    outputs.mean_over_targets(|target| {
        let mean = outputs
            .weights
            .mean(outputs.target(target).map(|(_, truth)| truth));
        let rows = outputs.target(target).zip(outputs.weights.each());
        let (residual, total) =
            rows.fold((0.0, 0.0), |(residual, total), ((value, truth), weight)| {
                (
                    residual + weight * (truth - value).powi(2),
                    total + weight * (truth - mean).powi(2),
                )
            });
        match (residual == 0.0, total == 0.0) {
            (true, _) => 1.0,
            (false, true) => 0.0,
            (false, false) => 1.0 - residual / total,
        }
    })
}
