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

use std::cell::RefCell;

use super::buffer::Scratch;
use super::dense::{self, Packed};
use super::geometry::{ConvShape, Spot, Tap};
use crate::Isa;
use crate::lanes::{Lanes, Work, dispatch};
use crate::product::turn;

/// Channels, read and written, from which on this is faster than the convolution by definition.
const CHANNELS: usize = 8;

/// Bytes of transformed inputs and outputs at work: half a second-level cache.
const AT_WORK: usize = 512 << 10;

/// Tiles at work at least and at most; a multiple of the tiles that a product computes at once.
const TILES: [usize; 2] = [32, 256];

/// Elements between two of the 16 planes, so that they do not begin in the same set of a cache.
const GAP: usize = 16;

/// Whether a convolution is computed this way.
pub(super) fn covers(conv: &ConvShape) -> bool {
    let few = conv.inputs.min(conv.outputs) < CHANNELS;
    conv.kernel == 3 && conv.stride == 1 && !conv.depthwise && !few
}

/// Images cut into tiles of 2×2, the last row or column of which may stand out.
#[derive(Debug, Clone, Copy)]
struct Tiling {
    height: usize,
    width: usize,
}

impl Tiling {
    fn of_image(self) -> usize {
        self.height.div_ceil(2) * self.width.div_ceil(2)
    }

    /// The image a tile is on, and the row and column of its first place.
    #[inline(always)]
    fn place(self, tile: usize) -> [usize; 3] {
        let (image, at) = (tile / self.of_image(), tile % self.of_image());
        let across = self.width.div_ceil(2);
        [image, 2 * (at / across), 2 * (at % across)]
    }

    fn places(self) -> usize {
        self.height * self.width
    }
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
            turn(tap, outputs, [inputs, outputs], to, inputs);
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
            tiling: Tiling {
                height: conv.height,
                width: conv.width,
            },
            inputs,
            outputs,
            kernel: dispatch(isa, work),
            spots: (0..at_once(inputs, outputs)).map(spot).collect(),
            zeros: Scratch::zeros(inputs),
        }
    }

    /// Images to be convolved together: so many that their tiles fill products.
    pub fn group(&self) -> usize {
        group(self.tiling, self.spots.len())
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

/// The sum of the gradients by the transformed kernel.
pub(super) struct KernelGradient {
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
            tiling: Tiling {
                height: conv.height,
                width: conv.width,
            },
            inputs,
            outputs,
            at_once: at_once(inputs, outputs),
            zeros: Scratch::zeros(inputs.max(outputs)),
            sum: Scratch::zeros(16 * inputs * outputs),
        }
    }

    /// Images to be added together.
    pub fn group(&self) -> usize {
        group(self.tiling, self.at_once)
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

/// Tiles at work at once.
fn at_once(inputs: usize, outputs: usize) -> usize {
    let tile = 16 * (inputs + outputs) * size_of::<f32>();
    let [least, most] = TILES;
    (AT_WORK / tile).clamp(least, most) / 8 * 8
}

fn group(tiling: Tiling, at_once: usize) -> usize {
    // The smallest number whose tiles are a multiple of 8.
    let least = 8 >> tiling.of_image().trailing_zeros().min(3);
    (at_once / tiling.of_image()).max(1).next_multiple_of(least)
}

/// G g Gᵀ.
struct TransformKernel<'a> {
    /// `[9 · inputs, outputs]`
    weight: &'a [f32],
    inputs: usize,
    outputs: usize,
}

impl Work for TransformKernel<'_> {
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

/// Calls a function for every vector of channels, compiled for whole ones and for a last one in parts.
macro_rules! each_vector {
    ($lanes:ident, $channels:expr, $function:ident($($argument:expr),*)) => {{
        let whole = $channels / $lanes::WIDTH * $lanes::WIDTH;
        for at in (0..whole).step_by($lanes::WIDTH) {
            $function::<$lanes, true>([at, $lanes::WIDTH], $($argument),*);
        }
        if whole < $channels {
            $function::<$lanes, false>([whole, $channels - whole], $($argument),*);
        }
    }};
}

/// A run of tiles and their 16 transformed planes, `[tiles, channels]` each.
struct Planes {
    tiling: Tiling,
    channels: usize,
    first: usize,
    count: usize,
}

impl Planes {
    fn new(tiling: Tiling, channels: usize, first: usize, count: usize) -> Self {
        Self {
            tiling,
            channels,
            first,
            count,
        }
    }

    /// Elements from one plane to the next.
    fn step(&self) -> usize {
        self.count * self.channels + GAP
    }

    /// Elements of all planes.
    fn len(&self) -> usize {
        16 * self.step()
    }

