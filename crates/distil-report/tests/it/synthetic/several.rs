//! Runs of several seeds: every arm, plain's curve, a divergence, labels.

use std::collections::BTreeMap;

use distil_report::Numbers;
use distil_report::compare::curve::Curve;
use distil_report::compare::{Question, TrialOutputs, compare};
use distil_report::events::{Event, fold};
use distil_report::measure::{TaskKind, all};
use distil_report::predictions::{Predictions, Truth};
use distil_report::run_json::{RunJson, Status, Trial};

use super::{Run, Scene, calibration, digits, events, large, normal, small};

/// An arm: its name, its stages, and the mistakes it makes of 360 with each seed.
type ArmOf = (&'static str, fn() -> Vec<Scene>, fn(u64) -> usize);

const ARMS: [ArmOf; 8] = [
    (
        "flow",
        || vec![small(), large(5.0, 0.952, Some("small"))],
        |seed| around(seed, 8),
    ),
    ("small", || vec![small()], |seed| around(seed + 10, 33)),
    (
        "plain",
        || vec![large(5.48, 0.1, None)],
        |seed| around(seed + 20, 15),
    ),
    (
        "plain-full",
        || vec![large(20.0, 0.1, None)],
        |seed| around(seed + 30, 8),
    ),
    (
        "lr=3e-3",
        || vec![large(5.48, 0.1, None)],
        |seed| around(seed + 40, 12),
    ),
    (
        "plain-25",
        || vec![large(5.0, 0.1, None)],
        |seed| around(seed + 50, 16),
    ),
    (
        "plain-50",
        || vec![large(10.0, 0.1, None)],
        |seed| around(seed + 60, 11),
    ),
    (
        "plain-75",
        || vec![large(15.0, 0.1, None)],
        |seed| around(seed + 70, 9),
    ),
];

fn around(seed: u64, wrong: usize) -> usize {
    (wrong as f64 + 1.5 * normal(77, seed)).round().max(1.0) as usize
}

/// Six seeds of five arms and of plain's curve, all tuned, with a margin of half a point.
pub fn several_run() -> Run {
    let predictions = |wrong: usize, seed: u64| digits("large", seed, wrong);
    assemble(&ARMS, 6, &predictions, |_| {})
}

/// The same, but with two seeds plain diverged and with one the flow was killed.
pub fn broken_run() -> Run {
    let predictions = |wrong: usize, seed: u64| digits("large", seed, wrong);
    assemble(&ARMS[..5], 6, &predictions, |trial| {
        match (trial.id.arm.as_str(), trial.id.seed) {
            ("plain", 2 | 5) => trial.status = Status::Diverged,
            ("flow", 3) => trial.status = Status::Failed,
            _ => {}
        }
    })
}

/// Three seeds of a task with twelve labels, the main metric being accuracy of all labels at once.
pub fn labels_run() -> Run {
    let mut run = assemble(&ARMS[..4], 3, &labels, |_| {});
    run.record.task = TaskKind::MultiLabel;
    run.record.name = "weather".into();
    run
}

fn labels(wrong: usize, seed: u64) -> Predictions {
    let names: Vec<String> = (1..=12).map(|n| format!("kind of weather {n}")).collect();
    let cells = 360 * names.len();
    let truth: Vec<f32> = (0..cells)
        .map(|cell| f32::from(u8::from(cell % 7 < 2)))
        .collect();
    let missed = |cell: usize| normal(seed, cell as u64) * wrong as f64 > 18.0;
    let outputs = truth.iter().enumerate().map(|(cell, truth)| {
        let right = (truth - 0.5) * 4.0;
        if missed(cell) { -right } else { right }
    });
    Predictions {
        stage: "large".into(),
        ids: (0..360).collect(),
        names,
        unit: None,
        outputs: outputs.collect(),
        weights: None,
        truth: Truth::Labels(truth),
        worst: Vec::new(),
    }
}

fn assemble(
    arms: &[ArmOf],
    seeds: u64,
    predictions: &dyn Fn(usize, u64) -> Predictions,
    change: impl Fn(&mut Trial),
) -> Run {
    let calibration = calibration();
    let mut trials: Vec<(Vec<Event>, Predictions)> = Vec::new();
    for seed in 1..=seeds {
        for (arm, scenes, wrong) in arms {
            let predictions = predictions(wrong(seed), seed);
            let outcome: Numbers = all(&predictions.outputs().unwrap());
            trials.push((events(arm, seed, &scenes(), &outcome), predictions));
        }
    }
    let records: Vec<Trial> = trials
        .iter()
        .filter_map(|(events, _)| Trial::of(&fold(events), Some(&calibration)))
        .map(|mut trial| {
            change(&mut trial);
            trial
        })
        .collect();
    let mut record: RunJson = super::digits_run(1).record;
    if trials[0].1.outputs().unwrap().task() == TaskKind::MultiLabel {
        record.metric.name = "subset_accuracy".into();
    }
    let entries: Vec<TrialOutputs<'_>> = records
        .iter()
        .zip(&trials)
        .map(|(trial, (_, predictions))| TrialOutputs {
            trial,
            predictions: Some(predictions),
        })
        .collect();
    let tuned: BTreeMap<String, usize> = arms
        .iter()
        .map(|(arm, ..)| ((*arm).to_owned(), 4))
        .collect();
    let metric = record.metric.clone();
    let question = Question {
        tuned,
        margin: Some(0.005),
        ..Question::new(&metric)
    };
    record.comparisons = compare(&entries, &question);
    record.curve = Curve::of(&entries, &question, &[0.42]);
    record.trials = records;
    Run { record, trials }
}
