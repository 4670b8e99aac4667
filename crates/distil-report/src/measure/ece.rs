//! Expected calibration error.

use super::ClassOutputs;
use super::Rows;
use super::nll::log_sum_exp;
use super::outputs::largest;
use super::registry::{Better, Metric, Quantity};

/// The registry's entry.
pub(super) const METRIC: Metric = Metric {
    name: "ece",
    title: "calibration error",
    better: Better::Lower,
    quantity: Quantity::Share,
    summary: "how far confidence and accuracy are apart, over 15 bins",
    classes: Some(|outputs| Some(ece(outputs))),
    labels: None,
    values: None,
    rows: Rows::kin,
    is_mean: |_| false,
    usual: true,
};

/// Bins of equal width over the confidence; bin m is ((m − 1)/15, m/15].
const BINS: usize = 15;

/// How far confidence and accuracy are apart, in [0, 1]: Σ_m n_m/n · |accuracy_m − confidence_m| over 15 bins, where a row's
/// confidence is the softmax probability of its prediction (Guo et al. 2017, "On Calibration of Modern Neural Networks",
/// equation 3).
pub fn ece(outputs: &ClassOutputs<'_>) -> f64 {
    let mut confidence = [0.0; BINS];
    let mut correct = [0.0; BINS];
    for ((logits, label), weight) in outputs.rows().zip(outputs.weights.each()) {
        let predicted = largest(logits);
        let probability = (f64::from(logits[predicted]) - log_sum_exp(logits)).exp();
        let bin = ((probability * BINS as f64).ceil() as usize).clamp(1, BINS) - 1;
        confidence[bin] += weight * probability;
        correct[bin] += weight * f64::from(predicted == label);
    }
    let gaps = confidence
        .iter()
        .zip(&correct)
        .map(|(confidence, correct)| (correct - confidence).abs());
    gaps.sum::<f64>() / outputs.weights.total()
}
