//! Tests for pairs: two models on the same samples, or two arms on the same seeds.

use serde::{Deserialize, Serialize};

use super::student::{half_width_95, ln_gamma, two_sided};

/// McNemar's exact test of two classifiers on the same samples.
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

/// A paired t-test of per-sample errors.
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

/// A sign-flip permutation test over seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignFlip {
    /// Pairs.
    pub pairs: usize,
    /// The mean difference.
    pub difference: f64,
    /// Two-sided p: the share of the sign patterns whose mean is at least as large in size as the one seen. With n pairs it
    /// cannot be below 2/2ⁿ: five pairs never reach 0.05, six can.
    pub p: f64,
}

/// Pairs up to which all sign patterns are tried.
const EXACT_PAIRS: usize = 16;
/// Sign patterns drawn beyond that.
const DRAWS: u64 = 1 << 16;

/// Tests the hypothesis that each difference might as well have had the other sign: exactly up to 16 pairs, by 65,536 fixed
/// draws beyond (the pattern seen is counted among them, so p is never 0). None without pairs.
pub fn sign_flip(differences: &[f64]) -> Option<SignFlip> {
    let pairs = differences.len();
    if pairs == 0 {
        return None;
    }
    let sum = |signs: &dyn Fn(usize) -> bool| -> f64 {
        differences
            .iter()
            .enumerate()
            .map(|(place, d)| if signs(place) { -d } else { *d })
            .sum()
    };
    let seen = sum(&|_| false).abs();
    // Patterns that only rounding tells from the one seen count as equal to it.
    let as_large = seen - 1e-12 * differences.iter().map(|d| d.abs()).sum::<f64>();
    let (extreme, patterns) = if pairs <= EXACT_PAIRS {
        let patterns = 1u64 << pairs;
        let extreme = (0..patterns)
            .filter(|pattern| sum(&|place| pattern >> place & 1 == 1).abs() >= as_large)
            .count();
        (extreme as f64, patterns as f64)
    } else {
        let drawn =
            |draw: u64, place: usize| scramble(draw * pairs as u64 + place as u64) >> 63 == 1;
        let extreme = (0..DRAWS)
            .filter(|&draw| sum(&|place| drawn(draw, place)).abs() >= as_large)
            .count();
        (extreme as f64 + 1.0, DRAWS as f64 + 1.0)
    };
    Some(SignFlip {
        pairs,
        difference: sum(&|_| false) / pairs as f64,
        p: extreme / patterns,
    })
}

/// SplitMix64's output function (Steele, Lea and Flood 2014) of the n-th state: well-mixed bits without a generator to keep.
fn scramble(n: u64) -> u64 {
    let mut z = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
