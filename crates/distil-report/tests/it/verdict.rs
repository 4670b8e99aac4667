//! A saving is claimed only where a referee would grant it, and every refusal says why.

use distil_report::compare::{
    ALONE, Because, Comparison, FLOW, PLAIN, PLAIN_FULL, Question, SMALL, Sides, Test,
    TrialOutputs, Verdict, compare, judged_again, wanted,
};
use distil_report::measure;
use distil_report::measure::Better;
use distil_report::predictions::Predictions;
use distil_report::present::sentence::{badge, headline, sentence};
use distil_report::run_json::{Status, Trial};
use distil_report::statistics::{FEWEST_FOR_BCA, paired_errors};

use crate::compare::{accuracy, seeds, tuned_alike};
use crate::synthetic::digits;

const FULL: [f64; 6] = [0.971, 0.974, 0.972, 0.977, 0.968, 0.975];
/// Nearly as good as [`FULL`], some above and some below.
const ALMOST: [f64; 6] = [0.970, 0.975, 0.971, 0.978, 0.967, 0.974];
const SHORT: [f64; 6] = [0.961, 0.966, 0.958, 0.970, 0.952, 0.967];
const POOR: [f64; 6] = [0.911, 0.906, 0.918, 0.920, 0.902, 0.907];

fn asked(trials: &[Trial], margin: Option<f64>) -> Vec<Comparison> {
    compared(
        trials,
        &Question {
            tuned: tuned_alike(trials),
            margin,
            ..Question::new(&accuracy())
        },
    )
}

fn compared(trials: &[Trial], question: &Question<'_>) -> Vec<Comparison> {
    let entry = |trial| TrialOutputs {
        trial,
        predictions: None,
    };
    let entries: Vec<TrialOutputs<'_>> = trials.iter().map(entry).collect();
    compare(&entries, question)
}

/// The flow at a quarter of the full budget, beside plain at the same cost, plain at its full budget and the small model.
fn quarter(plain: &[f64], small: &[f64]) -> Vec<Trial> {
    seeds(&[
        ("flow", 1e12, &ALMOST),
        ("plain", 1e12, plain),
        ("plain-full", 4e12, &FULL),
        ("small", 1e11, small),
    ])
}

#[track_caller]
fn found<'a>(comparisons: &'a [Comparison], against: &str) -> &'a Comparison {
    let mut of = comparisons.iter().filter(|c| c.against == against);
    of.next().unwrap()
}

#[track_caller]
fn said(comparisons: &[Comparison], against: &str) -> String {
    sentence(found(comparisons, against), comparisons, &accuracy())
}

fn verdict(comparison: &Comparison) -> (Verdict, Option<Because>) {
    (comparison.verdict, comparison.because)
}

#[test]
fn as_good_within_the_margin_at_a_quarter_of_the_cost_saves_where_plain_at_that_cost_is_worse() {
    let comparisons = asked(&quarter(&SHORT, &POOR), Some(0.003));
    let full = found(&comparisons, PLAIN_FULL);
    assert_eq!(verdict(full), (Verdict::Saves, Some(Because::WithinMargin)));
    assert_eq!(full.non_inferior_p, Some(1.0 / 64.0));
    insta::assert_snapshot!(said(&comparisons, PLAIN_FULL), @"The flow saves: over 6 seeds it reached 97.25 % accuracy, plain training at its full budget 97.28 % (difference −0.03 points, 95 % interval −0.14 to +0.08, sign-flip test p = 0.688, one-sided p = 0.016 against 0.30 points worse), at 25 % of its FLOPs and 25 % of its seconds; each chose from 9 settings.");
    let plain = found(&comparisons, PLAIN);
    assert_eq!(verdict(plain), (Verdict::Saves, Some(Because::Better)));
    insta::assert_snapshot!(headline(&comparisons, &accuracy()).1, @"The flow saves: over 6 seeds it reached 97.25 % accuracy, plain training at its full budget 97.28 % (difference −0.03 points, 95 % interval −0.14 to +0.08, sign-flip test p = 0.688, one-sided p = 0.016 against 0.30 points worse), at 25 % of its FLOPs and 25 % of its seconds; each chose from 9 settings.");
}

#[test]
fn no_saving_where_plain_with_the_same_short_budget_may_be_as_good() {
    let comparisons = asked(&quarter(&FULL, &POOR), Some(0.003));
    let expected = (Verdict::NoDifference, Some(Because::PlainNotWorse));
    assert_eq!(verdict(found(&comparisons, PLAIN_FULL)), expected);
    insta::assert_snapshot!(said(&comparisons, PLAIN_FULL), @"No saving shown for the flow: over 6 seeds it reached 97.25 % accuracy, plain training at its full budget 97.28 % (difference −0.03 points, 95 % interval −0.14 to +0.08, sign-flip test p = 0.688, one-sided p = 0.016 against 0.30 points worse), at 25 % of its FLOPs and 25 % of its seconds; plain training at the flow's cost is not shown to be worse, so a shorter budget alone may save as much.");
    let at_equal_cost = (Verdict::NoDifference, Some(Because::EqualCost));
    assert_eq!(verdict(found(&comparisons, PLAIN)), at_equal_cost);
    insta::assert_snapshot!(said(&comparisons, PLAIN), @"No saving shown for the flow: over 6 seeds it reached 97.25 % accuracy, plain training at equal cost 97.28 % (difference −0.03 points, 95 % interval −0.14 to +0.08, sign-flip test p = 0.688, one-sided p = 0.016 against 0.30 points worse), at 100 % of its FLOPs and 100 % of its seconds; being as good within the margin at equal cost saves nothing.");
}

#[test]
fn without_plain_at_the_same_cost_nothing_is_saved_over_its_full_budget() {
    let mut trials = quarter(&SHORT, &POOR);
    trials.retain(|trial| trial.id.arm != PLAIN);
    let comparisons = asked(&trials, Some(0.003));
    let expected = (Verdict::NoDifference, Some(Because::PlainNotWorse));
    assert_eq!(verdict(found(&comparisons, PLAIN_FULL)), expected);
    assert!(comparisons.iter().all(|c| c.against != PLAIN));
}

