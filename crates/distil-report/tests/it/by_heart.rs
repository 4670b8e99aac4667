//! A training that has learnt its samples by heart is told from one that has not by its losses alone.

use distil_report::Numbers;
use distil_report::TrialId;
use distil_report::events::{Event, Pace, Process, Progress, StageFinished, Started, Time, fold};
use distil_report::run_json::{ByHeart, Trial};

/// What becomes of a training with these training losses and what this metric was on the validation part, one an epoch of 40 steps.
fn by_heart(metric: &str, losses: &[[f64; 2]], kept: Option<f64>) -> Option<ByHeart> {
    let started = Event::Started(Started {
        id: TrialId {
            arm: "flow".into(),
            seed: 1,
            fold: None,
            settings: None,
        },
        plan: "5eed".into(),
        basis: None,
        rehearsal: Time::default(),
        process: Process { pid: 7, threads: 2 },
    });
    let points = losses
        .iter()
        .enumerate()
        .map(|(place, [loss, validation])| {
            Event::Progress(Progress {
                stage: "large".into(),
                step: 40 * (place as u64 + 1),
                epoch: place as f64 + 1.0,
                loss: *loss,
                terms: Numbers::default(),
                lr: 1e-3,
                flops: None,
                samples: 0,
                validation: Some(Numbers::from([(metric, *validation)])),
                time: Pace::default(),
            })
        });
    let finished = Event::StageFinished(StageFinished {
        stage: "large".into(),
        steps: 40 * losses.len() as u64,
        epochs: losses.len() as f64,
        kept,
    });
    let events: Vec<Event> = [started]
        .into_iter()
        .chain(points)
        .chain([finished])
        .collect();
    Trial::of(&fold(&events), None)?.result()?.by_heart.clone()
}

#[test]
fn a_training_loss_near_zero_and_a_validation_loss_that_rose_again_are_both_needed() {
    let learnt = [[2.0, 0.9], [0.6, 0.5], [0.1, 0.7]];
    let found = by_heart("nll", &learnt, None).unwrap();
    assert_eq!(found.metric, "nll");
    assert_eq!((found.training, found.validation), ([2.0, 0.1], [0.5, 0.7]));
    for (why, losses) in [
        (
            "the training loss is a tenth",
            [[2.0, 0.9], [0.6, 0.5], [0.21, 0.7]],
        ),
        (
            "the validation loss rose by a tenth",
            [[2.0, 0.9], [0.6, 0.5], [0.1, 0.54]],
        ),
        (
            "what is not known is not worse",
            [[2.0, 1e-4], [1e-3, 1e-6], [1e-5, 2e-6]],
        ),
    ] {
        assert_eq!(by_heart("nll", &losses, None), None, "{why}");
    }
    assert_eq!(by_heart("accuracy", &learnt, None), None, "no loss");
}

#[test]
fn an_error_is_the_root_of_its_loss() {
    // 7 % more error are 14 % more loss, 4 % are 8.
    let with = |end: f64| by_heart("rmse", &[[1.0, 90.0], [0.3, 50.0], [0.02, end]], None);
    assert!(with(50.0 * 1.07).is_some());
    assert_eq!(with(50.0 * 1.04), None);
}

#[test]
fn of_weights_that_were_kept_as_the_best_nothing_is_said() {
    let learnt = [[2.0, 0.9], [0.6, 0.5], [0.1, 0.7]];
    assert_eq!(by_heart("nll", &learnt, Some(2.0)), None);
}
