//! Times the training loop on generated data, for `cargo xtask bench`: one case, one line of JSON.
//!
//! ```text
//! bench_steps mlp-tiny --threads 1 --seconds 2
//! ```
//!
//! What is timed is [`train`] as every stage runs it, from the event that starts the stage to its end: batches, forward,
//! loss, backward, optimiser, guard, log. Nothing is saved or validated. The teacher of a distillation step computes its
//! outputs in every step, as one whose outputs change with the augmentation would.

use std::process::ExitCode;
use std::time::Instant;

use burn::tensor::{Device, Tensor};
use distil::data::{Dataset, SplitRule};
use distil::method::{Kd, OutputShape};
use distil::model::{CnnConfig, MlpConfig, Model, ModelConfig, Output, ResnetConfig, TapSet};
use distil::rng::Seed;
use distil::sample::SampleId;
use distil::task::Classification;
use distil::train::{
    DistillTerm, EventSink, Length, Settings, Stopwatch, TermWeight, Train, train,
};
use distil::train::{Frozen, Teacher};
use distil_kernels::{Activation, linear_act};
use distil_report::events::{Event, Time};
use distil_report::measure::TaskKind;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A network, a batch size, and the teacher's network for a distillation step.
struct Case {
    name: &'static str,
    shape: &'static [usize],
    model: fn() -> ModelConfig,
    batch: usize,
    teacher: Option<fn() -> ModelConfig>,
    samples: usize,
}

const CLASSES: usize = 10;

const CASES: &[Case] = &[
    Case {
        name: "mlp-tiny",
        shape: &[100],
        model: || mlp(&[50]),
        batch: 32,
        teacher: None,
        samples: 10_240,
    },
    Case {
        name: "mlp-source",
        shape: &[1000],
        model: || mlp(&[500, 100]),
        batch: 32,
        teacher: None,
        samples: 10_240,
    },
    Case {
        name: "mlp-wide",
        shape: &[784],
        model: || mlp(&[1024, 1024]),
        batch: 128,
        teacher: None,
        samples: 10_240,
    },
    Case {
        name: "mlp-kd",
        shape: &[784],
        model: || mlp(&[256]),
        batch: 128,
        teacher: Some(|| mlp(&[1024, 1024])),
        samples: 10_240,
    },
    Case {
        name: "cnn",
        shape: &[28, 28, 1],
        model: || cnn(&[32, 64, 128]),
        batch: 64,
        teacher: None,
        samples: 2_560,
    },
    Case {
        name: "resnet",
        shape: &[32, 32, 3],
        model: || resnet(20, 1.0),
        batch: 128,
        teacher: None,
        samples: 2_560,
    },
    Case {
        name: "resnet-kd",
        shape: &[32, 32, 3],
        model: || resnet(8, 2.0),
        batch: 128,
        teacher: Some(|| resnet(20, 2.0)),
        samples: 2_560,
    },
];

fn mlp(hidden: &[usize]) -> ModelConfig {
    ModelConfig::Mlp(MlpConfig {
        hidden: hidden.to_vec(),
        ..MlpConfig::default()
    })
}

fn cnn(channels: &[usize]) -> ModelConfig {
    ModelConfig::Cnn(CnnConfig {
        channels: channels.to_vec(),
        convs: 1,
    })
}

