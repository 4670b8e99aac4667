//! What a comparison lets one say.

use serde::{Deserialize, Serialize};

use super::{Comparison, SMALL};
use crate::measure::Better;

/// The word for a comparison's outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// No pair finished.
    NotCompared,
    /// One pair: numbers, no claim.
    OnePair,
    /// Several pairs whose difference chance explains (p ≥ 0.05); or FLOPs and seconds disagree on which is cheaper.
    NoDifference,
    /// The flow is better (p < 0.05) at no more cost.
    Saves,
    /// The flow is worse (p < 0.05), or better at more cost.
    Costs,
    /// The small model alone is as good as the flow's result.
    SmallSuffices,
    /// Several pairs against a baseline nobody tuned: numbers, no claim.
    BaselineUntuned,
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
            Self::BaselineUntuned => "baseline-untuned",
        }
    }
}

/// p below which a difference counts.
pub(super) const SIGNIFICANT: f64 = 0.05;
/// Cost ratios up to here count as equal cost: budgets end at whole steps.
const EQUAL_COST: f64 = 1.02;

/// What a verdict rests on.
pub(super) struct Evidence<'a> {
    pub comparison: &'a Comparison,
    /// The difference, positive where the flow is better.
    pub advantage: f64,
    pub tuned: bool,
    pub small_suffices: bool,
}

impl Evidence<'_> {
    /// The rules, the first that applies:
    ///
    /// 1. no pairs: not-compared;
    /// 2. the small model alone is as good ([`small_suffices`]), and the flow is not significantly worse than this arm: small-suffices;
    /// 3. one pair: one-pair;
    /// 4. the baseline is not tuned, and this arm is a baseline (not the small model): baseline-untuned;
    /// 5. p ≥ 0.05: no-difference; significantly worse: costs; significantly better: saves where neither FLOPs nor reference seconds
    ///    are more (up to 2 %), costs where both are more, no-difference where they disagree. An unknown ratio has no say; with both unknown
    ///    nothing is saved.
    pub fn verdict(&self) -> Verdict {
        let comparison = self.comparison;
        let significant = comparison.p.is_some_and(|p| p < SIGNIFICANT);
        if comparison.n == 0 {
            return Verdict::NotCompared;
        }
        if self.small_suffices && !(significant && self.advantage < 0.0) {
            return Verdict::SmallSuffices;
        }
        if comparison.n == 1 {
            return Verdict::OnePair;
        }
        if !self.tuned && comparison.against != SMALL {
            return Verdict::BaselineUntuned;
        }
        if !significant {
            return Verdict::NoDifference;
        }
        if self.advantage < 0.0 {
            return Verdict::Costs;
        }
        let ratios = [comparison.cost.flops_ratio, comparison.cost.seconds_ratio];
        let known: Vec<bool> = ratios
            .into_iter()
            .flatten()
            .map(|ratio| ratio <= EQUAL_COST)
            .collect();
        match (known.contains(&true), known.contains(&false)) {
            (true, false) => Verdict::Saves,
            (false, true) => Verdict::Costs,
            (true, true) | (false, false) => Verdict::NoDifference,
        }
    }
}

/// Whether the small model alone is as good as the flow: the flow is not significantly better (p ≥ 0.05 in the pair's own test, which must
/// exist), its advantage on the test part is no more than the test set resolves (one standard error of the metric or one sample,
/// whichever is larger), and the small model is the cheaper one.
pub(super) fn small_suffices(small: &Comparison, better: Better) -> bool {
    let (Some(difference), Some(p), Some(resolution)) =
        (small.difference, small.p, small.resolution)
    else {
        return false;
    };
    let advantage = better.advantage(difference);
    let cheaper = small
        .cost
        .flops_ratio
        .or(small.cost.seconds_ratio)
        .is_some_and(|ratio| ratio > 1.0);
    cheaper && advantage <= resolution && !(advantage > 0.0 && p < SIGNIFICANT)
}
