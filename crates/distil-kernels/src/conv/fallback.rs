//! [`ConvBlock`] out of Burn's own operations, for every other backend and shape.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;

use super::epilogue::Clamp;
use super::shape::{ConvBlock, Pair};

pub(super) fn train(
    block: &ConvBlock,
    x: Tensor<4>,
    weight: Tensor<2>,
    scale_shift: Pair,
    residual: Option<Tensor<4>>,
) -> (Tensor<4>, Pair) {
    let z = convolved(block, x, weight);
    let [images, height, width, channels] = z.dims();
    let rows = z.clone().reshape([images * height * width, channels]);
    let mean = rows.clone().mean_dim(0);
    let apart = rows - mean.clone();
    let variance = apart.clone().mul(apart).mean_dim(0);
    let statistics = [mean, variance].map(|row| row.reshape([channels]));
    let y = finished(block, z, scale_shift, statistics.clone(), residual);
    (y, statistics.map(Tensor::detach))
}

pub(super) fn evaluate(
    block: &ConvBlock,
    x: Tensor<4>,
    weight: Tensor<2>,
    scale_shift: Pair,
    statistics: Pair,
    residual: Option<Tensor<4>>,
) -> Tensor<4> {
    let z = convolved(block, x, weight);
    finished(block, z, scale_shift, statistics, residual)
}

fn convolved(block: &ConvBlock, x: Tensor<4>, weight: Tensor<2>) -> Tensor<4> {
    let ([_, _, _, inputs], [_, outputs]) = (x.dims(), weight.dims());
    let (k, read) = match block.depthwise {
        true => (block.kernel, 1),
        false => (block.kernel, inputs),
    };
    let weight = weight.reshape([k, k, read, outputs]).permute([3, 2, 0, 1]);
    let groups = if block.depthwise { inputs } else { 1 };
    let (stride, padding) = ([block.stride; 2], [k / 2; 2]);
    let options = ConvOptions::new(stride, padding, [1, 1], groups);
    let z = conv2d(x.permute([0, 3, 1, 2]), weight, None, options);
    z.permute([0, 2, 3, 1])
}

fn finished(
    block: &ConvBlock,
    z: Tensor<4>,
    scale_shift: Pair,
    statistics: Pair,
    residual: Option<Tensor<4>>,
) -> Tensor<4> {
    let [images, height, width, channels] = z.dims();
    let row = |vector: Tensor<1>| vector.reshape([1, 1, 1, channels]);
    let ([gamma, beta], [mean, variance]) = (scale_shift.map(row), statistics.map(row));
    let mut y = (z - mean) / (variance + block.epsilon).sqrt() * gamma + beta;
    if let Some(residual) = residual {
        y = y + residual;
    }
    y = match block.clamp {
        Clamp::None => y,
        Clamp::Relu => relu(y),
        Clamp::Relu6 => y.clamp(0.0, 6.0),
    };
    if !block.pool {
        return y;
    }
    let (height, width) = (height / 2, width / 2);
    let even = y.slice([0..images, 0..2 * height, 0..2 * width, 0..channels]);
    even.reshape([images, height, 2, width, 2, channels])
        .max_dim(2)
        .max_dim(4)
        .reshape([images, height, width, channels])
}