fn resnet(depth: usize, width: f64) -> ModelConfig {
    ModelConfig::Resnet(ResnetConfig { depth, width })
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| {
        let at = arguments.iter().position(|a| a == name)?;
        arguments.get(at + 1)?.parse::<f64>().ok()
    };
    let threads = option("--threads").unwrap_or(1.0) as usize;
    let seconds = option("--seconds").unwrap_or(2.0);
    // As a run's trials do (distil::run::trial).
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .use_current_thread()
        .build_global();
    let name = arguments.first().map_or("", String::as_str);
    let measured = match (pool, CASES.iter().find(|case| case.name == name)) {
        (Ok(()), Some(case)) => measure(case, seconds),
        (Ok(()), None) if name == "matrix" => Ok(format!("\"gflops\":{:.1}", matrix())),
        _ => {
            let names: Vec<_> = CASES.iter().map(|case| case.name).collect();
            let names = names.join("|");
            eprintln!("usage: bench_steps {names}|matrix [--threads N] [--seconds S]");
            return ExitCode::from(2);
        }
    };
    match measured {
        Ok(fields) => {
            println!("{{\"case\":\"{name}\",\"threads\":{threads},{fields}}}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// GFLOP/s of a product of two matrices of 1024 × 1024, the best of 30.
fn matrix() -> f64 {
    let device = Device::flex();
    let [a, b] = [1.0, 2.0].map(|x| Tensor::<2>::full([1024, 1024], x, &device));
    let zero = Tensor::<1>::zeros([1024], &device);
    let seconds = (0..30).map(|_| {
        let start = Instant::now();
        linear_act(a.clone(), b.clone(), zero.clone(), Activation::None);
        start.elapsed().as_secs_f64()
    });
    2.0 * 1024_f64.powi(3) / seconds.fold(f64::INFINITY, f64::min) / 1e9
}

/// Steps, milliseconds and processor milliseconds per step, peak memory and FLOPs per step, from about so many seconds.
fn measure(case: &Case, seconds: f64) -> distil::Result<String> {
    let data = noise(case)?;
    let trial = |steps| time(case, &data, steps);
    // The first steps touch memory for the first time: they tell little.
    let (mut steps, mut taken) = (2, trial(2)?);
    while taken.wall_seconds < seconds / 4.0 {
        steps *= 2;
        taken = trial(steps)?;
    }
    let steps = (steps as f64 * seconds / taken.wall_seconds).ceil() as u64;
    let time = trial(steps)?;
    let each = 1e3 / steps as f64;
    Ok(format!(
        r#""steps":{steps},"ms":{:.6},"cpu_ms":{:.6},"peak_mib":{:.1},"flops":{},"steps_per_epoch":{}"#,
        each * time.wall_seconds,
        each * time.cpu_seconds,
        peak_mib(),
        flops(case)?,
        case.samples.div_ceil(case.batch),
    ))
}

/// FLOPs of a step: of all rows, forward and backward, and the teacher's forward.
fn flops(case: &Case) -> distil::Result<f64> {
    let train = net(case, case.model, 1)?.shapes().clone();
    let teacher = case.teacher.map(|model| net(case, model, 2)).transpose()?;
    let teach = teacher.map_or(0.0, |net| net.shapes().flops_forward());
    Ok(case.batch as f64 * (train.flops_forward() + train.flops_backward() + teach))
}

/// Standard normal inputs and labels that do not depend on them.
fn noise(case: &Case) -> distil::Result<Dataset> {
    let (samples, width) = (case.samples, case.shape.iter().product::<usize>());
    let mut stream = Seed(1).stream("noise", &[]);
    let values = (0..samples * width).map(|_| stream.normal()).collect();
    let labels = (0..samples as u32).map(|i| i % CLASSES as u32).collect();
    Dataset::from_arrays(values, case.shape, labels, &SplitRule::default())
}

fn net(case: &Case, model: fn() -> ModelConfig, seed: u64) -> distil::Result<Model> {
    let refused = |reason: String| distil::Error::input(case.name, reason);
    let layout = model().layout(case.shape, CLASSES).map_err(refused)?;
    model().init(layout, Seed(seed), &Device::flex().autodiff())
}

/// The time of a training of so many steps.
fn time(case: &Case, data: &Dataset, steps: u64) -> distil::Result<Time> {
    let task = Classification::default();
    let kd = Kd::default();
    let shape = OutputShape {
        task: TaskKind::Classification,
        outputs: CLASSES,
        taps: Default::default(),
    };
    let mut terms = Vec::new();
    if let Some(model) = case.teacher {
        let net = net(case, model, 2)?;
        let inputs = data.inputs.clone();
        let teacher = Forgetful(Frozen::new("teacher", &net, inputs, &Device::flex()));
        let (name, weight) = ("kd", TermWeight::Mix(0.5));
        let teachers: Vec<Box<dyn Teacher>> = vec![Box::new(teacher)];
        let term = DistillTerm::new(name, &kd, teachers, weight, &shape, Some(&shape), &[])?;
        terms.push(term);
    }
    let settings = Settings {
        train: &Train {
            batch: case.batch,
            length: Length::Steps(steps),
            ..Train::default()
        },
        ..Settings::of(&task)
    };
    let mut data = data.clone();
    data.split.validation = [].into();
    let student = net(case, case.model, 1)?;
    let mut clock = Clock(None);
    train(
        student,
        None,
        &data,
        &data.inputs,
        &settings,
        &mut terms,
        &mut clock,
    )?;
    Ok(clock.0.map(|watch| watch.time()).unwrap_or_default())
}

/// Notes when the stage started.
struct Clock(Option<Stopwatch>);

impl EventSink for Clock {
    fn write(&mut self, event: Event) -> distil::Result<()> {
        if let Event::StageStarted(_) = event {
            self.0 = Some(Stopwatch::start());
        }
        Ok(())
    }

    fn settle(&mut self) -> distil::Result<usize> {
        Ok(0)
    }
}

/// A teacher that remembers nothing.
#[derive(Debug)]
struct Forgetful(Frozen<Model>);

impl Teacher for Forgetful {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn flops_forward(&self) -> Option<f64> {
        self.0.flops_forward()
    }

    fn remember(&mut self, _: &[SampleId]) -> usize {
        0
    }

    fn outputs(
        &self,
        ids: &[SampleId],
        augmentation: Option<&distil::data::Augmentation>,
        taps: &TapSet,
    ) -> distil::Result<(Output, usize)> {
        self.0.outputs(ids, augmentation, taps)
    }
}

/// The most memory this process has had, in MiB; 0 where the system does not tell.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}
