//! A user's own Burn module, trained small, then taught by it large, on arrays in memory.
//!
//! `cargo run --release --example own_model -p distil`

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, activation::relu};
use distil::data::{Dataset, SplitRule};
use distil::device;
use distil::method::{Kd, OutputShape};
use distil::model::{Input, Net, Output, TapSet};
use distil::rng::Seed;
use distil::task::Classification;
use distil::train::{DistillTerm, Frozen, Settings, TermWeight, Train, batch, metrics, train};
use distil_report::measure::TaskKind;
use distil_report::statistics::{mean, sign_flip};

/// Any Burn module becomes trainable by saying what it answers.
#[derive(Module, Debug)]
struct Own {
    hidden: Linear,
    head: Linear,
}

impl Own {
    fn new(width: usize, device: &Device) -> Self {
        Self {
            hidden: LinearConfig::new(2, width).init(device),
            head: LinearConfig::new(width, 2).init(device),
        }
    }
}

impl Net for Own {
    fn forward(&self, x: &Input, _: &TapSet) -> Output {
        let hidden = relu(self.hidden.forward(x.flat()));
        Output {
            values: self.head.forward(hidden),
            taps: Vec::new(),
        }
    }
}

pub fn main() -> distil::Result<()> {
    // Two rings: points in the plane, and whether they lie inside.
    let points: Vec<f32> = (0..2000)
        .map(|i| ((i * 7919 % 2003) as f32 / 1001.5) - 1.0)
        .collect();
    let labels = points
        .chunks(2)
        .map(|p| u32::from(p[0] * p[0] + p[1] * p[1] < 0.5))
        .collect();
    let data = Dataset::from_arrays(points, &[2], labels, &SplitRule::default())?;

    let (device, task) = (device::cpu(), Classification::default());
    let shape = OutputShape {
        task: TaskKind::Classification,
        outputs: 2,
        taps: Default::default(),
    };
    let ids = &data.split.test;
    let mut accuracies = Vec::new();
    for seed in 1..=6 {
        device.seed(seed);
        let settings = Settings {
            train: &Train {
                lr: 1e-2,
                ..Train::default()
            },
            seed: Seed(seed),
            ..Settings::of(&task)
        };
        let go = |net, terms: &mut [DistillTerm]| {
            train(
                net,
                None,
                &data,
                &data.inputs,
                &settings,
                terms,
                &mut Vec::new(),
            )
        };
        let small = go(Own::new(16, &device), &mut [])?;
        let large = Own::new(128, &device);
        let alone = go(large.clone(), &mut [])?;
        let teacher = Box::new(Frozen::new(
            "small",
            &small.net,
            data.inputs.clone(),
            &device,
        ));
        let kd = Kd::default();
        let term = DistillTerm::new(
            "kd",
            &kd,
            vec![teacher],
            TermWeight::Mix(0.5),
            &shape,
            Some(&shape),
            &[],
        )?;
        let taught = go(large, &mut [term.until(Some(0.4))])?;
        let accuracy = |net| -> distil::Result<f64> {
            let outputs = batch::outputs(net, &data.inputs, ids, &device);
            Ok(metrics(&outputs, &data, ids)?["accuracy"])
        };
        accuracies.push([
            accuracy(&small.net)?,
            accuracy(&alone.net)?,
            accuracy(&taught.net)?,
        ]);
    }

    // What it shows: over the seeds, and against the same network that nobody taught.
    for (at, name) in ["small", "large alone", "large taught"].iter().enumerate() {
        let values: Vec<f64> = accuracies.iter().map(|of| of[at]).collect();
        println!(
            "{name:<12}  accuracy {:.3}",
            mean(&values).unwrap_or(f64::NAN)
        );
    }
    let gains: Vec<f64> = accuracies.iter().map(|of| of[2] - of[1]).collect();
    if let Some((gain, test)) = mean(&gains).zip(sign_flip(&gains)) {
        let shown = if test.p < 0.05 {
            "a difference"
        } else {
            "no difference shown"
        };
        let (seeds, p) = (gains.len(), test.p);
        println!("taught - alone: {gain:+.3} over {seeds} seeds, p = {p:.3}: {shown}");
    }
    Ok(())
}