#[test]
fn a_difference_not_shown_is_never_taken_for_equality() {
    let comparisons = asked(&quarter(&SHORT, &POOR), None);
    let full = found(&comparisons, PLAIN_FULL);
    assert!(full.p.unwrap() > 0.5, "{full:?}");
    assert_eq!(
        verdict(full),
        (Verdict::NoDifference, Some(Because::NoMargin))
    );
    insta::assert_snapshot!(said(&comparisons, PLAIN_FULL), @"No difference shown for the flow: over 6 seeds it reached 97.25 % accuracy, plain training at its full budget 97.28 % (difference −0.03 points, 95 % interval −0.14 to +0.08, sign-flip test p = 0.688), at 25 % of its FLOPs and 25 % of its seconds; that it is as good cannot be shown without a declared `margin`.");
    let narrow = asked(&quarter(&SHORT, &POOR), Some(0.0005));
    let full = found(&narrow, PLAIN_FULL);
    assert_eq!(
        verdict(full),
        (Verdict::NoDifference, Some(Because::MarginNotShown))
    );
    insta::assert_snapshot!(said(&narrow, PLAIN_FULL), @"No difference shown for the flow: over 6 seeds it reached 97.25 % accuracy, plain training at its full budget 97.28 % (difference −0.03 points, 95 % interval −0.14 to +0.08, sign-flip test p = 0.688, one-sided p = 0.406 against 0.05 points worse), at 25 % of its FLOPs and 25 % of its seconds; that it is less than 0.05 points worse is not shown.");
}

#[test]
fn no_saving_where_the_small_model_is_not_shown_to_be_worse_or_was_not_tuned() {
    // Better than the flow with one seed of six, and without a margin and a known resolution it does not suffice either.
    let mut close = SHORT;
    close[0] = 0.98;
    let comparisons = asked(&quarter(&SHORT, &close), None);
    let expected = (Verdict::NoDifference, Some(Because::SmallNotWorse));
    assert_eq!(verdict(found(&comparisons, PLAIN)), expected);
    insta::assert_snapshot!(said(&comparisons, PLAIN), @"No saving shown for the flow: over 6 seeds it reached 97.25 % accuracy, plain training at equal cost 96.23 % (difference +1.02 points, 95 % interval +0.69 to +1.34, sign-flip test p = 0.031), at 100 % of its FLOPs and 100 % of its seconds; the small model alone is not shown to be worse than the flow, so no saving is claimed.");

    let trials = quarter(&SHORT, &POOR);
    let metric = accuracy();
    let mut question = Question {
        tuned: tuned_alike(&trials),
        ..Question::new(&metric)
    };
    question.tuned.remove(SMALL);
    let comparisons = compared(&trials, &question);
    let expected = (Verdict::NoDifference, Some(Because::SmallUntuned));
    assert_eq!(verdict(found(&comparisons, PLAIN)), expected);
}

#[test]
fn within_the_margin_the_small_model_suffices() {
    let comparisons = asked(&quarter(&SHORT, &FULL), Some(0.003));
    assert_eq!(found(&comparisons, SMALL).verdict, Verdict::SmallSuffices);
    for against in [PLAIN, PLAIN_FULL] {
        let expected = (Verdict::NoDifference, Some(Because::SmallNotWorse));
        assert_eq!(verdict(found(&comparisons, against)), expected);
    }
    let answer = headline(&comparisons, &accuracy());
    assert_eq!(answer, (Verdict::SmallSuffices, said(&comparisons, SMALL)));
    insta::assert_snapshot!(said(&comparisons, PLAIN), @"No saving shown for the flow: over 6 seeds it reached 97.25 % accuracy, plain training at equal cost 96.23 % (difference +1.02 points, 95 % interval +0.69 to +1.34, sign-flip test p = 0.031, one-sided p = 0.016 against 0.30 points worse), at 100 % of its FLOPs and 100 % of its seconds; the small model alone is as good as the flow, so no saving is claimed.");
    insta::assert_snapshot!(said(&comparisons, SMALL), @"The small model suffices: alone it reached 97.28 % accuracy for 10 % of the flow's FLOPs and 10 % of its seconds; the flow's 97.25 % is not better by the margin of 0.30 points (difference −0.03 points, sign-flip test p = 0.688).");
}

/// A flow with a teacher at ten times the student's cost, beside the student alone and plain training at equal cost.
fn taught(flow: &[f64], alone: &[f64], plain: &[f64]) -> Vec<Trial> {
    seeds(&[
        ("flow", 1e12, flow),
        (ALONE, 1e11, alone),
        (PLAIN, 1e12, plain),
    ])
}

#[test]
fn a_student_that_is_as_good_without_its_teacher_suffices_and_the_run_says_so_first() {
    let comparisons = asked(&taught(&ALMOST, &FULL, &SHORT), Some(0.003));
    assert_eq!(found(&comparisons, ALONE).verdict, Verdict::AloneSuffices);
    let plain = found(&comparisons, PLAIN);
    let expected = (Verdict::NoDifference, Some(Because::AloneNotWorse));
    assert_eq!(verdict(plain), expected);
    assert_eq!(badge(plain, &accuracy()), "better, no saving shown");
    insta::assert_snapshot!(said(&comparisons, PLAIN), @"No saving shown for the flow: over 6 seeds it reached 97.25 % accuracy, plain training at equal cost 96.23 % (difference +1.02 points, 95 % interval +0.69 to +1.34, sign-flip test p = 0.031, one-sided p = 0.016 against 0.30 points worse), at 100 % of its FLOPs and 100 % of its seconds; the student alone is as good as the flow, so no saving is claimed.");
    insta::assert_snapshot!(headline(&comparisons, &accuracy()).1, @"The student alone suffices: without a teacher it reached 97.28 % accuracy for 10 % of the flow's FLOPs and 10 % of its seconds; the flow's 97.25 % is not better by the margin of 0.30 points (difference −0.03 points, sign-flip test p = 0.688).");
    // Significantly worse than both, and without any tuning: the answer stays.
    let trials = taught(&SHORT, &FULL, &FULL);
    let metric = accuracy();
    let untuned = compared(
        &trials,
        &Question {
            margin: Some(0.003),
            ..Question::new(&metric)
        },
    );
    let (verdict, said) = headline(&untuned, &metric);
    assert_eq!(verdict, Verdict::AloneSuffices, "{said}");
}

