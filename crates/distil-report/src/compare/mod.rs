//! The flow against each other arm: difference, test, cost and verdict.
//!
//! One unit of the statistics is one seed, its folds averaged. One unit: a test over the samples of the test set (McNemar's or
//! paired errors), which says what this test set can tell apart, not what another seed would give; hence the verdict
//! [`Verdict::OnePair`]. Several units: means, and the sign-flip permutation test over the pairs. A trial that diverged or
//! failed is a result: the worst quality there is, at infinite cost.
//!
//! The built-in arms are compared as declared beforehand; a user's own arms and swept values are exploratory, and their p
//! values adjusted for their number (Holm).

mod comparison;
pub mod curve;
mod entry;
mod levels;
mod looks;
mod pairs;
mod route;
mod rows;
mod verdict;

pub use crate::record::arm::{ALONE, FLOW, PLAIN, PLAIN_FULL, SMALL, SMOOTH, TRANSFERRED};
pub use comparison::{
    AtEnd, Because, Comparison, CostRatios, EqualSeconds, Guard, Sides, Test, Verdict,
};
pub use entry::{Question, TrialOutputs};
pub use levels::LOOKS;
pub use looks::{next_look, next_look_at_margin};
pub use route::{Halved, Route, Searched};

pub(crate) use verdict::{EQUAL_COST, beyond, is_as_good, is_better};

use crate::measure::Better;
use crate::record::TrialId;
use crate::record::arm::{PLAIN_HALVED, built_in, share_of_arm};
use crate::statistics::holm;
use pairs::Pairs;
use verdict::{Evidence, Others};

