//! What a run leaves behind and what it says about it: events, bill, measures, comparisons, report.
//!
//! The crate links no tensor library. A trial appends [`events`]; the [`bill`] is a fold over them, [`measure`] holds
//! the metrics as functions of outputs on host slices, and [`statistics`] the tests and intervals that comparisons rest on.

pub mod bill;
pub mod budgets;
pub mod compare;
pub mod csv;
pub mod curve;
pub mod error;
pub mod events;
pub mod markdown;
pub mod measure;
pub mod numbers;
pub mod page;
pub mod predictions;
pub mod run_json;
pub mod runs;
pub mod statistics;
pub mod table;
pub mod tables;
pub mod text;

mod files;
mod seeds;
pub mod show;

pub use error::Error;
pub use numbers::Numbers;
