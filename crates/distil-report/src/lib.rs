//! What a run leaves behind and what it says about it: events, bill, measures, comparisons, report.
//!
//! The crate links no tensor library. A trial appends [`events`]; the [`bill`] is a fold over them, [`measure`] holds
//! the metrics as functions of outputs on host slices, and [`statistics`] the tests and intervals that comparisons rest on.
//!
//! Floors, from the ground: [`record`]; [`bill`], [`measure`] and [`statistics`]; [`trials`]; [`compare`]; [`run_json`], the
//! whole; a summary of each arm; and [`present`], for people.

pub mod bill;
pub mod compare;
pub mod error;
pub mod measure;
pub mod present;
pub mod record;
pub mod run_json;
pub mod statistics;
pub mod summary;
pub mod trials;

mod json;

pub use error::Error;
pub use present::sentence::note;
pub use present::{csv, foreign, markdown, page, runs, show, table, tables, text};
pub use record::{
    Counts, EqualSamples, Findings, Numbers, Overlap, Part, Purpose, TrialId, events,
};
pub use trials::predictions;
