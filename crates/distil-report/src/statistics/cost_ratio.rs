//! What one side costs for each unit of the other's cost.

use super::mean::mean;
use super::worst_rank::median;

/// Cost ratios over several pairs, as one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CostRatio {
    /// The geometric mean; the median where a trial failed, whose cost is infinite.
    pub ratio: f64,
    /// Pairs of which at least one side failed.
    pub failures: usize,
}

/// First side / second side over pairs of costs, infinite for a trial that failed: it never got there. A pair of two failures says
/// nothing about their ratio and is only counted. None where nothing is left, or where a cost is not above 0.
pub fn cost_ratio(pairs: &[(f64, f64)]) -> Option<CostRatio> {
    if pairs.iter().any(|(a, b)| !(*a > 0.0 && *b > 0.0)) {
        return None;
    }
    let failures = pairs
        .iter()
        .filter(|(a, b)| a.is_infinite() || b.is_infinite())
        .count();
    let ratio = if failures == 0 {
        let logs: Vec<f64> = pairs.iter().map(|(a, b)| (a / b).ln()).collect();
        mean(&logs)?.exp()
    } else {
        median(&pairs.iter().map(|(a, b)| a / b).collect::<Vec<_>>())?
    };
    Some(CostRatio { ratio, failures })
}
