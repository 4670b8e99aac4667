//! Batch statistics, merged stably.

use crate::simd::Lanes;

/// Number, mean and sum of squared deviations of some numbers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// Both together (Chan, Golub & LeVeque 1983).
    pub fn merge(&mut self, other: &Self) {
        let count = self.count + other.count;
        if count == 0.0 {
            return;
        }
        let apart = other.mean - self.mean;
        let share = other.count / count;
        self.squares += other.squares + apart * apart * self.count * share;
        self.mean += apart * share;
        self.count = count;
    }

    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The mean squared deviation (what normalises; not the unbiased one).
    pub fn variance(&self) -> f64 {
        self.squares / self.count.max(1.0)
    }
}

/// Numbers added in f32 before they are merged in f64.
const RUN: usize = 512;

/// Merges the moments of each channel of `values` `[places, moments.len()]` into `moments`.
///
/// # Safety
/// The instruction set of `L` must be available, and `values.len()` a multiple of the channels.
#[inline(always)]
pub(super) unsafe fn moments<L: Lanes>(values: &[f32], moments: &mut [Moments]) {
    let channels = moments.len();
    for run in values.chunks(RUN * channels) {
        let places = run.len() / channels;
        for first in (0..channels).step_by(L::WIDTH) {
            let n = (channels - first).min(L::WIDTH);
            let mut mean = [0.0_f32; 16];
            let mut squares = [0.0_f32; 16];
            // SAFETY: `n` channels from `first` on exist at each of the run's places.
            unsafe {
                let from = run.as_ptr().add(first);
                let zero = L::splat(0.0);
                let total = sum::<L>(from, places, channels, n, zero, false);
                let center = L::mul_add(total, L::splat(1.0 / places as f32), zero);
                L::store(mean.as_mut_ptr(), center);
                let total = sum::<L>(from, places, channels, n, center, true);
                L::store(squares.as_mut_ptr(), total);
            }
            for (c, moments) in moments[first..first + n].iter_mut().enumerate() {
                moments.merge(&Moments {
                    count: places as f64,
                    mean: f64::from(mean[c]),
                    squares: f64::from(squares[c]),
                });
            }
        }
    }
}

/// Σ (x − center), or Σ (x − center)², over the places, in four strands.
///
/// # Safety
/// `from` must be valid for `n` elements at each place.
#[inline(always)]
unsafe fn sum<L: Lanes>(
    from: *const f32,
    places: usize,
    step: usize,
    n: usize,
    center: L::V,
    squared: bool,
) -> L::V {
    // SAFETY: the caller's promise.
    unsafe {
        let mut sums = [L::splat(0.0); 4];
        for four in 0..places / 4 {
            let from = from.add(4 * four * step);
            for (strand, sum) in sums.iter_mut().enumerate() {
                *sum = added::<L>(*sum, from.add(strand * step), n, center, squared);
            }
        }
        for place in places / 4 * 4..places {
            sums[0] = added::<L>(sums[0], from.add(place * step), n, center, squared);
        }
        L::add(L::add(sums[0], sums[1]), L::add(sums[2], sums[3]))
    }
}

/// # Safety
/// As [`sum`], for one place.
#[inline(always)]
unsafe fn added<L: Lanes>(
    sum: L::V,
    from: *const f32,
    n: usize,
    center: L::V,
    squared: bool,
) -> L::V {
    // SAFETY: the caller's promise.
    unsafe {
        let x = L::sub(L::load_first(from, n), center);
        match squared {
            true => L::mul_add(x, x, sum),
            false => L::add(x, sum),
        }
    }
}
