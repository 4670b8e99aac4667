//! The test of one pair: over the samples of its test set.

use std::collections::HashMap;

use super::{Entry, Test};
use crate::measure::{self, Outputs, nll_label_rows, nll_rows};
use crate::predictions::Predictions;
use crate::statistics;

/// A test over samples.
pub(super) struct Found {
    pub test: Test,
    pub p: f64,
    /// Half of the 95 % interval of the metric's difference; none where the metric is no mean over samples.
    pub half_width: Option<f64>,
}

/// What is compared of each sample.
enum Rows {
    /// Whether it is right.
    Right(Vec<bool>),
    /// A number whose mean is the metric.
    Means(Vec<f64>),
    /// Squared errors per target: the metric is the mean over the targets of the root of their mean.
    Squares(usize, Vec<f64>),
}

/// Tests one seed's pairs, their folds' samples pooled and paired by id; none without predictions of every trial.
///
/// * accuracy, top5, subset_accuracy: McNemar's test of who is right;
/// * nll, mae: paired errors of the samples' own;
/// * rmse: paired squared errors, divided by the sum of the two rmse, which makes their mean the difference of the two rmse
///   exactly (a² − b² = (a − b)(a + b)) and leaves p as it is;
/// * others have no value per sample, so a kin is tested and no interval is given: macro_f1 and ece of a classifier by who is right, those of
///   several labels by their cross-entropy, r2 by squared errors.
pub(super) fn test(unit: &[(Entry<'_>, Entry<'_>)], metric: &str) -> Option<Found> {
    let mut pooled: Option<(Rows, Rows)> = None;
    for (flow, other) in unit {
        let (flow, other) = (flow.predictions?, other.predictions?);
        let (mine, theirs) = places(&flow.ids, &other.ids);
        let pair = (
            rows(flow, metric)?.picked(&mine)?,
            rows(other, metric)?.picked(&theirs)?,
        );
        pooled = Some(match pooled {
            None => pair,
            Some((a, b)) => (a.joined(pair.0)?, b.joined(pair.1)?),
        });
    }
    let exact = matches!(
        metric,
        "accuracy" | "top5" | "subset_accuracy" | "nll" | "mae" | "rmse"
    );
    let found = match pooled? {
        (Rows::Right(flow), Rows::Right(other)) => {
            let test = statistics::mcnemar(&flow, &other);
            Found {
                test: Test::Mcnemar,
                p: test.p,
                half_width: Some(0.5 * (test.ci95[1] - test.ci95[0])),
            }
        }
        (Rows::Means(flow), Rows::Means(other)) => paired(
            &flow
                .iter()
                .zip(&other)
                .map(|(a, b)| a - b)
                .collect::<Vec<_>>(),
        )?,
        (Rows::Squares(width, flow), Rows::Squares(_, other)) => {
            paired(&rmse_differences(width, &flow, &other))?
        }
        _ => return None,
    };
    Some(Found {
        half_width: found.half_width.filter(|_| exact),
        ..found
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

fn rmse_differences(width: usize, flow: &[f64], other: &[f64]) -> Vec<f64> {
    let rows = (flow.len() / width) as f64;
    let rmse = |squares: &[f64], target: usize| {
        (squares.iter().skip(target).step_by(width).sum::<f64>() / rows).sqrt()
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

fn rows(predictions: &Predictions, metric: &str) -> Option<Rows> {
    let outputs = predictions.outputs().ok()?;
    if predictions.ids.len() != outputs.len() {
        return None;
    }
    Some(match (&outputs, metric) {
        (Outputs::Classes(outputs), "nll") => Rows::Means(nll_rows(outputs).collect()),
        (Outputs::Classes(outputs), "top5") => {
            Rows::Right(measure::top_k_rows(outputs, 5).collect())
        }
        (Outputs::Classes(outputs), _) => Rows::Right(outputs.correct().collect()),
        (Outputs::Labels(outputs), "subset_accuracy") => {
            Rows::Right(measure::subset_rows(outputs).collect())
        }
        (Outputs::Labels(outputs), _) => Rows::Means(nll_label_rows(outputs).collect()),
        (Outputs::Values(outputs), "mae") => Rows::Means(outputs.row_means(|_, error| error.abs())),
        (Outputs::Values(outputs), _) => {
            Rows::Squares(outputs.targets(), outputs.errors().map(|e| e * e).collect())
        }
    })
}

impl Rows {
    fn picked(&self, places: &[usize]) -> Option<Self> {
        Some(match self {
            Self::Right(rows) => Self::Right(pick(rows, places, 1)?),
            Self::Means(rows) => Self::Means(pick(rows, places, 1)?),
            Self::Squares(width, rows) => Self::Squares(*width, pick(rows, places, *width)?),
        })
    }

    fn joined(self, more: Self) -> Option<Self> {
        match (self, more) {
            (Self::Right(a), Self::Right(b)) => Some(Self::Right([a, b].concat())),
            (Self::Means(a), Self::Means(b)) => Some(Self::Means([a, b].concat())),
            (Self::Squares(width, a), Self::Squares(other, b)) if width == other => {
                Some(Self::Squares(width, [a, b].concat()))
            }
            _ => None,
        }
    }
}

fn pick<T: Copy>(rows: &[T], places: &[usize], width: usize) -> Option<Vec<T>> {
    let picked: Option<Vec<&[T]>> = places
        .iter()
        .map(|place| rows.get(place * width..(place + 1) * width))
        .collect();
    picked.map(|parts| parts.concat())
}
