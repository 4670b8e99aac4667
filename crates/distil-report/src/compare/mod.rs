//! The flow against each other arm: difference, test, cost and verdict.
//!
//! One unit of the statistics is one seed, its folds averaged. One unit: a test over the samples of the test set (McNemar's or
//! paired errors), which says what this test set can tell apart, not what another seed would give; hence the verdict
//! [`Verdict::OnePair`]. Several units: means, and the sign-flip permutation test over the pairs.

mod rows;
mod sentence;
mod verdict;

pub use sentence::{headline, sentence};
pub use verdict::Verdict;

use serde::{Deserialize, Serialize};

use crate::bill::Total;
use crate::measure;
use crate::predictions::Predictions;
use crate::run_json::{MainMetric, Status, Trial};
use crate::statistics::{self, PairedErrors};
use verdict::{Evidence, small_suffices};

/// The arm every other is compared with.
pub const FLOW: &str = "flow";
/// The default control: plain training at the flow's cost.
pub const PLAIN: &str = "plain";
/// Plain training at its declared budget.
pub const PLAIN_FULL: &str = "plain-full";
/// Plain training with label smoothing.
pub const SMOOTH: &str = "smooth";
/// The small stage alone, annealed.
pub const SMALL: &str = "small";

/// A test of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Test {
    /// McNemar's exact test over the samples.
    Mcnemar,
    /// Student's paired test over the samples' errors.
    PairedErrors,
    /// The sign-flip permutation test over the seeds.
    SignFlip,
}

impl Test {
    /// As it is called in a sentence.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Mcnemar => "McNemar's test",
            Self::PairedErrors => "paired errors test",
            Self::SignFlip => "sign-flip test",
        }
    }
}

/// The flow's cost divided by the other arm's, the geometric mean over the pairs; null where unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CostRatios {
    /// Of FLOPs.
    pub flops_ratio: Option<f64>,
    /// Of reference seconds.
    pub seconds_ratio: Option<f64>,
}

/// One line of run.json's `comparisons`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Always [`FLOW`].
    pub arm: String,
    /// The other arm.
    pub against: String,
    /// Pairs: seeds for which both finished.
    pub n: usize,
    /// The mean difference on the main metric, arm − against, on the test part.
    pub difference: Option<f64>,
    /// Its 95 % confidence interval: over the test samples for one pair, by Student's t over the pairs for several; null where
    /// the metric is no mean over samples.
    pub ci95: Option<[f64; 2]>,
    /// The test behind `p`.
    pub test: Option<Test>,
    /// Its two-sided p.
    pub p: Option<f64>,
    /// Cost ratios.
    pub cost: CostRatios,
    /// Whether the flow uses a given model, whose own training is not in the bill.
    pub given: bool,
    /// What follows.
    pub verdict: Verdict,
    /// The arm's mean on the main metric.
    pub value: Option<f64>,
    /// The other arm's.
    pub against_value: Option<f64>,
    /// Test samples per seed.
    pub samples: usize,
    /// What the test set can resolve ([`measure::Resolution::width`]), for the arm's outputs.
    pub resolution: Option<f64>,
}

/// A trial and, where it is at hand, what its result said about the test samples.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The trial.
    pub trial: &'a Trial,
    /// Its predictions.
    pub predictions: Option<&'a Predictions>,
}

/// What to compare by.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The main metric.
    pub metric: &'a MainMetric,
    /// Whether plain's learning rate and budget were tuned: without that no saving is claimed.
    pub tuned: bool,
    /// Whether the flow uses a given model.
    pub given: bool,
}

/// Compares the flow with every other arm, controls first. Only finished trials count. Where no `plain` finished, a comparison
/// with it of no pairs says so (`not-compared`).
pub fn compare(entries: &[Entry<'_>], question: &Question<'_>) -> Vec<Comparison> {
    let small = Pairs::of(entries, SMALL).measured(question);
    arms(entries)
        .into_iter()
        .map(|against| {
            let mut comparison = Pairs::of(entries, against).measured(question);
            let evidence = Evidence {
                advantage: question
                    .metric
                    .better
                    .advantage(comparison.difference.unwrap_or(0.0)),
                comparison: &comparison,
                tuned: question.tuned,
                small_suffices: small_suffices(&small, question.metric.better),
            };
            comparison.verdict = evidence.verdict();
            comparison
        })
        .collect()
}

/// The other arms: the controls in a fixed order, then the user's own as they come.
fn arms<'a>(entries: &[Entry<'a>]) -> Vec<&'a str> {
    let present = |arm: &str| entries.iter().any(|entry| entry.trial.arm == arm);
    let mut arms = vec![PLAIN];
    arms.extend(
        [PLAIN_FULL, SMOOTH, SMALL]
            .into_iter()
            .filter(|arm| present(arm)),
    );
    for entry in entries {
        if entry.trial.arm != FLOW && !arms.contains(&entry.trial.arm.as_str()) {
            arms.push(&entry.trial.arm);
        }
    }
    arms
}

/// The trials of the flow and of another arm that belong together, by seed.
struct Pairs<'a> {
    against: &'a str,
    flow: Vec<Entry<'a>>,
    units: Vec<Vec<(Entry<'a>, Entry<'a>)>>,
}

