//! The loop learns, resumes bit for bit, pairs teacher and sample, and guards.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use burn::tensor::Device;
use distil::Kind;
use distil::data::{Augment, Dataset, SplitRule};
use distil::method::{Kd, OutputShape};
use distil::model::access::weights_of;
use distil::model::{Family, Mlp, MlpConfig};
use distil::plan::{Arm, Draft};
use distil::rng::Seed;
use distil::samples::InfoBatch;
use distil::task::Classification;
use distil::train::{
    Checkpoints, DistillTerm, Length, Settings, TermWeight, Train, Trained, batch, metrics, train,
};
use distil::train::{Frozen, Teacher};
use distil::weights::Weights;
use distil_recipe::recipe::{AugmentTable, Keep};
use distil_report::events::Event;
use distil_report::measure::TaskKind;

pub fn blobs() -> Dataset {
    let mut stream = Seed(1).stream("blobs", &[]);
    let labels: Vec<u32> = (0..600).map(|i| i % 3).collect();
    let mean = |label: u32, feature: u32| if feature % 3 == label { 1.0 } else { 0.0 };
    let cells = labels.iter().flat_map(|l| (0..8).map(move |f| mean(*l, f)));
    let inputs = cells.map(|m| m + 0.5 * stream.normal()).collect();
    Dataset::from_arrays(inputs, &[8], labels, &SplitRule::default()).unwrap()
}

/// The same data, mixed in training.
pub fn mixed(mut data: Dataset) -> Dataset {
    let table = AugmentTable {
        mixup: 0.4.into(),
        ..AugmentTable::default()
    };
    data.augment = Some(Augment::new(&table, &data.shape).unwrap());
    data
}

pub fn net(dropout: f64) -> Mlp {
    let config = MlpConfig {
        hidden: vec![16],
        dropout,
        ..MlpConfig::default()
    };
    let layout = config.layout(&[8], 3).unwrap();
    config.init(layout, Seed(1), &Device::flex()).unwrap()
}

fn saved(folder: &Path, steps: u64) -> Option<Checkpoints> {
    Some(Checkpoints {
        folder: folder.to_path_buf(),
        steps: Some(steps),
        seconds: 1e9,
    })
}

/// Burn draws dropout from one generator per process, which every step seeds: all trainings of these tests take turns.
pub fn alone() -> MutexGuard<'static, ()> {
    static GENERATOR: Mutex<()> = Mutex::new(());
    GENERATOR.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(settings: &Settings, terms: &mut [DistillTerm], dropout: f64) -> (Trained<Mlp>, Vec<Event>) {
    run_on(&blobs(), settings, terms, dropout)
}

fn run_on(
    data: &Dataset,
    settings: &Settings,
    terms: &mut [DistillTerm],
    dropout: f64,
) -> (Trained<Mlp>, Vec<Event>) {
    let _alone = alone();
    let mut sink = Vec::new();
    let trained = train(
        net(dropout),
        None,
        data,
        &data.inputs,
        settings,
        terms,
        &mut sink,
    )
    .unwrap();
    (trained, sink)
}

fn losses(sink: &[Event]) -> Vec<f64> {
    let loss = |event: &Event| match event {
        Event::Progress(progress) => Some(progress.loss),
        _ => None,
    };
    sink.iter().filter_map(loss).collect()
}

#[test]
fn a_small_net_learns_blobs() {
    let (task, data) = (Classification::default(), blobs());
    let (trained, _) = run(
        &Settings {
            train: &Train {
                lr: 1e-2,
                ..Train::default()
            },
            ..Settings::of(&task)
        },
        &mut [],
        0.0,
    );
    let ids = &data.split.test;
    let outputs = batch::outputs(&trained.net, &data.inputs, ids, &Device::flex());
    let found = metrics(&outputs, &data, ids).unwrap();
    assert!(found["accuracy"] > 0.85, "{found:?}");
}

