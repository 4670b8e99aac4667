//! The flow against each other arm: difference, test, cost and verdict.
//!
//! One unit of the statistics is one seed, its folds averaged. One unit: a test over the samples of the test set (McNemar's or
//! paired errors), which says what this test set can tell apart, not what another seed would give; hence the verdict
//! [`Verdict::OnePair`]. Several units: means, and the sign-flip permutation test over the pairs. A trial that diverged or
//! failed is a result: the worst quality there is, at infinite cost.
//!
//! The built-in arms are compared as declared beforehand; a user's own arms and swept values are exploratory, and their p
//! values adjusted for their number (Holm).

mod pairs;
mod rows;
mod sentence;
mod verdict;

pub use sentence::{headline, resolution, sentence};
pub use verdict::{Because, Verdict};

pub(crate) use sentence::arm_words;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::budgets;
use crate::numbers;
use crate::predictions::Predictions;
use crate::run_json::{MainMetric, Trial};
use crate::statistics::{CorrectedFolds, holm};
use pairs::Pairs;
use verdict::{Evidence, Others};

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
    /// The sign-flip test over the seeds' signed ranks, a failed trial being the worst: where any failed.
    SignedRank,
}

impl Test {
    /// As it is called in a sentence.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Mcnemar => "McNemar's test",
            Self::PairedErrors => "paired errors test",
            Self::SignFlip => "sign-flip test",
            Self::SignedRank => "signed-rank test",
        }
    }
}

/// The flow's cost divided by the other arm's: the geometric mean over the pairs, or the median where a trial failed, whose
/// cost is infinite; null where unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CostRatios {
    /// Of FLOPs.
    #[serde(with = "numbers::maybe")]
    pub flops_ratio: Option<f64>,
    /// Of reference seconds.
    #[serde(with = "numbers::maybe")]
    pub seconds_ratio: Option<f64>,
}

/// A number for each side of a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sides {
    /// The flow's.
    pub arm: usize,
    /// The other arm's.
    pub against: usize,
}

impl Sides {
    fn none(&self) -> bool {
        *self == Self::default()
    }
}

/// One line of run.json's `comparisons`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Always [`FLOW`].
    pub arm: String,
    /// The other arm.
    pub against: String,
    /// Pairs: seeds with which both came to an end and at least one of them finished; 0 where one side never finished.
    pub n: usize,
    /// The mean difference on the main metric, arm − against, on the test part; the median where a trial failed, null where
    /// that is infinite.
    pub difference: Option<f64>,
    /// Its 95 % confidence interval: over the test samples for one pair, by Student's t over the pairs for several; null where
    /// the metric is no mean over samples or a trial failed.
    pub ci95: Option<[f64; 2]>,
    /// The test behind `p`.
    pub test: Option<Test>,
    /// Its two-sided p.
    pub p: Option<f64>,
    /// Two-sided p of Student's paired test over the test samples, each averaged over the seeds: below 0.05, other samples
    /// would hardly show no difference. Null for one pair, where a trial failed, and where the metric is no mean over samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples_p: Option<f64>,
    /// Cost ratios.
    pub cost: CostRatios,
    /// Whether the flow uses a given model, whose own training is not in the bill.
    pub given: bool,
    /// What follows.
    pub verdict: Verdict,
    /// The arm's mean on the main metric, over the seeds with which it finished.
    pub value: Option<f64>,
    /// The other arm's.
    pub against_value: Option<f64>,
    /// Test samples per seed.
    pub samples: usize,
    /// What the test set can resolve ([`crate::measure::Resolution::width`]), for the arm's outputs.
    pub resolution: Option<f64>,
    /// Why no more is claimed, where the verdict alone does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<Because>,
    /// The BCa bootstrap interval of the mean difference; null below [`crate::statistics::FEWEST_FOR_BCA`] pairs, where it
    /// would be too narrow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bca95: Option<[f64; 2]>,
    /// The p value adjusted for the number of exploratory arms; null for built-in arms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holm_p: Option<f64>,
    /// The largest disadvantage that was declared not to matter, in the metric's own unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// One-sided p of the hypothesis that the flow is worse by the margin or more, adjusted as `holm_p`; below 0.025 the flow
    /// is not inferior. Null without a margin and with one pair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub non_inferior_p: Option<f64>,
    /// Trials that failed for any reason but divergence.
    #[serde(default, skip_serializing_if = "Sides::none")]
    pub failed: Sides,
    /// Trials that diverged.
    #[serde(default, skip_serializing_if = "Sides::none")]
    pub diverged: Sides,
    /// Settings that each side chose from on validation; null where this arm was not tuned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tuning: Option<Sides>,
    /// The test over all folds of all seeds, corrected for their overlapping training sets; null without folds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folds: Option<CorrectedFolds>,
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
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The main metric.
    pub metric: &'a MainMetric,
    /// Settings each arm chose from on the validation part, by arm ([`crate::run_json::Tuned::settings_by_arm`]). An arm that is
    /// missing was not tuned, and no saving over it is claimed.
    pub tuned: BTreeMap<String, usize>,
    /// The largest disadvantage that does not matter, not negative, in the metric's own unit, declared before the run.
    pub margin: Option<f64>,
    /// Whether the flow uses a given model.
    pub given: bool,
}

