//! The ways a convolution is computed, and the images they read.

use super::buffer::Scratch;
use super::geometry::{ConvShape, Grid, Route};
use super::{dense, depthwise, winograd};
use crate::Isa;
use crate::simd::{Lanes, SimdWork, dispatch};

/// The way of one direction, and its weights.
pub(super) enum Kernel<'a> {
    Dense(Vec<Route>, dense::Packed),
    Depthwise(Vec<Route>, &'a [f32], usize),
    Tiled(winograd::Filter),
}

impl<'a> Kernel<'a> {
    pub fn forward(conv: &ConvShape, isa: Isa, weight: &'a [f32]) -> Self {
        if winograd::covers(conv) {
            return Self::Tiled(winograd::Filter::forward(conv, isa, weight));
        }
        let routes = vec![conv.forward()];
        match conv.depthwise {
            true => Self::Depthwise(routes, weight, conv.inputs),
            false => Self::Dense(routes, dense::Packed::forward(conv, weight, width(isa))),
        }
    }

    pub fn backward(conv: &ConvShape, isa: Isa, weight: &'a [f32]) -> Self {
        if winograd::covers(conv) {
            return Self::Tiled(winograd::Filter::backward(conv, isa, weight));
        }
        let routes = conv.backward();
        match conv.depthwise {
            true => Self::Depthwise(routes, weight, conv.inputs),
            false => Self::Dense(routes, dense::Packed::backward(conv, weight, width(isa))),
        }
    }

    /// Images to be convolved together.
    pub fn group(&self) -> usize {
        match self {
            Self::Tiled(filter) => filter.group(),
            _ => 1,
        }
    }

    /// Writes so many images of the forward direction.
    ///
    /// # Safety
    /// `from` must be valid for reads of images as `padded` takes them, `to` for writes.
    #[inline(always)]
    pub unsafe fn forward_images<L: Lanes>(
        &self,
        conv: &ConvShape,
        padded: &mut Padded,
        from: *const f32,
        to: *mut f32,
        images: usize,
    ) {
        // SAFETY: the caller's.
        unsafe {
            if let Self::Tiled(filter) = self {
                return filter.images::<L>(from, to, images);
            }
            for i in 0..images {
                let from = std::slice::from_raw_parts(from.add(i * conv.image()), conv.image());
                self.image::<L>(padded.image(from), to.add(i * conv.out_image()));
            }
        }
    }

    /// Writes one image from a grid; not for tiles.
    ///
    /// # Safety
    /// `from` must be valid for the direction's grid, `to` for the image written.
    #[inline(always)]
    pub unsafe fn image<L: Lanes>(&self, from: *const f32, to: *mut f32) {
        // SAFETY: the routes lie within the grid and the image.
        unsafe {
            match self {
                Self::Dense(routes, packed) => {
                    for Route { taps, spots } in routes {
                        dense::product::<L>(taps, spots, packed, from, to);
                    }
                }
                Self::Depthwise(routes, weight, channels) => {
                    for route in routes {
                        depthwise::product::<L>(route, weight, *channels, from, to);
                    }
                }
                Self::Tiled(_) => unreachable!("tiles are not read from a grid"),
            }
        }
    }
}

/// Elements of a vector of these instructions.
fn width(isa: Isa) -> usize {
    struct Width;
    impl SimdWork for Width {
        type Output = usize;
        unsafe fn run<L: Lanes>(self) -> usize {
            L::WIDTH
        }
    }
    dispatch(isa, Width)
}

/// Images as grids: where there is padding they are copied into one.
pub(super) struct Padded {
    grid: Grid,
    scratch: Option<Scratch>,
}

impl Padded {
    pub fn new(grid: Grid) -> Self {
        let scratch = (grid.pad > 0).then(|| Scratch::zeros(grid.len()));
        Self { grid, scratch }
    }

    pub fn image(&mut self, image: &[f32]) -> *const f32 {
        let Some(scratch) = &mut self.scratch else {
            return image.as_ptr();
        };
        let length = self.grid.width * self.grid.channels;
        for (y, row) in image.chunks_exact(length).enumerate() {
            // SAFETY: the rows of the image lie within the grid.
            unsafe {
                let to = scratch.as_mut_ptr().add(self.grid.row(y));
                std::ptr::copy_nonoverlapping(row.as_ptr(), to, length);
            }
        }
        scratch.as_ptr()
    }
}