/// Trains in pieces of `piece` steps, each from the checkpoint of the one before.
fn in_pieces(data: &Dataset, settings: &Settings, piece: u64, dropout: f64) -> (Weights, u32) {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    // A checkpoint at every step stands for a process killed right after that step.
    let settings = Settings {
        checkpoints: saved(folder.path(), 1),
        ..settings.clone()
    };
    for pieces in 1.. {
        let mut sink = StopAfter {
            events: 0,
            checkpoints: piece,
        };
        let net = net(dropout);
        match train(net, None, data, &data.inputs, &settings, &mut [], &mut sink) {
            Ok(trained) => return (weights_of(&trained.net), pieces),
            Err(error) => assert_eq!(error.reason, "stopped on purpose"),
        }
    }
    unreachable!("the loop ends with the training")
}

/// A sink that refuses once so many checkpoints were written, as a full disk would.
struct StopAfter {
    events: usize,
    checkpoints: u64,
}

impl distil::train::EventSink for StopAfter {
    fn write(&mut self, event: Event) -> distil::Result<()> {
        self.events += 1;
        if let Event::Checkpointed(_) = event {
            self.checkpoints -= 1;
            if self.checkpoints == 0 {
                return Err(distil::Error::input("sink", "stopped on purpose"));
            }
        }
        Ok(())
    }

    fn settle(&mut self) -> distil::Result<usize> {
        Ok(self.events)
    }
}

#[test]
fn training_in_pieces_of_any_length_gives_the_same_bytes() {
    let task = Classification::default();
    let policy = InfoBatch::default();
    let plain = Settings {
        train: &Train {
            length: Length::Steps(40),
            average: Some(0.9),
            evaluate: 2,
            ..Train::default()
        },
        ..Settings::of(&task)
    };
    let dropping = Settings {
        train: &Train {
            length: Length::Steps(40),
            accumulate: 3,
            batch: 8,
            ..Train::default()
        },
        policy: &policy,
        ..Settings::of(&task)
    };
    let best = Settings {
        train: &Train {
            length: Length::Steps(40),
            lr: 0.1,
            keep: Keep::Best,
            evaluate: 2,
            ..Train::default()
        },
        ..Settings::of(&task)
    };
    for (data, settings, dropout) in [
        (blobs(), &plain, 0.3),
        (blobs(), &best, 0.0),
        (blobs(), &dropping, 0.0),
        (mixed(blobs()), &dropping, 0.0),
    ] {
        let unbroken = weights_of(&run_on(&data, settings, &mut [], dropout).0.net);
        for piece in [1, 7, 13, 20] {
            let (weights, pieces) = in_pieces(&data, settings, piece, dropout);
            assert!(
                pieces > 1 && weights == unbroken,
                "{pieces} pieces of {piece} steps"
            );
        }
    }
}

/// Each evaluation's epoch and accuracy.
fn evaluations(sink: &[Event]) -> Vec<(f64, f64)> {
    let evaluation = |event: &Event| match event {
        Event::Progress(progress) => {
            Some((progress.epoch, progress.validation.as_ref()?["accuracy"]))
        }
        _ => None,
    };
    sink.iter().filter_map(evaluation).collect()
}

/// Epochs trained for and the epoch whose weights were kept.
fn ended(sink: &[Event]) -> (f64, Option<f64>) {
    let end = |event: &Event| match event {
        Event::StageFinished(end) => Some((end.epochs, end.kept)),
        _ => None,
    };
    sink.iter().find_map(end).unwrap()
}

