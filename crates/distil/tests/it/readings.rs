//! Where the host would wait for a device, training reads seldom; where it would not, nothing changes.

use std::cell::RefCell;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use burn::module::Module;
use distil::Kind;
use distil::data::{Augmentation, Dataset};
use distil::device;
use distil::method::{Fit, Kd, LossInput, Method, Needs, OutputShape, Term};
use distil::model::access::weights_of;
use distil::model::{Input, Mlp, Net, Output, TapSet};
use distil::read_back::reads;
use distil::sample::SampleId;
use distil::task::Classification;
use distil::train::{
    Answers, DistillTerm, Frozen, Length, Readings, Settings, Teacher, TermWeight, Train, Trained,
    batch, train,
};
use distil::weights::{Array, Weights};
use distil_report::events::{Diverged, Event};
use distil_report::measure::TaskKind;

use crate::sources::{library, sources};
use crate::train::{alone, blobs, mixed, net};

/// Kd that notes how often was read before each of its losses, and spoils one of them.
#[derive(Debug, Default)]
struct Watched {
    kd: Kd,
    reads: Mutex<Vec<u64>>,
    spoilt: Option<u64>,
}

impl Method for Watched {
    fn check(&self, fit: &Fit) -> Result<Needs, String> {
        self.kd.check(fit)
    }

    fn loss(&self, input: &LossInput) -> distil::Result<Term> {
        self.reads.lock().unwrap().push(reads());
        let term = self.kd.loss(input)?;
        Ok(match term {
            Term::Rows(rows) if self.spoilt == Some(input.at.step) => Term::Rows(rows * f32::NAN),
            term => term,
        })
    }
}

fn term<'a>(method: &'a dyn Method, teacher: Box<dyn Teacher>) -> DistillTerm<'a> {
    let shape = OutputShape {
        task: TaskKind::Classification,
        outputs: 3,
        taps: Default::default(),
    };
    let weight = TermWeight::Mix(0.5);
    DistillTerm::new(
        "kd",
        method,
        vec![teacher],
        weight,
        &shape,
        Some(&shape),
        &[],
    )
    .unwrap()
}

fn frozen(data: &Dataset) -> Box<dyn Teacher> {
    let inputs = data.inputs.clone();
    Box::new(Frozen::new("small", &net(0.0), inputs, &device::cpu()))
}

/// Everything that a step may do, 4 rows a pass and 8 a step.
fn of_steps(steps: u64) -> Train {
    Train {
        batch: 4,
        accumulate: 2,
        clip: Some(1.0),
        average: Some(0.9),
        length: Length::Steps(steps),
        ..Train::default()
    }
}

fn run(data: &Dataset, settings: &Settings, method: &dyn Method) -> (Trained<Mlp>, Vec<Event>) {
    let (_alone, mut sink) = (alone(), Vec::new());
    let mut terms = [term(method, frozen(data))];
    let trained = train(
        net(0.1),
        None,
        data,
        &data.inputs,
        settings,
        &mut terms,
        &mut sink,
    );
    (trained.unwrap(), sink)
}

/// Steps, from 0, after which something was read before the next step.
fn steps_with_readings(data: &Dataset, readings: Readings) -> Vec<usize> {
    let (task, watched) = (Classification::default(), Watched::default());
    let settings = Settings {
        train: &of_steps(400),
        readings,
        ..Settings::of(&task)
    };
    run(data, &settings, &watched);
    let reads = watched.reads.into_inner().unwrap();
    let passes = data.split.train.len().div_ceil(4);
    let first_of_each_step = |pass: &usize| (pass % passes).is_multiple_of(2);
    let reads: Vec<u64> = (0..reads.len())
        .filter(first_of_each_step)
        .map(|pass| reads[pass])
        .collect();
    let steps = reads.windows(2).enumerate();
    steps
        .filter(|(_, w)| w[0] != w[1])
        .map(|(step, _)| step)
        .collect()
}

