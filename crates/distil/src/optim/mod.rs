//! Optimisers, schedules and averaging.

mod state;

pub use state::{Slot, State, Young};