#[test]
fn that_an_arm_suffices_is_said_of_that_arm_alone_and_then_nothing_saves() {
    let levels = [&FULL, &ALMOST, &SHORT, &POOR];
    let (mut sufficed, mut saved) = (0, 0);
    for place in 0..4usize.pow(5) {
        let level = |arm: u32| &levels[place / 4usize.pow(arm) % 4][..];
        let trials = seeds(&[
            ("flow", 1e12, level(0)),
            (PLAIN, 1e12, level(1)),
            (PLAIN_FULL, 4e12, level(2)),
            (SMALL, 1e11, level(3)),
            // Dearer than the flow, as where its own training is longer than what teaches the flow.
            (ALONE, [2e11, 4e12][place % 3 % 2], level(4)),
        ]);
        for margin in [None, Some(0.003)] {
            let comparisons = asked(&trials, margin);
            let of = |verdict| move |c: &&Comparison| c.verdict == verdict;
            let saves = comparisons.iter().filter(of(Verdict::Saves)).count();
            let mut suffices = 0;
            for (verdict, arm) in [
                (Verdict::SmallSuffices, SMALL),
                (Verdict::AloneSuffices, ALONE),
            ] {
                for comparison in comparisons.iter().filter(of(verdict)) {
                    assert_eq!(comparison.against, arm);
                    suffices += 1;
                }
            }
            if suffices > 0 {
                assert_eq!(saves, 0, "{comparisons:?}");
                let (verdict, words) = headline(&comparisons, &accuracy());
                let worse = found(&comparisons, PLAIN).because == Some(Because::Worse);
                let first = [Verdict::AloneSuffices, Verdict::SmallSuffices];
                assert!(first.contains(&verdict) || worse, "{words}");
                assert!(said(&comparisons, PLAIN).contains("is as good as the flow"));
            }
            sufficed += suffices;
            saved += saves;
        }
    }
    assert!(sufficed > 100 && saved > 100, "{sufficed} {saved}");
}

#[test]
fn a_teacher_that_pays_is_dearer_than_none_and_may_save_over_plain_training() {
    let comparisons = asked(&taught(&FULL, &POOR, &SHORT), None);
    let expected = (Verdict::Costs, Some(Because::Dearer));
    assert_eq!(verdict(found(&comparisons, ALONE)), expected);
    let expected = (Verdict::Saves, Some(Because::Better));
    assert_eq!(verdict(found(&comparisons, PLAIN)), expected);
}

#[test]
fn no_saving_where_the_student_alone_is_not_shown_to_be_worse_or_was_not_tuned() {
    let mut close = SHORT;
    close[0] = 0.98;
    let comparisons = asked(&taught(&FULL, &close, &SHORT), None);
    let expected = (Verdict::NoDifference, Some(Because::AloneNotWorse));
    assert_eq!(verdict(found(&comparisons, PLAIN)), expected);
    insta::assert_snapshot!(said(&comparisons, PLAIN), @"No saving shown for the flow: over 6 seeds it reached 97.28 % accuracy, plain training at equal cost 96.23 % (difference +1.05 points, 95 % interval +0.66 to +1.44, sign-flip test p = 0.031), at 100 % of its FLOPs and 100 % of its seconds; the student alone is not shown to be worse than the flow, so no saving is claimed.");

    let trials = taught(&FULL, &POOR, &SHORT);
    let metric = accuracy();
    let mut question = Question {
        tuned: tuned_alike(&trials),
        ..Question::new(&metric)
    };
    question.tuned.remove(ALONE);
    let comparisons = compared(&trials, &question);
    let expected = (Verdict::NoDifference, Some(Because::AloneUntuned));
    assert_eq!(verdict(found(&comparisons, PLAIN)), expected);
    // That the teacher pays is no claim either where the student alone had no choice.
    assert_eq!(found(&comparisons, ALONE).verdict, Verdict::BaselineUntuned);
}

#[test]
fn where_plain_did_not_run_the_first_arm_with_results_is_the_answer() {
    let trials = seeds(&[("flow", 1e12, &FULL[..]), ("mine", 1e12, &SHORT[..])]);
    let comparisons = asked(&trials, None);
    let against: Vec<&str> = comparisons.iter().map(|c| c.against.as_str()).collect();
    assert_eq!(against, ["mine"]);
    let (verdict, said) = headline(&comparisons, &accuracy());
    assert_eq!(verdict, Verdict::Saves, "{said}");
}

/// The comparisons of README's six-seed run (AMD EPYC, AVX2, 27 November 2026), judged anew with the flow's seconds times `factor`.
fn flagship(factor: f64) -> (Vec<Comparison>, Verdict, String) {
    let text = include_str!("../../../../testdata/flagship/comparisons.json");
    let mut comparisons: Vec<Comparison> = serde_json::from_str(text).unwrap();
    for comparison in &mut comparisons {
        let seconds = &mut comparison.cost.seconds_ratio;
        *seconds = seconds.map(|ratio| ratio * factor);
    }
    let comparisons = judged_again(comparisons, Better::Higher);
    let (verdict, said) = headline(&comparisons, &accuracy());
    (comparisons, verdict, said)
}

#[test]
fn the_flagship_ends_in_one_claim_where_its_seconds_are_others() {
    for factor in [0.8, 0.9, 1.0, 1.1, 1.25, 1.28, 1.4, 1.6] {
        let (_, verdict, said) = flagship(factor);
        assert_eq!(verdict, Verdict::Saves, "{factor}: {said}");
        assert!(said.starts_with("The flow saves and is better"), "{said}");
    }
    let (comparisons, _, said) = flagship(2.0);
    let differs = "The flow is better, but dearer in seconds";
    assert!(said.starts_with(differs), "{said}");
    let full = found(&comparisons, PLAIN_FULL);
    assert_eq!(badge(full, &accuracy()), "better, dearer in seconds");
}

/// As [`quarter`], the flow's seconds this many times plain's at equal FLOPs, and with plain's curve at half its budget.
fn slower(times: f64, half: Option<&[f64]>, ends: &[&str]) -> Vec<Comparison> {
    let mut arms = vec![
        ("flow", 1e12, &ALMOST[..]),
        ("plain", 1e12, &SHORT),
        ("plain-full", 4e12, &FULL),
        ("small", 1e11, &POOR),
    ];
    if let Some(half) = half {
        arms.push(("plain-25", 1e12, &SHORT));
        arms.push(("plain-50", 2e12, half));
    }
    let mut trials = seeds(&arms);
    let flows = trials.iter_mut().filter(|trial| trial.id.arm == FLOW);
    for row in flows.flat_map(|trial| &mut trial.bill.rows) {
        row.reference_seconds = row.reference_seconds.map(|seconds| seconds * times);
    }
    at_ends(&trials, ends)
}

