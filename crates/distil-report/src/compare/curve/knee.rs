//! Plain's knee: the budget from which on more gains less than the margin.

use serde::{Deserialize, Serialize};

use super::invert::Bound;
use crate::statistics::{FEWEST_PAIRS, mean, normal_draw};

/// Draws of the parametric bootstrap.
const DRAWS: u64 = 200;
/// Between budgets the curve is not known better than by this factor, either way.
const BETWEEN: f64 = 1.15;
/// Where a knee beyond the whole budget lies among logarithms to base 2: anywhere above 0.
const BEYOND: f64 = 1.0;

/// The smallest share of plain's declared budget whose quality is within the margin of the curve's best up to the whole budget.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Knee {
    /// The estimate.
    pub at: Share,
    /// The lower end of its 95 % interval.
    pub low: Share,
    /// The upper end.
    pub high: Share,
}

/// A share of the declared budget: that, at most that (the smallest budget tried), or more (than the whole).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// Above 0, at most 1.
    pub share: f64,
    /// What it is to the true one.
    pub bound: Bound,
}

impl Knee {
    /// The knee of plain's curve: `shares` rise to 1, `advantages` holds for every seed the metric at each of them, the larger the better,
    /// in the unit of `margin`. None below six seeds or two shares.
    ///
    /// The means over seeds are joined linearly over the logarithm of the budget; the knee is where they first come within the margin of
    /// their best. It lies beyond the whole budget where the next doubling would gain more than the margin, going by the gains of the two
    /// doublings before (a power law's fall geometrically) and by the last piece of the curve. The interval is by 200 draws of the means
    /// from their errors (pooled over seeds and shares, both taken out; Student's t), its ends moved outwards by 15 %.
    pub fn of(shares: &[f64], advantages: &[Vec<f64>], margin: f64) -> Option<Self> {
        let (seeds, points) = (advantages.len(), shares.len());
        if seeds < FEWEST_PAIRS || points < 2 {
            return None;
        }
        let of_seed: Vec<f64> = advantages.iter().filter_map(|seed| mean(seed)).collect();
        let of_point = |point: usize| advantages.iter().map(|seed| seed[point]).sum::<f64>();
        let means: Vec<f64> = (0..points).map(|p| of_point(p) / seeds as f64).collect();
        let whole = mean(&means)?;
        let residuals = advantages.iter().zip(&of_seed).flat_map(|(seed, own)| {
            let of_points = seed.iter().zip(&means);
            of_points.map(move |(value, mean)| value - own - mean + whole)
        });
        let freedom = ((seeds - 1) * (points - 1)) as u64;
        let spread = (residuals.map(|r| r * r).sum::<f64>() / freedom as f64).sqrt();
        let axis: Vec<f64> = shares.iter().map(|share| share.log2()).collect();
        let estimate = log_knee(&axis, &means, margin);

        let draws = points as u64 + freedom;
        let mut drawn: Vec<f64> = (0..DRAWS)
            .map(|draw| {
                let normal = |n: u64| normal_draw(draw * draws + n);
                let chi: f64 = (0..freedom)
                    .map(|n| normal(points as u64 + n).powi(2))
                    .sum();
                let error = spread / (seeds as f64).sqrt() * (freedom as f64 / chi).sqrt();
                let moved = means
                    .iter()
                    .zip(0..)
                    .map(|(mean, n)| mean + error * normal(n));
                log_knee(&axis, &moved.collect::<Vec<_>>(), margin)
            })
            .collect();
        drawn.sort_by(f64::total_cmp);
        let low = drawn[DRAWS as usize / 40].min(estimate);
        let high = drawn[(DRAWS - DRAWS / 40) as usize].max(estimate);
        let share = |log: f64| match log {
            log if log > 0.0 => Share {
                share: 1.0,
                bound: Bound::MoreThan,
            },
            log if log <= axis[0] => Share {
                share: shares[0],
                bound: Bound::AtMost,
            },
            log => Share {
                share: log.exp2(),
                bound: Bound::Exactly,
            },
        };
        let outwards = BETWEEN.log2();
        Some(Self {
            at: share(estimate),
            low: share(if low > 0.0 { low } else { low - outwards }),
            high: share(if high > 0.0 {
                high
            } else {
                (high + outwards).min(0.0)
            }),
        })
    }
}

/// The logarithm to base 2 of the knee of a curve of means; the smallest budget's where that is within the margin, [`BEYOND`] where the
/// whole budget is not enough.
fn log_knee(axis: &[f64], means: &[f64], margin: f64) -> f64 {
    let last = means.len() - 1;
    let slope = |right: usize| (means[right] - means[right - 1]) / (axis[right] - axis[right - 1]);
    let at = |x: f64| {
        let right = (1..last).find(|point| x <= axis[*point]).unwrap_or(last);
        means[right] + (x - axis[right]) * slope(right)
    };
    let gained = at(0.0) - at(-1.0);
    let before = (axis[0] <= -2.0).then(|| at(-1.0) - at(-2.0));
    let next = match before {
        _ if gained <= 0.0 => 0.0,
        Some(before) if before > 0.0 => gained * (gained / before).min(1.0),
        _ => gained,
    };
    if next.min(slope(last)) > margin {
        return BEYOND;
    }
    let enough = means.iter().copied().fold(f64::NEG_INFINITY, f64::max) - margin;
    match means.iter().position(|mean| *mean >= enough) {
        None | Some(0) => axis[0],
        Some(right) => axis[right] - (means[right] - enough) / slope(right),
    }
}
