//! What a run found, for people: sentences, tables, the page, CSV.

pub mod csv;
mod ending;
pub mod foreign;
pub mod human;
pub mod markdown;
pub mod next;
pub mod page;
pub mod runs;
pub mod sentence;
pub mod show;
pub mod table;
pub mod tables;
pub mod text;
pub mod wrap;
