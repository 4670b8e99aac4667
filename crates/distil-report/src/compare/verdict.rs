//! What a comparison lets one say.

use super::comparison::{Because, Comparison, EqualSeconds, Sides, Verdict};
use super::levels;
use crate::measure::Better;
use crate::record::arm::{ALONE, FLOW, PLAIN_FULL, SMALL};

/// Two-sided p below which a difference over the test samples counts, and one read off a curve.
const SIGNIFICANT: f64 = 0.05;
/// Cost ratios up to here, or down to its inverse, count as equal cost: budgets end at whole steps.
pub(crate) const EQUAL_COST: f64 = 1.02;

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Quality {
    Better,
    WithinMargin,
    Worse,
    Unclear,
}

#[derive(Clone, Copy, PartialEq)]
enum Cost {
    Lower,
    Equal,
    Higher,
    /// One of FLOPs and seconds is higher, the other not.
    Disagree,
    /// Higher seconds, as far as a busy machine tells.
    Busy,
    Unknown,
}

/// What a verdict rests on.
pub(super) struct Evidence<'a> {
    comparison: &'a Comparison,
    quality: Quality,
    /// The same before it is checked with the loser at the winner's settings.
    unchecked: Quality,
    cost: Cost,
    tuned: bool,
    /// What the flow is ahead by on the main metric.
    advantage: f64,
    /// As good as the flow, were this the small model or the student alone.
    suffices: bool,
}

/// The evidence of the other comparisons that a saving depends on.
#[derive(Default)]
pub(super) struct Others<'a> {
    pub plain: Option<&'a Evidence<'a>>,
    pub full: Option<&'a Evidence<'a>>,
    pub small: Option<&'a Evidence<'a>>,
    pub alone: Option<&'a Evidence<'a>>,
}

impl Others<'_> {
    fn small_is_as_good_as_plain(&self) -> bool {
        let Some(small) = self.small else {
            return false;
        };
        let mut plain = [self.plain, self.full].into_iter().flatten();
        plain.all(|plain| {
            let ahead = small.advantage - plain.advantage;
            let is_close = || width(small.comparison).is_some_and(|width| ahead <= width);
            let tuned = !plain.ended(&plain.comparison.against);
            plain.comparison.n == 0 || tuned && is_close()
        })
    }
}

impl<'a> Evidence<'a> {
    /// `advantage` is positive where the flow is better.
    pub fn of(comparison: &'a Comparison, advantage: f64) -> Self {
        Self {
            comparison,
            quality: quality(comparison, advantage),
            unchecked: unchecked(comparison, advantage),
            cost: cost(comparison),
            tuned: tuned(comparison),
            advantage,
            suffices: suffices(comparison, advantage),
        }
    }

