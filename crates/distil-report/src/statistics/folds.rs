//! The test for folds: their training sets overlap, so their differences are not independent.

use serde::{Deserialize, Serialize};

use super::student::{half_width_95, two_sided};

/// What the corrected test found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CorrectedFolds {
    /// Folds of all seeds.
    pub folds: usize,
    /// The mean difference.
    pub difference: f64,
    /// Its 95 % confidence interval.
    pub ci95: [f64; 2],
    /// Two-sided p.
    pub p: f64,
}

/// The corrected resampled t-test (Nadeau and Bengio 2003, equation 3 of their section 4.2, with Student's t of J − 1 degrees
/// of freedom) of `differences` of J folds, all seeds together. `test_to_train` is the size of a test part divided by that of
/// its training part, 1/(k − 1) for k folds: the variance of the mean is (1/J + test_to_train)·s², not s²/J. None with
/// fewer than two folds.
pub fn corrected_folds(differences: &[f64], test_to_train: f64) -> Option<CorrectedFolds> {
    let folds = differences.len();
    if folds < 2 {
        return None;
    }
    let count = folds as f64;
    let mean = differences.iter().sum::<f64>() / count;
    let variance = differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let standard_error = (variance * (1.0 / count + test_to_train)).sqrt();
    let half = half_width_95(count - 1.0) * standard_error;
    let p = match (mean == 0.0, standard_error == 0.0) {
        (true, _) => 1.0,
        (false, true) => 0.0,
        (false, false) => two_sided(mean / standard_error, count - 1.0),
    };
    Some(CorrectedFolds {
        folds,
        difference: mean,
        ci95: [mean - half, mean + half],
        p,
    })
}
