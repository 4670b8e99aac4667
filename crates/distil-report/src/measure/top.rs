//! Top-k accuracy.

use super::ClassOutputs;
use super::registry::{Better, Metric, Quantity};
use super::{Outputs, Rows};

/// The registry's entry.
pub(super) const METRIC: Metric = Metric {
    name: "top5",
    title: "top-5 accuracy",
    better: Better::Higher,
    quantity: Quantity::Share,
    summary: "the share of samples whose class is among the five likeliest; shown where there are more than five",
    classes: Some(|outputs| (outputs.classes() > 5).then(|| top_k(outputs, 5))),
    labels: None,
    values: None,
    rows: |outputs| match outputs {
        Outputs::Classes(outputs) => Rows::Right(top_k_rows(outputs, 5).collect()),
        other => Rows::kin(other),
    },
    is_mean: |_| true,
    usual: true,
};

/// Whether each row's label is among the `k` largest logits. Of equal logits the earlier class counts as the larger, so that
/// `k = 1` is the prediction's own rightness.
pub fn top_k_rows(outputs: &ClassOutputs<'_>, k: usize) -> impl ExactSizeIterator<Item = bool> {
    outputs.rows().map(move |(logits, label)| {
        let own = logits[label];
        let larger =
            |(class, &logit): (usize, &f32)| logit > own || (logit == own && class < label);
        logits
            .iter()
            .enumerate()
            .filter(|entry| larger(*entry))
            .count()
            < k
    })
}

/// The share of rows of which [`top_k_rows`] holds, in [0, 1].
pub fn top_k(outputs: &ClassOutputs<'_>, k: usize) -> f64 {
    outputs.weights.mean(top_k_rows(outputs, k).map(f64::from))
}