#[test]
fn the_best_weights_are_those_of_the_latest_of_equal_evaluations_and_training_goes_to_its_end() {
    let task = Classification::default();
    let of = |epochs, lr, average, keep, patience| {
        let settings = Settings {
            train: &Train {
                length: Length::Epochs(epochs),
                lr,
                average,
                keep,
                patience,
                ..Train::default()
            },
            ..Settings::of(&task)
        };
        run(&settings, &mut [], 0.0)
    };
    for (lr, average) in [(0.3, None), (0.1, Some(0.9)), (1e-9, None)] {
        let (best, sink) = of(8, lr, average, Keep::Best, None);
        let found = evaluations(&sink);
        let highest = found.iter().map(|(_, value)| *value).fold(0.0, f64::max);
        let mut equal = found.iter().filter(|(_, value)| *value == highest);
        let (first, latest) = (
            equal.clone().next().unwrap().0,
            equal.next_back().unwrap().0,
        );
        assert_eq!((found.len(), ended(&sink)), (8, (8.0, Some(latest))));
        let short = of(latest as u64, lr, average, Keep::Last, None);
        assert_eq!(ended(&short.1).1, None);
        assert_eq!(weights_of(&best.net), weights_of(&short.0.net), "{lr}");
        assert_eq!(
            best.state.weights,
            weights_of(&best.net),
            "growth starts from them"
        );
        // Patience alone keeps the first, as it always has.
        let (patient, sink) = of(8, lr, average, Keep::Last, Some(8));
        assert_eq!(ended(&sink), (8.0, Some(first)));
        let short = of(first as u64, lr, average, Keep::Last, None).0;
        assert_eq!(weights_of(&patient.net), weights_of(&short.net), "{lr}");
    }
    // Equal evaluations are no better ones: together, training stops as early as with patience alone.
    let both = of(8, 1e-9, None, Keep::Best, Some(3)).1;
    assert_eq!(ended(&both), (4.0, Some(4.0)));
    let alone = of(8, 1e-9, None, Keep::Last, Some(3)).1;
    assert_eq!(ended(&alone), (4.0, Some(1.0)));
}

#[test]
fn dropout_is_active_in_training_and_only_there() {
    let task = Classification::default();
    let settings = Settings {
        train: &Train {
            length: Length::Steps(20),
            ..Train::default()
        },
        ..Settings::of(&task)
    };
    let (with, without) = (
        run(&settings, &mut [], 0.5).0,
        run(&settings, &mut [], 0.0).0,
    );
    assert_ne!(weights_of(&with.net), weights_of(&without.net));
    let data = blobs();
    let answer = || batch::outputs(&with.net, &data.inputs, &data.split.test, &Device::flex());
    assert_eq!(answer(), answer());
}

fn shape() -> OutputShape {
    OutputShape {
        task: TaskKind::Classification,
        outputs: 3,
        taps: Default::default(),
    }
}

/// Computes its outputs afresh for every batch.
#[derive(Debug)]
struct Live(Frozen<Mlp>);

impl Teacher for Live {
    fn name(&self) -> &str {
        "live"
    }
    fn flops_forward(&self) -> Option<f64> {
        self.0.flops_forward()
    }
    fn remember(&mut self, _: &[distil::sample::SampleId]) -> usize {
        0
    }
    fn outputs(
        &self,
        ids: &[distil::sample::SampleId],
        augmentation: Option<&distil::data::Augmentation>,
        taps: &distil::model::TapSet,
    ) -> distil::Result<(distil::model::Output, usize)> {
        self.0.outputs(ids, augmentation, taps)
    }
}

#[test]
fn a_remembered_teacher_teaches_what_a_live_one_does_whatever_the_order_and_accumulation() {
    let (task, data, kd) = (Classification::default(), blobs(), Kd::default());
    let teacher = run(
        &Settings {
            train: &Train {
                lr: 1e-2,
                ..Train::default()
            },
            ..Settings::of(&task)
        },
        &mut [],
        0.0,
    )
    .0
    .net;
    for (batch, accumulate) in [(32, 1), (4, 8)] {
        let settings = Settings {
            train: &Train {
                length: Length::Steps(60),
                batch,
                accumulate,
                ..Train::default()
            },
            ..Settings::of(&task)
        };
        let taught = |teacher: Box<dyn Teacher>| {
            let term = DistillTerm::new(
                "kd",
                &kd,
                vec![teacher],
                TermWeight::Mix(1.0),
                &shape(),
                Some(&shape()),
                &[],
            )
            .unwrap();
            losses(&run(&settings, &mut [term], 0.0).1)
        };
        let frozen = || Frozen::new("teacher", &teacher, data.inputs.clone(), &Device::flex());
        let (remembered, live) = (taught(Box::new(frozen())), taught(Box::new(Live(frozen()))));
        assert!(remembered.len() > 3);
        for (a, b) in remembered.iter().zip(&live) {
            assert!(
                (a - b).abs() <= 1e-4 * a.abs().max(1e-2),
                "{a} and {b}, batch {batch} × {accumulate}"
            );
        }
    }
}

