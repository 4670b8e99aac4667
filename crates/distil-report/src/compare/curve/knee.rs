//! Plain's knee.

use super::points::Seeds;
use crate::measure::Better;
use crate::statistics::{FEWEST_PAIRS, non_inferiority, sign_flip};

/// The smallest share from which on no share is worse than the whole budget: significantly (two-sided p < 0.05), or, with a margin, not
/// shown to be within it (one-sided p < 0.025). 1 where every smaller budget is worse; a declared budget beyond the
/// knee is longer than plain needs, and savings against it are overstated. None below six seeds, with which nothing can be
/// significant.
pub fn knee(seeds: &Seeds, better: Better, margin: Option<f64>) -> Option<f64> {
    if seeds.units.len() < FEWEST_PAIRS {
        return None;
    }
    let whole = seeds.shares.len() - 1;
    let as_good = |place: &usize| {
        let advantages: Vec<f64> = seeds
            .units
            .iter()
            .map(|unit| better.advantage(unit.points[*place].value - unit.points[whole].value))
            .collect();
        match margin {
            Some(margin) => non_inferiority(&advantages, margin).is_some_and(|p| p < 0.025),
            None => {
                sign_flip(&advantages).is_some_and(|test| test.difference >= 0.0 || test.p >= 0.05)
            }
        }
    };
    let smallest = (0..whole).rev().take_while(as_good).last();
    Some(seeds.shares[smallest.unwrap_or(whole)])
}
