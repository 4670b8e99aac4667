//! Comparisons test what they say and verdicts claim no more than was shown.

use std::collections::BTreeMap;

use distil_report::bill::{Bill, BillRow};
use distil_report::compare::{Comparison, Question, Test, TrialOutputs, Verdict, compare};
use distil_report::measure::{self, Better, all};
use distil_report::predictions::Predictions;
use distil_report::present::sentence::headline;
use distil_report::present::sentence::sentence;
use distil_report::run_json::{Flops, MainMetric, StageRun, Status, Trial};
use distil_report::statistics;
use distil_report::{Counts, Findings, Numbers, Purpose, TrialId};

use crate::synthetic::{digits, digits_run, prices, prices_run};

pub fn accuracy() -> MainMetric {
    MainMetric {
        name: "accuracy".into(),
        better: Better::Higher,
        unit: None,
    }
}

/// A finished trial whose equalised cost is `flops`, and a tenth of it in nanoseconds.
pub fn trial(arm: &str, seed: u64, fold: Option<usize>, test: Numbers, flops: f64) -> Trial {
    let row = BillRow {
        stage: "large".into(),
        purpose: Purpose::Train,
        flops: Some(flops),
        cpu_seconds: flops * 1e-10,
        reference_seconds: Some(flops * 1e-10),
        samples: 1,
    };
    let stage = StageRun {
        name: "large".into(),
        parameters: 1,
        flops: Flops::default(),
        steps: 1,
        epochs: 1.0,
        kept: None,
        by_heart: None,
        train: Numbers::default(),
        validation: Numbers::default(),
        test,
        constant: None,
        grown: None,
    };
    Trial {
        id: TrialId {
            arm: arm.into(),
            seed,
            fold,
            settings: None,
        },
        findings: Findings::default(),
        status: Status::Finished,
        stages: vec![stage],
        bill: Bill { rows: vec![row] },
        data: Counts {
            train: 1257,
            validation: 180,
            test: 360,
        },
        resumes: 0,
        repeated_cpu_seconds: 0.0,
    }
}

/// Trials of several seeds by their accuracies, without predictions.
pub fn seeds(arms: &[(&str, f64, &[f64])]) -> Vec<Trial> {
    let one = |arm: &str, flops: f64, seed: usize, value: f64| {
        trial(
            arm,
            seed as u64 + 1,
            None,
            Numbers::from([("accuracy", value)]),
            flops,
        )
    };
    arms.iter()
        .flat_map(|(arm, flops, values)| {
            values
                .iter()
                .enumerate()
                .map(move |(seed, value)| one(arm, *flops, seed, *value))
        })
        .collect()
}

/// Every arm chose from nine settings.
pub fn tuned_alike(trials: &[Trial]) -> BTreeMap<String, usize> {
    trials
        .iter()
        .map(|trial| (trial.id.arm.clone(), 9))
        .collect()
}

fn compared(trials: &[Trial], tuned: bool) -> Vec<Comparison> {
    let entries: Vec<TrialOutputs<'_>> = trials
        .iter()
        .map(|trial| TrialOutputs {
            trial,
            predictions: None,
        })
        .collect();
    compare(
        &entries,
        &Question {
            tuned: if tuned {
                tuned_alike(trials)
            } else {
                BTreeMap::new()
            },
            ..Question::new(&accuracy())
        },
    )
}

const BETTER: [f64; 6] = [0.972, 0.975, 0.971, 0.978, 0.969, 0.974];
const WORSE: [f64; 6] = [0.961, 0.966, 0.958, 0.970, 0.952, 0.967];

