//! How fast this machine trains, to turn FLOPs into an estimate of time.

use std::time::{Duration, Instant};

use burn::tensor::activation::relu;
use burn::tensor::{Distribution, Tensor};

/// Rows and columns of the measured layer: a batch through a wide layer.
const ROWS: usize = 32;
const COLUMNS: usize = 512;
/// Long enough for a stable figure, short enough not to be noticed.
const LONG_ENOUGH: Duration = Duration::from_millis(200);

/// FLOPs per second of this process in steps of gradient descent through one layer: forward, backward and update.
/// Networks of narrow layers are slower.
pub fn flops_per_second() -> f64 {
    let plain = distil::device::cpu();
    let device = plain.clone().autodiff();
    let batch = Tensor::<2>::random([ROWS, COLUMNS], Distribution::Default, &device);
    let mut weights = Tensor::<2>::random([COLUMNS, COLUMNS], Distribution::Default, &plain);
    let mut step = || {
        let trained = Tensor::from_inner(weights.clone()).require_grad();
        let gradients = relu(batch.clone().matmul(trained.clone()))
            .mean()
            .backward();
        if let Some(gradient) = trained.grad(&gradients) {
            weights = weights.clone() - gradient * 1e-3;
        }
    };
    step();
    let start = Instant::now();
    let mut steps = 0_u32;
    while start.elapsed() < LONG_ENOUGH {
        step();
        steps += 1;
    }
    // One product forward; one backward, because the batch needs no gradient.
    let flops = 4.0 * (ROWS * COLUMNS * COLUMNS) as f64 * f64::from(steps);
    flops / start.elapsed().as_secs_f64()
}