#[test]
fn nothing_is_read_between_log_events_where_reading_is_dear() {
    let data = blobs();
    let epoch = data.split.train.len().div_ceil(8);
    // 400 steps are told of a hundred times.
    let told = |step: &usize| (step + 1).is_multiple_of(4) || (step + 1).is_multiple_of(epoch);
    let expected: Vec<usize> = (0..399).filter(told).collect();
    for data in [data, mixed(blobs())] {
        let seldom = steps_with_readings(&data, Readings::AtLogEvents);
        assert_eq!(seldom, expected);
        // What counts the readings sees them.
        let always = steps_with_readings(&data, Readings::EachStep);
        assert_eq!(always, (0..399).collect::<Vec<_>>());
    }
}

#[test]
fn when_it_is_read_does_not_change_what_is_learned() {
    let task = Classification::default();
    for data in [blobs(), mixed(blobs())] {
        let of = |readings| {
            let settings = Settings {
                train: &of_steps(150),
                readings,
                ..Settings::of(&task)
            };
            run(&data, &settings, &Kd::default())
        };
        let ((each, each_events), (late, late_events)) =
            (of(Readings::EachStep), of(Readings::AtLogEvents));
        let (each_told, late_told) = (told(&each_events), told(&late_events));
        assert!(each_told.len() > 300);
        close(&each_told, &late_told, 1e-6);
        let scores = |trained: &Trained<Mlp>| -> Vec<f64> {
            trained
                .scores
                .loss
                .iter()
                .map(|loss| f64::from(*loss))
                .collect()
        };
        close(&scores(&each), &scores(&late), 1e-5);
        for (a, b) in weights_of(&each.net)
            .values()
            .zip(weights_of(&late.net).values())
        {
            let numbers = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
            close(&numbers(&a.values), &numbers(&b.values), 1e-5);
        }
    }
}

/// Every loss, and each of its parts.
fn told(events: &[Event]) -> Vec<f64> {
    let progress = events.iter().filter_map(|event| match event {
        Event::Progress(progress) => Some(progress),
        _ => None,
    });
    progress
        .flat_map(|p| [p.loss].into_iter().chain(p.terms.values().copied()))
        .collect()
}

fn close(a: &[f64], b: &[f64], tolerance: f64) {
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        let same = a.is_nan() && b.is_nan();
        assert!(
            same || (a - b).abs() <= tolerance * a.abs().max(1.0),
            "{a} {b}"
        );
    }
}

thread_local! {
    static BEFORE: RefCell<Vec<Weights>> = const { RefCell::new(Vec::new()) };
}

/// A network that notes its weights whenever it is asked.
#[derive(Module, Debug)]
struct Noting {
    net: Mlp,
}

impl Net for Noting {
    fn forward(&self, x: &Input, taps: &TapSet) -> Output {
        BEFORE.with_borrow_mut(|seen| seen.push(weights_of(&self.net)));
        self.net.forward(x, taps)
    }
}

/// What is told of a training whose sixth step, number 5, is not finite; and the weights before each step.
fn spoilt(readings: Readings) -> (Diverged, Vec<Weights>) {
    let (task, data, _alone) = (Classification::default(), blobs(), alone());
    let watched = Watched {
        spoilt: Some(5),
        ..Watched::default()
    };
    let settings = Settings {
        train: &Train {
            accumulate: 1,
            ..of_steps(400)
        },
        readings,
        ..Settings::of(&task)
    };
    let (mut sink, mut terms) = (Vec::new(), [term(&watched, frozen(&data))]);
    let net = Noting { net: net(0.0) };
    BEFORE.take();
    let ended = train(
        net,
        None,
        &data,
        &data.inputs,
        &settings,
        &mut terms,
        &mut sink,
    );
    let error = ended.err().unwrap();
    assert_eq!(error.kind, Kind::Diverged);
    assert!(
        error
            .reason
            .contains("step 6 is not finite and was not applied"),
        "{error}"
    );
    let found = sink.into_iter().find_map(|event| match event {
        Event::Diverged(diverged) => Some(diverged),
        _ => None,
    });
    (found.unwrap(), BEFORE.take())
}