#[test]
fn one_pair_of_classifiers_is_tested_by_mcnemar_and_claims_nothing() {
    let run = digits_run(40);
    let found = &run.record.comparisons[0];
    assert_eq!(
        (found.against.as_str(), found.n, found.test),
        ("plain", 1, Some(Test::Mcnemar))
    );
    let right = |place: usize| match run.trials[place].1.outputs().unwrap() {
        measure::Outputs::Classes(outputs) => outputs.correct().collect::<Vec<bool>>(),
        _ => unreachable!("digits are classes"),
    };
    let test = statistics::mcnemar(&right(0), &right(2));
    assert_eq!(found.p, Some(test.p));
    assert!((found.difference.unwrap() - test.difference).abs() < 1e-12);
    insta::assert_snapshot!(headline(&run.record.comparisons, &run.record.metric).1, @"One pair, no claim: the flow reached 97.50 % accuracy, plain training at equal cost 96.94 % (difference +0.56 points, 95 % interval −1.62 to +2.73, McNemar's test p = 0.804), at 101 % of its FLOPs and 111 % of its seconds; 360 test samples resolve 0.82 points; to say more takes at least 6 seeds.");
}

#[test]
fn one_pair_of_regressions_is_tested_by_its_paired_squared_errors() {
    let run = prices_run();
    let found = &run.record.comparisons[0];
    assert_eq!(found.test, Some(Test::PairedErrors));
    let squares = |place: usize| match run.trials[place].1.outputs().unwrap() {
        measure::Outputs::Values(outputs) => outputs
            .errors()
            .map(|error| error * error)
            .collect::<Vec<f64>>(),
        _ => unreachable!("prices are values"),
    };
    let differences: Vec<f64> = squares(0)
        .iter()
        .zip(squares(1))
        .map(|(a, b)| a - b)
        .collect();
    let test = statistics::paired_errors(&differences).unwrap();
    assert!((found.p.unwrap() - test.p).abs() <= 1e-12);
    let [low, high] = found.ci95.unwrap();
    let sum = found.value.unwrap() + found.against_value.unwrap();
    assert!((low - test.ci95[0] / sum).abs() < 1e-6 && (high - test.ci95[1] / sum).abs() < 1e-6);
    insta::assert_snapshot!(headline(&run.record.comparisons, &run.record.metric).1, @"One pair, no claim: the flow reached RMSE 41,727 $, plain training at equal cost 49,569 $ (difference −7,843 $, 95 % interval −8,910 to −6,775, paired errors test p < 0.001), at 101 % of its FLOPs and 111 % of its seconds; 360 test samples resolve 1,469 $; to say more takes at least 6 seeds.");
}

#[test]
fn a_small_model_that_is_as_good_is_said_to_suffice() {
    let run = digits_run(9);
    let verdicts: Vec<_> = run
        .record
        .comparisons
        .iter()
        .map(|c| (c.against.as_str(), c.verdict))
        .collect();
    assert_eq!(
        verdicts,
        [
            ("plain", Verdict::OnePair),
            ("plain-full", Verdict::OnePair),
            ("small", Verdict::SmallSuffices)
        ]
    );
    insta::assert_snapshot!(headline(&run.record.comparisons, &run.record.metric).1, @"The small model suffices: alone it reached 97.50 % accuracy for 6.9 % of the flow's FLOPs and 12 % of its seconds; the flow's 97.50 % is no better than the test set can tell (±0.82 points, McNemar's test p = 1.000).");
}

#[test]
fn a_small_model_worse_than_the_test_set_resolves_does_not_suffice_even_if_chance_explains_it() {
    let found = digits_run(17).record.comparisons;
    let small = found
        .iter()
        .find(|comparison| comparison.against == "small")
        .unwrap();
    assert!(
        small.p.unwrap() > 0.05 && small.difference.unwrap() > small.resolution.unwrap(),
        "{small:?}"
    );
    assert!(
        found
            .iter()
            .all(|comparison| comparison.verdict == Verdict::OnePair)
    );
}

#[test]
fn a_small_model_that_costs_more_than_the_flow_never_suffices() {
    let predictions = [digits("large", 1, 9), digits("small", 2, 9)];
    let metrics = predictions.each_ref().map(|p| all(&p.outputs().unwrap()));
    for (small_cost, expected) in [(10.0, Verdict::SmallSuffices), (1000.0, Verdict::OnePair)] {
        let trials = [
            trial("flow", 1, None, metrics[0].clone(), 100.0),
            trial("small", 1, None, metrics[1].clone(), small_cost),
        ];
        let entries = [0, 1].map(|place| TrialOutputs {
            trial: &trials[place],
            predictions: Some(&predictions[place]),
        });
        let found = compare(&entries, &Question::new(&accuracy()));
        let found: Vec<_> = found
            .iter()
            .map(|c| (c.against.as_str(), c.verdict))
            .collect();
        assert_eq!(found, [("small", expected)]);
    }
}

