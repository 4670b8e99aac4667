//! The two matrix products of a convolution: outputs from a grid, and the weights' gradient.

use super::buffer::Scratch;
use super::geometry::{ConvShape, Spot, Tap};
use crate::simd::Lanes;

/// Weights in blocks of as many channels as a tile computes, zeros after the last: `[blocks][rows][block]`.
pub(super) struct Packed {
    values: Scratch,
    rows: usize,
    channels: usize,
}

impl Packed {
    /// All weights zero.
    pub fn zeros(rows: usize, channels: usize, width: usize) -> Self {
        Self {
            values: Scratch::zeros(rows * channels.next_multiple_of(width)),
            rows,
            channels,
        }
    }

    /// `value(row, channel)` is a weight.
    fn new(
        rows: usize,
        channels: usize,
        width: usize,
        value: impl Fn(usize, usize) -> f32,
    ) -> Self {
        let mut packed = Self::zeros(rows, channels, width);
        let mut to = packed.values.as_mut_slice().iter_mut();
        for (first, vectors) in blocks(channels, width) {
            for row in 0..rows {
                for (c, to) in (first..first + vectors * width).zip(&mut to) {
                    *to = if c < channels { value(row, c) } else { 0.0 };
                }
            }
        }
        packed
    }

    /// The vector of a row that begins with the channel `first`, a multiple of `width`.
    pub fn vector_mut(&mut self, row: usize, first: usize, width: usize) -> &mut [f32] {
        let pair = first / (2 * width) * 2 * width;
        let vectors = (self.channels - pair).div_ceil(width).min(2);
        let at = pair * self.rows + row * vectors * width + (first - pair);
        &mut self.values.as_mut_slice()[at..at + width]
    }

    /// For outputs; `weight`: `[shape.rows(), outputs]`.
    pub fn forward(shape: &ConvShape, weight: &[f32], width: usize) -> Self {
        Self::new(shape.rows(), shape.outputs, width, |row, c| {
            weight[row * shape.outputs + c]
        })
    }

    /// For inputs' gradients: `[kernel · kernel · outputs, inputs]`, kernel columns in reverse.
    pub fn backward(shape: &ConvShape, weight: &[f32], width: usize) -> Self {
        let (kernel, outputs) = (shape.kernel, shape.outputs);
        Self::new(kernel * kernel * outputs, shape.inputs, width, |row, c| {
            let (place, output) = (row / outputs, row % outputs);
            let column = kernel - 1 - place % kernel;
            let tap = place / kernel * kernel + column;
            weight[(tap * shape.inputs + c) * outputs + output]
        })
    }
}

/// First channel and number of vectors of each block: two vectors while more than one is left.
fn blocks(channels: usize, width: usize) -> impl Iterator<Item = (usize, usize)> {
    let vectors = channels.div_ceil(width);
    (0..vectors)
        .step_by(2)
        .map(move |v| (v * width, (vectors - v).min(2)))
}

/// Writes the spots of `to` from the taps of the grid at `from`.
///
/// # Safety
/// `from` must be valid for reads at every spot and tap, `to` for writes of `packed`'s channels at every spot;
/// `packed` must be packed for `L`.
#[inline(always)]
pub(super) unsafe fn product<L: Lanes>(
    taps: &[Tap],
    spots: &[Spot],
    packed: &Packed,
    from: *const f32,
    to: *mut f32,
) {
    for (first, vectors) in blocks(packed.channels, L::WIDTH) {
        // SAFETY: blocks before this one hold `first` channels each of `rows` rows.
        let weight = unsafe { packed.values.as_ptr().add(first * packed.rows) };
        let channels = (packed.channels - first).min(vectors * L::WIDTH);
        let mut rest = spots;
        // The widest tiles that leave no accumulator without a register.
        let sizes: &[usize] = match (vectors, L::REGISTERS) {
            (2, 32) => &[8, 4, 1],
            (1, 16 | 32) => &[12, 4, 1],
            (2, 16) => &[6, 2, 1],
            _ => &[4, 2, 1],
        };
        for &size in sizes {
            while let Some((spots, others)) = rest.split_at_checked(size) {
                // SAFETY: the caller's promise, for these spots.
                unsafe {
                    let to = to.add(first);
                    let tile = Tile {
                        spots,
                        taps,
                        weight,
                        from,
                        to,
                        channels,
                    };
                    match (size, vectors) {
                        (12, _) => tile.compute::<L, 12, 1>(),
                        (8, _) => tile.compute::<L, 8, 2>(),
                        (6, _) => tile.compute::<L, 6, 2>(),
                        (4, 2) => tile.compute::<L, 4, 2>(),
                        (4, _) => tile.compute::<L, 4, 1>(),
                        (2, 2) => tile.compute::<L, 2, 2>(),
                        (2, _) => tile.compute::<L, 2, 1>(),
                        (_, 2) => tile.compute::<L, 1, 2>(),
                        _ => tile.compute::<L, 1, 1>(),
                    }
                }
                rest = others;
            }
        }
    }
}