#[test]
fn a_claim_of_equal_quality_takes_that_plain_in_the_same_seconds_is_worse() {
    let with = |times: f64, half: Option<&[f64]>, ends: &[&str]| {
        let found = slower(times, half, ends);
        let full = self::found(&found, PLAIN_FULL);
        (verdict(full), said(&found, PLAIN_FULL))
    };
    let saves = (Verdict::Saves, Some(Because::WithinMargin));
    let shorter = (Verdict::NoDifference, Some(Because::PlainShorter));
    // However much slower, the curve decides, and without it nothing is claimed.
    for times in [1.1, 1.24, 1.26, 1.9] {
        assert_eq!(with(times, None, &[]).0, shorter, "{times}");
        assert_eq!(with(times, Some(&SHORT), &[]).0, saves, "{times}");
    }
    assert_eq!(with(1.0, None, &[]).0, saves, "plain had as many");
    assert_eq!(with(0.5, None, &[]).0, saves);
    assert_eq!(with(1.9, Some(&FULL), &[]).0, shorter);
    // Budgets of few steps end further from each other.
    for (flops, seconds, expected) in [(1.03, 1.2, saves), (1.2, 1.03, shorter)] {
        let mut comparisons = slower(1.31, Some(&SHORT), &[]);
        let plain = comparisons.iter_mut().find(|c| c.against == PLAIN);
        let cost = &mut plain.unwrap().cost;
        (cost.flops_ratio, cost.seconds_ratio) = (Some(flops), Some(seconds));
        let again = judged_again(comparisons, Better::Higher);
        assert_eq!(
            verdict(self::found(&again, PLAIN_FULL)),
            expected,
            "{flops} {seconds}"
        );
    }
    assert_eq!(
        with(1.9, Some(&SHORT), &["plain-50"]).0,
        shorter,
        "it may be better than its curve"
    );
    insta::assert_snapshot!(with(1.31, Some(&SHORT), &[]).1, @"The flow saves: over 6 seeds it reached 97.25 % accuracy, plain training at its full budget 97.28 % (difference −0.03 points, 95 % interval −0.14 to +0.08, sign-flip test p = 0.688, one-sided p = 0.016 against 0.30 points worse), at 25 % of its FLOPs and 33 % of its seconds; each chose from 9 settings; plain training at equal cost is worse; the flow took 131 % of its seconds, and plain training in the same seconds, read off its curve, is worse too (difference +1.02 points, sign-flip test p = 0.031).");
    let (_, said) = with(1.9, Some(&FULL), &[]);
    assert!(said.contains("; plain training at equal cost is worse, but the flow took 190 % of its seconds, and that plain training in the same seconds, read off its curve, is worse is not shown (difference "), "{said}");
    let (_, said) = with(1.31, None, &[]);
    assert!(said.ends_with("; plain training at equal cost is worse, but the flow took 131 % of its seconds, and what it reaches in the same seconds is not known without its whole curve (`--curve`), so a shorter budget alone may save as much."), "{said}");
}

#[test]
fn a_flow_that_is_worse_costs_however_cheap_it_is() {
    let trials = seeds(&[("flow", 1e12, &SHORT), ("plain-full", 4e12, &FULL)]);
    let comparisons = asked(&trials, Some(0.003));
    assert_eq!(
        verdict(found(&comparisons, PLAIN_FULL)),
        (Verdict::Costs, Some(Because::Worse))
    );
    insta::assert_snapshot!(said(&comparisons, PLAIN_FULL), @"The flow costs quality: over 6 seeds it reached 96.23 % accuracy, plain training at its full budget 97.28 % (difference −1.05 points, 95 % interval −1.44 to −0.66, sign-flip test p = 0.031, one-sided p = 1.000 against 0.30 points worse), at 25 % of its FLOPs and 25 % of its seconds.");
}

#[test]
fn a_tuned_arm_is_one_tuned_as_often_as_the_flow_and_more_than_once() {
    let trials = quarter(&SHORT, &POOR);
    let with = |flow: usize, plain: usize| {
        let mut tuned = tuned_alike(&trials);
        tuned.insert("flow".into(), flow);
        tuned.insert("plain".into(), plain);
        let metric = accuracy();
        let question = Question {
            tuned,
            ..Question::new(&metric)
        };
        compared(&trials, &question)
    };
    for (flow, plain) in [(9, 3), (1, 1), (2, 1)] {
        assert_eq!(
            found(&with(flow, plain), PLAIN).verdict,
            Verdict::BaselineUntuned
        );
    }
    for (flow, plain) in [(9, 9), (3, 9), (2, 2)] {
        assert_eq!(
            found(&with(flow, plain), PLAIN).verdict,
            Verdict::Saves,
            "{flow} {plain}"
        );
    }
    insta::assert_snapshot!(said(&with(9, 3), PLAIN), @"Baseline untuned, no claim for the flow: over 6 seeds it reached 97.25 % accuracy, plain training at equal cost 96.23 % (difference +1.02 points, 95 % interval +0.69 to +1.34, sign-flip test p = 0.031), at 100 % of its FLOPs and 100 % of its seconds; plain training at equal cost chose from 3 settings and the flow from 9, and nothing follows from it until both have the same choice, of two at least.");
}

#[test]
fn a_trial_that_diverged_is_the_worst_there_is_at_infinite_cost() {
    let mut trials = quarter(&SHORT, &POOR);
    for trial in &mut trials {
        if trial.id.arm == PLAIN && trial.id.seed <= 2 {
            trial.status = Status::Diverged;
        }
    }
    let comparisons = asked(&trials, None);
    let plain = found(&comparisons, PLAIN);
    assert_eq!(
        (plain.n, plain.test, plain.p),
        (6, Some(Test::SignedRank), Some(0.03125))
    );
    assert_eq!(plain.diverged, Sides { arm: 0, against: 2 });
    assert_eq!((plain.ci95, plain.bca95), (None, None));
    assert_eq!(plain.verdict, Verdict::Saves);
    insta::assert_snapshot!(said(&comparisons, PLAIN), @"The flow is better at equal cost: over 6 seeds (plain training at equal cost diverged in 2 trials, counted as the worst) it reached 97.25 % accuracy, plain training at equal cost 96.17 % (median difference +1.40 points, signed-rank test p = 0.031), at 100 % of its FLOPs and 100 % of its seconds; each chose from 9 settings.");

    for trial in &mut trials {
        let flow = trial.id.arm == "flow" && trial.id.seed > 2;
        if flow {
            trial.status = Status::Diverged;
        }
    }
    let comparisons = asked(&trials, None);
    let plain = found(&comparisons, PLAIN);
    assert_eq!(plain.cost.flops_ratio, Some(f64::INFINITY));
    assert_eq!(plain.difference, None, "the median is infinite");
    assert_ne!(plain.verdict, Verdict::Saves);
}