/// Compares the flow with every other arm, controls first. Where no other arm ran, a comparison with `plain` of no pairs says so
/// (`not-compared`). Trials that a signal stopped are not yet results and have no part in it; those that failed or diverged
/// count as the worst. Arms of plain's curve ([`share_of_arm`]) are left to [`curve`], [`TRANSFERRED`] and [`PLAIN_HALVED`] to [`Route`].
pub fn compare(entries: &[TrialOutputs<'_>], question: &Question<'_>) -> Vec<Comparison> {
    let mut comparisons: Vec<(Comparison, f64)> = arms(entries)
        .into_iter()
        .map(|against| Pairs::of(entries, (FLOW, against), question).measured(question))
        .collect();
    for (comparison, _) in &mut comparisons {
        if comparison.against == PLAIN_FULL && comparison.n > 1 {
            comparison.equal_seconds = curve::at_equal_seconds(entries, question);
        }
    }
    adjust(&mut comparisons);
    judge(&mut comparisons);
    let mut found: Vec<Comparison> = comparisons.into_iter().map(|(c, _)| c).collect();
    let one_stage =
        |entry: &TrialOutputs<'_>| entry.trial.id.arm == FLOW && entry.trial.stages.len() == 1;
    if let [only] = found.as_mut_slice()
        && only.verdict == Verdict::NotCompared
        && only.overlap.is_none()
        && entries.iter().all(one_stage)
    {
        only.because = Some(Because::OneStage);
    }
    found
}

/// An arm against another that it shares no settings with: at what each of that one's seeds chose, and at the one value, for all seeds,
/// that tests best. And whether the arm is shown, both times, to be better or as good within the margin.
pub fn held_against<'a>(
    entries: &[TrialOutputs<'a>],
    arms: (&'a str, &'a str),
    question: &Question<'a>,
) -> (Comparison, bool) {
    let (comparison, _) = Pairs::of(entries, arms, question).measured_at_best(question);
    let holds = comparison.ends.is_empty() && is_as_good(&comparison, question.metric.better);
    (comparison, holds)
}

/// The trials by which what was shown between tuned arms has to be checked, and that are not among the question's spares with a test:
/// each arm that lost at the settings of that which won, seed by seed; and where a route is shown to be as good as plain training, that at every
/// value it chose from. They read the test part of settings that were not chosen,
/// so they are for after every choice.
pub fn wanted(entries: &[TrialOutputs<'_>], question: &Question<'_>) -> Vec<TrialId> {
    let mut wanted: Vec<TrialId> = Vec::new();
    let of_flow = |against| Pairs::of(entries, (FLOW, against), question).wanted(question);
    let of_flow = arms(entries).into_iter().flat_map(of_flow);
    for id in of_flow.chain(Route::wanted(entries, question)) {
        if !wanted.contains(&id) {
            wanted.push(id);
        }
    }
    wanted
}

/// The verdicts anew from what the comparisons say, should their costs have been others.
pub fn judged_again(comparisons: Vec<Comparison>, better: Better) -> Vec<Comparison> {
    let with_advantage = |comparison: Comparison| {
        let advantage = comparison.difference.map_or(0.0, |d| better.advantage(d));
        (comparison, advantage)
    };
    let mut again: Vec<(Comparison, f64)> = comparisons.into_iter().map(with_advantage).collect();
    judge(&mut again);
    again.into_iter().map(|(c, _)| c).collect()
}

/// Gives each comparison its verdict; beside it its advantage.
fn judge(comparisons: &mut [(Comparison, f64)]) {
    let evidence: Vec<Evidence> = comparisons
        .iter()
        .map(|(comparison, advantage)| Evidence::of(comparison, *advantage))
        .collect();
    let of = |arm: &str| {
        let place = comparisons.iter().position(|(c, _)| c.against == arm)?;
        Some(&evidence[place])
    };
    let others = Others {
        plain: of(PLAIN),
        full: of(PLAIN_FULL),
        small: of(SMALL),
        alone: of(ALONE),
    };
    let verdicts: Vec<(Verdict, Option<Because>)> = evidence
        .iter()
        .map(|evidence| evidence.verdict(&others))
        .collect();
    for ((comparison, _), found) in comparisons.iter_mut().zip(verdicts) {
        (comparison.verdict, comparison.because) = found;
    }
}

/// Test samples, and the difference on the main metric that they resolve, where any comparison knows it.
pub fn resolved(comparisons: &[Comparison]) -> Option<(usize, f64)> {
    let known = |comparison: &Comparison| Some((comparison.samples, comparison.resolution?));
    comparisons.iter().find_map(known)
}

/// Adjusts the p values of exploratory arms for their number. A claim has to hold without the check at the winner's settings and with
/// it: the larger p of both is adjusted too, over all these arms, for which of them are checked depends on what they show.
fn adjust(comparisons: &mut [(Comparison, f64)]) {
    let mut own: Vec<&mut Comparison> = comparisons
        .iter_mut()
        .map(|(comparison, _)| comparison)
        .filter(|comparison| !built_in(&comparison.against))
        .collect();
    let adjusted = |of: &dyn Fn(&Comparison) -> Option<f64>| -> Vec<Option<f64>> {
        let tested: Vec<Option<f64>> = own.iter().map(|comparison| of(comparison)).collect();
        let known: Vec<f64> = tested.iter().flatten().copied().collect();
        let mut holm = holm(&known).into_iter();
        let next = |p: Option<f64>| p.and_then(|_| holm.next());
        tested.into_iter().map(next).collect()
    };
    let at_winners = |comparison: &Comparison, of: fn(&Guard) -> Option<f64>| {
        comparison.guard.as_ref().and_then(of).unwrap_or(0.0)
    };
    let differ = adjusted(&|c| c.p);
    let differ_checked = adjusted(&|c| Some(c.p?.max(at_winners(c, |guard| guard.p))));
    let within = adjusted(&|c| c.non_inferior_p);
    let within_checked = adjusted(&|c| {
        Some(
            c.non_inferior_p?
                .max(at_winners(c, |guard| guard.non_inferior_p)),
        )
    });
    for (place, comparison) in own.iter_mut().enumerate() {
        comparison.holm_p = differ[place];
        comparison.non_inferior_p = within[place];
        if let Some(guard) = &mut comparison.guard {
            guard.holm_p = guard.p.and(differ_checked[place]);
            guard.non_inferior_p = guard.non_inferior_p.and(within_checked[place]);
        }
    }
}

/// The other arms: the controls in a fixed order, then the user's own as they come.
fn arms<'a>(entries: &[TrialOutputs<'a>]) -> Vec<&'a str> {
    let present = |arm: &str| entries.iter().any(|entry| entry.trial.id.arm == arm);
    let controls = [PLAIN, ALONE, PLAIN_FULL, SMOOTH, SMALL];
    let mut arms: Vec<&str> = controls.into_iter().filter(|arm| present(arm)).collect();
    for entry in entries {
        let arm = entry.trial.id.arm.as_str();
        let elsewhere =
            [FLOW, TRANSFERRED, PLAIN_HALVED].contains(&arm) || share_of_arm(arm).is_some();
        if !elsewhere && !arms.contains(&arm) {
            arms.push(arm);
        }
    }
    if arms.is_empty() {
        arms.push(PLAIN);
    }
    arms
}
