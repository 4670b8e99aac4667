//! Promises of distil-report, one module per part.

mod bill;
mod by_heart;
mod compare;
mod curve;
mod events;
mod id;
mod knee;
mod measure;
mod page;
mod route;
mod run_json;
mod runs;
mod several;
mod simulation;
mod statistics;
mod synthetic;
mod text;
mod tuned;
mod vectors;
mod verdict;
