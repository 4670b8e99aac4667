//! Plain training's curve: the same model at several shares of its declared budget, and what the flow is worth against it.
//!
//! Two numbers: the flow's quality against plain's at the flow's cost, by interpolation, and plain's cost at the flow's quality,
//! by inversion. Beside them stand plain's knee, for a budget beyond it overstates every saving, and the growth ceiling, for no head
//! start can save more. One unit is one seed, its folds averaged; a seed counts where the flow and all points finished.

mod ceiling;
mod invert;
mod knee;
mod points;

pub use ceiling::{ceiling, ceilings, validation_curve};
pub use invert::{Bound, Reached, cost_to_reach, value_at_cost};
pub use knee::{Knee, Share};
pub use points::{Point, Seed, Seeds};

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};

use super::comparison::EqualSeconds;
use super::entry::{Question, TrialOutputs};
use crate::measure::Better;
use crate::record::arm::{PLAIN_FULL, share_of_arm};
use crate::record::numbers;
use crate::statistics::{
    FEWEST_FOR_BCA, FEWEST_PAIRS, bca, mean, paired_errors, percentile_interval, sign_flip,
};

/// What plain's curve shows: run.json's `curve`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Seeds with which the flow and every point finished.
    pub seeds: usize,
    /// Seeds that are left out because one of them did not.
    pub left_out: usize,
    /// The points by rising share, the whole budget last: means over the seeds.
    pub points: Vec<Point>,
    /// The margin it is judged by; null for significance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// The smallest share that is within the margin of the best; null below six seeds and without a margin.
    #[serde(default, deserialize_with = "knee_of_today")]
    pub knee: Option<Knee>,
    /// The flow against plain at the flow's cost; null where that lies outside the curve.
    pub equal_cost: Option<EqualCost>,
    /// Plain's cost at the flow's quality, in FLOPs; null where unknown.
    pub equal_quality_flops: Option<EqualQuality>,
    /// The same in reference seconds.
    pub equal_quality_seconds: Option<EqualQuality>,
    /// The largest share of plain's FLOPs that a head start can save ([`ceiling`]), the mean over the seeds; null without
    /// learning curves of the small model and of plain.
    pub ceiling: Option<f64>,
}

/// Quality at equal cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EqualCost {
    /// The flow's FLOPs as a share of plain's whole budget.
    pub share: f64,
    /// The flow − plain at that cost, the mean over the seeds.
    pub difference: f64,
    /// Its 95 % interval: BCa from ten seeds on, Student's t below; null with one seed.
    pub ci95: Option<[f64; 2]>,
    /// The sign-flip test's two-sided p.
    pub p: f64,
}

/// Cost at equal quality.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EqualQuality {
    /// What plain costs at the flow's mean quality.
    pub plain: f64,
    /// Whether it costs that, at most that (the smallest budget is good enough) or more (the whole is not).
    pub bound: Bound,
    /// The same as a multiple of the flow's cost.
    pub times: f64,
    /// Its 95 % percentile bootstrap interval; null below six seeds, and rather too narrow below ten.
    pub ci95: Option<Times>,
}

/// An interval of multiples of the flow's cost: 0 where plain's smallest budget is good enough, infinite where its whole budget is not.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Times {
    /// The lower end.
    #[serde(with = "numbers::float")]
    pub low: f64,
    /// The upper end.
    #[serde(with = "numbers::float")]
    pub high: f64,
}

