//! The instruction sets that kernels are compiled for, the one they run with, and vectors of f32 of each.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An instruction set, the lesser first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// What the target has in any case.
    Portable,
    /// AVX2 and FMA.
    Avx2,
    /// AVX-512 F, BW, DQ, VL, beside AVX2 and FMA.
    Avx512,
}

/// 0: none forced; else one more than the instruction set.
static FORCED: AtomicU8 = AtomicU8::new(0);
static FORCING: Mutex<()> = Mutex::new(());

/// Kernels run with the forced instruction set while this lives. Only one lives at a time.
#[derive(Debug)]
pub struct Forced {
    _one: MutexGuard<'static, ()>,
}

impl Isa {
    /// Every instruction set this processor has.
    pub fn available() -> impl Iterator<Item = Isa> {
        [Self::Portable, Self::Avx2, Self::Avx512]
            .into_iter()
            .filter(|isa| *isa <= Self::best())
    }

    /// The best this processor has.
    pub fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            let avx2 = has!("avx2") && has!("fma");
            let wide = has!("avx512f") && has!("avx512bw") && has!("avx512dq");
            if avx2 && wide && has!("avx512vl") {
                return Self::Avx512;
            }
            if avx2 {
                return Self::Avx2;
            }
        }
        Self::Portable
    }

    /// Its name in run.json: results are the same bytes only where it is the same.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// The one kernels run with.
    pub fn current() -> Self {
        match FORCED.load(Ordering::Relaxed) {
            0 => Self::best(),
            1 => Self::Portable,
            2 => Self::Avx2.min(Self::best()),
            _ => Self::best(),
        }
    }

    /// Makes kernels of the whole process run with this instruction set, or the best one if the processor lacks it:
    /// for tests.
    pub fn force(self) -> Forced {
        let one = FORCING.lock().unwrap_or_else(PoisonError::into_inner);
        FORCED.store(self as u8 + 1, Ordering::Relaxed);
        Forced { _one: one }
    }

    /// Runs `work`, compiled for this instruction set, or the best one if the processor lacks it; `work` must be a closure,
    /// and what it calls inlined.
    #[inline(always)]
    pub fn run<R>(self, work: impl FnOnce() -> R) -> R {
        dispatch(self.min(Self::best()), Loop(work))
    }
}

impl Drop for Forced {
    fn drop(&mut self) {
        FORCED.store(0, Ordering::Relaxed);
    }
}

/// Elements of a cache line.
pub(crate) const LINE: usize = 16;

/// Asks for the cache line of this address, which need not be valid, to come near: it will be read soon.
#[inline(always)]
pub(crate) fn fetch(address: *const f32) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        // SAFETY: every x86-64 processor has SSE, and a prefetch reads nothing, whatever the address.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(address.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

/// A vector of f32 of one instruction set.
///
/// # Safety
/// Every function may only be called where the instruction set is available, which [`dispatch`] ensures; pointers
/// must be valid for the elements named.
pub(crate) trait Lanes: Copy + 'static {
    /// Elements of a vector.
    const WIDTH: usize;
    /// Vector registers.
    const REGISTERS: usize;
    type V: Copy;

    unsafe fn splat(value: f32) -> Self::V;
    /// [`Self::WIDTH`] elements.
    unsafe fn load(from: *const f32) -> Self::V;
    unsafe fn store(to: *mut f32, value: Self::V);
    /// The first `n` elements, `n` ≤ [`Self::WIDTH`]; the others are 0.
    unsafe fn load_first(from: *const f32, n: usize) -> Self::V;
    unsafe fn store_first(to: *mut f32, n: usize, value: Self::V);
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn sub(a: Self::V, b: Self::V) -> Self::V;
    /// a·b + c
    unsafe fn mul_add(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// a where a > b, else b.
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V;
    /// a where a < b, else b.
    unsafe fn min(a: Self::V, b: Self::V) -> Self::V;
    /// `yes` where a > b, else `no`.
    unsafe fn pick(a: Self::V, b: Self::V, yes: Self::V, no: Self::V) -> Self::V;
}

