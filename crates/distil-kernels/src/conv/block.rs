//! Convolution, batch norm, residual, activation and pooling over a whole batch.
//!
//! The batch is cut into parts whatever the number of threads; what parts contribute to statistics and weights'
//! gradients is added in their order, so results do not depend on the number of threads.

use rayon::prelude::*;

use super::buffer::{room, written};
use super::epilogue::{Clamp, Epilogue, Slope};
use super::geometry::ConvShape;
use super::kernel::Kernel;
use super::passes::{Evaluate, Measure, Normalise, Reduce, Return};
use super::statistics::Moments;
use crate::Isa;
use crate::simd::{SimdWork, dispatch};

/// What a block computes: `pool(clamp(norm(conv(x)) + residual))`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    /// The convolution.
    pub conv: ConvShape,
    /// The activation.
    pub clamp: Clamp,
    /// Whether blocks of 2×2 become their maximum; an odd last row or column is dropped. Not with a residual.
    pub pool: bool,
    /// What batch norm adds to the variance.
    pub epsilon: f32,
}

/// A block's answer in training, and what its gradients need.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The answer, `[images, height, width, outputs]` after pooling.
    pub y: Vec<f32>,
    /// The convolution's sums, before batch norm.
    pub z: Vec<f32>,
    /// Means over the batch, `[outputs]`.
    pub mean: Vec<f32>,
    /// Mean squared deviations over the batch, `[outputs]`.
    pub variance: Vec<f32>,
}

/// Gradients of a block.
#[derive(Debug, Clone)]
pub struct BlockGradients {
    /// By the input, if asked for.
    pub x: Option<Vec<f32>>,
    /// By the weights, `[conv.rows(), outputs]`.
    pub weight: Vec<f32>,
    /// By batch norm's scale, `[outputs]`.
    pub gamma: Vec<f32>,
    /// By batch norm's shift, `[outputs]`.
    pub beta: Vec<f32>,
}

/// What was kept of [`Block::train`] for [`Block::backward`].
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a> {
    /// The input.
    pub x: &'a [f32],
    /// The weights.
    pub weight: &'a [f32],
    /// Batch norm's scale and shift.
    pub gamma: &'a [f32],
    /// See `gamma`.
    pub beta: &'a [f32],
    /// As in [`Trained`].
    pub z: &'a [f32],
    /// As in [`Trained`].
    pub mean: &'a [f32],
    /// As in [`Trained`].
    pub variance: &'a [f32],
    /// The answer, if a residual was added: the activation's gradient cannot be told from `z` then.
    pub y: Option<&'a [f32]>,
}

/// Images of a part at least, and parts of a batch at most (each has weights' gradients of its own).
const PART: usize = 8;
const PARTS: usize = 16;

impl Block {
    /// Elements of an answer's image.
    pub fn answer_image(&self) -> usize {
        self.answer_shape().iter().product()
    }

    /// Height, width and channels of an answer's image.
    pub fn answer_shape(&self) -> [usize; 3] {
        let side = |length: usize| if self.pool { length / 2 } else { length };
        let conv = &self.conv;
        [
            side(conv.out_height()),
            side(conv.out_width()),
            conv.outputs,
        ]
    }

