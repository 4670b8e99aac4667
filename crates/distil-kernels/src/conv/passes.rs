//! What is done with each part of a batch.

use std::mem::MaybeUninit;

use super::buffer::Scratch;
use super::epilogue::{Epilogue, Slope, Sums};
use super::geometry::ConvShape;
use super::kernel::{Kernel, Padded};
use super::statistics::{Moments, moments};
use super::winograd::{self, KernelGradient};
use super::{dense, depthwise};
use crate::simd::{Lanes, SimdWork};

/// Sums of the convolution, and their moments.
pub(super) struct Measure<'a> {
    pub conv: &'a ConvShape,
    pub kernel: &'a Kernel<'a>,
    pub x: &'a [f32],
    pub z: &'a mut [MaybeUninit<f32>],
    pub moments: &'a mut [Moments],
}

impl SimdWork for Measure<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let conv = self.conv;
        let mut padded = Padded::new(conv.grid());
        let group = self.kernel.group();
        let groups = self.x.chunks(group * conv.image());
        for (x, z) in groups.zip(self.z.chunks_mut(group * conv.out_image())) {
            let images = x.len() / conv.image();
            // SAFETY: both are as many images; the kernel writes all of `z`, which is then read.
            unsafe {
                let to = z.as_mut_ptr().cast::<f32>();
                self.kernel
                    .forward_images::<L>(conv, &mut padded, x.as_ptr(), to, images);
                moments::<L>(std::slice::from_raw_parts(to, z.len()), self.moments);
            }
        }
    }
}

/// Batch norm, residual, activation, pooling.
pub(super) struct Normalise<'a> {
    pub epilogue: Epilogue<'a>,
    pub z: &'a [f32],
    pub residual: Option<&'a [f32]>,
    pub y: &'a mut [MaybeUninit<f32>],
}

impl SimdWork for Normalise<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let image = self.epilogue.height * self.epilogue.width * self.epilogue.scale.len();
        let answers = self.y.chunks_exact_mut(self.epilogue.len().max(1));
        for (i, (z, y)) in self.z.chunks_exact(image).zip(answers).enumerate() {
            // SAFETY: `z` is an image and `y` a finished one; a residual has as many images as `z`.
            unsafe {
                let residual = self.residual.map(|r| r.as_ptr().add(i * image));
                self.epilogue
                    .forward::<L>(z.as_ptr(), residual, y.as_mut_ptr().cast());
            }
        }
    }
}

/// Both of these, a few images at a time.
pub(super) struct Evaluate<'a> {
    pub conv: &'a ConvShape,
    pub kernel: &'a Kernel<'a>,
    pub epilogue: Epilogue<'a>,
    pub x: &'a [f32],
    pub residual: Option<&'a [f32]>,
    pub y: &'a mut [MaybeUninit<f32>],
}

impl SimdWork for Evaluate<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let conv = self.conv;
        let mut padded = Padded::new(conv.grid());
        // An image that pooling leaves nothing of has an answer of no elements.
        let (image, answer) = (conv.out_image(), self.epilogue.len());
        let group = self.kernel.group();
        let mut z = Scratch::zeros(group * image);
        for (g, x) in self.x.chunks(group * conv.image()).enumerate() {
            let images = x.len() / conv.image();
            // SAFETY: `z` has room for a group; there are as many answers, and residuals if any, as images.
            unsafe {
                self.kernel.forward_images::<L>(
                    conv,
                    &mut padded,
                    x.as_ptr(),
                    z.as_mut_ptr(),
                    images,
                );
                for i in 0..images {
                    let at = g * group + i;
                    let residual = self.residual.map(|r| r[at * image..].as_ptr());
                    let y = self.y[at * answer..].as_mut_ptr().cast();
                    let z = z.as_ptr().add(i * image);
                    self.epilogue.forward::<L>(z, residual, y);
                }
            }
        }
    }
}

/// The activation's gradient where a residual was added, and the sums of batch norm's gradients.
pub(super) struct Reduce<'a> {
    pub epilogue: Epilogue<'a>,
    pub center: &'a [f32],
    pub z: &'a [f32],
    pub dy: &'a mut [f32],
    pub y: Option<&'a [f32]>,
    pub sums: &'a mut [f64],
}

