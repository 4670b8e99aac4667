//! Promises of distil-report, one module per part.

mod bill;
mod events;
mod measure;
