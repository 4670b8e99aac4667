//! What tests and verdicts do in the long run, by simulation with fixed draws: they keep their level, have the power that a hand
//! computes, and intervals hold the truth as often as they say.

use distil_report::compare::{
    Comparison, PLAIN, PLAIN_FULL, Question, TrialOutputs, Verdict, compare,
};
use distil_report::statistics::{
    FEWEST_FOR_BCA, bca, non_inferiority, normal_below, paired_errors, sign_flip,
};

use crate::compare::{accuracy, seeds, tuned_alike};
use crate::synthetic::standard_normal;

/// `simulations` times `pairs` normal differences around `shift`: the share of which `counts`.
fn share(simulations: u64, pairs: u64, shift: f64, counts: impl Fn(&[f64]) -> bool) -> f64 {
    let differences = |one: u64| -> Vec<f64> {
        (0..pairs)
            .map(|pair| shift + standard_normal(20261124 + pairs, one * pairs + pair))
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
    let student = share(2000, 6, 0.0, |d| holds(paired_errors(d).unwrap().ci95));
    assert!((student - 0.95).abs() < noise(0.95, 2000), "{student}");
    let bootstrap = share(300, FEWEST_FOR_BCA as u64, 0.0, |d| {
        let mean = |places: &[usize]| places.iter().map(|p| d[*p]).sum::<f64>() / d.len() as f64;
        holds(bca(d.len(), &mean).unwrap())
    });
    assert!(bootstrap > 0.90 - noise(0.90, 300), "{bootstrap}");
}

/// One simulated run of six tuned seeds: the flow, plain at its cost, plain at four times its cost, and the small model at a
/// tenth, their accuracies normal around these means with a standard deviation of one hundredth of a point; the margin is 0.02 points.
fn simulated(run: u64, [flow, plain, full, small]: [f64; 4]) -> Vec<Comparison> {
    let drawn = |arm: u64, mean: f64| -> [f64; 6] {
        std::array::from_fn(|seed| {
            0.9 + 1e-4 * (mean + standard_normal(arm, run * 6 + seed as u64))
        })
    };
    let arms = [
        drawn(1, flow),
        drawn(2, plain),
        drawn(3, full),
        drawn(4, small),
    ];
    let trials = seeds(&[
        ("flow", 1e12, &arms[0]),
        (PLAIN, 1e12, &arms[1]),
        (PLAIN_FULL, 4e12, &arms[2]),
        ("small", 1e11, &arms[3]),
    ]);
    let entry = |trial| TrialOutputs {
        trial,
        predictions: None,
    };
    let entries: Vec<TrialOutputs<'_>> = trials.iter().map(entry).collect();
    let metric = accuracy();
    let question = Question {
        tuned: tuned_alike(&trials),
        margin: Some(2e-4),
        ..Question::new(&metric)
    };
    compare(&entries, &question)
}

/// The share of 1,000 simulated runs in which the comparison with `against` has one of these verdicts.
fn share_of_runs(means: [f64; 4], against: &str, verdicts: &[Verdict]) -> f64 {
    let counts = |run: &u64| {
        let comparisons = simulated(*run, means);
        let mut of = comparisons.iter().filter(|c| c.against == against);
        of.any(|c| verdicts.contains(&c.verdict))
    };
    (0..1000).filter(counts).count() as f64 / 1000.0
}

const CLAIMS: [Verdict; 2] = [Verdict::Saves, Verdict::Costs];

#[test]
fn of_a_thousand_comparisons_of_identical_arms_at_most_five_per_cent_claim_a_difference() {
    let found = share_of_runs([0.0, 0.0, 0.0, -50.0], PLAIN, &CLAIMS);
    assert!(found <= 0.05 + noise(0.05, 1000), "{found}");
    let expected = 2.0 / 64.0;
    assert!((found - expected).abs() < noise(expected, 1000), "{found}");
}

#[test]
fn a_real_advantage_at_equal_cost_is_found_as_often_as_a_hand_computes() {
    // Differences of two arms have √2 times their standard deviation.
    for effect in [1.0, 2.0, 4.0] {
        let shown = effect / 2f64.sqrt();
        let expected = normal_below(shown).powi(6);
        let found = share_of_runs([effect, 0.0, 0.0, -50.0], PLAIN, &[Verdict::Saves]);
        let wrong_way = normal_below(-shown).powi(6);
        assert!(
            (found - expected).abs() < noise(expected, 1000) + wrong_way,
            "{effect}: {found} of {expected}"
        );
    }
}

#[test]
fn a_flow_worse_by_the_margin_saves_over_the_full_budget_in_one_run_of_forty_at_most() {
    let found = share_of_runs([-2.0, -50.0, 0.0, -50.0], PLAIN_FULL, &[Verdict::Saves]);
    let expected = 1.0 / 64.0;
    assert!((found - expected).abs() < noise(expected, 1000), "{found}");
    // As good as the full budget: within a margin of √2 standard deviations of the differences with all six seeds.
    let power = normal_below(2f64.sqrt()).powi(6);
    let found = share_of_runs([0.0, -50.0, 0.0, -50.0], PLAIN_FULL, &[Verdict::Saves]);
    assert!(
        (found - power).abs() < noise(power, 1000),
        "{found} of {power}"
    );
}

#[test]
fn a_budget_four_times_too_long_does_not_make_a_saving() {
    // Plain at the flow's cost, plain at four times the cost and the flow are all the same.
    let found = share_of_runs([0.0, 0.0, 0.0, -50.0], PLAIN_FULL, &[Verdict::Saves]);
    assert!(found <= 1.0 / 64.0 + noise(1.0 / 64.0, 1000), "{found}");
}

#[test]
fn a_small_model_as_good_as_the_flow_leaves_hardly_a_saving() {
    let found = share_of_runs([3.0, 0.0, 0.0, 3.0], PLAIN, &[Verdict::Saves]);
    assert!(found <= 1.0 / 64.0 + noise(1.0 / 64.0, 1000), "{found}");
}