/// Work that is compiled once for each instruction set.
pub(crate) trait SimdWork {
    type Output;

    /// # Safety
    /// The instruction set of `L` must be available.
    unsafe fn run<L: Lanes>(self) -> Self::Output;
}

/// Does the work with these instructions, which must be available on this processor.
pub(crate) fn dispatch<W: SimdWork>(isa: Isa, work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")]
        unsafe fn avx512<W: SimdWork>(work: W) -> W::Output {
            // SAFETY: this function has the features of `Avx512`.
            unsafe { work.run::<x86::Avx512>() }
        }
        #[target_feature(enable = "avx2,fma")]
        unsafe fn avx2<W: SimdWork>(work: W) -> W::Output {
            // SAFETY: this function has the features of `Avx2`.
            unsafe { work.run::<x86::Avx2>() }
        }
        // SAFETY: an `Isa` is only ever made of what the processor has.
        match isa {
            Isa::Avx512 => return unsafe { avx512(work) },
            Isa::Avx2 => return unsafe { avx2(work) },
            Isa::Portable => {}
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = isa;
    // SAFETY: `Portable` needs no feature.
    unsafe { work.run::<Portable>() }
}

/// A loop that the compiler makes vectors of.
struct Loop<F>(F);

impl<R, F: FnOnce() -> R> SimdWork for Loop<F> {
    type Output = R;

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) -> R {
        (self.0)()
    }
}

/// Eight elements in whatever the compiler makes of them.
#[derive(Clone, Copy)]
pub(crate) struct Portable;

#[inline(always)]
fn each(f: impl Fn(usize) -> f32) -> [f32; 8] {
    let mut out = [0.0; 8];
    for (i, o) in out.iter_mut().enumerate() {
        *o = f(i);
    }
    out
}

