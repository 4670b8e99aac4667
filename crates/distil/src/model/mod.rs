//! Networks: what a stage trains.

mod layout;
mod output;

pub use layout::{Activation, Layer, Layout, Norm};
pub use output::{Feature, Input, Output, TapSet};

use burn::module::Module;

/// A network Distil can train: the built-in families and a user's own Burn module.
pub trait Net: Module {
    /// Outputs for a batch, and the features named in `taps`.
    ///
    /// # Shapes
    /// - `x`: `[rows, features]` for flat inputs
    /// - output: `[rows, outputs]` (logits, or standardised values for regression)
    fn forward(&self, x: &Input, taps: &TapSet) -> Output;

    /// The shapes, for FLOPs and growth. `None`: FLOPs are unknown, and the verdict says so.
    fn layout(&self) -> Option<Layout> {
        None
    }
}
