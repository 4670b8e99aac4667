//! A comparison: what run.json says of the flow against another arm.

use serde::{Deserialize, Serialize};

use crate::record::{Overlap, numbers};
use crate::statistics::CorrectedFolds;

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
    /// Its 95 % interval, as wide as that of the pairs' own CPU seconds (Student's t over their logarithms): what a busy machine leaves
    /// unknown. Null for one pair, where a trial failed, and in runs from before it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds_ci95: Option<[f64; 2]>,
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

/// The flow against plain training in the flow's seconds, read off plain's curve seed by seed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EqualSeconds {
    /// The flow's seconds as a share of those of plain's whole budget.
    pub share: f64,
    /// The mean difference over the seeds, the flow − plain.
    pub difference: f64,
    /// The sign-flip test's two-sided p.
    pub p: f64,
    /// Whether the flow is ahead.
    pub better: bool,
}

/// A choice at the end of its list, beyond which something better may lie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtEnd {
    /// The arm.
    pub arm: String,
    /// What it chose by the mean over its seeds.
    pub settings: String,
}

/// What was shown, checked with the loser at the winner's settings, seed by seed: luck in the loser's own choice has no part in that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Guard {
    /// The arm that was taken at the other's settings: the worse one, or that which the flow is not inferior to.
    pub loser: String,
    /// The settings it was taken at, where they are one for all seeds: those with which it tests best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<String>,
    /// Pairs; fewer than the comparison's until all of them have been tested, and then nothing is claimed.
    pub n: usize,
    /// The mean difference, arm − against; null where a trial failed and it is infinite.
    pub difference: Option<f64>,
    /// Two-sided p of the sign-flip test, of signed ranks where a trial failed.
    pub p: Option<f64>,
    /// The larger of the p values with and without the check, adjusted for the number of exploratory arms; null for built-in arms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holm_p: Option<f64>,
    /// Whether the difference points the same way.
    pub same_sign: bool,
    /// One-sided p of the hypothesis that the flow is worse by the margin or more, adjusted as `holm_p`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub non_inferior_p: Option<f64>,
}

/// One line of run.json's `comparisons`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// [`crate::record::arm::FLOW`]; of a [`super::Route`] [`crate::record::arm::TRANSFERRED`].
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
    /// What the given models of either side have seen of the test samples; absent where they have seen none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap: Option<Overlap>,
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
    /// Arms of the two whose choice lies at the end of its list: they may be better than they look.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ends: Vec<AtEnd>,
    /// The flow against plain at equal seconds, where this is the comparison with plain's full budget and plain's curve was run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equal_seconds: Option<EqualSeconds>,
    /// Whether it was looked at before all seeds had run ([`super::LOOKS`]): later looks take a smaller p.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub looks: bool,
    /// The check of what was shown between two tuned arms; null where nothing was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<Guard>,
    /// The test over all folds of all seeds, corrected for their overlapping training sets; null without folds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folds: Option<CorrectedFolds>,
}

/// The word for a comparison's outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// No pair finished.
    NotCompared,
    /// One pair: numbers, no claim.
    OnePair,
    /// Neither a saving nor a cost is shown; [`Because`] says what is missing.
    NoDifference,
    /// The flow is better at no more cost, or as good within the declared margin at less.
    Saves,
    /// The flow is worse, or costs more.
    Costs,
    /// The small model alone is as good as the flow's result.
    SmallSuffices,
    /// The result's own model, trained without teachers, is as good as the flow's result.
    AloneSuffices,
    /// Several pairs against an arm that was not tuned as well as the flow: numbers, no claim.
    BaselineUntuned,
    /// A given model has seen what is tested, and the recipe says so: numbers, no claim.
    Overlap,
}

impl Verdict {
    /// The word in run.json and tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotCompared => "not-compared",
            Self::OnePair => "one-pair",
            Self::NoDifference => "no-difference",
            Self::Saves => "saves",
            Self::Costs => "costs",
            Self::SmallSuffices => "small-suffices",
            Self::AloneSuffices => "alone-suffices",
            Self::BaselineUntuned => "baseline-untuned",
            Self::Overlap => "overlap",
        }
    }
}

/// What a saving, a cost or their absence rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Because {
    /// The recipe has one stage, and nothing it could be compared with.
    OneStage,
    /// Significantly better.
    Better,
    /// Not inferior by the declared margin.
    WithinMargin,
    /// Significantly worse.
    Worse,
    /// Better or as good, at more cost.
    Dearer,
    /// Chance explains the difference.
    Chance,
    /// Significant over the seeds, but not over the samples they test: other samples may show none.
    OtherSamples,
    /// Shown with each side's own choice of settings, but not with the loser at the winner's: luck in choosing may explain it.
    WinnersSettings,
    /// Shown with each side's own choice of settings, but not yet checked with the loser at the winner's.
    NotChecked,
    /// Cheaper, but that it is as good cannot be shown without a declared margin.
    NoMargin,
    /// Cheaper, but not shown to be within the margin.
    MarginNotShown,
    /// Within the margin at equal cost: nothing is saved.
    EqualCost,
    /// Better or as good; FLOPs and seconds disagree on whether it is dearer.
    CostsDisagree,
    /// Better or as good, but the machine was too busy to tell which took more seconds.
    SecondsBusy,
    /// Better or as good, but what it cost in seconds is not known.
    SecondsUnknown,
    /// It would save, but the small model alone is not shown to be worse than the flow.
    SmallNotWorse,
    /// It would save, but the small model alone was not tuned as well as the flow.
    SmallUntuned,
    /// It would save, but the student alone is not shown to be worse than the flow.
    AloneNotWorse,
    /// It would save, but the student alone was not tuned as well as the flow.
    AloneUntuned,
    /// It would save against the full budget, but plain training at the flow's cost is not shown to be worse: a shorter
    /// budget alone may explain it.
    PlainNotWorse,
    /// It would save against the full budget, but plain training at the flow's cost was not tuned as well as the flow.
    PlainUntuned,
    /// It would save against the full budget, and plain training at the flow's FLOPs is worse; but that took fewer seconds, and in the
    /// flow's it is not shown to be worse.
    PlainShorter,
    /// It would save, but trials of the other arm failed for another reason than divergence.
    OtherFailed,
}
