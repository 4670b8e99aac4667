//! A vector register of f32 per instruction set.
//!
//! All functions are inlined into their callers, and are to be called from code compiled for the instruction set only.

/// Several f32 side by side.
pub trait Lanes {
    /// The register.
    type V: Copy;
    /// How many f32 it holds.
    const WIDTH: usize;
    /// Rows of a tile, at most 8.
    const TALL: usize;
    /// Registers a tile is wide, 2 or 3: with `TALL` times as many sums, one row of the other operand and one element of
    /// the first, all stay in registers.
    const WIDE: usize;

    /// All equal.
    unsafe fn splat(x: f32) -> Self::V;
    /// The first `count` of `WIDTH` f32 from `from` on, the others 0; `count` is 1 to `WIDTH`.
    unsafe fn load(from: *const f32, count: usize) -> Self::V;
    /// `WIDTH` f32.
    unsafe fn load_all(from: *const f32) -> Self::V;
    /// Writes the first `count`.
    unsafe fn store(to: *mut f32, x: Self::V, count: usize);
    /// a b + c.
    unsafe fn multiply_add(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// max(0, x); NaN stays.
    unsafe fn relu(x: Self::V) -> Self::V;
}

/// Four f32 in an array: every processor has registers for it.
pub struct Portable;

impl Lanes for Portable {
    type V = [f32; 4];
    const WIDTH: usize = 4;
    const TALL: usize = 4;
    const WIDE: usize = 2;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self::V {
        [x; 4]
    }

    #[inline(always)]
    unsafe fn load(from: *const f32, count: usize) -> Self::V {
        let mut x = [0.0; 4];
        // SAFETY: the caller gives `count` readable f32, and at most as many as `x` has.
        unsafe { std::ptr::copy_nonoverlapping(from, x.as_mut_ptr(), count) };
        x
    }

    #[inline(always)]
    unsafe fn load_all(from: *const f32) -> Self::V {
        // SAFETY: the caller gives 4 readable f32; an array of f32 has their alignment.
        unsafe { from.cast::<[f32; 4]>().read() }
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, x: Self::V, count: usize) {
        // SAFETY: the caller gives room for `count` f32, and at most as many as `x` has.
        unsafe { std::ptr::copy_nonoverlapping(x.as_ptr(), to, count) };
    }

    #[inline(always)]
    unsafe fn multiply_add(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        std::array::from_fn(|i| a[i] * b[i] + c[i])
    }

    #[inline(always)]
    unsafe fn relu(x: Self::V) -> Self::V {
        x.map(|x| if 0.0 > x { 0.0 } else { x })
    }
}

#[cfg(target_arch = "x86_64")]
pub use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::Lanes;

    /// Sixteen f32 with AVX-512 F.
    pub struct Avx512;

    // SAFETY of all blocks: the caller runs on a processor with AVX-512 F and gives `count` (or all) readable or writable
    // f32; masked-out lanes are not accessed.
    impl Lanes for Avx512 {
        type V = __m512;
        const WIDTH: usize = 16;
        const TALL: usize = 8;
        const WIDE: usize = 3;

        #[inline(always)]
        unsafe fn splat(x: f32) -> Self::V {
            unsafe { _mm512_set1_ps(x) }
        }

        #[inline(always)]
        unsafe fn load(from: *const f32, count: usize) -> Self::V {
            unsafe { _mm512_maskz_loadu_ps(mask(count), from) }
        }

        #[inline(always)]
        unsafe fn load_all(from: *const f32) -> Self::V {
            unsafe { _mm512_loadu_ps(from) }
        }

        #[inline(always)]
        unsafe fn store(to: *mut f32, x: Self::V, count: usize) {
            unsafe { _mm512_mask_storeu_ps(to, mask(count), x) }
        }

        #[inline(always)]
        unsafe fn multiply_add(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
            unsafe { _mm512_fmadd_ps(a, b, c) }
        }

        #[inline(always)]
        unsafe fn relu(x: Self::V) -> Self::V {
            // The second operand is the result if either is NaN.
            unsafe { _mm512_max_ps(_mm512_setzero_ps(), x) }
        }
    }

    #[inline(always)]
    fn mask(count: usize) -> __mmask16 {
        (0xFFFF_u32 >> (16 - count)) as __mmask16
    }

    /// Eight f32 with AVX2 and FMA.
    pub struct Avx2;

    // SAFETY of all blocks: as above, with AVX2 and FMA.
    impl Lanes for Avx2 {
        type V = __m256;
        const WIDTH: usize = 8;
        const TALL: usize = 6;
        const WIDE: usize = 2;

        #[inline(always)]
        unsafe fn splat(x: f32) -> Self::V {
            unsafe { _mm256_set1_ps(x) }
        }

        #[inline(always)]
        unsafe fn load(from: *const f32, count: usize) -> Self::V {
            unsafe { _mm256_maskload_ps(from, first(count)) }
        }

        #[inline(always)]
        unsafe fn load_all(from: *const f32) -> Self::V {
            unsafe { _mm256_loadu_ps(from) }
        }

        #[inline(always)]
        unsafe fn store(to: *mut f32, x: Self::V, count: usize) {
            unsafe { _mm256_maskstore_ps(to, first(count), x) }
        }

        #[inline(always)]
        unsafe fn multiply_add(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
            unsafe { _mm256_fmadd_ps(a, b, c) }
        }

        #[inline(always)]
        unsafe fn relu(x: Self::V) -> Self::V {
            // The second operand is the result if either is NaN.
            unsafe { _mm256_max_ps(_mm256_setzero_ps(), x) }
        }
    }

    #[inline(always)]
    unsafe fn first(count: usize) -> __m256i {
        unsafe {
            let places = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
            _mm256_cmpgt_epi32(_mm256_set1_epi32(count as i32), places)
        }
    }
}