    /// Where the places of a tile are; `outside` for those beside the image.
    ///
    /// # Safety
    /// `images` must be valid for the tile's image.
    #[inline(always)]
    unsafe fn window(
        &self,
        tile: usize,
        images: *const f32,
        outside: *const f32,
    ) -> [[*const f32; 2]; 2] {
        let [image, top, left] = self.tiling.place(self.first + tile);
        let Tiling { height, width } = self.tiling;
        // SAFETY: the caller's.
        let image = unsafe { images.add(image * self.tiling.places() * self.channels) };
        let mut window = [[outside; 2]; 2];
        for (i, row) in window.iter_mut().enumerate() {
            let y = top + i;
            for (j, place) in row.iter_mut().enumerate() {
                let x = left + j;
                if y < height && x < width {
                    // SAFETY: the place is on the image.
                    *place = unsafe { image.add((y * width + x) * self.channels) };
                }
            }
        }
        window
    }

    /// Bᵀ d B of images into planes at `to`.
    ///
    /// # Safety
    /// `images` must be valid for the images of the tiles, `zeros` for as many elements as channels, `to` for
    /// [`Self::len`].
    #[inline(always)]
    unsafe fn transform_inputs<L: Lanes>(
        &self,
        images: *const f32,
        zeros: *const f32,
        to: *mut f32,
    ) {
        let Tiling { height, width } = self.tiling;
        let mut tile = 0;
        while tile < self.count {
            let [image, top, left] = self.tiling.place(self.first + tile);
            let tiles = ((width - left).div_ceil(2)).min(self.count - tile);
            // SAFETY: the caller's; planes have room for every tile, and a place for every channel.
            unsafe {
                let image = images.add(image * self.tiling.places() * self.channels);
                let row = |i: usize| match (top + i).wrapping_sub(1) {
                    y if y < height => (image.add(y * width * self.channels), self.channels),
                    _ => (zeros, 0),
                };
                let strip = Strip {
                    rows: [row(0), row(1), row(2), row(3)],
                    width,
                    left,
                    tiles,
                    channels: self.channels,
                    step: self.step(),
                };
                let to = to.add(tile * self.channels);
                each_vector!(L, self.channels, spread_inputs(&strip, to));
            }
            tile += tiles;
        }
    }

    /// A dz Aᵀ of outputs' gradients into planes at `to`.
    ///
    /// # Safety
    /// As [`Self::transform_inputs`].
    #[inline(always)]
    unsafe fn transform_gradient<L: Lanes>(
        &self,
        images: *const f32,
        zeros: *const f32,
        to: *mut f32,
    ) {
        for tile in 0..self.count {
            // SAFETY: as in `transform_inputs`.
            unsafe {
                let window = self.window(tile, images, zeros);
                let to = to.add(tile * self.channels);
                each_vector!(L, self.channels, spread_gradient(&window, to, self.step()));
            }
        }
    }

    /// Aᵀ m A of planes at `from` into images; what stands out of them is left out.
    ///
    /// # Safety
    /// `from` must be valid for [`Self::len`], `images` for writes of the images of the tiles.
    #[inline(always)]
    unsafe fn transform_back<L: Lanes>(&self, from: *const f32, images: *mut f32) {
        for tile in 0..self.count {
            // SAFETY: as in `transform_inputs`.
            unsafe {
                let window = self.window(tile, images, std::ptr::null());
                let from = from.add(tile * self.channels);
                each_vector!(L, self.channels, gather(&window, from, self.step()));
            }
        }
    }
}

/// Tiles side by side.
struct Strip {
    /// The four rows of inputs, and the elements from one place to the next: 0 for a row of zeros beside the image.
    rows: [(*const f32, usize); 4],
    /// Places of a row.
    width: usize,
    /// The first place that the first tile writes.
    left: usize,
    tiles: usize,
    channels: usize,
    /// Elements from one plane to the next.
    step: usize,
}

impl Strip {
    /// A vector of Bᵀ d at the column `x`; zero beside the image.
    ///
    /// # Safety
    /// As [`spread_inputs`].
    #[inline(always)]
    unsafe fn column<L: Lanes, const WHOLE: bool>(
        &self,
        x: usize,
        [at, n]: [usize; 2],
    ) -> [L::V; 4] {
        // SAFETY: the caller's; the column is on the image.
        unsafe {
            let mut d = [L::splat(0.0); 4];
            if x < self.width {
                for (d, (row, step)) in d.iter_mut().zip(self.rows) {
                    *d = read::<L, WHOLE>(row.add(x * step + at), n);
                }
            }
            difference::<L>(d)
        }
    }
}

