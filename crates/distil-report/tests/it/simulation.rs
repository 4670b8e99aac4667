//! What tests and verdicts do in the long run, by simulation with fixed draws: they keep their level, have the power that a hand
//! computes, and intervals hold the truth as often as they say.

use distil_report::statistics::{
    FEWEST_FOR_BCA, bca, non_inferiority, normal_below, paired_errors, sign_flip,
};

use crate::synthetic::uniform;

/// Standard normal, a function of its arguments (Box and Muller 1958).
fn normal(seed: u64, place: u64) -> f64 {
    let (a, b) = (uniform(seed, 2 * place), uniform(seed, 2 * place + 1));
    (-2.0 * (1.0 - a).ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}

/// `simulations` times `pairs` normal differences around `shift`: the share of which `counts`.
fn share(simulations: u64, pairs: u64, shift: f64, counts: impl Fn(&[f64]) -> bool) -> f64 {
    let differences = |one: u64| -> Vec<f64> {
        (0..pairs)
            .map(|pair| shift + normal(20261124 + pairs, one * pairs + pair))
            .collect()
    };
    let counted = (0..simulations).filter(|one| counts(&differences(*one)));
    counted.count() as f64 / simulations as f64
}

/// Three standard errors of a share that is `expected`.
fn noise(expected: f64, simulations: u64) -> f64 {
    3.0 * (expected * (1.0 - expected) / simulations as f64).sqrt()
}

#[test]
fn without_an_effect_the_sign_flip_test_rejects_as_often_as_its_patterns_allow() {
    // The largest share of sign patterns below 0.05: 2/64 of six pairs, 12/256 of eight, 50/1024 of ten.
    for (pairs, level) in [(6, 2.0 / 64.0), (8, 12.0 / 256.0), (10, 50.0 / 1024.0)] {
        let found = share(4000, pairs, 0.0, |d| sign_flip(d).unwrap().p < 0.05);
        assert!(
            (found - level).abs() < noise(level, 4000),
            "{pairs}: {found}"
        );
    }
}

#[test]
fn with_an_effect_six_pairs_have_the_power_a_hand_computes() {
    // Six pairs reject when all differences have one sign.
    for effect in [0.5, 1.0, 2.0] {
        let power = normal_below(effect).powi(6) + normal_below(-effect).powi(6);
        let found = share(4000, 6, effect, |d| sign_flip(d).unwrap().p < 0.05);
        assert!(
            (found - power).abs() < noise(power, 4000),
            "{effect}: {found} of {power}"
        );
    }
}

#[test]
fn at_the_margin_non_inferiority_is_shown_in_one_case_of_forty_at_most() {
    for (pairs, level) in [(6, 1.0 / 64.0), (8, 6.0 / 256.0)] {
        let found = share(4000, pairs, -0.7, |d| {
            non_inferiority(d, 0.7).unwrap() < 0.025
        });
        assert!(
            (found - level).abs() < noise(level, 4000),
            "{pairs}: {found}"
        );
    }
    let power = normal_below(1.5).powi(6);
    let found = share(4000, 6, 0.0, |d| non_inferiority(d, 1.5).unwrap() < 0.025);
    assert!(
        (found - power).abs() < noise(power, 4000),
        "{found} of {power}"
    );
}

#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    let holds = |interval: [f64; 2]| interval[0] <= 0.0 && 0.0 <= interval[1];
    let student = share(4000, 6, 0.0, |d| holds(paired_errors(d).unwrap().ci95));
    assert!((student - 0.95).abs() < noise(0.95, 4000), "{student}");
    let bootstrap = share(500, FEWEST_FOR_BCA as u64, 0.0, |d| {
        let mean = |places: &[usize]| places.iter().map(|p| d[*p]).sum::<f64>() / d.len() as f64;
        holds(bca(d.len(), &mean).unwrap())
    });
    assert!(bootstrap > 0.90 - noise(0.90, 500), "{bootstrap}");
}
