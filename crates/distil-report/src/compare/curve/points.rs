//! The trials of the flow and of plain's points, seed by seed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::bill::Total;
use crate::compare::entry::TrialOutputs;
use crate::measure::MainMetric;
use crate::record::arm::{FLOW, PLAIN_FULL, arm_of_share, share_of_arm};
use crate::statistics::mean;
use crate::trials::{Status, Trial};

/// One point of the curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The share of the declared budget.
    pub share: f64,
    /// The main metric on the test part.
    pub value: f64,
    /// FLOPs towards equal cost; null where unknown.
    pub flops: Option<f64>,
    /// Reference seconds towards equal cost; null where unknown.
    pub seconds: Option<f64>,
}

/// The seeds that are complete.
#[derive(Clone, Debug, PartialEq)]
pub struct Seeds {
    /// The shares of the points, rising, the last one 1.
    pub shares: Vec<f64>,
    /// One per seed.
    pub units: Vec<Seed>,
    /// Seeds with which a trial did not finish.
    pub left_out: usize,
}

/// One seed, its folds averaged.
#[derive(Clone, Debug, PartialEq)]
pub struct Seed {
    /// The flow; its share is not known.
    pub flow: Point,
    /// Plain, in the order of [`Seeds::shares`].
    pub points: Vec<Point>,
}

impl Seeds {
    /// The complete seeds of these trials; none without one, or without a share below the whole budget.
    pub fn of(entries: &[TrialOutputs<'_>], metric: &MainMetric) -> Option<Self> {
        let trials = || entries.iter().map(|entry| entry.trial);
        let mut shares: Vec<f64> = trials()
            .filter_map(|trial| share_of_arm(&trial.id.arm))
            .collect();
        shares.sort_by(f64::total_cmp);
        shares.dedup();
        if shares.is_empty() {
            return None;
        }
        shares.push(1.0);
        let mut by_seed: BTreeMap<u64, Vec<&Trial>> = BTreeMap::new();
        for trial in trials() {
            let of_curve = [FLOW, PLAIN_FULL].contains(&trial.id.arm.as_str())
                || share_of_arm(&trial.id.arm).is_some();
            if of_curve {
                by_seed.entry(trial.id.seed).or_default().push(trial);
            }
        }
        let all = by_seed.len();
        let units: Vec<Seed> = by_seed
            .into_values()
            .filter_map(|trials| {
                let at = |share: &f64| point(&trials, &arm_of_share(*share), *share, metric);
                Some(Seed {
                    flow: point(&trials, FLOW, f64::NAN, metric)?,
                    points: shares.iter().map(at).collect::<Option<Vec<Point>>>()?,
                })
            })
            .collect();
        (!units.is_empty()).then(|| Self {
            left_out: all - units.len(),
            shares,
            units,
        })
    }

    /// The mean over these seeds of one point.
    pub fn mean_point(&self, place: usize, seeds: &[usize]) -> Point {
        let points = || seeds.iter().map(|seed| self.units[*seed].points[place]);
        let count = seeds.len() as f64;
        let over = |of: fn(Point) -> Option<f64>| -> Option<f64> {
            Some(points().map(of).sum::<Option<f64>>()? / count)
        };
        Point {
            share: self.shares[place],
            value: points().map(|point| point.value).sum::<f64>() / count,
            flops: over(|point| point.flops),
            seconds: over(|point| point.seconds),
        }
    }
}

/// One arm with one seed; none unless all its trials finished with the metric.
fn point(trials: &[&Trial], arm: &str, share: f64, metric: &MainMetric) -> Option<Point> {
    let of_arm = || trials.iter().filter(|trial| trial.id.arm == arm);
    let values: Option<Vec<f64>> = of_arm()
        .map(|trial| {
            let value = trial.result()?.test.get(&metric.name).copied()?;
            (trial.status == Status::Finished && value.is_finite()).then_some(value)
        })
        .collect();
    let over_folds = |of: fn(Total) -> Option<f64>| -> Option<f64> {
        let costs: Option<Vec<f64>> = of_arm().map(|t| of(t.bill.equalised())).collect();
        mean(&costs?)
    };
    Some(Point {
        share,
        value: mean(&values?)?,
        flops: over_folds(|total| total.flops),
        seconds: over_folds(|total| total.reference_seconds),
    })
}
