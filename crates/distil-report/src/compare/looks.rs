//! Looks at a run before all its seeds have run, declared before the first.
//!
//! A run ends at a look where something has been shown, or where it is hardly to be shown any more; the [`levels`](super::levels) hold for
//! those who go on, too.

use super::comparison::Comparison;
use super::levels::{LOOKS, later};
use super::route::Route;
use super::verdict::{is_settled, tuned};
use crate::measure::Better;
use crate::record::arm::PLAIN;

/// How many seeds to run next; none where it is decided, where it is hardly to be decided, and after the last look. What decides is the
/// comparison with `plain`, or else with the first other arm, and beside it the route by a small network where that was run.
pub fn next_look(
    comparisons: &[Comparison],
    route: Option<&Route>,
    better: Better,
    seeds: u64,
) -> Option<u64> {
    let next = LOOKS.into_iter().find(|look| *look > seeds)?;
    let mut known = comparisons.iter().filter(|comparison| comparison.n > 0);
    let plain = comparisons
        .iter()
        .find(|comparison| comparison.against == PLAIN && comparison.n > 0)
        .or_else(|| known.next());
    let mut looked_at = plain.into_iter().chain(route.map(|route| &route.known));
    looked_at
        .any(|comparison| is_open(comparison, better))
        .then_some(next)
}

/// The same where nothing is asked but whether the arm is as good within the margin, and that is not shown yet.
pub fn next_look_at_margin(comparison: &Comparison, seeds: u64) -> Option<u64> {
    let next = LOOKS.into_iter().find(|look| *look > seeds)?;
    let [_, within] = hopes(comparison);
    let hopeful = comparison.non_inferior_p.is_some_and(|p| p <= within);
    (hopeful && comparison.ends.is_empty()).then_some(next)
}

/// Whether something may still be shown.
fn is_open(comparison: &Comparison, better: Better) -> bool {
    let [differs, within] = hopes(comparison);
    let hopeful = comparison.p.is_some_and(|p| p <= differs)
        || comparison.non_inferior_p.is_some_and(|p| p <= within);
    tuned(comparison) && hopeful && !is_settled(comparison, better)
}

/// The largest p with which a difference, and that it is within the margin, may still be shown: 0.3 and 0.25 after the first look, 0.15 after
/// the second.
fn hopes(comparison: &Comparison) -> [f64; 2] {
    match later(comparison) {
        false => [0.3, 0.25],
        true => [0.15, 0.15],
    }
}
