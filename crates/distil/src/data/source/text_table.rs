//! A delimited text file as columns of text.

use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};

use crate::error::{Error, Result};

/// A file with a header, cut into cells.
pub struct TextTable {
    /// The file, for messages.
    pub file: String,
    /// Its columns, in order; names are unique.
    pub columns: Vec<TextColumn>,
    /// The line on which each row begins, from 1.
    pub lines: Vec<u64>,
}

/// A column of text.
pub struct TextColumn {
    /// The header.
    pub name: String,
    /// The cells, trimmed.
    pub cells: Vec<Box<str>>,
}

impl TextTable {
    /// Parses a file: a header, then rows of as many cells, UTF-8. At least one row.
    pub fn parse(path: &Path, bytes: &[u8], delimiter: char) -> Result<Self> {
        let file = path.display().to_string();
        let delimiter = u8::try_from(delimiter)
            .ok()
            .filter(u8::is_ascii)
            .ok_or_else(|| {
                Error::input(
                    "data.delimiter",
                    format!("`{delimiter}` is not a single byte"),
                )
                .remedy("Use `,`, `;` or a tab (`\\t`)")
            })?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(bytes);
        let mut record = ByteRecord::new();
        let mut table = Self {
            file,
            columns: Vec::new(),
            lines: Vec::new(),
        };
        while reader
            .read_byte_record(&mut record)
            .map_err(|error| Error::input(&table.file, error))?
        {
            let line = record.position().map_or(0, csv::Position::line);
            if table.columns.is_empty() {
                table.header(&record)?
            } else {
                table.row(&record, line)?
            }
        }
        if table.lines.is_empty() {
            return Err(
                Error::input(&table.file, "there are no rows below the header")
                    .remedy("Write a header and at least one row"),
            );
        }
        Ok(table)
    }

    fn header(&mut self, record: &ByteRecord) -> Result<()> {
        for (i, cell) in record.iter().enumerate() {
            let place = format!("{}, line 1, column {}", self.file, i + 1);
            let name = text(cell)
                .ok_or_else(|| not_utf8(&place, cell))?
                .to_string();
            if name.is_empty() {
                return Err(
                    Error::input(place, "the header has no name here").remedy("Name every column")
                );
            }
            if self.columns.iter().any(|column| column.name == name) {
                return Err(
                    Error::input(place, format!("the header names `{name}` twice"))
                        .remedy("Give each column its own name"),
                );
            }
            self.columns.push(TextColumn {
                name,
                cells: Vec::new(),
            });
        }
        Ok(())
    }

    fn row(&mut self, record: &ByteRecord, line: u64) -> Result<()> {
        if record.len() != self.columns.len() {
            return Err(Error::input(
                format!("{}, line {line}", self.file),
                format!(
                    "{} cells, the header has {}",
                    record.len(),
                    self.columns.len()
                ),
            )
            .remedy("Quote cells that hold the delimiter, or name another one with `delimiter`"));
        }
        for (column, cell) in self.columns.iter_mut().zip(record) {
            let cell = text(cell).ok_or_else(|| {
                not_utf8(
                    &format!("{}, line {line}, column `{}`", self.file, column.name),
                    cell,
                )
            })?;
            column.cells.push(cell.into());
        }
        self.lines.push(line);
        Ok(())
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&TextColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The place of a cell, for messages.
    pub fn place(&self, row: usize, column: &str) -> String {
        format!("{}, line {}, column `{column}`", self.file, self.lines[row])
    }
}

fn text(cell: &[u8]) -> Option<&str> {
    std::str::from_utf8(cell).ok().map(str::trim)
}

fn not_utf8(place: &str, cell: &[u8]) -> Error {
    Error::input(
        place,
        format!("`{}` is not UTF-8 text", String::from_utf8_lossy(cell)),
    )
    .remedy("Save the file as UTF-8")
}
