//! McNemar's exact test of two classifiers on the same samples.

use serde::{Deserialize, Serialize};

use super::student::ln_gamma;

/// What McNemar's test found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct McNemar {
    /// Samples.
    pub samples: usize,
    /// Samples only the first gets right.
    pub only_first: usize,
    /// Samples only the second gets right.
    pub only_second: usize,
    /// Difference of accuracies, first − second.
    pub difference: f64,
    /// Its 95 % confidence interval: Wald's for paired proportions,
    /// d ± 1.96·√(b + c − (b − c)²/n)/n with b, c the two counts above. With few disagreements it is narrower than it
    /// should be; the p value is exact.
    pub ci95: [f64; 2],
    /// Two-sided p: twice the smaller tail of Binomial(b + c, ½), at most 1.
    pub p: f64,
}

/// Compares who is right where. Both slices are in the same order of samples; surplus entries of the longer are ignored.
pub fn mcnemar(first: &[bool], second: &[bool]) -> McNemar {
    let samples = first.len().min(second.len());
    let only_first = first
        .iter()
        .zip(second)
        .filter(|(a, b)| **a && !**b)
        .count();
    let only_second = first
        .iter()
        .zip(second)
        .filter(|(a, b)| !**a && **b)
        .count();
    let (n, b, c) = (samples as f64, only_first as f64, only_second as f64);
    let difference = if samples == 0 { 0.0 } else { (b - c) / n };
    let half = if samples == 0 {
        0.0
    } else {
        1.959_963_984_540_054 * (b + c - (b - c).powi(2) / n).max(0.0).sqrt() / n
    };
    McNemar {
        samples,
        only_first,
        only_second,
        difference,
        ci95: [difference - half, difference + half],
        p: (2.0 * lower_half_tail(only_first.min(only_second), only_first + only_second)).min(1.0),
    }
}

/// P(X ≤ k) for X ~ Binomial(n, ½).
fn lower_half_tail(k: usize, n: usize) -> f64 {
    let ln_factorial = |n: usize| ln_gamma(n as f64 + 1.0);
    let ln_term =
        |i: usize| ln_factorial(n) - ln_factorial(i) - ln_factorial(n - i) - n as f64 * 2f64.ln();
    (0..=k).map(|i| ln_term(i).exp()).sum()
}
