//! Tasks: target, loss, head. One file per task.

use burn::tensor::{Int, Tensor};

/// The targets of a batch.
#[derive(Debug, Clone)]
pub enum Target {
    /// Class indices `[rows]`.
    Classes(Tensor<1, Int>),
    /// Standardised values, or 0/1 labels: `[rows, outputs]`.
    Values(Tensor<2>),
}
