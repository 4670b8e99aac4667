//! Balanced accuracy.

use super::registry::{Better, Metric, Quantity};
use super::{ClassOutputs, Outputs, Rows};

/// The registry's entry.
pub(super) const METRIC: Metric = Metric {
    name: "balanced_accuracy",
    title: "balanced accuracy",
    better: Better::Higher,
    quantity: Quantity::Share,
    summary: "the mean of the classes' shares of samples classified right, however many samples a class has",
    classes: Some(|outputs| Some(balanced_accuracy(outputs))),
    labels: None,
    values: None,
    rows: |outputs| match outputs {
        Outputs::Classes(outputs) => Rows::Means(balanced_rows(outputs)),
        other => Rows::kin(other),
    },
    is_mean: true,
};

/// The mean, over the classes that occur, of the share of their rows that is classified right, in [0, 1] (Brodersen et al. 2010).
pub fn balanced_accuracy(outputs: &ClassOutputs<'_>) -> f64 {
    outputs.mean(balanced_rows(outputs).into_iter())
}

/// Per row n / (K n_c) where it is right and else 0, n_c the rows of its class of K that occur: their mean is the balanced accuracy.
fn balanced_rows(outputs: &ClassOutputs<'_>) -> Vec<f64> {
    let mut of_class = vec![0.0; outputs.classes()];
    for ((_, label), weight) in outputs.rows().zip(outputs.weights()) {
        of_class[label] += weight;
    }
    let occurring = of_class.iter().filter(|weight| **weight > 0.0).count() as f64;
    let right = outputs.correct().zip(outputs.rows());
    right
        .map(|(right, (_, label))| f64::from(right) * outputs.total() / (occurring * of_class[label]))
        .collect()
}