#[test]
fn accumulating_over_micro_batches_equals_one_large_batch() {
    let task = Classification::default();
    let of = |batch, accumulate| {
        let settings = Settings {
            train: &Train {
                length: Length::Steps(30),
                batch,
                accumulate,
                ..Train::default()
            },
            ..Settings::of(&task)
        };
        run(&settings, &mut [], 0.0).1
    };
    let (one, eight) = (of(32, 1), of(4, 8));
    for (a, b) in losses(&one).iter().zip(losses(&eight)) {
        assert!((a - b).abs() < 1e-4, "{a} and {b}");
    }
}

#[test]
fn a_term_fades_without_a_jump_and_returns_its_share_to_the_labels() {
    let kd = Kd::default();
    let teacher = Frozen::new("teacher", &net(0.0), blobs().inputs, &Device::flex());
    let term = DistillTerm::new(
        "kd",
        &kd,
        vec![Box::new(teacher)],
        TermWeight::Mix(0.5),
        &shape(),
        Some(&shape()),
        &[],
    )
    .unwrap();
    let term = term.until(Some(0.4));
    let at = |step| term.strength(distil::method::AtStep { step, steps: 1000 });
    assert_eq!((at(0), at(200), at(400), at(900)), (0.5, 0.25, 0.0, 0.0));
    assert!((0..1000).all(|step| (at(step) - at(step + 1)).abs() < 2e-3));
}

#[test]
fn a_loss_that_is_not_finite_stops_before_the_update_and_says_where() {
    let (task, data) = (Classification::default(), blobs());
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        train: &Train {
            lr: 1e30,
            ..Train::default()
        },
        checkpoints: saved(folder.path(), 1),
        ..Settings::of(&task)
    };
    let mut sink = Vec::new();
    let _alone = alone();
    let ended = train(
        net(0.0),
        None,
        &data,
        &data.inputs,
        &settings,
        &mut [],
        &mut sink,
    );
    let error = ended.err().unwrap();
    assert_eq!(error.kind, Kind::Diverged);
    let message = error.to_string();
    assert!(
        message.contains("was not applied") && message.contains("net.hidden.0.weight"),
        "{message}"
    );
    let Some(Event::Diverged(diverged)) = sink.iter().find(|e| matches!(e, Event::Diverged(_)))
    else {
        panic!("no event tells of it");
    };
    let (kept, _) = distil::train::checkpoint::Store::open(folder.path(), "")
        .unwrap()
        .latest()
        .unwrap();
    let kept = kept.unwrap();
    assert_eq!(kept.progress.step + 1, diverged.step);
    assert!(
        kept.state
            .weights
            .values()
            .all(|array| array.values.iter().all(|v| v.is_finite()))
    );
}

#[test]
fn every_sample_trained_on_has_a_score_and_no_other() {
    let task = Classification::default();
    let (trained, _) = run(
        &Settings {
            train: &Train {
                length: Length::Epochs(1),
                ..Train::default()
            },
            ..Settings::of(&task)
        },
        &mut [],
        0.0,
    );
    let data = blobs();
    for row in 0..data.len() {
        let trained_on = data.split.train.iter().any(|id| id.row() == row);
        assert_eq!(
            trained.scores.loss[row].is_finite(),
            trained_on,
            "row {row}"
        );
    }
}