struct Tile<'a> {
    spots: &'a [Spot],
    taps: &'a [Tap],
    weight: *const f32,
    from: *const f32,
    to: *mut f32,
    channels: usize,
}

impl Tile<'_> {
    /// `P` spots by `V` vectors of channels, all in registers.
    ///
    /// # Safety
    /// As [`product`], for `P` spots.
    #[inline(always)]
    unsafe fn compute<L: Lanes, const P: usize, const V: usize>(&self) {
        // SAFETY: spots and taps lie within the grid, rows of a tap within the block of weights, and the
        // channels written within the output (the caller's promise).
        unsafe {
            let mut sums = [[L::splat(0.0); V]; P];
            let mut from = [self.from; P];
            for (from, spot) in from.iter_mut().zip(self.spots) {
                *from = from.add(spot.from);
            }
            for tap in self.taps {
                let mut weight = self.weight.add(tap.row * V * L::WIDTH);
                for k in tap.from..tap.from + tap.length {
                    let mut w = [L::splat(0.0); V];
                    for (v, w) in w.iter_mut().enumerate() {
                        *w = L::load(weight.add(v * L::WIDTH));
                    }
                    for p in 0..P {
                        let x = L::splat(*from[p].add(k));
                        for v in 0..V {
                            sums[p][v] = L::mul_add(x, w[v], sums[p][v]);
                        }
                    }
                    weight = weight.add(V * L::WIDTH);
                }
            }
            for p in 0..P {
                let to = self.to.add(self.spots[p].to);
                for v in 0..V {
                    let n = (self.channels - v * L::WIDTH).min(L::WIDTH);
                    let to = to.add(v * L::WIDTH);
                    if n == L::WIDTH {
                        L::store(to, sums[p][v]);
                    } else {
                        L::store_first(to, n, sums[p][v]);
                    }
                }
            }
        }
    }
}

/// Adds one image's share of the weights' gradient to `sum`, `[shape.rows(), outputs]`.
///
/// # Safety
/// `from` must be valid for the shape's grid and `gradient` for its output grid.
#[inline(always)]
pub(super) unsafe fn weights<L: Lanes>(
    shape: &ConvShape,
    from: *const f32,
    gradient: *const f32,
    sum: &mut [f32],
) {
    let (grid, out) = (shape.grid(), shape.out_grid());
    let run = shape.kernel * shape.inputs;
    for (first, vectors) in blocks(shape.outputs, L::WIDTH) {
        let channels = (shape.outputs - first).min(vectors * L::WIDTH);
        let sizes: &[usize] = match (vectors, L::REGISTERS) {
            (1, 32) => &[24, 12, 6, 3, 1],
            (2, 32) | (1, 16) => &[12, 6, 3, 1],
            (2, 16) => &[6, 3, 1],
            _ => &[3, 1],
        };
        for kernel_row in 0..shape.kernel {
            let mut column = 0;
            for &size in sizes {
                while column + size <= run {
                    let row = kernel_row * run + column;
                    // SAFETY: the run of `size` elements lies within the grid's row, and its rows within `sum`.
                    unsafe {
                        let strip = Strip {
                            from: from.add(kernel_row * grid.pitch() + column),
                            from_row: shape.stride * grid.pitch(),
                            from_step: shape.stride * shape.inputs,
                            gradient: gradient.add(out.row(0) + first),
                            gradient_row: out.pitch(),
                            outputs: shape.outputs,
                            height: out.height,
                            width: out.width,
                            channels,
                            sum: sum.as_mut_ptr().add(row * shape.outputs + first),
                        };
                        match (size, vectors) {
                            (24, _) => strip.add::<L, 24, 1>(),
                            (12, 2) => strip.add::<L, 12, 2>(),
                            (12, _) => strip.add::<L, 12, 1>(),
                            (6, 2) => strip.add::<L, 6, 2>(),
                            (6, _) => strip.add::<L, 6, 1>(),
                            (3, 2) => strip.add::<L, 3, 2>(),
                            (3, _) => strip.add::<L, 3, 1>(),
                            (_, 2) => strip.add::<L, 1, 2>(),
                            _ => strip.add::<L, 1, 1>(),
                        }
                    }
                    column += size;
                }
            }
        }
    }
}