    /// The rules, the first that applies:
    ///
    /// 1. no pairs: not-compared;
    ///
    ///    a given model has seen test samples and the recipe declares it: overlap;
    /// 2. this arm is the student alone, without its teacher, and as good ([`suffices`]): alone-suffices; or it is the small model
    ///    alone, as good, and no worse by the margin (or by what the test set resolves) than plain training either, at equal cost or
    ///    at the full budget, where these were run: small-suffices. Neither while one it is as good as chose the end of its list;
    /// 3. one pair: one-pair;
    /// 4. the arm or the flow chose the end of its list, or the arm did not choose from at least two settings and as many as the flow and
    ///    is not the small model: baseline-untuned;
    ///
    ///    Whatever of the following is shown between two tuned arms has to hold with the loser at the winner's settings too, seed by
    ///    seed, being no worse by the margin with the other arm at the flow's; so luck in tuning can only take a claim away;
    /// 5. the flow is worse (two-sided p < 0.05 over the seeds and, where they are at hand, over the test samples), and not within the declared margin (one-sided p < 0.025): costs;
    /// 6. better or within the margin, at higher FLOPs and seconds: costs;
    /// 7. better at FLOPs and seconds that are not higher, or within the margin at FLOPs and seconds that are both lower: saves.
    ///    Unless the small model or the student alone, where another arm than this is one, is not shown to be worse or was not tuned; or the saving is over
    ///    plain's full budget, and plain at the flow's FLOPs is not shown to be worse or was not tuned: then a shorter budget alone may be what saves.
    ///    Where the flow is better than the full budget too, plain in between lies between two that are worse; where it is only as
    ///    good, plain has to be worse in the flow's seconds as well, as plain at the flow's FLOPs is where that took no fewer, and otherwise
    ///    read off plain's curve. Or trials of the other arm failed for any reason but divergence;
    /// 8. anything else: no-difference.
    ///
    /// So against `plain`, which costs what the flow costs, only better quality counts; against `plain-full` both
    /// better quality and equal quality at less cost do. A difference not shown is never taken for equality. Costs are equal up
    /// to 2 %. Fewer seconds, or more, take that the 95 % interval of their ratio leaves 1 out: fewer count as equal without, and where more
    /// are not told from equal nothing is claimed. Unknown seconds claim nothing; unknown FLOPs leave the seconds to decide.
    pub fn verdict(&self, others: &Others<'_>) -> (Verdict, Option<Because>) {
        let against = self.comparison.against.as_str();
        if self.comparison.n == 0 {
            return (Verdict::NotCompared, None);
        }
        if self
            .comparison
            .overlap
            .is_some_and(|overlap| overlap.declared)
        {
            return (Verdict::Overlap, None);
        }
        let suffices = self.suffices && !self.ended(FLOW);
        if suffices && against == ALONE {
            return (Verdict::AloneSuffices, None);
        }
        if suffices && against == SMALL && others.small_is_as_good_as_plain() {
            return (Verdict::SmallSuffices, None);
        }
        if self.comparison.n == 1 {
            return (Verdict::OnePair, None);
        }
        if !self.comparison.ends.is_empty() || !self.tuned && against != SMALL {
            return (Verdict::BaselineUntuned, None);
        }
        let none = |because| (Verdict::NoDifference, Some(because));
        match (self.quality, self.cost) {
            (Quality::Worse, _) => (Verdict::Costs, Some(Because::Worse)),
            (Quality::Unclear, _) if self.unchecked != Quality::Unclear => none(self.unguarded()),
            (Quality::Unclear, _) if self.significant_over_seeds() => none(Because::OtherSamples),
            (Quality::Unclear, Cost::Lower) => none(match self.comparison.margin {
                Some(_) => Because::MarginNotShown,
                None => Because::NoMargin,
            }),
            (Quality::Unclear, _) => none(Because::Chance),
            (_, Cost::Unknown) => none(Because::SecondsUnknown),
            (_, Cost::Disagree) => none(Because::CostsDisagree),
            (_, Cost::Busy) => none(Because::SecondsBusy),
            (_, Cost::Higher) => (Verdict::Costs, Some(Because::Dearer)),
            (Quality::WithinMargin, Cost::Equal) if seems_quicker(self.comparison) => {
                none(Because::SecondsBusy)
            }
            (Quality::WithinMargin, Cost::Equal) => none(Because::EqualCost),
            (quality, Cost::Lower | Cost::Equal) => match self.objection(others) {
                Some(objection) => none(objection),
                None if quality == Quality::Better => (Verdict::Saves, Some(Because::Better)),
                None => (Verdict::Saves, Some(Because::WithinMargin)),
            },
        }
    }

    /// Whether this arm chose the end of its list, so that it may be better than it looks.
    fn ended(&self, arm: &str) -> bool {
        self.comparison.ends.iter().any(|end| end.arm == arm)
    }

    /// Why what was shown is not claimed.
    fn unguarded(&self) -> Because {
        let guard = self.comparison.guard.as_ref();
        match guard.is_some_and(|guard| guard.n == self.comparison.n) {
            true => Because::WinnersSettings,
            false => Because::NotChecked,
        }
    }

    fn significant_over_seeds(&self) -> bool {
        p_over_seeds(self.comparison).is_some_and(|p| p < levels::significant(self.comparison))
    }