impl<'a> Question<'a> {
    /// By this metric; nothing tuned, no margin, no given model.
    pub fn new(metric: &'a MainMetric) -> Self {
        Self {
            metric,
            tuned: BTreeMap::new(),
            margin: None,
            given: false,
        }
    }
}

/// Compares the flow with every other arm, controls first. Where no `plain` finished, a comparison with it of no pairs says so
/// (`not-compared`). Trials that a signal stopped are not yet results and have no part in it; those that failed or diverged
/// count as the worst. Arms of plain's curve ([`budgets::share_of_arm`]) are left to [`budgets`].
pub fn compare(entries: &[Entry<'_>], question: &Question<'_>) -> Vec<Comparison> {
    let mut comparisons: Vec<(Comparison, f64)> = arms(entries)
        .into_iter()
        .map(|against| Pairs::of(entries, against, question).measured(question))
        .collect();
    adjust(&mut comparisons);
    let evidence: Vec<Evidence> = comparisons
        .iter()
        .map(|(comparison, advantage)| Evidence::of(comparison, *advantage, &question.tuned))
        .collect();
    let of = |arm: &str| {
        let place = comparisons.iter().position(|(c, _)| c.against == arm)?;
        Some(&evidence[place])
    };
    let others = Others {
        plain: of(PLAIN),
        small: of(SMALL),
    };
    let verdicts: Vec<(Verdict, Option<Because>)> = evidence
        .iter()
        .map(|evidence| evidence.verdict(&others))
        .collect();
    let mut found: Vec<Comparison> = comparisons.into_iter().map(|(c, _)| c).collect();
    for (comparison, (verdict, because)) in found.iter_mut().zip(verdicts) {
        (comparison.verdict, comparison.because) = (verdict, because);
    }
    found
}

/// Whether an arm is one of the five that every run may have, compared as declared beforehand.
pub(crate) fn built_in(arm: &str) -> bool {
    [FLOW, PLAIN, PLAIN_FULL, SMOOTH, SMALL].contains(&arm)
}

/// Adjusts the p values of exploratory arms for their number.
fn adjust(comparisons: &mut [(Comparison, f64)]) {
    let mut own: Vec<&mut Comparison> = comparisons
        .iter_mut()
        .map(|(comparison, _)| comparison)
        .filter(|comparison| !built_in(&comparison.against))
        .collect();
    let tested: Vec<f64> = own.iter().filter_map(|c| c.p).collect();
    for (comparison, p) in own.iter_mut().filter(|c| c.p.is_some()).zip(holm(&tested)) {
        comparison.holm_p = Some(p);
    }
    let tested: Vec<f64> = own.iter().filter_map(|c| c.non_inferior_p).collect();
    let shown = own.iter_mut().filter(|c| c.non_inferior_p.is_some());
    for (comparison, p) in shown.zip(holm(&tested)) {
        comparison.non_inferior_p = Some(p);
    }
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
        let arm = entry.trial.arm.as_str();
        if arm != FLOW && !arms.contains(&arm) && budgets::share_of_arm(arm).is_none() {
            arms.push(arm);
        }
    }
    arms
}