/// One vector of a strip of tiles of inputs into the planes.
///
/// # Safety
/// `n` elements from `at` on must be valid at every place and in every plane; `WHOLE`: they are a vector.
#[inline(always)]
unsafe fn spread_inputs<L: Lanes, const WHOLE: bool>(
    [at, n]: [usize; 2],
    strip: &Strip,
    to: *mut f32,
) {
    // SAFETY: the caller's.
    unsafe {
        // Neighbours share two columns.
        let mut first = strip.column::<L, WHOLE>(strip.left.wrapping_sub(1), [at, n]);
        let mut second = strip.column::<L, WHOLE>(strip.left, [at, n]);
        for tile in 0..strip.tiles {
            let x = strip.left + 2 * tile;
            let third = strip.column::<L, WHOLE>(x + 1, [at, n]);
            let fourth = strip.column::<L, WHOLE>(x + 2, [at, n]);
            let to = to.add(tile * strip.channels + at);
            for row in 0..4 {
                let d = [first[row], second[row], third[row], fourth[row]];
                for (column, v) in difference::<L>(d).into_iter().enumerate() {
                    write::<L, WHOLE>(to.add((4 * row + column) * strip.step), n, v);
                }
            }
            (first, second) = (third, fourth);
        }
    }
}

/// One vector of a tile of outputs' gradients into the planes.
///
/// # Safety
/// As [`spread_inputs`].
#[inline(always)]
unsafe fn spread_gradient<L: Lanes, const WHOLE: bool>(
    [at, n]: [usize; 2],
    window: &[[*const f32; 2]; 2],
    to: *mut f32,
    step: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        let mut rows = [[L::splat(0.0); 4]; 2];
        for (row, from) in rows.iter_mut().zip(window) {
            let d = [
                read::<L, WHOLE>(from[0].add(at), n),
                read::<L, WHOLE>(from[1].add(at), n),
            ];
            *row = spread::<L>(d);
        }
        for column in 0..4 {
            let d = spread::<L>([rows[0][column], rows[1][column]]);
            for (row, d) in d.into_iter().enumerate() {
                write::<L, WHOLE>(to.add((4 * row + column) * step + at), n, d);
            }
        }
    }
}

/// One vector of the planes into a tile of outputs; places that are null are left out.
///
/// # Safety
/// As [`spread_inputs`].
#[inline(always)]
unsafe fn gather<L: Lanes, const WHOLE: bool>(
    [at, n]: [usize; 2],
    window: &[[*const f32; 2]; 2],
    from: *const f32,
    step: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        let mut rows = [[L::splat(0.0); 4]; 2];
        for column in 0..4 {
            let mut m = [L::splat(0.0); 4];
            for (row, m) in m.iter_mut().enumerate() {
                *m = read::<L, WHOLE>(from.add((4 * row + column) * step + at), n);
            }
            let [first, second] = sum::<L>(m);
            rows[0][column] = first;
            rows[1][column] = second;
        }
        for (row, to) in rows.into_iter().zip(window) {
            for (value, to) in sum::<L>(row).into_iter().zip(to) {
                if !to.is_null() {
                    write::<L, WHOLE>(to.cast_mut().add(at), n, value);
                }
            }
        }
    }
}

/// A d.
///
/// # Safety
/// The instruction set of `L` must be available.
#[inline(always)]
unsafe fn spread<L: Lanes>(d: [L::V; 2]) -> [L::V; 4] {
    // SAFETY: the caller's.
    unsafe { [d[0], L::add(d[0], d[1]), L::sub(d[0], d[1]), d[1]] }
}

/// Aᵀ m.
///
/// # Safety
/// The instruction set of `L` must be available.
#[inline(always)]
unsafe fn sum<L: Lanes>(m: [L::V; 4]) -> [L::V; 2] {
    // SAFETY: the caller's.
    unsafe {
        [
            L::add(m[0], L::add(m[1], m[2])),
            L::add(L::sub(m[1], m[2]), m[3]),
        ]
    }
}

/// Bᵀ d.
///
/// # Safety
/// The instruction set of `L` must be available.
#[inline(always)]
unsafe fn difference<L: Lanes>(d: [L::V; 4]) -> [L::V; 4] {
    // SAFETY: the caller's.
    unsafe {
        [
            L::sub(d[0], d[2]),
            L::add(d[1], d[2]),
            L::sub(d[2], d[1]),
            L::sub(d[3], d[1]),
        ]
    }
}

/// A vector, whole or of `n` elements.
///
/// # Safety
/// `from` must be valid for them.
#[inline(always)]
unsafe fn read<L: Lanes, const WHOLE: bool>(from: *const f32, n: usize) -> L::V {
    // SAFETY: the caller's.
    unsafe {
        match WHOLE {
            true => L::load(from),
            false => L::load_first(from, n),
        }
    }
}

/// As [`read`].
///
/// # Safety
/// `to` must be valid for the elements.
#[inline(always)]
unsafe fn write<L: Lanes, const WHOLE: bool>(to: *mut f32, n: usize, value: L::V) {
    // SAFETY: the caller's.
    unsafe {
        match WHOLE {
            true => L::store(to, value),
            false => L::store_first(to, n, value),
        }
    }
}
