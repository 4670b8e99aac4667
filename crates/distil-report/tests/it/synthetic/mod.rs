//! A run that never ran: events, predictions and pictures that look like the real thing, the same on every machine.

mod outputs;
mod several;

pub use outputs::{digits, prices};
pub use several::{broken_run, labels_run, several_run};

use distil_report::bill::{Bill, BillRow, Calibration, Rate};
use distil_report::compare::{Question, TrialOutputs, compare};
use distil_report::events::{
    Billed, Checkpointed, Data, Evaluated, Event, Grown, GrownFrom, Pace, Process, Progress,
    Promise, StageFinished, StageStarted, Started, Time, fold,
};
use distil_report::measure::{Better, TaskKind, all};
use distil_report::predictions::Predictions;
use distil_report::run_json::{Compress, FORMAT, Host, MainMetric, RunJson, Size, Status, Trial};
use distil_report::{Counts, Findings, Numbers, Part, Purpose, TrialId};

/// Uniform in [0, 1), a function of its arguments.
pub fn uniform(seed: u64, place: u64) -> f64 {
    let mut z = seed
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(place.wrapping_mul(0xd134_2543_de82_ef95));
    for factor in [0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb] {
        z = (z ^ (z >> 29)).wrapping_mul(factor);
    }
    ((z ^ (z >> 32)) >> 11) as f64 / (1u64 << 53) as f64
}

