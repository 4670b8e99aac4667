//! What comes after the sums of a convolution: batch norm, residual, activation, pooling; and the way back.

use crate::simd::Lanes;

/// max(low, min(x, high)): the activations that the kernels know.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Clamp {
    /// x
    None,
    /// max(0, x)
    Relu,
    /// min(max(0, x), 6)
    Relu6,
}

impl Clamp {
    /// The bounds; within them, and not at them, the derivative is 1.
    pub fn bounds(self) -> (f32, f32) {
        match self {
            Self::None => (f32::NEG_INFINITY, f32::INFINITY),
            Self::Relu => (0.0, f32::INFINITY),
            Self::Relu6 => (0.0, 6.0),
        }
    }
}

/// One image `[height, width, channels]` of a convolution's sums, and what is done with them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Epilogue<'a> {
    pub height: usize,
    pub width: usize,
    /// Batch norm as a·z + b, `[channels]` each.
    pub scale: &'a [f32],
    pub shift: &'a [f32],
    pub clamp: Clamp,
    /// Whether blocks of 2×2 become their maximum; an odd last row or column is dropped.
    pub pool: bool,
}

/// Sums over an image that the gradients of batch norm need: Σ dm and Σ dm·(z − center), by channel, where dm is the
/// gradient behind the activation.
pub(super) struct Sums<'a> {
    pub center: &'a [f32],
    pub gradient: &'a mut [f64],
    pub product: &'a mut [f64],
}

/// dz = a·dm + b·(z − center) + c, by channel.
pub(super) struct Slope<'a> {
    pub center: &'a [f32],
    pub a: &'a [f32],
    pub b: &'a [f32],
    pub c: &'a [f32],
}