#[test]
fn one_divergence_of_the_flow_takes_its_significance_away() {
    let mut trials = quarter(&SHORT, &POOR);
    trials[0].status = Status::Diverged;
    let comparisons = asked(&trials, Some(0.003));
    for comparison in &comparisons {
        assert!(comparison.p.unwrap() >= 0.05, "{comparison:?}");
        assert_ne!(comparison.verdict, Verdict::Saves);
    }
}

#[test]
fn a_crashed_control_is_counted_and_no_saving_claimed_over_it() {
    let mut trials = quarter(&SHORT, &POOR);
    for trial in &mut trials {
        if trial.id.arm == PLAIN && trial.id.seed == 1 {
            trial.status = Status::Failed;
        }
    }
    let comparisons = asked(&trials, None);
    let expected = (Verdict::NoDifference, Some(Because::OtherFailed));
    assert_eq!(verdict(found(&comparisons, PLAIN)), expected);
    insta::assert_snapshot!(said(&comparisons, PLAIN), @"No saving shown for the flow: over 6 seeds (plain training at equal cost failed in 1 trial, counted as the worst) it reached 97.25 % accuracy, plain training at equal cost 96.26 % (median difference +1.10 points, signed-rank test p = 0.031), at 100 % of its FLOPs and 100 % of its seconds; plain training at equal cost failed other than by diverging, so no saving is claimed.");
}

#[test]
fn an_arm_that_never_finished_is_not_compared_and_says_how_it_ended() {
    let mut trials = quarter(&SHORT, &POOR);
    for trial in trials.iter_mut().filter(|trial| trial.id.arm == PLAIN) {
        trial.status = Status::Diverged;
    }
    let comparisons = asked(&trials, None);
    assert_eq!(found(&comparisons, PLAIN).verdict, Verdict::NotCompared);
    insta::assert_snapshot!(said(&comparisons, PLAIN), @"Not compared: the flow reached 97.25 % accuracy on the test part, and plain training at equal cost diverged in 6 trials.");
    for trial in trials.iter_mut().filter(|trial| trial.id.arm == "flow") {
        trial.status = Status::Failed;
    }
    insta::assert_snapshot!(said(&asked(&trials, None), PLAIN), @"Not compared: the flow failed in 6 trials.");
}

#[test]
fn a_trial_that_a_signal_stopped_is_no_result_yet() {
    let mut trials = quarter(&SHORT, &POOR);
    trials[0].status = Status::Stopped;
    let comparisons = asked(&trials, None);
    let plain = found(&comparisons, PLAIN);
    assert_eq!((plain.n, plain.test), (5, Some(Test::SignFlip)));
    assert_eq!(plain.failed, Sides::default());
}

#[test]
fn a_users_own_arms_are_exploratory_and_pay_for_their_number() {
    let own = ["lr=1e-3", "lr=3e-3", "lr=1e-2"];
    let mut arms = vec![("flow", 1e12, &FULL[..]), (PLAIN, 1e12, &SHORT[..])];
    arms.extend(own.map(|arm| (arm, 1e12, &SHORT[..])));
    let comparisons = asked(&seeds(&arms), None);
    assert_eq!(found(&comparisons, PLAIN).holm_p, None);
    assert_eq!(found(&comparisons, PLAIN).verdict, Verdict::Saves);
    for arm in own {
        let one = found(&comparisons, arm);
        assert_eq!((one.p, one.holm_p), (Some(0.03125), Some(0.09375)));
        assert_eq!(verdict(one), (Verdict::NoDifference, Some(Because::Chance)));
    }
    insta::assert_snapshot!(said(&comparisons, own[0]), @"No difference shown for the flow: over 6 seeds it reached 97.28 % accuracy, the arm `lr=1e-3` 96.23 % (difference +1.05 points, 95 % interval +0.66 to +1.44, sign-flip test p = 0.031, Holm-adjusted p = 0.094), at 100 % of its FLOPs and 100 % of its seconds.");
}

#[test]
fn arms_of_plains_curve_are_not_compared_one_by_one() {
    let arms = [("flow", 1e12, &FULL[..]), ("plain-25", 1e12, &SHORT[..])];
    let comparisons = asked(&seeds(&arms), None);
    let against: Vec<&str> = comparisons.iter().map(|c| c.against.as_str()).collect();
    assert_eq!(against, [PLAIN]);
}

#[test]
fn without_seconds_no_saving_is_claimed_and_without_flops_the_seconds_decide() {
    let mut trials = quarter(&SHORT, &POOR);
    for row in trials.iter_mut().flat_map(|trial| &mut trial.bill.rows) {
        row.flops = None;
    }
    let verdict_of = |trials: &[Trial]| verdict(found(&asked(trials, None), PLAIN));
    assert_eq!(verdict_of(&trials), (Verdict::Saves, Some(Because::Better)));
    for row in trials.iter_mut().flat_map(|trial| &mut trial.bill.rows) {
        (row.flops, row.reference_seconds) = (Some(1.0), None);
    }
    let expected = (Verdict::NoDifference, Some(Because::SecondsUnknown));
    assert_eq!(verdict_of(&trials), expected);
}