#[test]
fn a_step_that_is_not_finite_is_stopped_on_the_device_before_it_is_applied() {
    let (at_once, steps) = spoilt(Readings::EachStep);
    assert_eq!(steps.len(), 6);
    let (late, seen) = spoilt(Readings::AtLogEvents);
    // It is found at the log event of step 8; until then nothing is changed any more.
    assert_eq!(seen.len(), 8);
    assert_ne!(seen[4], seen[5]);
    assert_eq!(seen[5], seen[6]);
    assert_eq!(seen[5], seen[7]);
    assert_eq!((at_once.step, late.step), (6, 6));
    let names = |diverged: &Diverged| -> Vec<String> {
        let norms = diverged.gradient_norms.keys().cloned();
        diverged.terms.keys().cloned().chain(norms).collect()
    };
    assert_eq!(names(&at_once), names(&late));
    assert!(late.terms["kd"].is_nan() && late.terms["labels"].is_finite());
    let (labels, same) = (late.terms["labels"], at_once.terms["labels"]);
    assert!((labels - same).abs() < 1e-6);
}

#[test]
fn answers_from_elsewhere_teach_as_the_network_that_gave_them_does() {
    let (task, data, kd, _alone) = (Classification::default(), blobs(), Kd::default(), alone());
    let settings = Settings {
        train: &Train {
            length: Length::Steps(60),
            ..Train::default()
        },
        ..Settings::of(&task)
    };
    let go = |data: &Dataset, teacher| {
        let mut terms = [term(&kd, teacher)];
        let inputs = &data.inputs;
        train(
            net(0.0),
            None,
            data,
            inputs,
            &settings,
            &mut terms,
            &mut Vec::new(),
        )
    };
    // What the network says of the training rows, by row of the source.
    let ids = &data.split.train;
    let known = batch::outputs(&net(0.0).valid(), &data.inputs, ids, &device::cpu());
    let mut answers = Array::zeros([data.len(), 3]);
    for (i, id) in ids.iter().enumerate() {
        answers.values[id.row() * 3..][..3].copy_from_slice(known.row(i));
    }
    let answers = Answers::new("elsewhere", answers, &device::cpu());
    let by_network = go(&data, frozen(&data)).unwrap();
    let by_answers = go(&data, Box::new(answers.clone())).unwrap();
    assert_eq!(weights_of(&by_network.net), weights_of(&by_answers.net));
    let error = go(&mixed(blobs()), Box::new(answers)).err().unwrap();
    assert_eq!(
        error.to_string(),
        "teacher `elsewhere`: has answers to the samples as they are, not to varied ones."
    );
}

/// A teacher that takes its time.
#[derive(Debug)]
struct Slow(Box<dyn Teacher>);

impl Teacher for Slow {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn flops_forward(&self) -> Option<f64> {
        self.0.flops_forward()
    }

    fn remember(&mut self, ids: &[SampleId]) -> usize {
        self.0.remember(ids)
    }

    fn outputs(
        &self,
        ids: &[SampleId],
        augmentation: Option<&Augmentation>,
        taps: &TapSet,
    ) -> distil::Result<(Output, usize)> {
        std::thread::sleep(Duration::from_millis(5));
        self.0.outputs(ids, augmentation, taps)
    }
}

#[test]
fn what_a_teacher_takes_is_billed_once() {
    let (task, data, _alone) = (Classification::default(), mixed(blobs()), alone());
    for readings in [Readings::EachStep, Readings::AtLogEvents] {
        let settings = Settings {
            train: &Train {
                length: Length::Steps(100),
                ..Train::default()
            },
            readings,
            ..Settings::of(&task)
        };
        let (kd, mut sink, start) = (Kd::default(), Vec::new(), Instant::now());
        let mut terms = [term(&kd, Box::new(Slow(frozen(&data))))];
        let trained = train(
            net(0.0),
            None,
            &data,
            &data.inputs,
            &settings,
            &mut terms,
            &mut sink,
        );
        let (passed, _) = (start.elapsed().as_secs_f64(), trained.unwrap());
        let billed = sink.iter().map(|event| match event {
            Event::Billed(billed) => billed.time.wall_seconds,
            _ => 0.0,
        });
        let billed: f64 = billed.sum();
        assert!(
            billed > 0.5 && billed <= passed,
            "{billed} s billed in {passed} s"
        );
    }
}

#[test]
fn no_other_file_of_the_loop_reads_a_tensor() {
    let mut files = 0;
    for folder in ["train", "optim", "model"] {
        for (file, text) in sources(&format!("crates/distil/src/{folder}")) {
            for reading in ["into_data", "to_data", "into_scalar"] {
                assert!(!library(&text).contains(reading), "{file}: {reading}");
            }
            files += 1;
        }
    }
    assert!(files > 30);
}
