//! What a run found, in sentences.

mod arms;
mod comparison;
mod curve;
mod leaks;
mod route;
mod training;
mod tuning;

pub(crate) use arms::meaning;
pub(crate) use comparison::arm_words;
pub use comparison::{badge, brief, chosen, headline, recommended, resolution, sentence};
pub use leaks::{columns_read, equal, equal_samples, note, overlap, reading_notes};
pub use route::{evidence, route};
pub use tuning::{choice, looks};
