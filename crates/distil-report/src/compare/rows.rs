//! Tests over the samples of the test set: of one pair, and of several with their seeds averaged.

use std::collections::{BTreeMap, HashMap};

use super::comparison::Test;
use super::entry::TrialOutputs;
use crate::measure::{Metric, Rows, TaskKind, linearised, weighted_mean};
use crate::statistics;
use crate::trials::Predictions;

/// A test over samples.
pub(super) struct Found {
    pub test: Test,
    pub p: f64,
    /// Half of the 95 % interval of the metric's difference; none where the metric is no mean over samples.
    pub half_width: Option<f64>,
}

/// Tests one seed's pairs, their folds' samples pooled and paired by id; none without predictions of every trial.
///
/// * shares of right samples: McNemar's test of who is right;
/// * means over the samples: paired errors of the samples' own;
/// * rmse: paired squared errors, divided by the sum of the two rmse, which makes their mean the difference of the two rmse
///   exactly (a² − b² = (a − b)(a + b)) and leaves p as it is;
/// * balanced accuracy, macro F1 of classes and average precision: paired contributions of the samples, by the delta method;
/// * others have no value per sample, so their next of kin is tested ([`Rows`]) and no interval is given;
/// * samples with weights, whatever the metric: paired errors, [`linearised`].
pub(super) fn test(
    unit: &[(TrialOutputs<'_>, TrialOutputs<'_>)],
    metric: &Metric,
) -> Option<Found> {
    let task = task(unit)?;
    let pooled = pooled(unit, metric)?;
    let found = match (pooled.flow, pooled.other, pooled.weights) {
        (Rows::Right(flow), Rows::Right(other), None) => {
            let test = statistics::mcnemar(&flow, &other);
            Found {
                test: Test::Mcnemar,
                p: test.p,
                half_width: Some(0.5 * (test.ci95[1] - test.ci95[0])),
            }
        }
        (flow, other, weights) => {
            let weights = weights.as_deref();
            paired(&linearised(&differences(flow, other, weights)?, weights))?
        }
    };
    Some(Found {
        half_width: found.half_width.filter(|_| (metric.is_mean)(task)),
        ..found
    })
}

/// Tests several seeds over their samples: each sample's difference is averaged over the seeds that test it, and Student's paired
/// test says whether other samples might show none. None without predictions of every trial, and for metrics that are no
/// means over samples.
pub(super) fn test_over_samples<'a>(
    units: impl Iterator<Item = &'a [(TrialOutputs<'a>, TrialOutputs<'a>)]>,
    metric: &Metric,
) -> Option<f64> {
    let mut sums: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
    let mut weights: BTreeMap<u32, f32> = BTreeMap::new();
    for unit in units {
        if !(metric.is_mean)(task(unit)?) {
            return None;
        }
        let pooled = pooled(unit, metric)?;
        let own = pooled.weights.as_deref();
        weights.extend(
            pooled
                .ids
                .iter()
                .copied()
                .zip(own.into_iter().flatten().copied()),
        );
        let differences = differences(pooled.flow, pooled.other, own)?;
        for (id, difference) in pooled.ids.into_iter().zip(differences) {
            let (sum, count) = sums.entry(id).or_default();
            *sum += difference;
            *count += 1.0;
        }
    }
    let means: Vec<f64> = sums.values().map(|(sum, count)| sum / count).collect();
    let weights: Vec<f32> = weights.into_values().collect();
    let means = linearised(&means, (!weights.is_empty()).then_some(&weights));
    statistics::paired_errors(&means).map(|test| test.p)
}

fn task(unit: &[(TrialOutputs<'_>, TrialOutputs<'_>)]) -> Option<TaskKind> {
    Some(unit.first()?.0.predictions?.truth.task())
}

/// One seed's samples, its folds pooled.
struct Pooled {
    ids: Vec<u32>,
    /// The rows of both sides, in the order of the ids.
    flow: Rows,
    other: Rows,
    /// How much each counts, where that differs.
    weights: Option<Vec<f32>>,
}

fn pooled(unit: &[(TrialOutputs<'_>, TrialOutputs<'_>)], metric: &Metric) -> Option<Pooled> {
    let mut pooled: Option<Pooled> = None;
    for (flow, other) in unit {
        let (flow, other) = (flow.predictions?, other.predictions?);
        let (mine, theirs) = places(&flow.ids, &other.ids);
        let weights = flow.weights.as_ref();
        let part = Pooled {
            ids: mine.iter().map(|place| flow.ids[*place]).collect(),
            flow: rows(flow, metric)?.picked(&mine)?,
            other: rows(other, metric)?.picked(&theirs)?,
            weights: weights.map(|weights| mine.iter().map(|place| weights[*place]).collect()),
        };
        pooled = Some(match pooled {
            None => part,
            Some(known) => Pooled {
                ids: [known.ids, part.ids].concat(),
                flow: known.flow.joined(part.flow)?,
                other: known.other.joined(part.other)?,
                weights: known
                    .weights
                    .zip(part.weights)
                    .map(|(a, b)| [a, b].concat()),
            },
        });
    }
    pooled
}

/// flow − other, sample by sample; their (weighted) mean is the difference of the metric where that is a mean.
fn differences(flow: Rows, other: Rows, weights: Option<&[f32]>) -> Option<Vec<f64>> {
    let minus = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect();
    let share = |rows: Vec<bool>| rows.into_iter().map(f64::from).collect::<Vec<f64>>();
    Some(match (flow, other) {
        (Rows::Right(flow), Rows::Right(other)) => minus(&share(flow), &share(other)),
        (Rows::Means(flow), Rows::Means(other)) => minus(&flow, &other),
        (Rows::Squares(width, flow), Rows::Squares(_, other)) => {
            rmse_differences(width, &flow, &other, weights)
        }
        _ => return None,
    })
}

fn paired(differences: &[f64]) -> Option<Found> {
    let test = statistics::paired_errors(differences)?;
    Some(Found {
        test: Test::PairedErrors,
        p: test.p,
        half_width: Some(0.5 * (test.ci95[1] - test.ci95[0])),
    })
}

fn rmse_differences(
    width: usize,
    flow: &[f64],
    other: &[f64],
    weights: Option<&[f32]>,
) -> Vec<f64> {
    let rmse = |squares: &[f64], target: usize| {
        let squares = squares.iter().skip(target).step_by(width).copied();
        weighted_mean(squares, weights).sqrt()
    };
    let sums: Vec<f64> = (0..width)
        .map(|target| rmse(flow, target) + rmse(other, target))
        .collect();
    flow.chunks_exact(width)
        .zip(other.chunks_exact(width))
        .map(|(a, b)| {
            let scaled = a
                .iter()
                .zip(b)
                .zip(&sums)
                .map(|((a, b), sum)| if *sum > 0.0 { (a - b) / sum } else { 0.0 });
            scaled.sum::<f64>() / width as f64
        })
        .collect()
}

/// The places of the ids that both have, in the first's order.
fn places(first: &[u32], second: &[u32]) -> (Vec<usize>, Vec<usize>) {
    let known: HashMap<u32, usize> = second
        .iter()
        .enumerate()
        .map(|(place, id)| (*id, place))
        .collect();
    first
        .iter()
        .enumerate()
        .filter_map(|(place, id)| Some((place, *known.get(id)?)))
        .unzip()
}

fn rows(predictions: &Predictions, metric: &Metric) -> Option<Rows> {
    let outputs = predictions.outputs().ok()?;
    (predictions.ids.len() == outputs.len()).then(|| metric.rows(&outputs))
}