#[test]
fn without_a_control_nothing_is_compared() {
    let found = compared(&seeds(&[("flow", 1e12, &[0.97])]), false);
    assert_eq!((found.len(), found[0].n, found[0].difference), (1, 0, None));
    insta::assert_snapshot!(headline(&found, &accuracy()).1, @"One stage: nothing to compare; it reached 97.00 % accuracy on the test part.");
    let mut unfinished = seeds(&[("flow", 1e12, &[0.97])]);
    unfinished[0].status = Status::Stopped;
    insta::assert_snapshot!(headline(&compared(&unfinished, false), &accuracy()).1, @"Not compared: no trial of the flow finished.");
}

#[test]
fn six_pairs_against_an_untuned_baseline_claim_nothing() {
    let found = compared(
        &seeds(&[("flow", 1e12, &BETTER), ("plain", 1e12, &WORSE)]),
        false,
    );
    assert_eq!(found[0].verdict, Verdict::BaselineUntuned);
    insta::assert_snapshot!(sentence(&found[0], &found, &accuracy()), @"Baseline untuned, no claim for the flow: over 6 seeds it reached 97.32 % accuracy, plain training at equal cost 96.23 % (difference +1.08 points, 95 % interval +0.69 to +1.47, sign-flip test p = 0.031), at 100 % of its FLOPs and 100 % of its seconds; nothing follows from it until plain's learning rate and budget are tuned.");
}

#[test]
fn six_better_pairs_at_equal_cost_against_a_tuned_baseline_save() {
    let found = compared(
        &seeds(&[("flow", 1e12, &BETTER), ("plain", 1e12, &WORSE)]),
        true,
    );
    assert_eq!(
        (found[0].n, found[0].test, found[0].p),
        (6, Some(Test::SignFlip), Some(0.03125))
    );
    assert_eq!(found[0].verdict, Verdict::Saves);
    insta::assert_snapshot!(sentence(&found[0], &found, &accuracy()), @"The flow is better at equal cost: over 6 seeds it reached 97.32 % accuracy, plain training at equal cost 96.23 % (difference +1.08 points, 95 % interval +0.69 to +1.47, sign-flip test p = 0.031), at 100 % of its FLOPs and 100 % of its seconds; each chose from 9 settings; no small model was run beside it.");
}

#[test]
fn six_worse_pairs_cost() {
    let found = compared(
        &seeds(&[("flow", 1e12, &WORSE), ("plain", 1e12, &BETTER)]),
        true,
    );
    assert_eq!(found[0].verdict, Verdict::Costs);
    insta::assert_snapshot!(sentence(&found[0], &found, &accuracy()), @"The flow costs quality: over 6 seeds it reached 96.23 % accuracy, plain training at equal cost 97.32 % (difference −1.08 points, 95 % interval −1.47 to −0.69, sign-flip test p = 0.031), at 100 % of its FLOPs and 100 % of its seconds.");
}

#[test]
fn better_at_more_cost_is_no_saving() {
    let found = compared(
        &seeds(&[("flow", 1.5e12, &BETTER), ("plain", 1e12, &WORSE)]),
        true,
    );
    assert_eq!(found[0].verdict, Verdict::Costs);
}

#[test]
fn a_saving_is_refused_when_flops_and_seconds_disagree() {
    let mut trials = seeds(&[("flow", 0.8e12, &BETTER), ("plain", 1e12, &WORSE)]);
    for trial in trials.iter_mut().filter(|trial| trial.id.arm == "flow") {
        trial.bill.rows[0].reference_seconds = Some(130.0);
    }
    let found = compared(&trials, true);
    assert_eq!(found[0].verdict, Verdict::NoDifference);
    insta::assert_snapshot!(sentence(&found[0], &found, &accuracy()), @"The flow is better, but dearer in seconds: over 6 seeds it reached 97.32 % accuracy, plain training at equal cost 96.23 % (difference +1.08 points, 95 % interval +0.69 to +1.47, sign-flip test p = 0.031), at 80 % of its FLOPs and 130 % of its seconds; it is dearer in seconds, so no saving is claimed.");
}

