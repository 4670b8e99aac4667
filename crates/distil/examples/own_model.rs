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
use distil::task::Classification;
use distil::train::Frozen;
use distil::train::{DistillTerm, Settings, TermWeight, Train, batch, metrics, train};
use distil_report::measure::TaskKind;

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
    let settings = Settings {
        train: &Train {
            lr: 1e-2,
            ..Train::default()
        },
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
    let shape = OutputShape {
        task: TaskKind::Classification,
        outputs: 2,
        taps: Default::default(),
    };
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
    let large = go(Own::new(128, &device), &mut [term.until(Some(0.4))])?;

    for (name, net) in [("small", &small.net), ("large", &large.net)] {
        let ids = &data.split.test;
        let found = metrics(&batch::outputs(net, &data.inputs, ids, &device), &data, ids)?;
        println!("{name}: accuracy {:.3}", found["accuracy"]);
    }
    Ok(())
}