/// Adds aᵀ b to `sum`, `[a's columns, b's columns]`; a and b have `rows` rows.
///
/// # Safety
/// The matrices must be valid.
#[inline(always)]
pub(super) unsafe fn outer<L: Lanes>(
    [a, b]: [*const f32; 2],
    [a_columns, b_columns]: [usize; 2],
    rows: usize,
    sum: *mut f32,
) {
    for (first, vectors) in blocks(b_columns, L::WIDTH) {
        let sizes: &[usize] = match (vectors, L::REGISTERS) {
            (1, 32) => &[16, 8, 4, 1],
            (2, 32) | (1, 16) => &[8, 4, 1],
            _ => &[4, 1],
        };
        let mut column = 0;
        for &size in sizes {
            while column + size <= a_columns {
                // SAFETY: `size` columns of a from `column` on, and the channels of b from `first` on.
                unsafe {
                    let strip = Strip {
                        from: a.add(column),
                        from_row: 0,
                        from_step: a_columns,
                        gradient: b.add(first),
                        gradient_row: 0,
                        outputs: b_columns,
                        height: 1,
                        width: rows,
                        channels: (b_columns - first).min(vectors * L::WIDTH),
                        sum: sum.add(column * b_columns + first),
                    };
                    match (size, vectors) {
                        (16, _) => strip.add::<L, 16, 1>(),
                        (8, 2) => strip.add::<L, 8, 2>(),
                        (8, _) => strip.add::<L, 8, 1>(),
                        (4, 2) => strip.add::<L, 4, 2>(),
                        (4, _) => strip.add::<L, 4, 1>(),
                        (_, 2) => strip.add::<L, 1, 2>(),
                        _ => strip.add::<L, 1, 1>(),
                    }
                }
                column += size;
            }
        }
    }
}

/// A few rows of the weights' gradient, by one or two vectors of output channels.
struct Strip {
    from: *const f32,
    from_row: usize,
    from_step: usize,
    gradient: *const f32,
    gradient_row: usize,
    outputs: usize,
    height: usize,
    width: usize,
    channels: usize,
    sum: *mut f32,
}

impl Strip {
    /// `T` rows by `V` vectors, summed over the image in registers.
    ///
    /// # Safety
    /// As [`weights`].
    #[inline(always)]
    unsafe fn add<L: Lanes, const T: usize, const V: usize>(&self) {
        // SAFETY: the caller's promise; channels beyond the last are masked.
        unsafe {
            if self.channels == V * L::WIDTH {
                self.sum::<L, T, V, true>();
            } else {
                self.sum::<L, T, V, false>();
            }
        }
    }

    #[inline(always)]
    unsafe fn sum<L: Lanes, const T: usize, const V: usize, const WHOLE: bool>(&self) {
        // SAFETY: as `add`.
        unsafe {
            let last = self.channels - (V - 1) * L::WIDTH;
            let mut sums = [[L::splat(0.0); V]; T];
            for y in 0..self.height {
                let mut from = self.from.add(y * self.from_row);
                let mut gradient = self.gradient.add(y * self.gradient_row);
                for _ in 0..self.width {
                    let mut g = [L::splat(0.0); V];
                    for (v, g) in g.iter_mut().enumerate() {
                        *g = vector::<L, V, WHOLE>(gradient, v, last);
                    }
                    for t in 0..T {
                        let x = L::splat(*from.add(t));
                        for v in 0..V {
                            sums[t][v] = L::mul_add(x, g[v], sums[t][v]);
                        }
                    }
                    from = from.wrapping_add(self.from_step);
                    gradient = gradient.wrapping_add(self.outputs);
                }
            }
            for t in 0..T {
                let row = self.sum.add(t * self.outputs);
                for v in 0..V {
                    let total = L::add(vector::<L, V, WHOLE>(row, v, last), sums[t][v]);
                    let to = row.add(v * L::WIDTH);
                    if WHOLE || v + 1 < V {
                        L::store(to, total);
                    } else {
                        L::store_first(to, last, total);
                    }
                }
            }
        }
    }
}

/// Vector `v` of `V`, of which the last has `last` elements unless they are `WHOLE`.
///
/// # Safety
/// `from` must be valid for these elements.
#[inline(always)]
unsafe fn vector<L: Lanes, const V: usize, const WHOLE: bool>(
    from: *const f32,
    v: usize,
    last: usize,
) -> L::V {
    // SAFETY: the caller's promise.
    unsafe {
        let from = from.add(v * L::WIDTH);
        if WHOLE || v + 1 < V {
            L::load(from)
        } else {
            L::load_first(from, last)
        }
    }
}