impl Curve {
    /// The curve of a run's trials; none unless the flow, plain at its whole budget and one share at least finished with one seed. `ceilings`
    /// are the growth ceilings of the seeds that have one.
    pub fn of(
        entries: &[TrialOutputs<'_>],
        question: &Question<'_>,
        ceilings: &[f64],
    ) -> Option<Self> {
        let seeds = Seeds::of(entries, question.metric)?;
        let better = question.metric.better;
        let all: Vec<usize> = (0..seeds.units.len()).collect();
        let points = (0..seeds.shares.len()).map(|place| seeds.mean_point(place, &all));
        let flops = |point: &Point| point.flops;
        let seconds = |point: &Point| point.seconds;
        Some(Self {
            seeds: seeds.units.len(),
            left_out: seeds.left_out,
            points: points.collect(),
            margin: question.margin,
            knee: question.margin.and_then(|margin| {
                let of_seed = |unit: &Seed| {
                    let values = unit.points.iter().map(|point| point.value);
                    values.map(|value| better.advantage(value)).collect()
                };
                let advantages: Vec<Vec<f64>> = seeds.units.iter().map(of_seed).collect();
                Knee::of(&seeds.shares, &advantages, margin)
            }),
            equal_cost: equal_cost(&seeds, flops),
            equal_quality_flops: equal_quality(&seeds, better, flops),
            equal_quality_seconds: equal_quality(&seeds, better, seconds),
            ceiling: mean(ceilings),
        })
    }

    /// The share of plain's FLOPs that the flow saves at its own quality; none where plain reaches it cheaper than measured.
    pub fn saving(&self) -> Option<f64> {
        let found = self.equal_quality_flops?;
        (found.bound != Bound::AtMost).then(|| 1.0 - 1.0 / found.times)
    }

    /// Whether the flow saves more than a head start can: something else saves it, or the baseline is at fault.
    pub fn above_ceiling(&self) -> bool {
        let both = self.saving().zip(self.ceiling);
        both.is_some_and(|(saving, ceiling)| saving > ceiling.max(0.0))
    }
}

/// The flow against plain in the flow's seconds, by interpolation; none where a trial of the curve did not finish or one of its arms chose
/// the end of its list, so that plain may be better than its curve.
pub(super) fn at_equal_seconds(
    entries: &[TrialOutputs<'_>],
    question: &Question<'_>,
) -> Option<EqualSeconds> {
    let of_curve = |arm: &String| arm == PLAIN_FULL || share_of_arm(arm).is_some();
    let seeds = Seeds::of(entries, question.metric)?;
    if seeds.left_out > 0 || question.ends.keys().any(of_curve) {
        return None;
    }
    let found = equal_cost(&seeds, |point| point.seconds)?;
    Some(EqualSeconds {
        share: found.share,
        difference: found.difference,
        p: found.p,
        better: question.metric.better.advantage(found.difference) > 0.0,
    })
}

/// Runs made before wrote one number, by another rule: that is not known any more.
fn knee_of_today<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Knee>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Knee(Knee),
        Number(IgnoredAny),
    }
    Ok(match Option::<Written>::deserialize(from)? {
        Some(Written::Knee(knee)) => Some(knee),
        Some(Written::Number(_)) | None => None,
    })
}

/// One of a point's costs.
type Cost = fn(&Point) -> Option<f64>;

/// Every seed's costs: the flow's, and those of the points.
fn costs(seeds: &Seeds, of: Cost) -> Option<Vec<(f64, Vec<f64>)>> {
    let known = seeds.units.iter().map(|unit| {
        let points: Option<Vec<f64>> = unit.points.iter().map(of).collect();
        of(&unit.flow).zip(points)
    });
    known.collect()
}

fn equal_cost(seeds: &Seeds, of: Cost) -> Option<EqualCost> {
    let costs = costs(seeds, of)?;
    let differences: Option<Vec<f64>> = seeds
        .units
        .iter()
        .zip(&costs)
        .map(|(unit, (flow, points))| {
            let values = unit.points.iter().map(|point| point.value);
            let curve: Vec<(f64, f64)> = points.iter().copied().zip(values).collect();
            Some(unit.flow.value - value_at_cost(&curve, *flow)?)
        })
        .collect();
    let differences = differences?;
    let of_places = |places: &[usize]| {
        places.iter().map(|place| differences[*place]).sum::<f64>() / places.len() as f64
    };
    let shares: Vec<f64> = costs
        .iter()
        .filter_map(|(flow, points)| Some(flow / points.last()?))
        .collect();
    let test = sign_flip(&differences)?;
    Some(EqualCost {
        share: mean(&shares)?,
        difference: test.difference,
        ci95: if differences.len() < FEWEST_FOR_BCA {
            paired_errors(&differences).map(|test| test.ci95)
        } else {
            bca(differences.len(), &of_places)
        },
        p: test.p,
    })
}

fn equal_quality(seeds: &Seeds, better: Better, of: Cost) -> Option<EqualQuality> {
    let costs = costs(seeds, of)?;
    let over = |places: &[usize], value: &dyn Fn(usize) -> f64| {
        places.iter().map(|place| value(*place)).sum::<f64>() / places.len() as f64
    };
    let reached = |places: &[usize]| {
        let flow = over(places, &|seed| seeds.units[seed].flow.value);
        let curve: Vec<(f64, f64)> = (0..seeds.shares.len())
            .map(|point| {
                let cost = over(places, &|seed| costs[seed].1[point]);
                (
                    cost,
                    over(places, &|seed| seeds.units[seed].points[point].value),
                )
            })
            .collect();
        let plain = cost_to_reach(&curve, flow, better)?;
        Some((plain, plain.cost / over(places, &|seed| costs[seed].0)))
    };
    let all: Vec<usize> = (0..seeds.units.len()).collect();
    let (plain, times) = reached(&all)?;
    let bounded = |places: &[usize]| match reached(places) {
        None => f64::NAN,
        Some((plain, times)) => match plain.bound {
            Bound::Exactly => times,
            Bound::AtMost => 0.0,
            Bound::MoreThan => f64::INFINITY,
        },
    };
    let interval = percentile_interval(all.len(), FEWEST_PAIRS, &bounded);
    Some(EqualQuality {
        plain: plain.cost,
        bound: plain.bound,
        times,
        ci95: interval.map(|[low, high]| Times { low, high }),
    })
}