#[test]
fn seconds_are_claimed_only_where_the_pairs_own_tell_them_from_equal() {
    // As far as the clock of a busy machine goes: a hundredth of the time with every other seed.
    let busy = |trials: &mut [Trial]| {
        for trial in trials.iter_mut().filter(|trial| trial.id.arm == FLOW) {
            let share = if trial.id.seed % 2 == 0 { 0.01 } else { 1.0 };
            for row in &mut trial.bill.rows {
                row.cpu_seconds *= share;
            }
        }
    };
    let mut trials = quarter(&SHORT, &POOR);
    let quiet = asked(&trials, Some(0.003));
    let ratio = found(&quiet, PLAIN_FULL).cost;
    assert_eq!(ratio.seconds_ci95, ratio.seconds_ratio.map(|r| [r, r]));
    busy(&mut trials);
    let comparisons = asked(&trials, Some(0.003));
    let expected = (Verdict::NoDifference, Some(Because::SecondsBusy));
    assert_eq!(verdict(found(&comparisons, PLAIN_FULL)), expected);
    insta::assert_snapshot!(said(&comparisons, PLAIN_FULL), @"No saving shown for the flow: over 6 seeds it reached 97.25 % accuracy, plain training at its full budget 97.28 % (difference −0.03 points, 95 % interval −0.14 to +0.08, sign-flip test p = 0.688, one-sided p = 0.016 against 0.30 points worse), at 25 % of its FLOPs and 25 % of its seconds; the machine was too busy to tell which took more seconds (95 % interval of their ratio 1.8 % to 353 %), so no saving is claimed.");
    // Student's t of six logarithms: half of them ln 0.25, half of them ln 0.0025.
    let spread: f64 = 2.570582 * (100f64.ln() / 2.0) * (6f64 / 5.0).sqrt() / 6f64.sqrt();
    let [low, high] = found(&comparisons, PLAIN_FULL).cost.seconds_ci95.unwrap();
    assert!((low - 0.25 / spread.exp()).abs() < 1e-4 && (high - 0.25 * spread.exp()).abs() < 1e-3);
    // Better at equal FLOPs, and as it seems dearer in seconds: neither dearer nor a saving.
    let mut dearer = seeds(&[(FLOW, 1e12, &FULL), (PLAIN, 1e12, &SHORT)]);
    for trial in dearer.iter_mut().filter(|trial| trial.id.arm == FLOW) {
        for row in &mut trial.bill.rows {
            row.reference_seconds = row.reference_seconds.map(|seconds| 1.3 * seconds);
        }
    }
    let disagree = (Verdict::NoDifference, Some(Because::CostsDisagree));
    assert_eq!(verdict(found(&asked(&dearer, None), PLAIN)), disagree);
    busy(&mut dearer);
    assert_eq!(verdict(found(&asked(&dearer, None), PLAIN)), expected);
    // At as many seconds there is nothing to tell.
    let mut equal = seeds(&[(FLOW, 1e12, &FULL), (PLAIN, 1e12, &SHORT)]);
    busy(&mut equal);
    let better = (Verdict::Saves, Some(Because::Better));
    assert_eq!(verdict(found(&asked(&equal, None), PLAIN)), better);
}

#[test]
fn folds_are_averaged_for_the_verdict_and_tested_with_their_overlap_beside_it() {
    let mut trials = seeds(&[("flow", 1e12, &FULL), (PLAIN, 1e12, &SHORT)]);
    for trial in &mut trials {
        // Three seeds of two folds.
        (trial.id.seed, trial.id.fold) =
            (trial.id.seed.div_ceil(2), Some(trial.id.seed as usize % 2));
    }
    let comparisons = asked(&trials, None);
    let plain = found(&comparisons, PLAIN);
    let folds = plain.folds.unwrap();
    assert_eq!((plain.n, folds.folds), (3, 6));
    assert!((folds.difference - plain.difference.unwrap()).abs() < 1e-12);
    insta::assert_snapshot!(said(&comparisons, PLAIN), @"No difference shown for the flow: over 3 seeds it reached 97.28 % accuracy, plain training at equal cost 96.23 % (difference +1.05 points, 95 % interval +0.68 to +1.42, sign-flip test p = 0.250, corrected for overlapping folds p = 0.008), at 100 % of its FLOPs and 100 % of its seconds; 3 pairs cannot show one, at least 6 seeds can.");
}

#[test]
fn bootstrap_intervals_are_given_from_ten_pairs_on() {
    let many: Vec<f64> = (0..FEWEST_FOR_BCA)
        .map(|n| 0.95 + 0.001 * n as f64)
        .collect();
    let level = [0.94; FEWEST_FOR_BCA];
    let with = |n: usize| {
        let arms = [("flow", 1e12, &many[..n]), (PLAIN, 1e12, &level[..n])];
        asked(&seeds(&arms), None)[0].clone()
    };
    assert_eq!(with(FEWEST_FOR_BCA - 1).bca95, None);
    let [low, high] = with(FEWEST_FOR_BCA).bca95.unwrap();
    assert!(
        0.01 < low && low < 0.0145 && 0.0145 < high && high < 0.019,
        "{low} {high}"
    );
}

#[test]
fn a_comparison_of_an_older_version_is_still_read() -> Result<(), serde_json::Error> {
    let old = r#"{"arm":"flow","against":"plain","n":1,"difference":0.1,"ci95":null,"test":"mcnemar","p":0.5,
        "cost":{"flops_ratio":1.0,"seconds_ratio":null},"given":false,"verdict":"one-pair","value":0.9,
        "against_value":0.8,"samples":360,"resolution":null}"#;
    let read: Comparison = serde_json::from_str(old)?;
    assert_eq!((read.cost.seconds_ratio, read.because), (None, None));
    let mut trials = quarter(&SHORT, &POOR);
    trials[0].status = Status::Diverged;
    for comparison in asked(&trials, Some(0.003)) {
        let text = serde_json::to_string(&comparison)?;
        assert_eq!(serde_json::from_str::<Comparison>(&text)?, comparison);
    }
    Ok(())
}

/// Six tuned seeds at equal cost; with every seed plain is wrong where the flow is, and on `more` samples besides, the same ones.
fn with_samples(more: usize) -> Vec<Comparison> {
    let predictions = [digits("large", 1, 9), digits("large", 1, 9 + more)];
    let value = |of: &Predictions| measure::all(&of.outputs().unwrap())["accuracy"];
    let values = predictions.each_ref().map(|of| [value(of); 6]);
    let trials = seeds(&[("flow", 1e12, &values[0]), (PLAIN, 1e12, &values[1])]);
    let entry = |trial: &'_ Trial| usize::from(trial.id.arm == PLAIN);
    let entries: Vec<TrialOutputs<'_>> = trials
        .iter()
        .map(|trial| TrialOutputs {
            trial,
            predictions: Some(&predictions[entry(trial)]),
        })
        .collect();
    let metric = accuracy();
    let question = Question {
        tuned: tuned_alike(&trials),
        ..Question::new(&metric)
    };
    compare(&entries, &question)
}

