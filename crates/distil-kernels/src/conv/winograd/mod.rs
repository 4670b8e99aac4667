//! 3×3 convolutions by minimal filtering, F(2×2, 3×3) (Winograd 1980; Lavin & Gray 2016, section 4.1).
//!
//! Four neighbouring outputs and a pair of channels take 16 multiplications instead of 36. Tiles of 4×4 inputs, two
//! apart, become V = Bᵀ d B, and the kernel U = G g Gᵀ; the outputs are Aᵀ M A with M the products of U and V element by
//! element, summed over channels: 16 matrix products. The gradient by the kernel is Gᵀ (Σ V ⊙ A dz Aᵀ) G, the sum over
//! all tiles; the gradient by the input is the same convolution with the kernel turned.
//!
//! Bᵀ and A have the opposite sign of the paper's in their last rows, which cancels and needs no negation:
//!
//! ```text
//! Bᵀ = 1  0 −1  0     G = 1   0   0     Aᵀ = 1  1  1  0
//!      0  1  1  0         ½   ½   ½          0  1 −1  1
//!      0 −1  1  0         ½  −½   ½
//!      0 −1  0  1         0   0   1
//! ```

mod gradient;
// Tiles are indexed by row and column.
#[allow(clippy::needless_range_loop)]
mod planes;

use std::cell::RefCell;

pub(super) use self::gradient::KernelGradient;
use self::planes::{Planes, Tiling};
use super::buffer::Scratch;
use super::dense::{self, Packed};
use super::geometry::{ConvShape, Spot, Tap};
use crate::Isa;
use crate::product::transpose;
use crate::simd::{Lanes, SimdWork, dispatch};

/// Channels, read and written, from which on this is done: faster with 16, the fewest timed.
const CHANNELS: usize = 8;

/// Bytes of transformed inputs and outputs at work: half a second-level cache.
const AT_WORK: usize = 512 << 10;

/// Tiles at work at least and at most; a multiple of the tiles that a product computes at once.
const TILES: [usize; 2] = [32, 256];

/// Whether a convolution is computed this way.
pub(super) fn covers(conv: &ConvShape) -> bool {
    let few = conv.inputs.min(conv.outputs) < CHANNELS;
    conv.kernel == 3 && conv.stride == 1 && !conv.depthwise && !few
}

thread_local! {
    /// The transformed inputs and outputs at work, `[16, tiles, channels]` each with gaps.
    static PLANES: RefCell<[Scratch; 2]> = RefCell::default();
}

/// A convolution in one direction, from images of `inputs` channels to images of `outputs`.
pub(super) struct Filter {
    tiling: Tiling,
    inputs: usize,
    outputs: usize,
    /// U, of 16 · `inputs` rows.
    kernel: Packed,
    /// Where a tile of so many is in a plane of V and in one of M.
    spots: Vec<Spot>,
    /// Read where a tile stands out.
    zeros: Scratch,
}

impl Filter {
    /// Outputs from inputs; `weight`: `[9 · inputs, outputs]`.
    pub fn forward(conv: &ConvShape, isa: Isa, weight: &[f32]) -> Self {
        Self::new(conv, isa, [conv.inputs, conv.outputs], weight)
    }

    /// Gradients of inputs from those of outputs.
    pub fn backward(conv: &ConvShape, isa: Isa, weight: &[f32]) -> Self {
        let (inputs, outputs) = (conv.inputs, conv.outputs);
        let mut turned = vec![0.0; weight.len()];
        let taps = turned.chunks_exact_mut(inputs * outputs).rev();
        for (tap, to) in weight.chunks_exact(inputs * outputs).zip(taps) {
            transpose(tap, outputs, [inputs, outputs], to, inputs);
        }
        Self::new(conv, isa, [outputs, inputs], &turned)
    }

    fn new(conv: &ConvShape, isa: Isa, [inputs, outputs]: [usize; 2], weight: &[f32]) -> Self {
        assert!(covers(conv));
        let work = TransformKernel {
            weight,
            inputs,
            outputs,
        };
        let spot = |tile: usize| Spot {
            from: tile * inputs,
            to: tile * outputs,
        };
        Self {
            tiling: Tiling::new(conv),
            inputs,
            outputs,
            kernel: dispatch(isa, work),
            spots: (0..at_once(inputs, outputs)).map(spot).collect(),
            zeros: Scratch::zeros(inputs),
        }
    }