impl SimdWork for Reduce<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let channels = self.epilogue.scale.len();
        let image = self.epilogue.height * self.epilogue.width * channels;
        let answer = self.epilogue.len().max(1);
        let (gradient, product) = self.sums.split_at_mut(channels);
        let images = self
            .z
            .chunks_exact(image)
            .zip(self.dy.chunks_exact_mut(answer));
        for (i, (z, dy)) in images.enumerate() {
            let sums = Sums {
                center: self.center,
                gradient,
                product,
            };
            // SAFETY: `z` is an image, `dy` a finished one, and so are those of `y`.
            unsafe {
                if let Some(y) = self.y {
                    let y = y.as_ptr().add(i * answer);
                    self.epilogue.gate::<L>(y, dy.as_mut_ptr(), answer);
                }
                self.epilogue
                    .sums::<L>(z.as_ptr(), dy.as_ptr(), self.y.is_some(), sums);
            }
        }
    }
}

/// Gradients of the convolution.
pub(super) struct Return<'a> {
    pub conv: &'a ConvShape,
    pub epilogue: Epilogue<'a>,
    pub slope: &'a Slope<'a>,
    pub gated: bool,
    pub back: Option<&'a Kernel<'a>>,
    pub x: &'a [f32],
    pub z: &'a [f32],
    pub dy: &'a [f32],
    pub dw: &'a mut [f32],
    pub dx: &'a mut [MaybeUninit<f32>],
}

impl SimdWork for Return<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        // SAFETY: the caller's.
        unsafe {
            match winograd::covers(self.conv) {
                true => self.tiled::<L>(),
                false => self.direct::<L>(),
            }
        }
    }
}

impl Return<'_> {
    /// An image at a time, by the definition.
    ///
    /// # Safety
    /// The instruction set of `L` must be available.
    #[inline(always)]
    unsafe fn direct<L: Lanes>(self) {
        let conv = self.conv;
        let mut padded = Padded::new(conv.grid());
        let out = conv.out_grid();
        let mut dz = Scratch::zeros(out.len());
        for (i, x) in self.x.chunks_exact(conv.image()).enumerate() {
            // SAFETY: `dx`, if wanted, has as many images as `x`; the grids are the shape's.
            unsafe {
                self.slope::<L>(i, dz.as_mut_ptr(), |y| out.row(y));
                let from = padded.image(x);
                match conv.depthwise {
                    true => depthwise::weights::<L>(conv, from, dz.as_ptr(), self.dw),
                    false => dense::weights::<L>(conv, from, dz.as_ptr(), self.dw),
                }
                if let Some(back) = self.back {
                    let to = self.dx[i * conv.image()..].as_mut_ptr().cast();
                    back.image::<L>(dz.as_ptr(), to);
                }
            }
        }
    }

    /// A few images at a time, in tiles.
    ///
    /// # Safety
    /// The instruction set of `L` must be available.
    #[inline(always)]
    unsafe fn tiled<L: Lanes>(self) {
        let conv = self.conv;
        let (image, out_image) = (conv.image(), conv.out_image());
        let mut gradient = KernelGradient::zero(conv);
        let group = gradient.group();
        let mut dz = Scratch::zeros(group * out_image);
        for (g, x) in self.x.chunks(group * image).enumerate() {
            let images = x.len() / image;
            // SAFETY: `dz` has room for a group; `dx`, if wanted, has as many images as `x`.
            unsafe {
                for i in 0..images {
                    let to = dz.as_mut_ptr().add(i * out_image);
                    self.slope::<L>(g * group + i, to, |y| y * conv.width * conv.outputs);
                }
                gradient.add::<L>(x.as_ptr(), dz.as_ptr(), images);
                if let Some(Kernel::Tiled(back)) = self.back {
                    let to = self.dx[g * group * image..].as_mut_ptr().cast();
                    back.images::<L>(dz.as_ptr(), to, images);
                }
            }
        }
        // SAFETY: the caller's.
        unsafe { gradient.transform_back::<L>(self.dw) };
    }

    /// The gradient by an image's sums, row `y` of which is written at `to + row(y)`.
    ///
    /// # Safety
    /// The part must have the image, and the rows must be valid for writes.
    #[inline(always)]
    unsafe fn slope<L: Lanes>(&self, image: usize, to: *mut f32, row: impl Fn(usize) -> usize) {
        let z = self.z[image * self.conv.out_image()..].as_ptr();
        let dy = self.dy[image * self.epilogue.len()..].as_ptr();
        // SAFETY: the caller's; there are as many images of `z` and answers of `dy` as of `x`.
        unsafe {
            self.epilogue
                .backward::<L>(z, dy, self.gated, self.slope, to, row)
        };
    }
}
