//! The report's tables.

mod bill;
mod comparisons;
mod environment;
mod generalisation;
mod models;
mod results;

pub use bill::{bill, break_even, tuning};
pub use comparisons::{comparisons, curve};
pub use environment::environment;
pub use generalisation::generalisation;
pub use models::{compress, growth};
pub use results::{results, trials};

pub(crate) use generalisation::{arm_stages, parts};