    /// What speaks against a saving that quality and cost would allow.
    fn objection(&self, others: &Others<'_>) -> Option<Because> {
        let against = self.comparison.against.as_str();
        if self.comparison.failed.against > 0 {
            return Some(Because::OtherFailed);
        }
        let cheap = [
            (others.small, Because::SmallNotWorse, Because::SmallUntuned),
            (others.alone, Because::AloneNotWorse, Because::AloneUntuned),
        ];
        for (other, not_worse, untuned) in cheap {
            let concerns = |other: &&Evidence<'_>| {
                other.comparison.against != against && other.cost != Cost::Lower
            };
            let Some(other) = other.filter(concerns) else {
                continue;
            };
            if other.quality != Quality::Better {
                return Some(not_worse);
            }
            if !other.tuned {
                return Some(untuned);
            }
        }
        // Another arm than the flow has the whole budget too.
        if against != PLAIN_FULL || self.comparison.arm != FLOW {
            return None;
        }
        let Some(plain) = others
            .plain
            .filter(|plain| plain.quality == Quality::Better)
        else {
            return Some(Because::PlainNotWorse);
        };
        if !plain.tuned {
            return Some(Because::PlainUntuned);
        }
        let as_long = beyond(plain.comparison, EQUAL_COST).is_none();
        let worse_in_the_same_seconds = || {
            // There plain has the flow's FLOPs too, as long as it is no further behind in them than in seconds.
            let cost = &plain.comparison.cost;
            let most = cost.seconds_ratio.map_or(EQUAL_COST, |s| s.max(EQUAL_COST));
            let shown = |at: &EqualSeconds| at.better && at.p < SIGNIFICANT;
            cost.flops_ratio.is_none_or(|ratio| ratio <= most)
                && self.comparison.equal_seconds.as_ref().is_some_and(shown)
        };
        let explained = self.quality == Quality::Better || as_long || worse_in_the_same_seconds();
        (!explained).then_some(Because::PlainShorter)
    }
}

/// The larger of the cost ratios of this comparison, where it is above so much.
pub(crate) fn beyond(comparison: &Comparison, limit: f64) -> Option<f64> {
    let cost = &comparison.cost;
    let ratios = [cost.flops_ratio, cost.seconds_ratio].into_iter().flatten();
    Some(ratios.fold(0.0, f64::max)).filter(|ratio| *ratio > limit)
}

/// Whether the flow is significantly better: over the seeds and, where they are at hand, over the test samples.
pub(crate) fn is_better(comparison: &Comparison, better: Better) -> bool {
    let advantage = comparison.difference.map_or(0.0, |d| better.advantage(d));
    comparison.n > 1 && quality(comparison, advantage) == Quality::Better
}

/// Whether the flow is shown to be better than a tuned arm, or as good within the margin.
pub(crate) fn is_as_good(comparison: &Comparison, better: Better) -> bool {
    let advantage = comparison.difference.map_or(0.0, |d| better.advantage(d));
    let quality = quality(comparison, advantage);
    let shown = matches!(quality, Quality::Better | Quality::WithinMargin);
    comparison.n > 1 && tuned(comparison) && shown
}

/// Whether something is shown, one way or the other.
pub(super) fn is_settled(comparison: &Comparison, better: Better) -> bool {
    let advantage = comparison.difference.map_or(0.0, |d| better.advantage(d));
    quality(comparison, advantage) != Quality::Unclear
}

/// What is shown, and holds with the loser at the winner's settings too, where both arms were tuned.
fn quality(comparison: &Comparison, advantage: f64) -> Quality {
    let found = unchecked(comparison, advantage);
    let Some(guard) = &comparison.guard else {
        return found;
    };
    let whole = guard.n == comparison.n;
    let p = guard.holm_p.or(guard.p);
    let differs =
        whole && guard.same_sign && p.is_some_and(|p| p < levels::significant(comparison));
    let is_within = |p: Option<f64>| p.is_some_and(|p| p < levels::not_inferior(comparison));
    let within = whole && is_within(comparison.non_inferior_p) && is_within(guard.non_inferior_p);
    match found {
        Quality::Better | Quality::Worse if differs => found,
        Quality::Better | Quality::WithinMargin if within => Quality::WithinMargin,
        _ => Quality::Unclear,
    }
}