impl Epilogue<'_> {
    fn channels(&self) -> usize {
        self.scale.len()
    }

    /// Elements of the finished image.
    pub fn len(&self) -> usize {
        match self.pool {
            true => (self.height / 2) * (self.width / 2) * self.channels(),
            false => self.height * self.width * self.channels(),
        }
    }

    /// Writes the finished image. `residual` is added before the activation; there is none with pooling.
    ///
    /// # Safety
    /// `z` and `residual` must be valid for reads of an image, `to` for writes of the finished one; `to` may be `z`
    /// without pooling.
    #[inline(always)]
    pub unsafe fn forward<L: Lanes>(
        &self,
        z: *const f32,
        residual: Option<*const f32>,
        to: *mut f32,
    ) {
        let channels = self.channels();
        let (low, high) = self.clamp.bounds();
        for first in (0..channels).step_by(L::WIDTH) {
            let n = (channels - first).min(L::WIDTH);
            // SAFETY: the `n` channels from `first` on exist at every place.
            unsafe {
                let scale = L::load_first(self.scale.as_ptr().add(first), n);
                let shift = L::load_first(self.shift.as_ptr().add(first), n);
                let (low, high) = (L::splat(low), L::splat(high));
                let (z, to) = (z.add(first), to.add(first));
                if self.pool {
                    for (block, at) in self.blocks() {
                        let best = Peak::of::<L>(z, block, n, scale, shift).value;
                        L::store_first(to.add(at), n, clamp::<L>(best, low, high));
                    }
                } else {
                    for at in (0..self.height * self.width * channels).step_by(channels) {
                        let mut x = L::mul_add(L::load_first(z.add(at), n), scale, shift);
                        if let Some(residual) = residual {
                            x = L::add(x, L::load_first(residual.add(first + at), n));
                        }
                        L::store_first(to.add(at), n, clamp::<L>(x, low, high));
                    }
                }
            }
        }
    }

    /// Sets to 0 the gradients `dy` of outputs `y` at the activation's bounds.
    ///
    /// # Safety
    /// Both must be valid for `count` elements.
    #[inline(always)]
    pub unsafe fn gate<L: Lanes>(&self, y: *const f32, dy: *mut f32, count: usize) {
        let (low, high) = self.clamp.bounds();
        for at in (0..count).step_by(L::WIDTH) {
            let n = (count - at).min(L::WIDTH);
            // SAFETY: the caller's promise.
            unsafe {
                let dy = dy.add(at);
                let inside =
                    within::<L>(L::load_first(y.add(at), n), L::load_first(dy, n), low, high);
                L::store_first(dy, n, inside);
            }
        }
    }

    /// Adds one image to the sums. `dy` is the gradient of the finished image, already gated if `gated`.
    ///
    /// # Safety
    /// `z` must be valid for an image and `dy` for a finished one.
    #[inline(always)]
    pub unsafe fn sums<L: Lanes>(
        &self,
        z: *const f32,
        dy: *const f32,
        gated: bool,
        sums: Sums<'_>,
    ) {
        let channels = self.channels();
        let (low, high) = self.open_bounds(gated);
        for first in (0..channels).step_by(L::WIDTH) {
            let n = (channels - first).min(L::WIDTH);
            let mut totals = [[0.0_f32; 16]; 2];
            // SAFETY: the `n` channels from `first` on exist at every place.
            unsafe {
                let scale = L::load_first(self.scale.as_ptr().add(first), n);
                let shift = L::load_first(self.shift.as_ptr().add(first), n);
                let center = L::load_first(sums.center.as_ptr().add(first), n);
                let (z, dy) = (z.add(first), dy.add(first));
                let mut strands = [[L::splat(0.0); 2]; 4];
                if self.pool {
                    for (block, at) in self.blocks() {
                        let peak = Peak::of::<L>(z, block, n, scale, shift);
                        let dm = within::<L>(peak.value, L::load_first(dy.add(at), n), low, high);
                        strands[0] = summed::<L>(strands[0], L::sub(peak.z, center), dm);
                    }
                } else {
                    let step = Step {
                        scale,
                        shift,
                        center,
                        low,
                        high,
                        n,
                    };
                    let places = self.height * self.width;
                    for four in 0..places / 4 {
                        for (s, strand) in strands.iter_mut().enumerate() {
                            let at = (4 * four + s) * channels;
                            let (z, dm) = step.at::<L>(z.add(at), dy.add(at));
                            *strand = summed::<L>(*strand, z, dm);
                        }
                    }
                    for at in (places / 4 * 4..places).map(|place| place * channels) {
                        let (z, dm) = step.at::<L>(z.add(at), dy.add(at));
                        strands[0] = summed::<L>(strands[0], z, dm);
                    }
                }
                for (i, total) in totals.iter_mut().enumerate() {
                    let half = L::add(strands[0][i], strands[1][i]);
                    let half = L::add(half, L::add(strands[2][i], strands[3][i]));
                    L::store(total.as_mut_ptr(), half);
                }
            }
            let sums = sums.gradient[first..]
                .iter_mut()
                .zip(&mut sums.product[first..]);
            for (c, (gradient, product)) in sums.take(n).enumerate() {
                *gradient += f64::from(totals[0][c]);
                *product += f64::from(totals[1][c]);
            }
        }
    }

    /// Writes dz of an image into a grid: row y begins at `to + row(y)`. `dy` as in [`Self::sums`].
    ///
    /// # Safety
    /// As [`Self::sums`]; the rows must be valid for writes.
    #[inline(always)]
    pub unsafe fn backward<L: Lanes>(
        &self,
        z: *const f32,
        dy: *const f32,
        gated: bool,
        slope: &Slope<'_>,
        to: *mut f32,
        row: impl Fn(usize) -> usize,
    ) {
        let channels = self.channels();
        let pitch = self.width * channels;
        let (low, high) = self.open_bounds(gated);
        for first in (0..channels).step_by(L::WIDTH) {
            let n = (channels - first).min(L::WIDTH);
            // SAFETY: the `n` channels from `first` on exist at every place.
            unsafe {
                let (scale, shift) = (
                    L::load_first(self.scale.as_ptr().add(first), n),
                    L::load_first(self.shift.as_ptr().add(first), n),
                );
                let center = L::load_first(slope.center.as_ptr().add(first), n);
                let a = L::load_first(slope.a.as_ptr().add(first), n);
                let b = L::load_first(slope.b.as_ptr().add(first), n);
                let c = L::load_first(slope.c.as_ptr().add(first), n);
                let (z, dy, to) = (z.add(first), dy.add(first), to.add(first));
                let step = Step {
                    scale,
                    shift,
                    center,
                    low,
                    high,
                    n,
                };
                if !self.pool {
                    for y in 0..self.height {
                        let to = to.add(row(y));
                        for x in (0..pitch).step_by(channels) {
                            let at = y * pitch + x;
                            let (z, dm) = step.at::<L>(z.add(at), dy.add(at));
                            L::store_first(to.add(x), n, L::mul_add(a, dm, L::mul_add(b, z, c)));
                        }
                    }
                    continue;
                }
                for (block, at) in self.blocks() {
                    let peak = Peak::of::<L>(z, block, n, scale, shift);
                    let dm = within::<L>(peak.value, L::load_first(dy.add(at), n), low, high);
                    for (place, from) in block.into_iter().enumerate() {
                        let (y, x) = (
                            2 * (at / channels / (self.width / 2)) + place / 2,
                            from % pitch,
                        );
                        let place = place as f32;
                        let dm = within::<L>(peak.place, dm, place - 0.5, place + 0.5);
                        let z = L::sub(L::load_first(z.add(from), n), center);
                        let dz = L::mul_add(a, dm, L::mul_add(b, z, c));
                        L::store_first(to.add(row(y) + x), n, dz);
                    }
                }
                // What no block covers.
                let (even_height, even_width) = (self.height / 2 * 2, self.width / 2 * 2);
                for y in 0..self.height {
                    let from = if y < even_height { even_width } else { 0 };
                    for x in (from * channels..pitch).step_by(channels) {
                        let z = L::sub(L::load_first(z.add(y * pitch + x), n), center);
                        L::store_first(to.add(row(y) + x), n, L::mul_add(b, z, c));
                    }
                }
            }
        }
    }

    /// The offsets of each whole 2×2 block and of its maximum.
    #[inline(always)]
    fn blocks(&self) -> impl Iterator<Item = ([usize; 4], usize)> {
        let (channels, half) = (self.channels(), self.width / 2);
        let pitch = self.width * channels;
        (0..self.height / 2).flat_map(move |y| {
            (0..half).map(move |x| {
                let corner = 2 * (y * pitch + x * channels);
                let below = corner + pitch;
                let block = [corner, corner + channels, below, below + channels];
                (block, (y * half + x) * channels)
            })
        })
    }

    fn open_bounds(&self, gated: bool) -> (f32, f32) {
        match gated {
            true => Clamp::None.bounds(),
            false => self.clamp.bounds(),
        }
    }
}

