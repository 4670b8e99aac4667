//! What a trial came to: folds over its events, and what its result says about each test sample.

mod by_heart;
pub mod learning;
pub mod predictions;
mod trial;
mod tuned;

pub use by_heart::ByHeart;
pub use predictions::Predictions;
pub use trial::{Flops, StageRun, Status, Trial};
pub use tuned::{Choice, End, Tried, Tuned};