    /// Images to be convolved together: so many that their tiles fill products.
    pub fn group(&self) -> usize {
        self.tiling.group(self.spots.len())
    }

    /// Convolves `images` images.
    ///
    /// # Safety
    /// `from` must be valid for reads of so many images, `to` for writes.
    #[inline(always)]
    pub unsafe fn images<L: Lanes>(&self, from: *const f32, to: *mut f32, images: usize) {
        let tiles = images * self.tiling.of_image();
        // Not lent to a closure: that would be compiled without the instructions of `L`.
        let mut planes = PLANES.take();
        for first in (0..tiles).step_by(self.spots.len()) {
            let count = self.spots.len().min(tiles - first);
            let read = Planes::new(self.tiling, self.inputs, first, count);
            let written = Planes::new(self.tiling, self.outputs, first, count);
            let [v, m] = planes.each_mut();
            let (v, m) = (v.at_least(read.len()), m.at_least(written.len()));
            // SAFETY: the caller's; the planes have room for `count` tiles, and spots lie within a plane.
            unsafe {
                read.transform_inputs::<L>(from, self.zeros.as_ptr(), v);
                for plane in 0..16 {
                    let taps = [Tap {
                        from: 0,
                        row: plane * self.inputs,
                        length: self.inputs,
                    }];
                    let (v, m) = (v.add(plane * read.step()), m.add(plane * written.step()));
                    dense::product::<L>(&taps, &self.spots[..count], &self.kernel, v, m);
                }
                written.transform_back::<L>(m, to);
            }
        }
        PLANES.set(planes);
    }
}

/// Tiles at work at once.
fn at_once(inputs: usize, outputs: usize) -> usize {
    let tile = 16 * (inputs + outputs) * size_of::<f32>();
    let [least, most] = TILES;
    (AT_WORK / tile).clamp(least, most) / 8 * 8
}

/// G g Gᵀ.
struct TransformKernel<'a> {
    /// `[9 · inputs, outputs]`
    weight: &'a [f32],
    inputs: usize,
    outputs: usize,
}

impl SimdWork for TransformKernel<'_> {
    type Output = Packed;

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) -> Packed {
        let (inputs, outputs) = (self.inputs, self.outputs);
        assert_eq!(self.weight.len(), 9 * inputs * outputs);
        let mut packed = Packed::zeros(16 * inputs, outputs, L::WIDTH);
        for first in (0..outputs).step_by(L::WIDTH) {
            let n = L::WIDTH.min(outputs - first);
            for input in 0..inputs {
                // SAFETY: `n` outputs from `first` on exist in every row of the weights; a packed row has room for whole
                // vectors.
                unsafe {
                    let half = L::splat(0.5);
                    let into = |g: [L::V; 3]| {
                        let zero = L::splat(0.0);
                        let ends = L::mul_add(L::add(g[0], g[2]), half, zero);
                        let middle = L::mul_add(g[1], half, zero);
                        [g[0], L::add(ends, middle), L::sub(ends, middle), g[2]]
                    };
                    let tap = |row: usize, column: usize| {
                        let row = (3 * row + column) * inputs + input;
                        L::load_first(self.weight.as_ptr().add(row * outputs + first), n)
                    };
                    let mut columns = [[L::splat(0.0); 4]; 3];
                    for (column, to) in columns.iter_mut().enumerate() {
                        *to = into([tap(0, column), tap(1, column), tap(2, column)]);
                    }
                    for row in 0..4 {
                        let u = into(columns.map(|column| column[row]));
                        for (column, u) in u.into_iter().enumerate() {
                            let row = (4 * row + column) * inputs + input;
                            let to = packed.vector_mut(row, first, L::WIDTH);
                            L::store(to.as_mut_ptr(), u);
                        }
                    }
                }
            }
        }
        packed
    }
}
