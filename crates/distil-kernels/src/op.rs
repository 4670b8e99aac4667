//! Which kernels ran, for tests that promise they did.

use std::cell::Cell;

/// The kernels whose runs are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// [`linear_act`](crate::linear_act), forward.
    Linear,
    /// [`linear_act`](crate::linear_act), backward.
    LinearBackward,
    /// [`ConvBlock`](crate::ConvBlock), forward.
    ConvBlock,
    /// [`ConvBlock`](crate::ConvBlock), backward.
    ConvBlockBackward,
    /// [`ConvBlock`](crate::ConvBlock) by minimal filtering, forward or backward.
    Winograd,
    /// [`global_mean`](crate::global_mean), forward.
    GlobalMean,
    /// [`global_mean`](crate::global_mean), backward.
    GlobalMeanBackward,
    /// [`cross_entropy`](crate::cross_entropy) and [`soften`](crate::soften): loss and gradient.
    Softmax,
    /// [`with_gradient`](crate::with_gradient), backward.
    WithGradientBackward,
    /// [`parametric_act`](crate::parametric_act), forward.
    Parametric,
    /// [`parametric_act`](crate::parametric_act), backward.
    ParametricBackward,
    /// [`periodic`](crate::periodic), forward.
    Periodic,
    /// [`periodic`](crate::periodic), backward.
    PeriodicBackward,
}

const OPS: usize = Op::PeriodicBackward as usize + 1;

thread_local! {
    static RUNS: [Cell<u64>; OPS] = const { [const { Cell::new(0) }; OPS] };
}

impl Op {
    /// How often the kernel has run for calls from this thread.
    pub fn count(self) -> u64 {
        RUNS.with(|runs| runs[self as usize].get())
    }

    /// Counts a run.
    pub(crate) fn ran(self) {
        RUNS.with(|runs| {
            let run = &runs[self as usize];
            run.set(run.get() + 1);
        });
    }
}
