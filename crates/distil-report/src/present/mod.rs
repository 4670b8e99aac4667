//! What a run found, for people: sentences, tables, the page, CSV.

pub mod csv;
pub mod foreign;
pub mod human;
pub mod markdown;
pub mod page;
pub mod runs;
pub mod sentence;
pub mod show;
pub mod table;
pub mod tables;
pub mod text;
