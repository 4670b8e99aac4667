//! A table in a file: parquet, or text.

use std::path::Path;

use crate::data::source::file::{hash_of, read_within};
use crate::data::source::limits::Limits;
use crate::data::source::parquet_table::{self, Read};
use crate::data::source::text_table::{Cut, TextTable};
use crate::error::Result;

/// Reads the parquet files a path means, else text, cut like this.
pub fn read_table(path: &Path, limits: Limits, cut: &Cut<'_>) -> Result<Read> {
    if let Some(read) = parquet_table::read(path, limits)? {
        return Ok(read);
    }
    let bytes = read_within(path, limits)?;
    Ok(Read {
        table: TextTable::parse(path, &bytes, cut)?,
        hash: hash_of(&bytes),
        official: None,
    })
}
