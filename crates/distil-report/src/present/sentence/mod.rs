//! What a run found, in sentences.

mod comparison;
mod curve;

pub(crate) use comparison::arm_words;
pub use comparison::{headline, resolution, sentence};