#[test]
fn five_pairs_show_no_difference_however_large_it_is() {
    let found = compared(
        &seeds(&[("flow", 1e12, &BETTER[..5]), ("plain", 1e12, &WORSE[..5])]),
        true,
    );
    assert_eq!(found[0].verdict, Verdict::NoDifference);
    insta::assert_snapshot!(sentence(&found[0], &found, &accuracy()), @"No difference shown for the flow: over 5 seeds it reached 97.30 % accuracy, plain training at equal cost 96.14 % (difference +1.16 points, 95 % interval +0.72 to +1.60, sign-flip test p = 0.062), at 100 % of its FLOPs and 100 % of its seconds; 5 pairs cannot show one, at least 6 seeds can.");
}

#[test]
fn one_seed_with_its_folds_averaged_is_one_pair_with_the_folds_samples_pooled() {
    let parts: [[Predictions; 2]; 2] = [
        [prices("large", 4e4), prices("large", 5e4)],
        [prices("large", 4.2e4), prices("large", 5.1e4)],
    ];
    let trials: Vec<Trial> = ["flow", "plain"]
        .iter()
        .enumerate()
        .flat_map(|(arm, name)| {
            let metrics = |fold: usize| all(&parts[fold][arm].outputs().unwrap());
            (0..2)
                .map(move |fold| trial(name, 1, Some(fold), metrics(fold), 1e12))
                .collect::<Vec<_>>()
        })
        .collect();
    let entries: Vec<TrialOutputs<'_>> = trials
        .iter()
        .map(|trial| TrialOutputs {
            trial,
            predictions: Some(&parts[trial.id.fold.unwrap()][usize::from(trial.id.arm == "plain")]),
        })
        .collect();
    let metric = MainMetric {
        name: "rmse".into(),
        better: Better::Lower,
        unit: None,
    };
    let found = &compare(
        &entries,
        &Question {
            given: true,
            ..Question::new(&metric)
        },
    )[0];
    assert_eq!(
        (found.n, found.samples, found.verdict),
        (1, 720, Verdict::OnePair)
    );
    let mean = |arm: &str| {
        let of: Vec<f64> = trials
            .iter()
            .filter(|t| t.id.arm == arm)
            .map(|t| t.stages[0].test["rmse"])
            .collect();
        of.iter().sum::<f64>() / 2.0
    };
    assert!((found.difference.unwrap() - (mean("flow") - mean("plain"))).abs() < 1e-9);
    assert!(found.p.unwrap() < 0.001);
    assert!(sentence(found, &[], &metric).contains("the given model not counted"));
}

#[test]
fn trials_are_paired_by_sample_id_not_by_place() {
    let flow = digits("large", 1, 9);
    let mut shuffled = digits("large", 3, 30);
    let whole = |predictions: &Predictions| {
        let trials = ["flow", "plain"]
            .map(|arm| trial(arm, 1, None, Numbers::from([("accuracy", 0.9)]), 1.0));
        let entries = [
            TrialOutputs {
                trial: &trials[0],
                predictions: Some(&flow),
            },
            TrialOutputs {
                trial: &trials[1],
                predictions: Some(predictions),
            },
        ];
        compare(&entries, &Question::new(&accuracy()))[0].p
    };
    let before = whole(&shuffled);
    shuffled.ids.reverse();
    let rows: Vec<f32> = shuffled
        .outputs
        .chunks(10)
        .rev()
        .flatten()
        .copied()
        .collect();
    shuffled.outputs = rows;
    if let distil_report::predictions::Truth::Classes(labels) = &mut shuffled.truth {
        labels.reverse();
    }
    assert!(before.unwrap() < 1.0);
    assert_eq!(whole(&shuffled), before);
}
