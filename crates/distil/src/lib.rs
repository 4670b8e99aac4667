//! Distil: train small, then large (or large, then small), and know what it saved.
//!
//! Data flows one way: recipe → plan → data → stages → events → report.

pub mod data;
pub mod device;
pub mod error;
pub mod export;
pub mod files;
pub mod find;
pub mod growth;
pub mod memory;
pub mod method;
pub mod model;
pub mod optim;
pub mod plan;
pub mod read_back;
pub mod rng;
pub mod run;
pub mod sample;
pub mod samples;
pub mod saved;
pub mod task;
pub mod train;
pub mod weights;

pub use error::{Error, Kind, Result};
