//! Depthwise 3×3: every channel convolved by itself.

use super::geometry::{ConvShape, Route};
use crate::simd::Lanes;

/// Writes the route's spots of `to` from the grid at `from`; `weight`: `[9, channels]`.
///
/// # Safety
/// `from` must be valid for reads of `channels` elements at every spot and tap, `to` for writes at every spot.
#[inline(always)]
pub(super) unsafe fn product<L: Lanes>(
    route: &Route,
    weight: &[f32],
    channels: usize,
    from: *const f32,
    to: *mut f32,
) {
    // SAFETY: the caller's promise.
    unsafe {
        match route.taps.len() {
            9 => taps::<L, 9>(route, weight, channels, from, to),
            4 => taps::<L, 4>(route, weight, channels, from, to),
            2 => taps::<L, 2>(route, weight, channels, from, to),
            _ => taps::<L, 1>(route, weight, channels, from, to),
        }
    }
}

/// # Safety
/// As [`product`], for a route of `T` taps.
#[inline(always)]
unsafe fn taps<L: Lanes, const T: usize>(
    route: &Route,
    weight: &[f32],
    channels: usize,
    from: *const f32,
    to: *mut f32,
) {
    for first in (0..channels).step_by(L::WIDTH) {
        let n = (channels - first).min(L::WIDTH);
        // SAFETY: the `n` channels from `first` on exist in the weights, at every tap and at every spot.
        unsafe {
            let mut weights = [L::splat(0.0); T];
            let mut offsets = [0; T];
            for (t, tap) in route.taps.iter().enumerate() {
                weights[t] = L::load_first(weight.as_ptr().add(tap.row * channels + first), n);
                offsets[t] = tap.from + first;
            }
            for spot in &route.spots {
                let from = from.add(spot.from);
                let mut sum = L::splat(0.0);
                for t in 0..T {
                    let x = L::load_first(from.add(offsets[t]), n);
                    sum = L::mul_add(x, weights[t], sum);
                }
                L::store_first(to.add(spot.to + first), n, sum);
            }
        }
    }
}

/// Adds one image's share of the weights' gradient to `sum`, `[9, channels]`.
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
    let (grid, out, channels) = (shape.grid(), shape.out_grid(), shape.inputs);
    for first in (0..channels).step_by(L::WIDTH) {
        let n = (channels - first).min(L::WIDTH);
        // SAFETY: the `n` channels from `first` on exist everywhere; taps lie within the padded grid.
        unsafe {
            let mut sums = [L::splat(0.0); 9];
            for y in 0..out.height {
                for x in 0..out.width {
                    let gradient = gradient.add(out.row(y) + x * channels + first);
                    let g = L::load_first(gradient, n);
                    let corner = y * shape.stride * grid.pitch() + x * shape.stride * channels;
                    for (k, sum) in sums.iter_mut().enumerate() {
                        let tap = k / 3 * grid.pitch() + k % 3 * channels;
                        let x = L::load_first(from.add(corner + tap + first), n);
                        *sum = L::mul_add(x, g, *sum);
                    }
                }
            }
            for (k, s) in sums.into_iter().enumerate() {
                let to = sum.as_mut_ptr().add(k * channels + first);
                L::store_first(to, n, L::add(L::load_first(to, n), s));
            }
        }
    }
}
