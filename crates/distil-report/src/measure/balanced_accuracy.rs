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
    is_mean: |_| true,
    usual: false,
};

/// The mean, over the classes that occur, of the share of their rows that is classified right, in [0, 1] (Brodersen et al. 2010).
pub fn balanced_accuracy(outputs: &ClassOutputs<'_>) -> f64 {
    let shares = shares(outputs);
    shares.iter().flatten().map(|[share, _]| share).sum::<f64>()
        / shares.iter().flatten().count() as f64
}

/// The share of each class's rows that is right, and what its rows weigh; none of a class that does not occur.
fn shares(outputs: &ClassOutputs<'_>) -> Vec<Option<[f64; 2]>> {
    let mut sums = vec![[0.0, 0.0]; outputs.classes()];
    let rows = outputs
        .correct()
        .zip(outputs.rows())
        .zip(outputs.weights.each());
    for ((right, (_, label)), weight) in rows {
        sums[label][0] += weight * f64::from(right);
        sums[label][1] += weight;
    }
    let share = |[right, all]: [f64; 2]| (all > 0.0).then(|| [right / all, all]);
    sums.into_iter().map(share).collect()
}

/// Per row A + n / (K n_c) · (right − a_c), A the balanced accuracy of K classes that occur, a_c and n_c the share and the rows of its
/// own class: the delta method, whose mean is A.
fn balanced_rows(outputs: &ClassOutputs<'_>) -> Vec<f64> {
    let (shares, value) = (shares(outputs), balanced_accuracy(outputs));
    let scale = outputs.weights.total() / shares.iter().flatten().count() as f64;
    let rows = outputs.correct().zip(outputs.rows());
    rows.map(|(right, (_, label))| {
        let [share, all] = shares[label].unwrap_or([0.0, 1.0]);
        value + scale / all * (f64::from(right) - share)
    })
    .collect()
}
