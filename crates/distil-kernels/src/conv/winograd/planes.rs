//! Images cut into tiles, transformed into 16 planes and back.

use crate::conv::geometry::ConvShape;
use crate::simd::Lanes;

/// Elements between two of the 16 planes, so that they do not begin in the same set of a cache.
const GAP: usize = 16;

/// Images cut into tiles of 2×2, the last row or column of which may stand out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tiling {
    height: usize,
    width: usize,
}

impl Tiling {
    pub fn new(conv: &ConvShape) -> Self {
        Self {
            height: conv.height,
            width: conv.width,
        }
    }

    /// Images to be worked on together where so many tiles are at once: their tiles fill products.
    pub fn group(self, at_once: usize) -> usize {
        // The smallest number whose tiles are a multiple of 8.
        let least = 8 >> self.of_image().trailing_zeros().min(3);
        (at_once / self.of_image()).max(1).next_multiple_of(least)
    }

    /// Tiles of an image.
    pub fn of_image(self) -> usize {
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
pub(super) struct Planes {
    tiling: Tiling,
    channels: usize,
    first: usize,
    count: usize,
}

impl Planes {
    pub fn new(tiling: Tiling, channels: usize, first: usize, count: usize) -> Self {
        Self {
            tiling,
            channels,
            first,
            count,
        }
    }

    /// Elements from one plane to the next.
    pub fn step(&self) -> usize {
        self.count * self.channels + GAP
    }

    /// Elements of all planes.
    pub fn len(&self) -> usize {
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
    pub unsafe fn transform_inputs<L: Lanes>(
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
                let side_by_side = TileRow {
                    rows: [row(0), row(1), row(2), row(3)],
                    width,
                    left,
                    tiles,
                    channels: self.channels,
                    step: self.step(),
                };
                let to = to.add(tile * self.channels);
                each_vector!(L, self.channels, spread_inputs(&side_by_side, to));
            }
            tile += tiles;
        }
    }

    /// A dz Aᵀ of outputs' gradients into planes at `to`.
    ///
    /// # Safety
    /// As [`Self::transform_inputs`].
    #[inline(always)]
    pub unsafe fn transform_gradient<L: Lanes>(
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
    pub unsafe fn transform_back<L: Lanes>(&self, from: *const f32, images: *mut f32) {
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
struct TileRow {
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

impl TileRow {
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

/// One vector of tiles of inputs side by side into the planes.
///
/// # Safety
/// `n` elements from `at` on must be valid at every place and in every plane; `WHOLE`: they are a vector.
#[inline(always)]
unsafe fn spread_inputs<L: Lanes, const WHOLE: bool>(
    [at, n]: [usize; 2],
    side_by_side: &TileRow,
    to: *mut f32,
) {
    // SAFETY: the caller's.
    unsafe {
        // Neighbours share two columns.
        let mut first = side_by_side.column::<L, WHOLE>(side_by_side.left.wrapping_sub(1), [at, n]);
        let mut second = side_by_side.column::<L, WHOLE>(side_by_side.left, [at, n]);
        for tile in 0..side_by_side.tiles {
            let x = side_by_side.left + 2 * tile;
            let third = side_by_side.column::<L, WHOLE>(x + 1, [at, n]);
            let fourth = side_by_side.column::<L, WHOLE>(x + 2, [at, n]);
            let to = to.add(tile * side_by_side.channels + at);
            for row in 0..4 {
                let d = [first[row], second[row], third[row], fourth[row]];
                for (column, v) in difference::<L>(d).into_iter().enumerate() {
                    write::<L, WHOLE>(to.add((4 * row + column) * side_by_side.step), n, v);
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