/// The digits built into the program, scaled and split.
fn digits() -> Dataset {
    let text = "task = \"classification\"\ndata = \"digits\"\n[stage.only]\nmodel = \"mlp\"\n";
    let text = distil_recipe::RecipeText::new("recipe.toml", text);
    let draft = Draft::read(&text, Path::new("."), &Arm::Flow).unwrap();
    draft.dataset(draft.read_data().unwrap(), None).unwrap()
}

/// The share of the test samples of `class` whose largest logit is their own, after `bias` on that class's logit.
fn recognised(net: &Mlp, data: &Dataset, class: u32, bias: f32) -> f64 {
    let labels = data.targets.classes().unwrap();
    let mut ids = data.split.test.to_vec();
    ids.retain(|id| labels[id.row()] == class);
    let outputs = batch::outputs(net, &data.inputs, &ids, &Device::flex());
    let right = (0..ids.len()).filter(|row| {
        let mut logits = outputs.row(*row).to_vec();
        logits[class as usize] += bias;
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        logits[class as usize] == largest
    });
    right.count() as f64 / ids.len() as f64
}

/// Hinton, Vinyals & Dean 2015, section 3: a student that never sees a three learns threes from the teacher's answers about
/// other digits. Half of its loss are labels, among which no three occurs: without T² they would drown the answers at T = 20.
#[test]
fn a_student_knows_a_class_it_has_never_seen_from_its_teachers_dark_knowledge() {
    const MISSING: u32 = 3;
    let (task, data) = (Classification::default(), digits());
    let shape = OutputShape {
        outputs: 10,
        ..shape()
    };
    let fresh = |hidden: Vec<usize>, seed: u64| {
        let config = MlpConfig {
            hidden,
            ..MlpConfig::default()
        };
        let layout = config.layout(&[64], 10).unwrap();
        config.init(layout, Seed(seed), &Device::flex()).unwrap()
    };
    let go = |net: Mlp, data: &Dataset, terms: &mut [DistillTerm], epochs: u64| {
        let settings = Settings {
            train: &Train {
                length: Length::Epochs(epochs),
                lr: 2e-3,
                ..Train::default()
            },
            ..Settings::of(&task)
        };
        let _alone = alone();
        let trained = train(
            net,
            None,
            data,
            &data.inputs,
            &settings,
            terms,
            &mut Vec::new(),
        );
        trained.unwrap().net
    };
    let teacher = go(fresh(vec![256], 1), &data, &mut [], 20);
    let mut without = data.clone();
    let labels = data.targets.classes().unwrap();
    let mut train = data.split.train.to_vec();
    train.retain(|id| labels[id.row()] != MISSING);
    without.split.train = train.into();

    let kd = Kd { temperature: 20.0 };
    let answers = Frozen::new("teacher", &teacher, data.inputs.clone(), &Device::flex());
    let term = DistillTerm::new(
        "kd",
        &kd,
        vec![Box::new(answers) as Box<dyn Teacher>],
        TermWeight::Mix(0.5),
        &shape,
        Some(&shape),
        &[],
    )
    .unwrap();
    let taught = go(fresh(vec![128], 2), &without, &mut [term], 40);
    let alone = go(fresh(vec![128], 2), &without, &mut [], 40);

    assert!(recognised(&teacher, &data, MISSING, 0.0) > 0.9);
    let seen: Vec<f64> = [0.0, 1.0, 2.0, 3.0, 4.0]
        .map(|bias| recognised(&taught, &data, MISSING, bias))
        .to_vec();
    let never = recognised(&alone, &data, MISSING, 0.0);
    assert_eq!(never, 0.0, "nobody told it");
    assert!(
        seen[0] > 0.5 && seen[3] > 0.9,
        "with biases 0 to 4: {seen:?}"
    );
}
