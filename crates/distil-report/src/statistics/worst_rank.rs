//! Differences of which some are infinite because a trial failed: by ranks, a failure being the worst outcome there is.

/// Signed ranks of `differences`: 1 for the smallest in size, ties share their mean rank, infinite ones share the highest;
/// zeros and NaN (both sides failed: the pair says nothing) get 0. The sign-flip test of these is Wilcoxon's signed-rank
/// test, with failures as the worst rank (Lachin 1999, worst-rank score analysis).
pub fn worst_ranks(differences: &[f64]) -> Vec<f64> {
    let ranked: Vec<f64> = differences
        .iter()
        .map(|d| d.abs())
        .filter(|size| *size > 0.0)
        .collect();
    let rank = |size: f64| {
        let below = ranked.iter().filter(|other| **other < size).count();
        let equal = ranked.iter().filter(|other| **other == size).count();
        below as f64 + (equal as f64 + 1.0) / 2.0
    };
    differences
        .iter()
        .map(|d| match d.abs() > 0.0 {
            true => rank(d.abs()).copysign(*d),
            false => 0.0,
        })
        .collect()
}

/// The median, infinite values included; NaN are left out. None of no numbers.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(sorted[middle]),
        _ if sorted[middle - 1] == sorted[middle] => Some(sorted[middle]),
        _ => Some(0.5 * (sorted[middle - 1] + sorted[middle])).filter(|value| !value.is_nan()),
    }
}