#[test]
fn a_difference_on_a_few_samples_that_every_seed_repeats_is_no_claim() {
    let comparisons = with_samples(2);
    let plain = found(&comparisons, PLAIN);
    assert_eq!(plain.p, Some(0.03125));
    assert!((plain.difference.unwrap() - 2.0 / 360.0).abs() < 1e-12);
    // Two of 360 samples, one way: t = √(2 · 359 / 358).
    let by_hand = paired_errors(&[vec![1.0; 2], vec![0.0; 358]].concat())
        .unwrap()
        .p;
    assert!((plain.samples_p.unwrap() - by_hand).abs() < 1e-9 && by_hand > 0.15);
    let expected = (Verdict::NoDifference, Some(Because::OtherSamples));
    assert_eq!(verdict(plain), expected);
    insta::assert_snapshot!(said(&comparisons, PLAIN), @"No difference shown for the flow: over 6 seeds it reached 97.50 % accuracy, plain training at equal cost 96.94 % (difference +0.56 points, 95 % interval +0.56 to +0.56, sign-flip test p = 0.031, over the test samples p = 0.158), at 100 % of its FLOPs and 100 % of its seconds; 360 test samples resolve 0.82 points; it is shown for other seeds but not for other test samples.");
    let comparisons = with_samples(8);
    assert_eq!(found(&comparisons, PLAIN).verdict, Verdict::Saves);
}

#[test]
fn a_small_model_as_good_as_the_flow_does_not_suffice_where_plain_training_is_better() {
    let ahead = FULL.map(|value| value + 0.004);
    let trials = seeds(&[
        ("flow", 1e12, &ALMOST),
        (PLAIN, 1e12, &SHORT),
        (PLAIN_FULL, 4e12, &ahead),
        (SMALL, 1e11, &FULL),
    ]);
    let comparisons = asked(&trials, Some(0.003));
    for comparison in &comparisons {
        assert_ne!(comparison.verdict, Verdict::SmallSuffices, "{comparison:?}");
    }
    let without: Vec<Trial> = trials
        .into_iter()
        .filter(|t| t.id.arm != PLAIN_FULL)
        .collect();
    insta::assert_snapshot!(said(&asked(&without, Some(0.003)), SMALL), @"The small model suffices: alone it reached 97.28 % accuracy for 10 % of the flow's FLOPs and 10 % of its seconds; the flow's 97.25 % is not better by the margin of 0.30 points (difference −0.03 points, sign-flip test p = 0.688); plain training at its full budget was not run.");
}

/// The flow and plain of six seeds, as compared, and the loser's trials at the winner's settings with these accuracies.
fn checked(flow: &[f64], plain: &[f64], loser: &str, at_winners: &[f64]) -> Vec<Comparison> {
    let mut trials = seeds(&[("flow", 1e12, flow), ("plain", 1e12, plain)]);
    for trial in &mut trials {
        let settings = if trial.id.arm == loser {
            "lr=1"
        } else {
            "lr=2"
        };
        trial.id.settings = Some(settings.into());
    }
    let mut spares = seeds(&[(loser, 1e12, at_winners)]);
    for trial in &mut spares {
        trial.id.settings = Some("lr=2".into());
    }
    let entry = |trial| TrialOutputs {
        trial,
        predictions: None,
    };
    let metric = accuracy();
    let entries: Vec<TrialOutputs<'_>> = trials.iter().map(entry).collect();
    let question = Question {
        tuned: tuned_alike(&trials),
        margin: Some(0.003),
        spares: spares.iter().map(entry).collect(),
        ..Question::new(&metric)
    };
    let wanted: Vec<String> = wanted(&entries, &question)
        .iter()
        .map(ToString::to_string)
        .collect();
    let missing = (at_winners.len() + 1..=6).map(|seed| format!("{loser}-s{seed}~lr=2"));
    assert_eq!(wanted, missing.collect::<Vec<_>>());
    compare(&entries, &question)
}

#[test]
fn what_is_shown_stands_only_if_it_holds_with_the_loser_at_the_winners_settings() {
    let same = checked(&FULL, &SHORT, "plain", &SHORT);
    assert!(!said(&same, PLAIN).contains("seed by seed"));
    let lower = SHORT.map(|value| value - 0.001);
    let found = checked(&FULL, &SHORT, "plain", &lower);
    assert_eq!(verdict(&found[0]), (Verdict::Saves, Some(Because::Better)));
    insta::assert_snapshot!(said(&found, PLAIN), @"The flow is better at equal cost: over 6 seeds it reached 97.28 % accuracy, plain training at equal cost 96.23 % (difference +1.05 points, 95 % interval +0.66 to +1.44, sign-flip test p = 0.031, one-sided p = 0.016 against 0.30 points worse), at 100 % of its FLOPs and 100 % of its seconds; each chose from 9 settings; with plain training at equal cost at the settings of the flow, seed by seed, it holds too (difference +1.15 points); no small model was run beside it.");
    let found = checked(&FULL, &SHORT, "plain", &ALMOST);
    assert_eq!(
        verdict(&found[0]),
        (Verdict::NoDifference, Some(Because::EqualCost)),
        "within the margin it is"
    );
    let high = FULL.map(|value| value + 0.004);
    let mixed: Vec<f64> = FULL
        .iter()
        .enumerate()
        .map(|(seed, value)| value + if seed % 2 == 0 { 0.01 } else { -0.01 })
        .collect();
    let found = checked(&high, &SHORT, "plain", &mixed);
    assert_eq!(
        verdict(&found[0]),
        (Verdict::NoDifference, Some(Because::WinnersSettings))
    );
    assert!(said(&found, PLAIN).ends_with("; with plain training at equal cost at the settings of the flow, seed by seed, it is not shown (difference +0.40 points), so luck in choosing may explain it."));
    insta::assert_snapshot!(badge(&found[0], &accuracy()), @"no difference shown");
    // The same where plain wins: then the flow is taken at plain's.
    let found = checked(&SHORT, &high, FLOW, &SHORT);
    assert_eq!(verdict(&found[0]), (Verdict::Costs, Some(Because::Worse)));
    let found = checked(&SHORT, &high, FLOW, &mixed);
    assert_eq!(
        verdict(&found[0]),
        (Verdict::NoDifference, Some(Because::WinnersSettings))
    );
}

#[test]
fn a_check_that_points_the_other_way_or_is_not_whole_takes_the_claim_away() {
    let higher = FULL.map(|value| value + 0.01);
    let found = checked(&FULL, &SHORT, "plain", &higher);
    assert_eq!(
        verdict(&found[0]),
        (Verdict::NoDifference, Some(Because::WinnersSettings))
    );
    for tested in [0, 5] {
        let found = checked(&FULL, &SHORT, "plain", &SHORT[..tested]);
        assert_eq!(
            verdict(&found[0]),
            (Verdict::NoDifference, Some(Because::NotChecked))
        );
        assert_eq!(found[0].guard.as_ref().unwrap().n, tested);
    }
    // Costs that are known better later change nothing of it.
    let found = checked(&FULL, &SHORT, "plain", &higher);
    assert_eq!(
        verdict(&judged_again(found, Better::Higher)[0]).1,
        Some(Because::WinnersSettings)
    );
}

