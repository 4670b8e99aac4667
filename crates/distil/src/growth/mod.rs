//! Growth: a large model's first weights out of a small model's. Pure host functions on named arrays.

/// What a growth rule promises about the large model's function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// Equal outputs, per row to 1e-5 · max(1, max|f|).
    Exact,
    /// Outputs of about the same root mean square.
    KeepsRms,
    /// Nothing.
    Nothing,
}
