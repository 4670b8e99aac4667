//! What a test set can tell apart.

use serde::{Deserialize, Serialize};

use super::{Outputs, Rows, registry};
use crate::statistics::standard_error;

/// The smallest differences a test set of this size can show.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resolution {
    /// Samples.
    pub samples: usize,
    /// What one sample is worth: 1/samples for a share of right samples; none for other metrics.
    pub one_sample: Option<f64>,
    /// The metric's standard error over test sets of this size.
    pub standard_error: f64,
}

impl Resolution {
    /// The larger of the two.
    pub fn width(&self) -> f64 {
        self.standard_error.max(self.one_sample.unwrap_or(0.0))
    }
}

impl Resolution {
    /// Of several test parts that share no sample, as folds do: of the mean over all their samples. None of no parts.
    pub fn together(parts: &[Self]) -> Option<Self> {
        let samples: usize = parts.iter().map(|part| part.samples).sum();
        let squares = parts.iter().map(|part| {
            let weight = part.samples as f64 / samples as f64;
            (weight * part.standard_error).powi(2)
        });
        let shares = parts.first()?.one_sample.is_some();
        Some(Self {
            samples,
            one_sample: shares.then(|| 1.0 / samples as f64),
            standard_error: squares.sum::<f64>().sqrt(),
        })
    }
}

/// The mean of the rows; weighted, where they have weights.
pub(crate) fn weighted_mean(
    rows: impl ExactSizeIterator<Item = f64>,
    weights: Option<&[f32]>,
) -> f64 {
    let count = rows.len() as f64;
    match weights {
        None => rows.sum::<f64>() / count,
        Some(weights) => {
            let pairs = rows.zip(weights.iter().map(|w| f64::from(*w)));
            let (sum, total) =
                pairs.fold((0.0, 0.0), |(sum, total), (x, w)| (sum + x * w, total + w));
            sum / total
        }
    }
}

/// Rows of weights whose plain mean is the weighted mean D of `rows`, and whose plain standard error is that of D as a ratio of two
/// sums (Taylor's linearisation; Särndal et al. 1992, section 5.5): D + w (x − D) / mean(w). Without weights, the rows.
pub(crate) fn linearised(rows: &[f64], weights: Option<&[f32]>) -> Vec<f64> {
    let Some(weights) = weights else {
        return rows.to_vec();
    };
    let mean = weighted_mean(rows.iter().copied(), Some(weights));
    let weigh = weighted_mean(weights.iter().map(|w| f64::from(*w)), None);
    let pairs = rows.iter().zip(weights);
    pairs
        .map(|(x, w)| mean + f64::from(*w) * (x - mean) / weigh)
        .collect()
}

/// The resolution of `metric` on these outputs: √(p(1 − p)/n) for shares of right samples, the standard error of the mean for
/// means over the samples, and that of the mean squared error divided by twice its root for rmse (the delta method; with
/// several targets on the mean over them); of rows with weights that of [`linearised`] ones. None for metrics that are no means over samples, and with fewer than two samples.
pub fn resolution(metric: &str, outputs: &Outputs<'_>) -> Option<Resolution> {
    let samples = outputs.len();
    let metric = registry::metric(metric).filter(|metric| (metric.is_mean)(outputs.task()))?;
    let value = metric.of(outputs)?;
    let rows: Vec<f64> = match metric.rows(outputs) {
        Rows::Right(_) if outputs.weights().is_none() => {
            return Some(Resolution {
                samples,
                one_sample: Some(1.0 / samples as f64),
                standard_error: (value * (1.0 - value) / samples as f64).sqrt(),
            });
        }
        Rows::Right(rows) => rows.into_iter().map(f64::from).collect(),
        Rows::Squares(targets, squares) => {
            let squares_of = |target: usize| squares.iter().skip(target).step_by(targets);
            let roots: Vec<f64> = (0..targets)
                .map(|target| weighted_mean(squares_of(target).copied(), outputs.weights()))
                .map(f64::sqrt)
                .collect();
            let share = |(square, root): (&f64, &f64)| match *root == 0.0 {
                true => 0.0,
                false => square / (2.0 * root),
            };
            let mean =
                |row: &[f64]| row.iter().zip(&roots).map(share).sum::<f64>() / targets as f64;
            squares.chunks_exact(targets).map(mean).collect()
        }
        Rows::Means(rows) => rows,
    };
    let rows = linearised(&rows, outputs.weights());
    standard_error(&rows).map(|standard_error| Resolution {
        samples,
        one_sample: None,
        standard_error,
    })
}
