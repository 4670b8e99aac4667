//! A block as a network asks for it.

use burn::tensor::Tensor;

use super::epilogue::Clamp;

/// `pool(clamp(norm(conv(x)) + residual))` without its sizes, which come with the tensors.
///
/// The convolution has "same" padding and no bias; height and width of its output are those of the input divided by the
/// stride, rounded up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConvBlock {
    /// Side of the kernel: 1 or 3; 3 if depthwise.
    pub kernel: usize,
    /// Step between outputs: 1 or 2.
    pub stride: usize,
    /// Whether every channel is convolved by itself.
    pub depthwise: bool,
    /// The activation.
    pub clamp: Clamp,
    /// Whether blocks of 2×2 become their maximum; an odd last row or column is dropped. Not with a residual.
    pub pool: bool,
    /// What batch norm adds to the variance.
    pub epsilon: f32,
}

/// Batch norm's parameters or statistics, `[outputs]` each.
pub type Pair = [Tensor<1>; 2];
