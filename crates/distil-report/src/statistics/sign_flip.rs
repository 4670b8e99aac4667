//! The sign-flip permutation test over seeds: whether a difference is there, and whether it stays inside a margin.

use serde::{Deserialize, Serialize};

use super::draw::scramble;

/// What the sign-flip test found.
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

/// The fewest pairs with which the two-sided test can reach p < 0.05 and the one-sided p < 0.025.
pub const FEWEST_PAIRS: usize = 6;
/// Pairs up to which all sign patterns are tried.
const EXACT_PAIRS: usize = 16;
/// Sign patterns drawn beyond that.
const DRAWS: u64 = 1 << 16;

/// Tests the hypothesis that each difference might as well have had the other sign: exactly up to 16 pairs, by 65,536 fixed
/// draws beyond (the pattern seen is counted among them, so p is never 0). None without pairs. Differences must be finite.
pub fn sign_flip(differences: &[f64]) -> Option<SignFlip> {
    let pairs = differences.len();
    if pairs == 0 {
        return None;
    }
    let seen = differences.iter().sum::<f64>();
    let p = share_of_patterns(differences, |sum, rounding| {
        sum.abs() >= seen.abs() - rounding
    });
    Some(SignFlip {
        pairs,
        difference: seen / pairs as f64,
        p,
    })
}

/// One-sided p of non-inferiority: the sign-flip test of `advantages` + `margin` (better is positive, the margin is not
/// negative), the hypothesis being that the mean advantage is −`margin` or worse. Exact and drawn as [`sign_flip`]; with n
/// pairs not below 1/2ⁿ. None without pairs.
pub fn non_inferiority(advantages: &[f64], margin: f64) -> Option<f64> {
    let shifted: Vec<f64> = advantages.iter().map(|a| a + margin).collect();
    one_sided(&shifted)
}

/// The share of the sign patterns whose sum is at least the one seen. None without pairs.
pub(crate) fn one_sided(differences: &[f64]) -> Option<f64> {
    let seen = differences.iter().sum::<f64>();
    (!differences.is_empty())
        .then(|| share_of_patterns(differences, |sum, rounding| sum >= seen - rounding))
}

/// The share of sign patterns that `counts`, given a pattern's sum and what rounding may have done to it: patterns that only
/// rounding tells from the one seen are equal to it.
fn share_of_patterns(differences: &[f64], counts: impl Fn(f64, f64) -> bool) -> f64 {
    let pairs = differences.len();
    let rounding = 1e-12 * differences.iter().map(|d| d.abs()).sum::<f64>();
    let sum = |flipped: &dyn Fn(usize) -> bool| -> f64 {
        let signed = differences.iter().enumerate();
        signed
            .map(|(place, d)| if flipped(place) { -d } else { *d })
            .sum()
    };
    if pairs <= EXACT_PAIRS {
        let patterns = 1u64 << pairs;
        let counted = (0..patterns)
            .filter(|pattern| counts(sum(&|place| pattern >> place & 1 == 1), rounding))
            .count();
        counted as f64 / patterns as f64
    } else {
        let drawn =
            |draw: u64, place: usize| scramble(draw * pairs as u64 + place as u64) >> 63 == 1;
        let counted = (0..DRAWS)
            .filter(|&draw| counts(sum(&|place| drawn(draw, place)), rounding))
            .count();
        (counted as f64 + 1.0) / (DRAWS as f64 + 1.0)
    }
}