/// min(max(x, low), high); what is not a number stays so.
///
/// # Safety
/// The instruction set of `L` must be available.
#[inline(always)]
unsafe fn clamp<L: Lanes>(x: L::V, low: L::V, high: L::V) -> L::V {
    // SAFETY: the caller's promise.
    unsafe { L::min(high, L::max(low, x)) }
}

/// `value` where low < y < high, else 0.
///
/// # Safety
/// The instruction set of `L` must be available.
#[inline(always)]
unsafe fn within<L: Lanes>(y: L::V, value: L::V, low: f32, high: f32) -> L::V {
    // SAFETY: the caller's promise.
    unsafe {
        let zero = L::splat(0.0);
        let value = L::pick(y, L::splat(low), value, zero);
        L::pick(L::splat(high), y, value, zero)
    }
}

/// What a place of an image needs on the way back.
struct Step<V> {
    scale: V,
    shift: V,
    center: V,
    low: f32,
    high: f32,
    n: usize,
}

impl<V> Step<V> {
    /// z − center, and the gradient behind the activation.
    ///
    /// # Safety
    /// Both must be valid for `n` elements.
    #[inline(always)]
    unsafe fn at<L: Lanes<V = V>>(&self, z: *const f32, dy: *const f32) -> (V, V)
    where
        V: Copy,
    {
        // SAFETY: the caller's promise.
        unsafe {
            let z = L::load_first(z, self.n);
            let y = L::mul_add(z, self.scale, self.shift);
            let dm = within::<L>(y, L::load_first(dy, self.n), self.low, self.high);
            (L::sub(z, self.center), dm)
        }
    }
}

/// Σ dm and Σ z·dm with one more place.
///
/// # Safety
/// The instruction set of `L` must be available.
#[inline(always)]
unsafe fn summed<L: Lanes>([gradient, product]: [L::V; 2], z: L::V, dm: L::V) -> [L::V; 2] {
    // SAFETY: the caller's promise.
    unsafe { [L::add(gradient, dm), L::mul_add(z, dm, product)] }
}

/// The greatest of a block: its value, the sum it comes from and its place, the first of equals.
struct Peak<V> {
    value: V,
    z: V,
    place: V,
}

impl<V: Copy> Peak<V> {
    /// # Safety
    /// `z` must be valid for `n` elements at each place of the block.
    #[inline(always)]
    unsafe fn of<L: Lanes<V = V>>(
        z: *const f32,
        block: [usize; 4],
        n: usize,
        scale: V,
        shift: V,
    ) -> Self {
        // SAFETY: the caller's promise.
        unsafe {
            let first = L::load_first(z.add(block[0]), n);
            let mut peak = Self {
                value: L::mul_add(first, scale, shift),
                z: first,
                place: L::splat(0.0),
            };
            for (place, from) in block.into_iter().enumerate().skip(1) {
                let z = L::load_first(z.add(from), n);
                let value = L::mul_add(z, scale, shift);
                peak.z = L::pick(value, peak.value, z, peak.z);
                peak.place = L::pick(value, peak.value, L::splat(place as f32), peak.place);
                peak.value = L::max(peak.value, value);
            }
            peak
        }
    }
}
