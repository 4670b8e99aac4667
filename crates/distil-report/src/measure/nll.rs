//! Negative log-likelihood.

use super::Outputs;
use super::registry::{Better, Metric, Quantity};
use super::rows::{Rows, nll_label_rows};
use super::{ClassOutputs, LabelOutputs};

/// The registry's entry.
pub(super) const METRIC: Metric = Metric {
    name: "nll",
    title: "NLL",
    better: Better::Lower,
    quantity: Quantity::Nats,
    summary: "mean negative log-likelihood in nats; with several labels their mean binary cross-entropy",
    classes: Some(|outputs| Some(nll(outputs))),
    labels: Some(|outputs| Some(nll_labels(outputs))),
    values: None,
    rows: |outputs| match outputs {
        Outputs::Classes(outputs) => Rows::Means(nll_rows(outputs).collect()),
        other => Rows::kin(other),
    },
    is_mean: |_| true,
    usual: true,
};

/// Each row's −ln p(label) under the softmax of its logits, in nats, at least 0.
pub fn nll_rows(outputs: &ClassOutputs<'_>) -> impl ExactSizeIterator<Item = f64> {
    outputs
        .rows()
        .map(|(logits, label)| log_sum_exp(logits) - f64::from(logits[label]))
}

/// The mean of [`nll_rows`].
pub fn nll(outputs: &ClassOutputs<'_>) -> f64 {
    outputs.weights.mean(nll_rows(outputs))
}

/// ln Σ exp(logit), safe from overflow.
pub(super) fn log_sum_exp(logits: &[f32]) -> f64 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let largest = f64::from(largest);
    largest
        + logits
            .iter()
            .map(|&logit| (f64::from(logit) - largest).exp())
            .sum::<f64>()
            .ln()
}

/// Binary cross-entropy in nats, the mean over rows and labels.
pub fn nll_labels(outputs: &LabelOutputs<'_>) -> f64 {
    outputs.weights.mean(nll_label_rows(outputs))
}
