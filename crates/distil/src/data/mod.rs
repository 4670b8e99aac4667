//! Data: sources, splits, preprocessing, views.

use crate::sample::SampleId;
use crate::weights::Array;

/// What a samples policy may look at: the training part only.
#[derive(Debug, Clone, Default)]
pub struct SampleTable {
    /// The training samples, ascending.
    pub ids: Vec<SampleId>,
    /// Class of each (classification only; empty otherwise).
    pub classes: Vec<u32>,
    /// The stage's inputs of each, `[samples, features]`.
    pub features: Array,
}

/// What training has recorded about each sample so far: an exponential record is not kept, only the last look.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scores {
    /// Last loss by row of the source; NaN where the sample was not seen yet.
    pub loss: Vec<f32>,
}
