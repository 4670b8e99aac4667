//! Data: sources, splits, preprocessing, views.
//!
//! [`source`] → [`Raw`] → [`split()`] → [`Preprocessing`] → [`Dataset`] → [`View`]: everything here is host code.

mod answers;
mod apportion;
mod augment;
mod axis;
mod codes;
mod column_rule;
mod constant;
pub(crate) mod copy;
mod dataset;
mod equal;
mod far;
mod features;
mod fitted_answers;
mod followed;
mod found;
mod growing;
mod held;
mod marks;
mod mixup;
mod moments;
mod one_for_all;
mod order;
mod pca;
mod prepare;
mod prepared;
pub(crate) mod private;
mod raw;
mod reduction;
pub(crate) mod rows;
mod seen;
pub mod source;
mod spec_augment;
mod split;
mod table;
mod table_rows;
mod targets;
mod time;
pub(crate) mod traps;
mod view;

pub use answers::RawAnswers;
pub(crate) use apportion::{apportion, strata};
pub use augment::{Augment, Augmentation};
pub use codes::{Coded, Codes, Place};
pub use column_rule::{ColumnKind, ColumnRule};
pub use dataset::Dataset;
pub use distil_report::Part;
pub use equal::EqualRule;
pub use features::Features;
pub use fitted_answers::FittedAnswers;
pub use found::Found;
pub use held::Held;
pub use mixup::Mix;
pub(crate) use one_for_all::one_for_all;
pub use order::epoch_order;
pub use prepare::{Preprocessing, Scaling};
pub use prepared::{Guess, Prepared};
pub use raw::{Cells, Column, Group, Inputs, Moments, Picture, Raw, RawTargets, Reading, Wide};
pub use reduction::Reduction;
pub use rows::RowHashes;
pub use seen::{Met, SeenRows, Tested};
pub use split::{Fold, Split, SplitRule, split};
pub use table::{ColumnFeatures, TableColumn, WideScale};
pub use targets::{FittedTargets, TargetScale, Targets, WideTargets};
pub use view::{Feature, Fine, View, ViewMatrix};

use std::sync::Arc;

use crate::sample::SampleId;
use crate::weights::Array;

/// What a samples policy may look at: the training part only.
#[derive(Debug, Clone, Default)]
pub struct SampleTable {
    /// The training samples, ascending.
    pub ids: Arc<[SampleId]>,
    /// The class of every sample of the source, by row (classification only; empty otherwise).
    pub classes: Held<u32>,
    /// The stage's inputs of all samples of the source.
    pub inputs: Features,
}

impl SampleTable {
    /// The stage's inputs of the training samples, `[ids, features]`.
    pub fn features(&self) -> Array {
        self.inputs.rows(&self.ids)
    }
}

/// What training has recorded about each sample so far: an exponential record is not kept, only the last look.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scores {
    /// Last loss by row of the source; NaN where the sample was not seen yet.
    pub loss: Vec<f32>,
}
