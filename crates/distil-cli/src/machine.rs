//! How fast this machine multiplies.

use std::time::{Duration, Instant};

use burn::tensor::{Device, Distribution, Tensor};

/// Rows and columns of the measured product: about a batch through a wide layer.
const ROWS: usize = 32;
const COLUMNS: usize = 512;
/// Long enough for a stable figure, short enough not to be noticed.
const LONG_ENOUGH: Duration = Duration::from_millis(100);

/// FLOPs per second of one thread in matrix products of a batch with a layer's weights.
pub fn flops_per_second() -> f64 {
    let device = Device::flex();
    let batch = Tensor::<2>::random([ROWS, COLUMNS], Distribution::Default, &device);
    let weights = Tensor::<2>::random([COLUMNS, COLUMNS], Distribution::Default, &device);
    let product = || batch.clone().matmul(weights.clone()).into_data();
    product();
    let start = Instant::now();
    let mut products = 0_u32;
    while start.elapsed() < LONG_ENOUGH {
        product();
        products += 1;
    }
    let flops = 2.0 * (ROWS * COLUMNS * COLUMNS) as f64 * f64::from(products);
    flops / start.elapsed().as_secs_f64()
}
