//! Bootstrap intervals over seeds.

use super::draw::index;
use super::{normal_below, normal_quantile};

/// The fewest units for which a BCa interval is worth showing: below, too few distinct samples exist, and of intervals over
/// normal differences so many fewer than 95 in 100 hold the truth (5 units: 83, 6: 86, 8: 89) that they would mislead. From
/// 10 units on at least 90 do (`tests/it/simulation.rs`).
pub const FEWEST_FOR_BCA: usize = 10;
/// Samples drawn.
const DRAWS: u64 = 9_999;

/// The 95 % bias-corrected and accelerated interval (Efron 1987) of a statistic of units, given their places: 9,999 fixed draws
/// with replacement, the acceleration from the jackknife. None below [`FEWEST_FOR_BCA`] units or where the statistic is not
/// finite for a draw.
pub fn bca(units: usize, statistic: &dyn Fn(&[usize]) -> f64) -> Option<[f64; 2]> {
    if units < FEWEST_FOR_BCA {
        return None;
    }
    let all: Vec<usize> = (0..units).collect();
    let without = |left_out: usize| {
        let kept: Vec<usize> = all.iter().copied().filter(|p| *p != left_out).collect();
        statistic(&kept)
    };
    let jackknife: Vec<f64> = all.iter().map(|&place| without(place)).collect();
    bca_of(statistic(&all), &draws(units, statistic), &jackknife)
}

/// The BCa interval of an `estimate`, from the statistic of bootstrap samples and of the samples with one unit left out. None
/// without draws, where a number is not finite, or where all draws lie on one side of the estimate.
pub fn bca_of(estimate: f64, draws: &[f64], jackknife: &[f64]) -> Option<[f64; 2]> {
    let all = || draws.iter().chain(jackknife).chain([&estimate]);
    if draws.is_empty() || !all().all(|value| value.is_finite()) {
        return None;
    }
    let sorted = sorted(draws);
    if sorted.first() == sorted.last() {
        return Some([estimate; 2]);
    }
    let below = sorted.iter().filter(|d| **d < estimate).count() as f64;
    let up_to = sorted.iter().filter(|d| **d <= estimate).count() as f64;
    let bias = normal_quantile(0.5 * (below + up_to) / draws.len() as f64);
    if !bias.is_finite() {
        return None;
    }
    let middle = jackknife.iter().sum::<f64>() / jackknife.len() as f64;
    let power = |n: i32| jackknife.iter().map(|j| (middle - j).powi(n)).sum::<f64>();
    let acceleration = match power(2) {
        0.0 => 0.0,
        squares => power(3) / (6.0 * squares.powf(1.5)),
    };
    let end = |share: f64| {
        let z = bias + normal_quantile(share);
        quantile(&sorted, normal_below(bias + z / (1.0 - acceleration * z)))
    };
    Some([end(0.025), end(0.975)])
}

/// The 95 % percentile interval of a statistic of units, which may be infinite (a cost never reached); ends that fall on an
/// infinite draw are infinite. None below `fewest` units or where a draw is NaN.
pub fn percentile_interval(
    units: usize,
    fewest: usize,
    statistic: &dyn Fn(&[usize]) -> f64,
) -> Option<[f64; 2]> {
    if units < fewest.max(1) {
        return None;
    }
    let draws = draws(units, statistic);
    if draws.iter().any(|value| value.is_nan()) {
        return None;
    }
    let sorted = sorted(&draws);
    Some([quantile(&sorted, 0.025), quantile(&sorted, 0.975)])
}

fn draws(units: usize, statistic: &dyn Fn(&[usize]) -> f64) -> Vec<f64> {
    let mut sample = vec![0; units];
    (0..DRAWS)
        .map(|draw| {
            for (place, unit) in sample.iter_mut().enumerate() {
                *unit = index(draw * units as u64 + place as u64, units);
            }
            statistic(&sample)
        })
        .collect()
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The quantile with linear interpolation between order statistics, as NumPy's default.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let (low, high) = (
        sorted[place.floor() as usize],
        sorted[place.ceil() as usize],
    );
    if low == high {
        return low;
    }
    low + (high - low) * place.fract()
}