/// Standard normal, a function of its arguments (Box and Muller 1958).
pub fn standard_normal(seed: u64, place: u64) -> f64 {
    let (a, b) = (uniform(seed, 2 * place), uniform(seed, 2 * place + 1));
    (-2.0 * (1.0 - a).ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}

/// About normal: the sum of twelve uniforms.
pub fn normal(seed: u64, place: u64) -> f64 {
    (0..12)
        .map(|part| uniform(seed, place * 12 + part))
        .sum::<f64>()
        - 6.0
}

/// One stage to act out.
pub struct Scene {
    pub stage: &'static str,
    pub parameters: u64,
    pub flops_forward: f64,
    pub samples: usize,
    pub epochs: f64,
    /// Accuracy on validation when the stage begins and when it ends.
    pub accuracy: (f64, f64),
    pub from: Option<&'static str>,
    pub taught: bool,
}

const BATCH: u64 = 32;

pub fn small() -> Scene {
    Scene {
        stage: "small",
        parameters: 4_810,
        flops_forward: 9_472.0,
        samples: 1257,
        epochs: 8.0,
        accuracy: (0.12, 0.952),
        from: None,
        taught: false,
    }
}

pub fn large(epochs: f64, start: f64, from: Option<&'static str>) -> Scene {
    Scene {
        stage: "large",
        parameters: 100_234,
        flops_forward: 199_168.0,
        samples: 1257,
        epochs,
        accuracy: (start, 0.974),
        from,
        taught: from.is_some(),
    }
}

/// The events of one trial; `outcome` is the result's metrics on the test part.
pub fn events(arm: &str, seed: u64, scenes: &[Scene], outcome: &Numbers) -> Vec<Event> {
    let process = Process {
        pid: 4711,
        threads: 1,
    };
    let mut events = vec![
        Event::Started(Started {
            id: TrialId {
                arm: arm.into(),
                seed,
                fold: None,
                settings: None,
            },
            plan: "9f2c41d0e8b7".into(),
            basis: None,
            rehearsal: match arm {
                "flow" => time(0.02),
                _ => Time::default(),
            },
            process,
        }),
        Event::Data(Data {
            counts: Counts {
                train: 1257,
                validation: 180,
                test: 360,
            },
            findings: Findings::default(),
            time: time(0.04),
        }),
    ];
    for scene in scenes {
        act(&mut events, seed, scene, outcome);
        let last = std::ptr::eq(scene, scenes.last().unwrap());
        let test = if last {
            outcome.clone()
        } else {
            metrics(scene.accuracy.1 - 0.006, outcome)
        };
        for (part, samples, metrics) in [
            (
                Part::Train,
                scene.samples,
                metrics(scene.accuracy.1 + 0.024, outcome),
            ),
            (Part::Validation, 180, metrics(scene.accuracy.1, outcome)),
            (Part::Test, 360, test),
        ] {
            events.push(Event::Evaluated(Evaluated {
                constant: None,
                stage: scene.stage.into(),
                part,
                samples,
                metrics,
            }));
            let flops = samples as f64 * scene.flops_forward;
            events.push(billed(
                scene.stage,
                Purpose::Evaluate,
                flops,
                samples as u64,
                flops * 2e-10,
            ));
        }
    }
    events.push(Event::Finished);
    events
}

/// Metrics of a model as good as one of this accuracy, of the kind of `outcome`.
fn metrics(accuracy: f64, outcome: &Numbers) -> Numbers {
    let wrong = 1.0 - accuracy;
    if outcome.contains_key("rmse") {
        let rmse = 3.6e4 + 1.6e5 * wrong;
        return Numbers::from([
            ("rmse", rmse),
            ("mae", rmse * 0.8),
            ("r2", 1.0 - (rmse / 8.8e4).powi(2)),
        ]);
    }
    Numbers::from([
        ("accuracy", accuracy),
        ("nll", 0.02 + 2.6 * wrong),
        ("macro_f1", accuracy - 0.001),
        ("ece", 0.008 + wrong / 5.0),
    ])
}

fn time(seconds: f64) -> Time {
    Time {
        cpu_seconds: seconds,
        wall_seconds: seconds * 1.02,
    }
}

fn billed(stage: &str, purpose: Purpose, flops: f64, samples: u64, seconds: f64) -> Event {
    Event::Billed(Billed {
        stage: stage.into(),
        purpose,
        flops: Some(flops),
        samples,
        time: time(seconds),
        once: Time::default(),
    })
}

fn act(events: &mut Vec<Event>, seed: u64, scene: &Scene, outcome: &Numbers) {
    let stage = || scene.stage.to_owned();
    let flops_train = scene.flops_forward * 2.9;
    let steps_per_epoch = (scene.samples as u64).div_ceil(BATCH);
    let steps = (scene.epochs * steps_per_epoch as f64).round() as u64;
    events.push(Event::StageStarted(StageStarted {
        stage: stage(),
        parameters: scene.parameters,
        flops_forward: Some(scene.flops_forward),
        flops_train: Some(flops_train),
        steps,
        epochs: scene.epochs,
        samples: scene.samples,
    }));
    if let Some(from) = scene.from {
        let flops = 256.0 * scene.flops_forward;
        events.push(Event::Grown(Grown {
            stage: stage(),
            grown: GrownFrom {
                from: from.into(),
                promise: Promise::Exact,
                max_difference: 3.4e-7,
                rows: 256,
            },
            flops: Some(flops),
            time: time(0.012),
        }));
        events.push(billed(scene.stage, Purpose::Grow, flops, 256, 0.012));
    }
    let seconds_per_sample = 2.1e-6 + flops_train * 7.5e-11;
    for part in 1..=24u64 {
        let step = steps * part / 24;
        let samples = step * BATCH;
        let share = part as f64 / 24.0;
        let progress = 1.0 - (-5.0 * share).exp();
        let wobble = 0.006 * (1.0 - share) * normal(seed, part + scene.parameters);
        let accuracy = scene.accuracy.0 + (scene.accuracy.1 - scene.accuracy.0) * progress + wobble;
        let loss =
            0.015 + 2.3 * (1.0 - accuracy - 0.02).max(0.01) + 0.01 * normal(seed, 100 + part);
        let mix = if scene.taught {
            0.5 * (1.0 - share / 0.4).max(0.0)
        } else {
            0.0
        };
        let mut terms = Numbers::from([("cross-entropy", loss * (1.0 - mix))]);
        if scene.taught {
            terms.insert("kd".into(), loss * mix);
        }
        let taught = if scene.taught { 9_472.0 } else { 0.0 };
        events.push(Event::Progress(Progress {
            stage: stage(),
            step,
            epoch: step as f64 / steps_per_epoch as f64,
            loss: loss.max(0.004),
            terms,
            lr: 1e-3 * (1.0 - share * 0.98),
            flops: Some(samples as f64 * (flops_train + taught)),
            samples,
            validation: (part % 2 == 0).then(|| metrics(accuracy.min(0.999), outcome)),
            time: Pace {
                cpu_seconds: samples as f64 * seconds_per_sample,
                wall_seconds: samples as f64 * seconds_per_sample,
                samples_per_second: 1.0 / seconds_per_sample,
            },
        }));
    }
    let samples = steps * BATCH;
    events.push(billed(
        scene.stage,
        Purpose::Train,
        samples as f64 * flops_train,
        samples,
        samples as f64 * seconds_per_sample,
    ));
    if scene.taught {
        events.push(billed(
            scene.stage,
            Purpose::Teach,
            samples as f64 * 9_472.0,
            samples,
            samples as f64 * 1.1e-6,
        ));
    }
    events.push(billed(scene.stage, Purpose::Save, 0.0, 0, 0.021));
    events.push(Event::Checkpointed(Checkpointed {
        stage: stage(),
        step: steps,
        bytes: scene.parameters * 12 + 4096,
        time: time(0.021),
    }));
    events.push(Event::StageFinished(StageFinished {
        stage: stage(),
        steps,
        epochs: scene.epochs,
        kept: None,
    }));
}

/// Rates that fit [`events`].
pub fn calibration() -> Calibration {
    let mut calibration = Calibration::default();
    for scene in [small(), large(1.0, 0.1, None)] {
        let per_sample = 2.1e-6 + scene.flops_forward * 2.9 * 7.5e-11;
        let rate = |seconds_per_sample| Rate {
            seconds_per_sample,
            once_seconds: 0.0,
        };
        calibration.insert(scene.stage, Purpose::Train, rate(per_sample));
        calibration.insert(scene.stage, Purpose::Evaluate, rate(per_sample / 3.0));
        if scene.stage == "large" {
            calibration.insert(scene.stage, Purpose::Teach, rate(1.1e-6));
        }
        calibration.insert(
            scene.stage,
            Purpose::Grow,
            Rate {
                seconds_per_sample: 0.0,
                once_seconds: 0.012,
            },
        );
        calibration.insert(
            scene.stage,
            Purpose::Save,
            Rate {
                seconds_per_sample: 0.0,
                once_seconds: 0.021,
            },
        );
    }
    calibration
}

/// A whole run: the record, and each trial's events and predictions.
pub struct Run {
    pub record: RunJson,
    pub trials: Vec<(Vec<Event>, Predictions)>,
}

/// The digits with one seed: flow, small, plain at equal cost and plain-full. The small model alone makes `small_wrong` mistakes on test.
pub fn digits_run(small_wrong: usize) -> Run {
    run(
        "digits",
        TaskKind::Classification,
        MainMetric {
            name: "accuracy".into(),
            better: Better::Higher,
            unit: None,
        },
        vec![
            (
                "flow",
                vec![small(), large(5.0, 0.952, Some("small"))],
                digits("large", 1, 9),
            ),
            ("small", vec![small()], digits("small", 2, small_wrong)),
            (
                "plain",
                vec![large(5.48, 0.1, None)],
                digits("large", 3, 11),
            ),
            (
                "plain-full",
                vec![large(20.0, 0.1, None)],
                digits("large", 4, 8),
            ),
        ],
    )
}

/// A regression run without small arm.
pub fn prices_run() -> Run {
    run(
        "california",
        TaskKind::Regression,
        MainMetric {
            name: "rmse".into(),
            better: Better::Lower,
            unit: Some("$".into()),
        },
        vec![
            (
                "flow",
                vec![small(), large(5.0, 0.952, Some("small"))],
                prices("large", 4.1e4),
            ),
            (
                "plain",
                vec![large(5.48, 0.1, None)],
                prices("large", 4.9e4),
            ),
        ],
    )
}

fn run(
    name: &str,
    task: TaskKind,
    metric: MainMetric,
    arms: Vec<(&str, Vec<Scene>, Predictions)>,
) -> Run {
    let calibration = calibration();
    let trials: Vec<(Vec<Event>, Predictions)> = arms
        .into_iter()
        .map(|(arm, scenes, predictions)| {
            let outcome = all(&predictions.outputs().unwrap());
            (events(arm, 1, &scenes, &outcome), predictions)
        })
        .collect();
    let records: Vec<Trial> = trials
        .iter()
        .map(|(events, _)| Trial::of(&fold(events), Some(&calibration)).unwrap())
        .collect();
    let entries: Vec<TrialOutputs<'_>> = records
        .iter()
        .zip(&trials)
        .map(|(trial, (_, predictions))| TrialOutputs {
            trial,
            predictions: Some(predictions),
        })
        .collect();
    let comparisons = compare(&entries, &Question::new(&metric));
    let record = RunJson {
        tuned: Vec::new(),
        validation: None,
        curve: None,
        route: None,
        recommended: None,
        format: FORMAT,
        status: Status::Finished,
        name: name.into(),
        plan: "9f2c41d0e8b7".into(),
        origin: None,
        host: Host {
            distil: "0.1.0".into(),
            system: "Linux 6.1 x86_64".into(),
            cpu: "Intel Xeon Platinum 8488C".into(),
            cores: 2,
            threads: 1,
            memory_bytes: 8 << 30,
            instructions: "avx512".into(),
            device: "cpu".into(),
        },
        task,
        metric,
        trials: records,
        comparisons,
        calibration,
        arm_calibrations: std::collections::BTreeMap::new(),
        teachers: Vec::new(),
        compress: None,
        bill: Bill {
            rows: vec![
                BillRow::of_no_stage(Purpose::Load, time(0.03)),
                BillRow::of_no_stage(Purpose::Report, time(0.06)),
            ],
        },
    };
    Run { record, trials }
}

/// What compressing the digits' teacher might give.
pub fn compress() -> Compress {
    Compress {
        student: Size {
            stage: "small".into(),
            parameters: 4_810,
            bytes: 19_560,
            latency_seconds: 4.1e-6,
            rows_per_second: 1.9e6,
        },
        teacher: Size {
            stage: "large".into(),
            parameters: 100_234,
            bytes: 401_320,
            latency_seconds: 3.8e-5,
            rows_per_second: 1.4e5,
        },
    }
}
