//! The verbs, a file each.

pub mod check;
pub mod clean;
pub mod completions;
pub mod eval;
pub mod export;
pub mod find;
pub mod list;
pub mod new;
pub mod predict;
pub mod report;
pub mod resume;
pub mod run;
pub mod schema;
pub mod trial;
