//! What a run writes down while it goes on: its trials' events, and the words in which they speak.

pub mod arm;
pub mod events;
mod id;
mod leaks;
pub mod numbers;
mod part;
mod purpose;

pub use id::TrialId;
pub use leaks::{Counts, EqualSamples, Findings, Overlap};
pub use numbers::Numbers;
pub use part::Part;
pub use purpose::Purpose;
