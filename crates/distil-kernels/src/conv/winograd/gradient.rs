//! The gradient by the kernel.

use super::planes::{Planes, Tiling};
use super::{PLANES, at_once};
use crate::conv::buffer::Scratch;
use crate::conv::dense;
use crate::conv::geometry::ConvShape;
use crate::simd::Lanes;

/// The sum of the gradients by the transformed kernel.
pub(in crate::conv) struct KernelGradient {
    tiling: Tiling,
    inputs: usize,
    outputs: usize,
    at_once: usize,
    zeros: Scratch,
    /// `[16 · inputs, outputs]`
    sum: Scratch,
}

impl KernelGradient {
    pub fn zero(conv: &ConvShape) -> Self {
        let (inputs, outputs) = (conv.inputs, conv.outputs);
        Self {
            tiling: Tiling::new(conv),
            inputs,
            outputs,
            at_once: at_once(inputs, outputs),
            zeros: Scratch::zeros(inputs.max(outputs)),
            sum: Scratch::zeros(16 * inputs * outputs),
        }
    }

    /// Images to be added together.
    pub fn group(&self) -> usize {
        self.tiling.group(self.at_once)
    }

    /// Adds the share of `images` images.
    ///
    /// # Safety
    /// `x` must be valid for reads of so many images of the inputs, `dz` of the outputs.
    #[inline(always)]
    pub unsafe fn add<L: Lanes>(&mut self, x: *const f32, dz: *const f32, images: usize) {
        let tiles = images * self.tiling.of_image();
        // Not lent to a closure: that would be compiled without the instructions of `L`.
        let mut planes = PLANES.take();
        for first in (0..tiles).step_by(self.at_once) {
            let count = self.at_once.min(tiles - first);
            let inputs = Planes::new(self.tiling, self.inputs, first, count);
            let outputs = Planes::new(self.tiling, self.outputs, first, count);
            let [v, d] = planes.each_mut();
            let (v, d) = (v.at_least(inputs.len()), d.at_least(outputs.len()));
            // SAFETY: the caller's; the planes have room for `count` tiles.
            unsafe {
                inputs.transform_inputs::<L>(x, self.zeros.as_ptr(), v);
                outputs.transform_gradient::<L>(dz, self.zeros.as_ptr(), d);
                for plane in 0..16 {
                    let sum = self.sum.as_mut_ptr();
                    dense::outer::<L>(
                        [v.add(plane * inputs.step()), d.add(plane * outputs.step())],
                        [self.inputs, self.outputs],
                        count,
                        sum.add(plane * self.inputs * self.outputs),
                    );
                }
            }
        }
        PLANES.set(planes);
    }

    /// Adds the gradient by the kernel to `to`, `[9 · inputs, outputs]`.
    ///
    /// # Safety
    /// The instruction set of `L` must be available.
    #[inline(always)]
    pub unsafe fn transform_back<L: Lanes>(&self, to: &mut [f32]) {
        let plane = self.inputs * self.outputs;
        assert_eq!(to.len(), 9 * plane);
        for at in (0..plane).step_by(L::WIDTH) {
            let n = L::WIDTH.min(plane - at);
            // SAFETY: `n` elements from `at` on exist in each of the 16 planes and in each tap.
            unsafe {
                let half = L::splat(0.5);
                let back = |u: [L::V; 4]| {
                    let (sum, difference) = (L::add(u[1], u[2]), L::sub(u[1], u[2]));
                    let zero = L::splat(0.0);
                    [
                        L::mul_add(sum, half, u[0]),
                        L::mul_add(difference, half, zero),
                        L::mul_add(sum, half, u[3]),
                    ]
                };
                let mut rows = [[L::splat(0.0); 4]; 3];
                for column in 0..4 {
                    let u = std::array::from_fn(|row| {
                        let from = self.sum.as_ptr().add((4 * row + column) * plane + at);
                        L::load_first(from, n)
                    });
                    for (row, value) in rows.iter_mut().zip(back(u)) {
                        row[column] = value;
                    }
                }
                for (row, values) in rows.into_iter().enumerate() {
                    for (column, value) in back(values).into_iter().enumerate() {
                        let to = to.as_mut_ptr().add((3 * row + column) * plane + at);
                        L::store_first(to, n, L::add(L::load_first(to, n), value));
                    }
                }
            }
        }
    }
}
