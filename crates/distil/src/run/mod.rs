//! Runs: a recipe's trials as processes, the run folder, the outcome.

mod agree;
mod basis;
mod calibrate;
mod folder;
mod host;
mod message;
mod options;
mod parent;
mod prepare;
mod program;
mod shared;
mod smoke;
mod stage_cache;
mod trial;

pub use agree::disagreement;
pub use distil_report::TrialId;
pub use folder::{Lock, RunFolder, TrialFolder, file_name};
pub use host::host;
pub use message::VERB;
pub use options::Options;
pub use parent::{
    Outcome, Request, Standing, Watcher, beforehand, clean, resume, run, write_report,
};
pub use smoke::shortened;
pub use stage_cache::forget;
pub use trial::trial;
