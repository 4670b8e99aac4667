//! The levels of tests over seeds, where a run is looked at before all its seeds have run, too.
//!
//! After six seeds a difference counts at p ≤ 2/64, after nine at 6/512, after twelve at 48/4096: together at most 5 in a hundred, for
//! differences of any sizes (3.4 to 4.9 found). That the flow is not inferior counts at 1/64, 3/512, 24/4096.

use super::comparison::Comparison;

/// Seeds after which a run that looks is judged.
pub const LOOKS: [u64; 3] = [6, 9, 12];

/// Two-sided p below which a difference counts: after more seeds than at the first look what is left of 0.05.
pub(super) fn significant(comparison: &Comparison) -> f64 {
    match later(comparison) {
        true => 48.5 / 4096.0,
        false => 0.05,
    }
}

/// One-sided p below which the flow is not inferior: the 95 % two-sided interval lies inside the margin (ICH E9, section 5.5); after more
/// seeds than at the first look what is left of 0.025.
pub(super) fn not_inferior(comparison: &Comparison) -> f64 {
    match later(comparison) {
        true => 24.5 / 4096.0,
        false => 0.025,
    }
}

/// Whether it was looked at after more seeds than at the first look.
pub(super) fn later(comparison: &Comparison) -> bool {
    comparison.looks && comparison.n as u64 > LOOKS[0]
}
