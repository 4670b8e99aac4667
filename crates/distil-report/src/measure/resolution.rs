//! What a test set can tell apart.

use serde::{Deserialize, Serialize};

use super::{Outputs, Rows, registry};

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

/// The resolution of `metric` on these outputs: √(p(1 − p)/n) for shares of right samples, the standard error of the mean for
/// means over the samples, and that of the mean squared error divided by twice its root for rmse (the delta method; with
/// several targets on the mean over them). None for metrics that are no means over samples, and with fewer than two samples.
pub fn resolution(metric: &str, outputs: &Outputs<'_>) -> Option<Resolution> {
    let samples = outputs.len();
    let metric = registry::metric(metric).filter(|metric| metric.is_mean)?;
    let value = metric.of(outputs)?;
    let rows: Vec<f64> = match metric.rows(outputs) {
        Rows::Right(_) => {
            return Some(Resolution {
                samples,
                one_sample: Some(1.0 / samples as f64),
                standard_error: (value * (1.0 - value) / samples as f64).sqrt(),
            });
        }
        Rows::Squares(targets, squares) => {
            let roots: Vec<f64> = (0..targets)
                .map(|target| squares.iter().skip(target).step_by(targets).sum::<f64>())
                .map(|sum| (sum / samples as f64).sqrt())
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
    standard_error(&rows).map(|standard_error| Resolution {
        samples,
        one_sample: None,
        standard_error,
    })
}

/// The standard error of the mean; none of fewer than two numbers.
fn standard_error(rows: &[f64]) -> Option<f64> {
    if rows.len() < 2 {
        return None;
    }
    let n = rows.len() as f64;
    let mean = rows.iter().sum::<f64>() / n;
    let variance = rows.iter().map(|row| (row - mean).powi(2)).sum::<f64>() / (n - 1.0);
    Some((variance / n).sqrt())
}