#[test]
fn a_flow_that_chose_nothing_with_some_seed_claims_nothing_over_the_others() {
    let trials = seeds(&[("flow", 1e12, &FULL), ("plain", 1e12, &SHORT)]);
    let mut tuned = tuned_alike(&trials);
    tuned.remove(FLOW);
    let metric = accuracy();
    let question = Question {
        tuned,
        ..Question::new(&metric)
    };
    assert_eq!(
        compared(&trials, &question)[0].verdict,
        Verdict::BaselineUntuned
    );
}

#[test]
fn an_arm_that_chose_the_end_of_its_list_is_not_tuned_and_is_named() {
    let trials = seeds(&[("flow", 1e12, &FULL), ("plain", 1e12, &SHORT)]);
    let found = at_ends(&trials, &["plain"]);
    assert_eq!(found[0].verdict, Verdict::BaselineUntuned);
    assert_eq!(found[0].guard, None);
    insta::assert_snapshot!(said(&found, PLAIN), @"Baseline untuned, no claim for the flow: over 6 seeds it reached 97.28 % accuracy, plain training at equal cost 96.23 % (difference +1.05 points, 95 % interval +0.66 to +1.44, sign-flip test p = 0.031), at 100 % of its FLOPs and 100 % of its seconds; plain training at equal cost chose lr=0.064, the end of its list, so nothing follows until a longer list has been tried.");
    let flow = said(&at_ends(&trials, &[FLOW]), PLAIN);
    assert!(flow.contains("; the flow chose lr=0.064, the end of its list, so"));
    let both = said(&at_ends(&trials, &[FLOW, PLAIN]), PLAIN);
    assert!(both.contains(
        "; the flow and plain training at equal cost have lr=0.064, the end of the list, so"
    ));
    assert_eq!(at_ends(&trials, &["other"])[0].verdict, Verdict::Saves);
}

/// Compared within a margin, where these arms chose the end of their list.
fn at_ends(trials: &[Trial], arms: &[&str]) -> Vec<Comparison> {
    let metric = accuracy();
    let end = |arm: &&str| ((*arm).to_owned(), "lr=0.064".to_owned());
    let question = Question {
        tuned: tuned_alike(trials),
        margin: trials
            .iter()
            .any(|t| t.id.arm == PLAIN_FULL)
            .then_some(0.003),
        ends: arms.iter().map(end).collect(),
        ..Question::new(&metric)
    };
    compared(trials, &question)
}

#[test]
fn no_claim_leans_on_another_arm_that_chose_the_end_of_its_list() {
    let trials = quarter(&SHORT, &POOR);
    let full = |arms: &[&str]| {
        let found = at_ends(&trials, arms);
        (
            verdict(self::found(&found, PLAIN_FULL)),
            said(&found, PLAIN_FULL),
        )
    };
    let none = |because| (Verdict::NoDifference, Some(because));
    assert_eq!(full(&[]).0, (Verdict::Saves, Some(Because::WithinMargin)));
    for (arm, because, words) in [
        (PLAIN, Because::PlainUntuned, "plain training at equal cost"),
        (SMALL, Because::SmallUntuned, "the small model alone"),
    ] {
        let (found, said) = full(&[arm]);
        assert_eq!(found, none(because));
        let end =
            format!("; {words} chose lr=0.064, the end of its list, so no saving is claimed.");
        assert!(said.ends_with(&end), "{said}");
    }
    // Nor that the small model suffices, where what it is as good as may be better; at its own end it can only be better.
    let trials = quarter(&ALMOST, &FULL);
    let small = |arms: &[&str]| self::found(&at_ends(&trials, arms), SMALL).verdict;
    assert_eq!(small(&[]), Verdict::SmallSuffices);
    assert_eq!(small(&[SMALL]), Verdict::SmallSuffices);
    assert_eq!(small(&[FLOW]), Verdict::BaselineUntuned);
    for arm in [PLAIN, PLAIN_FULL] {
        assert_ne!(small(&[arm]), Verdict::SmallSuffices, "{arm}");
    }
}

#[test]
fn arms_of_a_user_pay_for_their_number_at_the_winners_settings_too() {
    // Eight seeds: with each arm's own choice all are better, at the winner's settings with seven of eight.
    let of = |arm: &str, value: f64, settings: &str, last: f64| -> Vec<Trial> {
        let values: Vec<f64> = (0..8)
            .map(|seed| match seed {
                7 => last,
                seed => value + f64::from(seed) * 1e-4,
            })
            .collect();
        let mut trials = seeds(&[(arm, 1e12, &values)]);
        for trial in &mut trials {
            trial.id.settings = Some(settings.into());
        }
        trials
    };
    let arms = |names: &[&str]| {
        let mut trials = of("flow", 0.97, "lr=1", 0.97);
        let mut spares = Vec::new();
        for name in names {
            trials.extend(of(name, 0.95, "lr=2", 0.95));
            spares.extend(of(name, 0.95, "lr=1", 0.975));
        }
        let entry = |trial| TrialOutputs {
            trial,
            predictions: None,
        };
        let metric = accuracy();
        let question = Question {
            tuned: tuned_alike(&trials),
            spares: spares.iter().map(entry).collect(),
            ..Question::new(&metric)
        };
        let entries: Vec<TrialOutputs<'_>> = trials.iter().map(entry).collect();
        compare(&entries, &question)
    };
    let one = &arms(&["a"])[0];
    let p = one.guard.as_ref().unwrap().p;
    assert!(
        one.p < Some(0.01) && p > Some(0.01) && p < Some(0.05),
        "{p:?}"
    );
    assert_eq!(one.verdict, Verdict::Saves);
    for comparison in arms(&["a", "b", "c", "d"]) {
        assert!(comparison.holm_p < Some(0.05));
        let guard = comparison.guard.as_ref().unwrap();
        assert_eq!(guard.holm_p, guard.p.map(|p| 4.0 * p));
        assert_eq!(
            verdict(&comparison),
            (Verdict::NoDifference, Some(Because::WinnersSettings))
        );
    }
}