/// What several pairs of tuned arms show, and has to be checked.
pub(super) fn shown(comparison: &Comparison, advantage: f64) -> Quality {
    match comparison.n > 1 && tuned(comparison) {
        true => unchecked(comparison, advantage),
        false => Quality::Unclear,
    }
}

/// Whether the other arm chose from at least two settings and as many as the flow, which chose too, and neither at the end of its list.
pub(super) fn tuned(comparison: &Comparison) -> bool {
    let Sides { arm, against } = comparison.tuning.unwrap_or_default();
    arm > 0 && against > 1 && against >= arm && comparison.ends.is_empty()
}

fn unchecked(comparison: &Comparison, advantage: f64) -> Quality {
    let over_seeds = p_over_seeds(comparison).is_some_and(|p| p < levels::significant(comparison));
    let over_samples = comparison.samples_p.is_none_or(|p| p < SIGNIFICANT);
    let significant = over_seeds && over_samples;
    let non_inferior_p = comparison.non_inferior_p;
    let within = non_inferior_p.is_some_and(|p| p < levels::not_inferior(comparison));
    match (significant, within) {
        (true, _) if advantage > 0.0 => Quality::Better,
        (_, true) => Quality::WithinMargin,
        (true, false) if advantage < 0.0 => Quality::Worse,
        _ => Quality::Unclear,
    }
}

fn p_over_seeds(comparison: &Comparison) -> Option<f64> {
    comparison.holm_p.or(comparison.p)
}

fn cost(comparison: &Comparison) -> Cost {
    let zone = |ratio: f64| {
        if ratio < 1.0 / EQUAL_COST {
            Cost::Lower
        } else if ratio > EQUAL_COST {
            Cost::Higher
        } else {
            Cost::Equal
        }
    };
    let Some(found) = comparison.cost.seconds_ratio.map(zone) else {
        return Cost::Unknown;
    };
    let told = comparison
        .cost
        .seconds_ci95
        .is_none_or(|[low, high]| low > 1.0 || high < 1.0);
    let seconds = match found {
        Cost::Lower if !told => Cost::Equal,
        Cost::Higher if !told => Cost::Busy,
        found => found,
    };
    match (comparison.cost.flops_ratio.map_or(found, zone), seconds) {
        (Cost::Higher, Cost::Busy) => Cost::Disagree,
        (_, Cost::Busy) => Cost::Busy,
        (flops, seconds) if flops == seconds => flops,
        (Cost::Higher, _) | (_, Cost::Higher) => Cost::Disagree,
        _ => Cost::Equal,
    }
}

/// Whether it took fewer FLOPs, and fewer seconds as far as a busy machine tells.
fn seems_quicker(comparison: &Comparison) -> bool {
    let lower = |ratio: Option<f64>| ratio.is_none_or(|ratio| ratio < 1.0 / EQUAL_COST);
    lower(comparison.cost.flops_ratio) && lower(comparison.cost.seconds_ratio)
}

/// Whether the other side of a comparison, the small model or the student alone, is as good as the flow: it is the cheaper one; and with a declared
/// margin and several pairs, the flow's advantage is below the margin and not significant; otherwise the flow is not
/// significantly better (p ≥ 0.05 in the pair's own test, which must exist) and its advantage on the test part no more than
/// the test set resolves (one standard error of the metric or one sample, whichever is larger).
fn suffices(small: &Comparison, advantage: f64) -> bool {
    let (Some(_), Some(p), Some(width)) = (small.difference, small.p, width(small)) else {
        return false;
    };
    let cheaper = small
        .cost
        .flops_ratio
        .or(small.cost.seconds_ratio)
        .is_some_and(|ratio| ratio > 1.0);
    cheaper && advantage <= width && !(advantage > 0.0 && p < SIGNIFICANT)
}

/// By how much two models may differ and still be as good: the margin, or of one pair and without one what the test set resolves.
fn width(comparison: &Comparison) -> Option<f64> {
    let margin = comparison.margin.filter(|_| comparison.n > 1);
    margin.or(comparison.resolution)
}