impl Lanes for Portable {
    const WIDTH: usize = 8;
    const REGISTERS: usize = 8;
    type V = [f32; 8];

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self::V {
        [value; 8]
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self::V {
        // SAFETY: the caller's promise.
        unsafe { from.cast::<Self::V>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(to: *mut f32, value: Self::V) {
        // SAFETY: the caller's promise.
        unsafe { to.cast::<Self::V>().write_unaligned(value) }
    }
    #[inline(always)]
    unsafe fn load_first(from: *const f32, n: usize) -> Self::V {
        // SAFETY: the caller's promise, for the elements below `n`.
        each(|i| if i < n { unsafe { *from.add(i) } } else { 0.0 })
    }
    #[inline(always)]
    unsafe fn store_first(to: *mut f32, n: usize, value: Self::V) {
        for (i, v) in value.iter().take(n).enumerate() {
            // SAFETY: the caller's promise, for the elements below `n`.
            unsafe { *to.add(i) = *v };
        }
    }
    #[inline(always)]
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V {
        each(|i| a[i] + b[i])
    }
    #[inline(always)]
    unsafe fn sub(a: Self::V, b: Self::V) -> Self::V {
        each(|i| a[i] - b[i])
    }
    #[inline(always)]
    unsafe fn mul_add(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        each(|i| a[i] * b[i] + c[i])
    }
    #[inline(always)]
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V {
        each(|i| if a[i] > b[i] { a[i] } else { b[i] })
    }
    #[inline(always)]
    unsafe fn min(a: Self::V, b: Self::V) -> Self::V {
        each(|i| if a[i] < b[i] { a[i] } else { b[i] })
    }
    #[inline(always)]
    unsafe fn pick(a: Self::V, b: Self::V, yes: Self::V, no: Self::V) -> Self::V {
        each(|i| if a[i] > b[i] { yes[i] } else { no[i] })
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::Lanes;

    #[derive(Clone, Copy)]
    pub(super) struct Avx512;

    #[derive(Clone, Copy)]
    pub(super) struct Avx2;

    // SAFETY, for every block of this module: the caller's promise that the instructions are there and, for loads
    // and stores, that the pointer is valid for the elements; masked-out elements are not touched.

    impl Lanes for Avx512 {
        const WIDTH: usize = 16;
        const REGISTERS: usize = 32;
        type V = __m512;

        #[inline(always)]
        unsafe fn splat(value: f32) -> __m512 {
            unsafe { _mm512_set1_ps(value) }
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> __m512 {
            unsafe { _mm512_loadu_ps(from) }
        }
        #[inline(always)]
        unsafe fn store(to: *mut f32, value: __m512) {
            unsafe { _mm512_storeu_ps(to, value) }
        }
        #[inline(always)]
        unsafe fn load_first(from: *const f32, n: usize) -> __m512 {
            unsafe { _mm512_maskz_loadu_ps(((1_u32 << n) - 1) as __mmask16, from) }
        }
        #[inline(always)]
        unsafe fn store_first(to: *mut f32, n: usize, value: __m512) {
            unsafe { _mm512_mask_storeu_ps(to, ((1_u32 << n) - 1) as __mmask16, value) }
        }
        #[inline(always)]
        unsafe fn add(a: __m512, b: __m512) -> __m512 {
            unsafe { _mm512_add_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn sub(a: __m512, b: __m512) -> __m512 {
            unsafe { _mm512_sub_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn mul_add(a: __m512, b: __m512, c: __m512) -> __m512 {
            unsafe { _mm512_fmadd_ps(a, b, c) }
        }
        #[inline(always)]
        unsafe fn max(a: __m512, b: __m512) -> __m512 {
            unsafe { _mm512_max_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn min(a: __m512, b: __m512) -> __m512 {
            unsafe { _mm512_min_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn pick(a: __m512, b: __m512, yes: __m512, no: __m512) -> __m512 {
            unsafe { _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(a, b), no, yes) }
        }
    }

    /// A mask of the first `n` of eight elements.
    #[inline(always)]
    unsafe fn first(n: usize) -> __m256i {
        unsafe {
            let places = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
            _mm256_cmpgt_epi32(_mm256_set1_epi32(n as i32), places)
        }
    }

    impl Lanes for Avx2 {
        const WIDTH: usize = 8;
        const REGISTERS: usize = 16;
        type V = __m256;

        #[inline(always)]
        unsafe fn splat(value: f32) -> __m256 {
            unsafe { _mm256_set1_ps(value) }
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> __m256 {
            unsafe { _mm256_loadu_ps(from) }
        }
        #[inline(always)]
        unsafe fn store(to: *mut f32, value: __m256) {
            unsafe { _mm256_storeu_ps(to, value) }
        }
        #[inline(always)]
        unsafe fn load_first(from: *const f32, n: usize) -> __m256 {
            unsafe { _mm256_maskload_ps(from, first(n)) }
        }
        #[inline(always)]
        unsafe fn store_first(to: *mut f32, n: usize, value: __m256) {
            unsafe { _mm256_maskstore_ps(to, first(n), value) }
        }
        #[inline(always)]
        unsafe fn add(a: __m256, b: __m256) -> __m256 {
            unsafe { _mm256_add_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn sub(a: __m256, b: __m256) -> __m256 {
            unsafe { _mm256_sub_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn mul_add(a: __m256, b: __m256, c: __m256) -> __m256 {
            unsafe { _mm256_fmadd_ps(a, b, c) }
        }
        #[inline(always)]
        unsafe fn max(a: __m256, b: __m256) -> __m256 {
            unsafe { _mm256_max_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn min(a: __m256, b: __m256) -> __m256 {
            unsafe { _mm256_min_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn pick(a: __m256, b: __m256, yes: __m256, no: __m256) -> __m256 {
            unsafe { _mm256_blendv_ps(no, yes, _mm256_cmp_ps::<_CMP_GT_OQ>(a, b)) }
        }
    }
}
