//! Negative log-likelihood at the best temperature.

use std::f64::consts::LN_2;

use super::registry::{Better, Metric, Quantity};
use super::rows::nll_label;
use super::{ClassOutputs, LabelOutputs, Rows};

/// The registry's entry.
pub(super) const METRIC: Metric = Metric {
    name: "calibrated_nll",
    title: "calibrated NLL",
    better: Better::Lower,
    quantity: Quantity::Nats,
    summary: "NLL with all logits divided by the one temperature that makes it least on the samples measured: the loss without too much or too little confidence",
    classes: Some(|outputs| Some(calibrated_nll(outputs))),
    labels: Some(|outputs| Some(calibrated_nll_labels(outputs))),
    values: None,
    rows: Rows::kin,
    is_mean: |_| false,
    usual: false,
};

/// The largest 1 ÷ temperature: where all rows are answered right, there is no end to it.
const COLDEST: f64 = 100.0;

/// What the loss may still fall by where the search ends, in nats.
const TOLERANCE: f64 = 1e-12;

/// Steps after which it ends in any case.
const STEPS: usize = 100;

/// The mean negative log-likelihood in nats of softmax(z/T) with the one T ≥ 0.01 that makes it least (temperature scaling: Guo et al. 2017,
/// "On Calibration of Modern Neural Networks", section 4.2): at least 0, at most [`super::nll`] and at most ln(classes).
pub fn calibrated_nll(outputs: &ClassOutputs<'_>) -> f64 {
    let cold = coldness(|cold| {
        let each = outputs.rows().map(|(logits, label)| {
            let (largest, [sum, first, second]) = moments(logits, cold);
            let mean = first / sum;
            let slope = mean - (f64::from(logits[label]) - largest);
            [slope, second / sum - mean * mean]
        });
        outputs.weights.means(each)
    });
    let each = outputs.rows().map(|(logits, label)| {
        let (largest, [sum, ..]) = moments(logits, cold);
        sum.ln() - cold * (f64::from(logits[label]) - largest)
    });
    let undecided = (outputs.classes() as f64).ln();
    outputs.weights.mean(each).min(undecided)
}

/// The same of several labels: the mean binary cross-entropy over rows and labels, of σ(z/T).
pub fn calibrated_nll_labels(outputs: &LabelOutputs<'_>) -> f64 {
    let share = |z: f64| 1.0 / (1.0 + (-z).exp());
    let cold = coldness(|cold| {
        let each = outputs.rows().map(|row| {
            let sums = pairs(row).fold([0.0; 2], |[slope, curvature], (z, y)| {
                let right = share(cold * z);
                let more = z * z * right * share(-cold * z);
                [slope + z * (right - y), curvature + more]
            });
            sums.map(|sum| sum / row.0.len() as f64)
        });
        outputs.weights.means(each)
    });
    let each = outputs.rows().map(|row| {
        let sum: f64 = pairs(row).map(|(z, y)| nll_label(cold * z, y)).sum();
        sum / row.0.len() as f64
    });
    outputs.weights.mean(each).min(LN_2)
}

fn pairs<'a>((logits, targets): (&'a [f32], &'a [f32])) -> impl Iterator<Item = (f64, f64)> + 'a {
    let each = logits.iter().zip(targets);
    each.map(|(&z, &y)| (f64::from(z), f64::from(y)))
}

/// The largest logit; and, d being what each is above it, Σ exp(c·d), Σ d exp(c·d) and Σ d² exp(c·d).
fn moments(logits: &[f32], cold: f64) -> (f64, [f64; 3]) {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let largest = f64::from(largest);
    let above = logits.iter().map(|&z| f64::from(z) - largest);
    let moments = above.fold([0.0; 3], |[sum, first, second], d| {
        let e = (cold * d).exp();
        [sum + e, first + d * e, second + d * d * e]
    });
    (largest, moments)
}

/// The 1 ÷ temperature in [0, [`COLDEST`]] at which a mean loss, convex in it, is least. `of` gives its slope and curvature. By Newton's
/// steps; by halving what is still possible where they lead out of that, or where one is not half as long as the one before.
fn coldness(of: impl Fn(f64) -> [f64; 2]) -> f64 {
    let (mut low, mut high) = (0.0, COLDEST);
    let mut cold = 1.0;
    let mut before = COLDEST;
    for _ in 0..STEPS {
        let [slope, curvature] = of(cold);
        let end = match slope > 0.0 {
            true => low,
            false => high,
        };
        let to_gain = slope.abs() * (end - cold).abs();
        if to_gain.is_nan() || to_gain <= TOLERANCE {
            break;
        }
        match slope > 0.0 {
            true => high = cold,
            false => low = cold,
        }
        let step = slope / curvature;
        let newton = cold - step;
        let next = match low < newton && newton < high && 2.0 * step.abs() <= before {
            true => newton,
            false => 0.5 * (low + high),
        };
        before = (next - cold).abs();
        cold = next;
    }
    cold
}
