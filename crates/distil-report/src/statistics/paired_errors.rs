//! A paired t-test of per-sample errors, or of the differences of seeds.

use serde::{Deserialize, Serialize};

use super::student::{half_width_95, two_sided};

/// What Student's paired test found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairedErrors {
    /// Pairs.
    pub pairs: usize,
    /// The mean difference, first − second.
    pub difference: f64,
    /// Its 95 % confidence interval, by Student's t.
    pub ci95: [f64; 2],
    /// Two-sided p of Student's t with pairs − 1 degrees of freedom; 1 where all differences are 0.
    pub p: f64,
}

/// Student's paired test on differences (first − second) of errors, at least two; none with fewer. With the hundreds of samples
/// of a test set it needs no normal errors, only that their differences have a variance.
pub fn paired_errors(differences: &[f64]) -> Option<PairedErrors> {
    let pairs = differences.len();
    if pairs < 2 {
        return None;
    }
    let n = pairs as f64;
    let mean = differences.iter().sum::<f64>() / n;
    let variance = differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let standard_error = (variance / n).sqrt();
    let half = half_width_95(n - 1.0) * standard_error;
    let p = match (mean == 0.0, standard_error == 0.0) {
        (true, _) => 1.0,
        (false, true) => 0.0,
        (false, false) => two_sided(mean / standard_error, n - 1.0),
    };
    Some(PairedErrors {
        pairs,
        difference: mean,
        ci95: [mean - half, mean + half],
        p,
    })
}
