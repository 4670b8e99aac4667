use std::time::{Duration, Instant};

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use burn_optim::{AdamConfig, GradientsParams};
use distil::optim::{Gradients, Optimizer, adam::Adam};

use super::Linear;

/// The large network of the source: 1000-500-100-10.
#[derive(Module, Debug)]
struct Mlp {
    layers: Vec<Linear>,
}

impl Mlp {
    fn new() -> Self {
        let layer = |shape| Linear::new(shape, |i| super::noise(i, 0) * 0.01);
        Self {
            layers: [[1000, 500], [500, 100], [100, 10]].map(layer).to_vec(),
        }
    }

    fn backward(&self) -> burn::tensor::Gradients {
        let device = Device::default().autodiff();
        let mut x = Tensor::<2>::ones([32, 1000], &device);
        for layer in &self.layers {
            x = x.matmul(layer.weight.val()) + layer.bias.val().unsqueeze();
        }
        x.sum().backward()
    }
}

fn timed<T>(total: &mut Vec<Duration>, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    total.push(start.elapsed());
    result
}

#[test]
#[ignore = "a measurement: cargo test --release -p distil optim::speed -- --ignored --nocapture"]
fn one_adam_step_against_burns_own() {
    let (mut ours, mut theirs) = (Mlp::new(), Mlp::new());
    let mut optimizer = Optimizer::new(Box::new(Adam::default()));
    let mut burns = AdamConfig::new().with_epsilon(1e-8).init();
    let (mut a, mut b, mut c, mut d) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..300 {
        let mut gradients = ours.backward();
        let gradients = Gradients::take(&ours, &mut gradients);
        timed(&mut c, || assert!(gradients.finite()));
        timed(&mut d, || gradients.norms());
        ours = timed(&mut a, || optimizer.update(ours, gradients, 1e-3));
        let gradients = GradientsParams::from_grads(theirs.backward(), &theirs);
        theirs = timed(&mut b, || burns.step(1e-3, theirs, gradients));
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[times.len() / 2].as_secs_f64() * 1e3
    };
    let (a, b, c, d) = (
        median(&mut a),
        median(&mut b),
        median(&mut c),
        median(&mut d),
    );
    println!(
        "Adam on 1000-500-100-10: {a:.3} ms, Burn's {b:.3} ms ({:.1} x); whether all gradients are finite {c:.3} ms, norms {d:.3} ms",
        b / a
    );
    let close = ours.layers[2].values();
    for (x, y) in close.iter().zip(theirs.layers[2].values()) {
        assert!((x - y).abs() < 1e-3 * x.abs().max(1e-2), "{x} {y}");
    }
}