impl<'a> Pairs<'a> {
    fn of(entries: &[Entry<'a>], against: &'a str) -> Self {
        let finished = |arm: &'a str| {
            entries.iter().copied().filter(move |entry| {
                entry.trial.arm == arm && entry.trial.status == Status::Finished
            })
        };
        let flow: Vec<Entry<'a>> = finished(FLOW).collect();
        let mut units: Vec<(u64, Vec<(Entry<'a>, Entry<'a>)>)> = Vec::new();
        for entry in &flow {
            let same = |other: &Entry<'_>| {
                (other.trial.seed, other.trial.fold) == (entry.trial.seed, entry.trial.fold)
            };
            let Some(other) = finished(against).find(same) else {
                continue;
            };
            match units.iter_mut().find(|(seed, _)| *seed == entry.trial.seed) {
                Some((_, pairs)) => pairs.push((*entry, other)),
                None => units.push((entry.trial.seed, vec![(*entry, other)])),
            }
        }
        Self {
            against,
            flow,
            units: units.into_iter().map(|(_, pairs)| pairs).collect(),
        }
    }

    /// All but the verdict.
    fn measured(&self, question: &Question<'_>) -> Comparison {
        let name = question.metric.name.as_str();
        let values: Vec<(f64, f64)> = self
            .units
            .iter()
            .filter_map(|unit| unit_values(unit, name))
            .collect();
        let differences: Vec<f64> = values.iter().map(|(flow, other)| flow - other).collect();
        let difference = mean(&differences);
        let (test, p, ci95) = match differences.len() {
            0 => (None, None, None),
            1 => match self.units.first().and_then(|unit| rows::test(unit, name)) {
                Some(found) => (
                    Some(found.test),
                    Some(found.p),
                    found.half_width.zip(difference),
                ),
                None => (None, None, None),
            },
            _ => {
                let flip = statistics::sign_flip(&differences);
                let interval = statistics::paired_errors(&differences).map(half_width);
                (
                    flip.map(|_| Test::SignFlip),
                    flip.map(|flip| flip.p),
                    interval.zip(difference),
                )
            }
        };
        let outputs = self
            .flow
            .first()
            .and_then(|entry| entry.predictions?.outputs().ok());
        Comparison {
            arm: FLOW.into(),
            against: self.against.into(),
            n: differences.len(),
            difference,
            ci95: ci95.map(|(half, middle)| [middle - half, middle + half]),
            test,
            p,
            cost: self.cost(),
            given: question.given,
            verdict: Verdict::NotCompared,
            value: if values.is_empty() {
                mean(
                    &self
                        .flow
                        .iter()
                        .filter_map(|entry| value(entry, name))
                        .collect::<Vec<_>>(),
                )
            } else {
                mean(&values.iter().map(|(flow, _)| *flow).collect::<Vec<_>>())
            },
            against_value: mean(&values.iter().map(|(_, other)| *other).collect::<Vec<_>>()),
            samples: self.samples(),
            resolution: outputs
                .and_then(|outputs| measure::resolution(name, &outputs))
                .map(|found| found.width()),
        }
    }

    fn samples(&self) -> usize {
        let seed = self.flow.first().map(|entry| entry.trial.seed);
        self.flow
            .iter()
            .filter(|entry| Some(entry.trial.seed) == seed)
            .map(|entry| entry.trial.data.test)
            .sum()
    }

    fn cost(&self) -> CostRatios {
        let ratio = |of: fn(Total) -> Option<f64>| {
            let cost = |trial: &Trial| of(trial.bill.equalised());
            let logs: Option<Vec<f64>> = self
                .units
                .iter()
                .map(|unit| {
                    let flow: f64 = unit
                        .iter()
                        .map(|(flow, _)| cost(flow.trial))
                        .sum::<Option<f64>>()?;
                    let other: f64 = unit
                        .iter()
                        .map(|(_, other)| cost(other.trial))
                        .sum::<Option<f64>>()?;
                    (flow > 0.0 && other > 0.0).then(|| (flow / other).ln())
                })
                .collect();
            mean(&logs?).map(f64::exp)
        };
        CostRatios {
            flops_ratio: ratio(|total| total.flops),
            seconds_ratio: ratio(|total| total.reference_seconds),
        }
    }
}

fn half_width(test: PairedErrors) -> f64 {
    0.5 * (test.ci95[1] - test.ci95[0])
}

fn value(entry: &Entry<'_>, metric: &str) -> Option<f64> {
    entry
        .trial
        .result()?
        .test
        .get(metric)
        .copied()
        .filter(|value| value.is_finite())
}

/// The means over one seed's folds.
fn unit_values(unit: &[(Entry<'_>, Entry<'_>)], metric: &str) -> Option<(f64, f64)> {
    let flow: Option<Vec<f64>> = unit.iter().map(|(flow, _)| value(flow, metric)).collect();
    let other: Option<Vec<f64>> = unit.iter().map(|(_, other)| value(other, metric)).collect();
    mean(&flow?).zip(mean(&other?))
}

fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        None
    } else {
        Some(values.iter().sum::<f64>() / values.len() as f64)
    }
}
