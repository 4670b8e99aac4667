//! Negative log-likelihood at the best temperature.

use super::registry::{Better, Metric, Quantity};
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

/// Steps in which 1 ÷ temperature is found at the latest.
const STEPS: usize = 60;

/// The mean negative log-likelihood in nats of softmax(z/T) with the one T ≥ 0.01 that makes it least (temperature scaling: Guo et al. 2017,
/// "On Calibration of Modern Neural Networks", section 4.2): at least 0, at most [`super::nll`] and at most ln(classes).
pub fn calibrated_nll(outputs: &ClassOutputs<'_>) -> f64 {
    let mean = |of: &dyn Fn(&[f32], usize) -> f64| {
        let rows = outputs.rows().map(|(logits, label)| of(logits, label));
        outputs.weights.mean(rows)
    };
    let cold = coldness(|cold| {
        let slope = mean(&|logits, label| {
            let [sum, first, _] = moments(logits, cold);
            first / sum - (f64::from(logits[label]) - largest(logits))
        });
        let curvature = mean(&|logits, _| {
            let [sum, first, second] = moments(logits, cold);
            second / sum - (first / sum).powi(2)
        });
        (slope, curvature)
    });
    mean(&|logits, label| {
        let [sum, ..] = moments(logits, cold);
        sum.ln() - cold * (f64::from(logits[label]) - largest(logits))
    })
}

/// The same of several labels: the mean binary cross-entropy over rows and labels, of σ(z/T).
pub fn calibrated_nll_labels(outputs: &LabelOutputs<'_>) -> f64 {
    let mean = |of: &dyn Fn(f64, f64) -> f64| {
        outputs
            .weights
            .mean(outputs.rows().map(|(logits, targets)| {
                let each = logits.iter().zip(targets);
                let sum: f64 = each.map(|(&z, &y)| of(f64::from(z), f64::from(y))).sum();
                sum / logits.len() as f64
            }))
    };
    let share = |z: f64| 1.0 / (1.0 + (-z).exp());
    let cold = coldness(|cold| {
        let slope = mean(&|z, y| z * (share(cold * z) - y));
        let curvature = mean(&|z, _| z * z * share(cold * z) * share(-cold * z));
        (slope, curvature)
    });
    mean(&|z, y| {
        let z = cold * z;
        z.max(0.0) - z * y + (-z.abs()).exp().ln_1p()
    })
}

fn largest(logits: &[f32]) -> f64 {
    f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max))
}

/// Σ exp(c·d), Σ d exp(c·d) and Σ d² exp(c·d) over the logits, d being what each is above the largest.
fn moments(logits: &[f32], cold: f64) -> [f64; 3] {
    let largest = largest(logits);
    let above = logits.iter().map(|&z| f64::from(z) - largest);
    above.fold([0.0; 3], |[sum, first, second], d| {
        let e = (cold * d).exp();
        [sum + e, first + d * e, second + d * d * e]
    })
}

/// The 1 ÷ temperature in [0, [`COLDEST`]] at which a mean loss, convex in it, is least, by Newton's steps and, where these lead out of what is
/// still possible, by halving that. `of` gives its slope and curvature.
fn coldness(of: impl Fn(f64) -> (f64, f64)) -> f64 {
    let (mut low, mut high) = (0.0, COLDEST);
    let mut cold = 1.0;
    for _ in 0..STEPS {
        let (slope, curvature) = of(cold);
        match slope > 0.0 {
            true => high = cold,
            false => low = cold,
        }
        let step = cold - slope / curvature;
        let next = match low < step && step < high {
            true => step,
            false => 0.5 * (low + high),
        };
        if (next - cold).abs() <= 1e-9 * cold {
            return next;
        }
        cold = next;
    }
    cold
}