    /// The block with the batch's own statistics.
    ///
    /// `x`: `[images, height, width, inputs]`, `weight`: `[conv.rows(), outputs]`, `gamma` and `beta`: `[outputs]`,
    /// `residual`: as the answer.
    pub fn train(
        &self,
        isa: Isa,
        x: &[f32],
        weight: &[f32],
        [gamma, beta]: [&[f32]; 2],
        residual: Option<&[f32]>,
    ) -> Trained {
        let conv = &self.conv;
        let images = self.check(x, weight, residual);
        let (part, outputs) = (part(images), conv.outputs);
        let kernel = Kernel::forward(conv, isa, weight);
        let mut z = room(images * conv.out_image());
        let mut partial = vec![Moments::default(); images.div_ceil(part) * outputs];
        let passes = x
            .chunks(part * conv.image())
            .zip(z.chunks_mut(part * conv.out_image()))
            .zip(partial.chunks_mut(outputs))
            .map(|((x, z), moments)| Measure {
                conv,
                kernel: &kernel,
                x,
                z,
                moments,
            });
        run(isa, passes.collect());
        // SAFETY: the parts cover every image, and the forward route writes every place of it.
        let z = unsafe { written(z) };
        let mut all = vec![Moments::default(); outputs];
        for part in partial.chunks(outputs) {
            all.iter_mut()
                .zip(part)
                .for_each(|(all, part)| all.merge(part));
        }
        let mean: Vec<f32> = all.iter().map(|m| m.mean() as f32).collect();
        let variance: Vec<f32> = all.iter().map(|m| m.variance() as f32).collect();
        let [scale, shift] = self.affine(gamma, beta, &mean, &variance);
        let epilogue = self.epilogue(&scale, &shift);
        let mut y = room(images * self.answer_image());
        let passes = z
            .chunks(part * conv.out_image())
            .zip(y.chunks_mut(part * self.answer_image()))
            .zip(parts_of(residual, part * conv.out_image()))
            .map(|((z, y), residual)| Normalise {
                epilogue,
                z,
                residual,
                y,
            });
        run(isa, passes.collect());
        Trained {
            // SAFETY: the parts cover every image, and the epilogue writes all of it.
            y: unsafe { written(y) },
            z,
            mean,
            variance,
        }
    }

    /// The block with given statistics, as in evaluation; arguments as for [`Self::train`].
    pub fn evaluate(
        &self,
        isa: Isa,
        x: &[f32],
        weight: &[f32],
        [gamma, beta]: [&[f32]; 2],
        [mean, variance]: [&[f32]; 2],
        residual: Option<&[f32]>,
    ) -> Vec<f32> {
        let conv = &self.conv;
        let images = self.check(x, weight, residual);
        let part = part(images);
        let kernel = Kernel::forward(conv, isa, weight);
        let [scale, shift] = self.affine(gamma, beta, mean, variance);
        let epilogue = self.epilogue(&scale, &shift);
        let mut y = room(images * self.answer_image());
        let passes = x
            .chunks(part * conv.image())
            .zip(y.chunks_mut(part * self.answer_image()))
            .zip(parts_of(residual, part * conv.out_image()))
            .map(|((x, y), residual)| Evaluate {
                conv,
                kernel: &kernel,
                epilogue,
                x,
                residual,
                y,
            });
        run(isa, passes.collect());
        // SAFETY: the parts cover every image, and the epilogue writes all of it.
        unsafe { written(y) }
    }

    /// Gradients from that of the answer, `dy`. If a residual was added, `dy` becomes the residual's gradient.
    pub fn backward(
        &self,
        isa: Isa,
        kept: &Kept<'_>,
        dy: &mut [f32],
        wants_x: bool,
    ) -> BlockGradients {
        let conv = &self.conv;
        let images = self.check(kept.x, kept.weight, kept.y);
        assert_eq!(
            dy.len(),
            images * self.answer_image(),
            "gradient of another shape"
        );
        let (part, outputs) = (part(images), conv.outputs);
        let count = images.div_ceil(part);
        let (out_part, answer_part) = (part * conv.out_image(), part * self.answer_image());
        let [scale, shift] = self.affine(kept.gamma, kept.beta, kept.mean, kept.variance);
        let epilogue = self.epilogue(&scale, &shift);

        let mut partial = vec![0.0_f64; count * 2 * outputs];
        let passes = kept
            .z
            .chunks(out_part)
            .zip(dy.chunks_mut(answer_part))
            .zip(parts_of(kept.y, answer_part))
            .zip(partial.chunks_mut(2 * outputs))
            .map(|(((z, dy), y), sums)| Reduce {
                epilogue,
                center: kept.mean,
                z,
                dy,
                y,
                sums,
            });
        run(isa, passes.collect());
        let mut sums = vec![0.0_f64; 2 * outputs];
        for part in partial.chunks(2 * outputs) {
            sums.iter_mut()
                .zip(part)
                .for_each(|(sum, part)| *sum += part);
        }

        let places = (images * conv.places()) as f64;
        let deviation =
            |c: usize| 1.0 / (f64::from(kept.variance[c]) + f64::from(self.epsilon)).sqrt();
        let by_channel =
            |f: &dyn Fn(usize) -> f64| -> Vec<f32> { (0..outputs).map(|c| f(c) as f32).collect() };
        let (beta, products) = sums.split_at(outputs);
        let a = |c: usize| f64::from(kept.gamma[c]) * deviation(c);
        let slope = Slope {
            center: kept.mean,
            a: &by_channel(&a),
            b: &by_channel(&|c| -a(c) * deviation(c).powi(2) * products[c] / places),
            c: &by_channel(&|c| -a(c) * beta[c] / places),
        };

        let back = wants_x.then(|| Kernel::backward(conv, isa, kept.weight));
        let mut dx = room(if wants_x { kept.x.len() } else { 0 });
        let mut dw = vec![0.0_f32; count * kept.weight.len()];
        // Without a gradient by the input every part gets an empty one.
        let mut dx_parts = dx.chunks_mut(part * conv.image());
        let passes = kept
            .x
            .chunks(part * conv.image())
            .zip(kept.z.chunks(out_part))
            .zip(dy.chunks(answer_part))
            .zip(dw.chunks_mut(kept.weight.len()))
            .map(|(((x, z), dy), dw)| Return {
                conv,
                epilogue,
                slope: &slope,
                gated: kept.y.is_some(),
                back: back.as_ref(),
                x,
                z,
                dy,
                dw,
                dx: dx_parts.next().unwrap_or_default(),
            });
        run(isa, passes.collect());
        let mut weight = vec![0.0_f32; kept.weight.len()];
        for part in dw.chunks(kept.weight.len()) {
            weight
                .iter_mut()
                .zip(part)
                .for_each(|(sum, part)| *sum += part);
        }
        BlockGradients {
            // SAFETY: the parts cover every image, and the backward routes write every place of it.
            x: wants_x.then(|| unsafe { written(dx) }),
            weight,
            gamma: by_channel(&|c| products[c] * deviation(c)),
            beta: by_channel(&|c| beta[c]),
        }
    }

