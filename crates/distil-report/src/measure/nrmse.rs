//! The error of several targets, each in its own spread.

use super::Rows;
use super::ValueOutputs;
use super::outputs::Outputs;
use super::registry::{Better, Metric, Quantity};
use super::rmse::rmse_by_target;

/// The registry's entry.
pub(super) const METRIC: Metric = Metric {
    name: "nrmse",
    title: "NRMSE",
    better: Better::Lower,
    quantity: Quantity::Plain,
    summary: "with several targets: the mean of their RMSE, each divided by its target's standard deviation",
    classes: None,
    labels: None,
    values: Some(nrmse),
    rows,
    is_mean: |_| true,
    usual: true,
};

/// The mean over several targets of √(mean squared error) ÷ the target's standard deviation in these rows, so that none counts for
/// more because of its unit; a target that never varies counts in its own unit. None of one target: [`super::rmse`] says the same.
pub fn nrmse(outputs: &ValueOutputs<'_>) -> Option<f64> {
    (outputs.targets() > 1).then(|| {
        let spreads = spreads(outputs);
        outputs.mean_over_targets(|target| rmse_by_target(outputs, target) / spreads[target])
    })
}

fn rows(outputs: &Outputs<'_>) -> Rows {
    let Outputs::Values(outputs) = outputs else {
        return Rows::kin(outputs);
    };
    let spreads = spreads(outputs);
    let spreads = spreads.iter().cycle();
    let squares = outputs.errors().zip(spreads).map(|(e, s)| (e / s).powi(2));
    Rows::Squares(outputs.targets(), squares.collect())
}

/// Each target's standard deviation in these rows; 1 where it does not vary.
fn spreads(outputs: &ValueOutputs<'_>) -> Vec<f64> {
    let targets = 0..outputs.targets();
    targets
        .map(|target| outputs.truth_variance(target).sqrt())
        .collect()
}
