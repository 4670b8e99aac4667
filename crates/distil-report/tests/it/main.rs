//! Promises of distil-report, one module per part.

mod bill;
mod compare;
mod events;
mod measure;
mod run_json;
mod synthetic;
