//! The instruction set kernels run with: the processor's best, or a lesser one that a test forces.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An instruction set, the lesser first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// What the target has in any case.
    Portable,
    /// AVX2 and FMA (x86-64-v3).
    Avx2,
    /// AVX-512 F, CD, BW, DQ, VL (x86-64-v4).
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
            if pulp::x86::V4::is_available() {
                return Self::Avx512;
            }
            if pulp::x86::V3::is_available() {
                return Self::Avx2;
            }
        }
        Self::Portable
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

    /// Runs `work`, compiled for this instruction set; it must be a closure, and what it calls inlined.
    #[inline(always)]
    pub fn run<R>(self, work: impl FnOnce() -> R) -> R {
        #[cfg(target_arch = "x86_64")]
        {
            match self {
                Self::Avx512 => {
                    if let Some(simd) = pulp::x86::V4::try_new() {
                        return simd.vectorize(Work(work));
                    }
                }
                Self::Avx2 => {
                    if let Some(simd) = pulp::x86::V3::try_new() {
                        return simd.vectorize(Work(work));
                    }
                }
                Self::Portable => {}
            }
        }
        work()
    }
}

impl Drop for Forced {
    fn drop(&mut self) {
        FORCED.store(0, Ordering::Relaxed);
    }
}

struct Work<F>(F);

impl<R, F: FnOnce() -> R> pulp::NullaryFnOnce for Work<F> {
    type Output = R;

    #[inline(always)]
    fn call(self) -> R {
        (self.0)()
    }
}