    /// The number of images, once the lengths fit.
    fn check(&self, x: &[f32], weight: &[f32], residual: Option<&[f32]>) -> usize {
        let conv = &self.conv;
        assert!(conv.is_covered(), "{conv:?} is not covered");
        let images = x.len() / conv.image();
        assert_eq!(x.len(), images * conv.image(), "no whole images");
        assert_eq!(
            weight.len(),
            conv.rows() * conv.outputs,
            "weights of another shape"
        );
        if let Some(residual) = residual {
            assert!(!self.pool, "a residual and pooling");
            assert_eq!(
                residual.len(),
                images * conv.out_image(),
                "residual of another shape"
            );
        }
        images
    }

    fn affine(&self, gamma: &[f32], beta: &[f32], mean: &[f32], variance: &[f32]) -> [Vec<f32>; 2] {
        let outputs = self.conv.outputs;
        for vector in [gamma, beta, mean, variance] {
            assert_eq!(vector.len(), outputs, "a vector of another length");
        }
        let scale = |c: usize| {
            f64::from(gamma[c]) / (f64::from(variance[c]) + f64::from(self.epsilon)).sqrt()
        };
        let shift = |c: usize| f64::from(beta[c]) - f64::from(mean[c]) * scale(c);
        [
            (0..outputs).map(|c| scale(c) as f32).collect(),
            (0..outputs).map(|c| shift(c) as f32).collect(),
        ]
    }

    fn epilogue<'a>(&self, scale: &'a [f32], shift: &'a [f32]) -> Epilogue<'a> {
        Epilogue {
            height: self.conv.out_height(),
            width: self.conv.out_width(),
            scale,
            shift,
            clamp: self.clamp,
            pool: self.pool,
        }
    }
}

fn part(images: usize) -> usize {
    images.div_ceil(PARTS).max(PART)
}

/// The parts of what may not be there.
fn parts_of(all: Option<&[f32]>, length: usize) -> impl Iterator<Item = Option<&[f32]>> {
    let mut parts = all.map(|all| all.chunks(length));
    std::iter::repeat_with(move || parts.as_mut().and_then(Iterator::next))
}

/// Does the passes, on all threads of the current pool.
fn run<W: SimdWork<Output = ()> + Send>(isa: Isa, passes: Vec<W>) {
    if passes.len() > 1 && rayon::current_num_threads() > 1 {
        passes.into_par_iter().for_each(|pass| dispatch(isa, pass));
    } else {
        passes.into_iter().for_each(|pass| dispatch(isa, pass));
    }
}
