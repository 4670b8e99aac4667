//! A delimited text file as columns of text.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};
use distil_report::show::grouped;

use crate::data::held::Held;
use crate::data::source::encoding::{self, TextEncoding};
use crate::data::source::lines::{Lines, line_ends};
use crate::data::source::texts::{Gathered, Texts};
use crate::error::{Error, Result};

/// How a file is cut into cells, as far as it is known before it is read.
pub struct Cut<'a> {
    /// How its text is encoded, where that is named.
    pub encoding: Option<TextEncoding>,
    /// What separates cells; another one is taken if the file has the wanted columns only with that.
    pub delimiter: char,
    /// Whether the first row names the columns.
    pub header: Header<'a>,
    /// Lines that begin so are left out.
    pub comment: Option<char>,
    /// Names by which a header is known.
    pub wanted: &'a [String],
    /// Columns that a file whose names are given need not have.
    pub optional: &'a [String],
    /// Whether rows without any text are left out.
    pub skip_blank: bool,
}

impl<'a> Cut<'a> {
    /// A file with a header, known by these names.
    pub fn headed(wanted: &'a [String]) -> Self {
        Self {
            encoding: None,
            delimiter: ',',
            header: Header::First,
            comment: None,
            wanted,
            optional: &[],
            skip_blank: true,
        }
    }
}

/// Where the names of the columns come from.
#[derive(Clone, Copy)]
pub enum Header<'a> {
    /// The first row; the columns of a file whose wanted columns are called `column 3` are counted from 1.
    First,
    /// Nowhere: columns are called by their place, `column 1`.
    Counted,
    /// These, in the order of the columns, unless the first row holds the wanted ones.
    Names(&'a [String]),
}

/// A file, cut into cells.
#[derive(Debug)]
pub struct TextTable {
    /// The file, for messages.
    pub file: String,
    /// Its columns, in order; names are unique.
    pub columns: Vec<TextColumn>,
    /// The line on which each row begins, from 1.
    pub lines: Vec<u64>,
    /// What separated cells.
    pub delimiter: char,
    /// Whether the file names its columns.
    pub has_header: bool,
    /// What was guessed or left out, a sentence each without its full stop.
    pub notes: Vec<String>,
}

/// A column of text.
#[derive(Debug)]
pub struct TextColumn {
    /// The header, or `column 3` where there is none.
    pub name: String,
    /// Whether a file with a header has no name for it.
    pub nameless: bool,
    /// The cells, trimmed.
    pub cells: Texts,
}

impl TextColumn {
    /// The cells.
    pub fn texts(&self) -> impl Iterator<Item = &str> + Clone {
        self.cells.iter()
    }
}

/// What may separate cells.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

/// A cell of so many lines was opened by a stray quote, most likely.
const STRAY_LINES: usize = 20;

/// The name of a column by its place, from 0.
pub fn counted(place: usize) -> String {
    format!("column {}", place + 1)
}

/// What separates cells, in words.
pub fn delimiter_word(delimiter: char) -> String {
    match delimiter {
        '\t' => "a tab".into(),
        other => format!("`{other}`"),
    }
}

impl TextTable {
    /// Parses a file: a header unless told otherwise, then rows of as many cells. At least one row.
    pub fn parse(path: &Path, held: &Held<u8>, cut: &Cut<'_>) -> Result<Self> {
        let file = path.display().to_string();
        let (bytes, note) = encoding::utf8(&file, held, cut.encoding)?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        // Excel's own line that names the delimiter.
        let (start, named) = match bytes.strip_prefix(b"sep=") {
            Some([delimiter, b'\r' | b'\n', ..]) => {
                let end = bytes.iter().position(|byte| *byte == b'\n');
                (end.map_or(5, |end| end + 1), char::from(*delimiter))
            }
            _ => (0, cut.delimiter),
        };
        let mut table = Self {
            file,
            columns: Vec::new(),
            lines: Vec::new(),
            delimiter: named,
            has_header: true,
            notes: note.into_iter().collect(),
        };
        byte(named)?;
        table.choose_delimiter(&bytes[start..], cut)?;
        if table.delimiter != cut.delimiter {
            table.notes.push(format!(
                "cells of {} are separated by {}, not by {}",
                table.file,
                delimiter_word(table.delimiter),
                delimiter_word(cut.delimiter)
            ));
        }
        let mut cells = Gathered::expecting(bytes.len());
        table.read(held, bytes, start, cut, &mut cells)?;
        table.fill(cells)?;
        table.stray_quotes();
        if table.lines.is_empty() {
            return Err(
                Error::input(&table.file, "there are no rows below the header")
                    .remedy("Write a header and at least one row"),
            );
        }
        Ok(table)
    }

    /// The delimiter with which the file has the wanted columns; else, where there is but one cell a line, the one that
    /// cuts every line into as many cells.
    fn choose_delimiter(&mut self, bytes: &[u8], cut: &Cut<'_>) -> Result<()> {
        const SAMPLE: usize = 20;
        let first = |delimiter: char| -> Result<Vec<Vec<String>>> {
            let mut rows = Vec::new();
            let mut reader = reader(byte(delimiter)?, cut.comment, bytes);
            let mut record = ByteRecord::new();
            while rows.len() < SAMPLE && reader.read_byte_record(&mut record).unwrap_or(false) {
                let cells = record.iter().map(|cell| lossy(cell).into_owned());
                rows.push(cells.collect());
            }
            Ok(rows)
        };
        let others = DELIMITERS
            .into_iter()
            .filter(|other| *other != self.delimiter);
        let candidates: Vec<char> = std::iter::once(self.delimiter).chain(others).collect();
        let mut widest = (1, None);
        for delimiter in &candidates {
            let rows = first(*delimiter)?;
            let names = rows
                .iter()
                .find(|row| !is_comment(row) || holds(row, cut.wanted));
            if names.is_some_and(|row| !cut.wanted.is_empty() && holds(row, cut.wanted)) {
                self.delimiter = *delimiter;
                return Ok(());
            }
            let widths: Vec<usize> = rows
                .iter()
                .filter(|row| !is_comment(row))
                .map(Vec::len)
                .collect();
            let same = widths.windows(2).all(|pair| pair[0] == pair[1]);
            if let Some(&width) = widths.first()
                && (same || *delimiter == self.delimiter)
                && width > widest.0
                && widest.1 != Some(self.delimiter)
            {
                widest = (width, Some(*delimiter));
            }
        }
        self.delimiter = widest.1.unwrap_or(self.delimiter);
        Ok(())
    }

    fn read(
        &mut self,
        file: &Held<u8>,
        bytes: &[u8],
        start: usize,
        cut: &Cut<'_>,
        cells: &mut Gathered,
    ) -> Result<()> {
        let body = &bytes[start..];
        let mut reader = reader(byte(self.delimiter)?, cut.comment, body);
        let mut lines = Lines::new(bytes, cut.comment);
        let mut record = ByteRecord::new();
        let (mut comments, mut blank) = (0_usize, 0_usize);
        while reader
            .read_byte_record(&mut record)
            .map_err(|error| Error::input(&self.file, error))?
        {
            let at = record.position().map_or(0, csv::Position::byte) as usize;
            file.passed(&bytes[lines.at..start + at]);
            let line = lines.of(start + at);
            let hash = cut.comment.is_none() && bytes.get(lines.at) == Some(&b'#');
            if self.columns.is_empty() {
                let row: Vec<String> = record.iter().map(|cell| lossy(cell).into_owned()).collect();
                if hash && !holds(&row, cut.wanted) {
                    comments += 1;
                } else if self.header(&record, line, bytes, cut)? {
                    self.row(&record, line, bytes, cells)?;
                }
            } else if hash && record.len() != self.columns.len() {
                comments += 1;
            } else if self.columns.len() > 1
                && (record.len() == 1 || cut.skip_blank)
                && record.iter().all(|cell| cell.trim_ascii().is_empty())
            {
                blank += usize::from(record.len() > 1);
            } else {
                self.row(&record, line, bytes, cells)?;
            }
        }
        for (count, what) in [
            (comments, "begin with `#` and are"),
            (blank, "hold nothing and are"),
        ] {
            if count > 0 {
                let (file, count) = (&self.file, grouped(count as f64));
                self.notes
                    .push(format!("{count} lines of {file} {what} left out"));
            }
        }
        Ok(())
    }

    /// Gives each column its cells.
    pub fn fill(&mut self, cells: Gathered) -> Result<()> {
        let columns = self.columns.iter_mut();
        columns
            .zip(cells.finish()?)
            .for_each(|(column, cells)| column.cells = cells);
        Ok(())
    }

    /// Names the columns; whether the record is a row of data itself.
    fn header(
        &mut self,
        record: &ByteRecord,
        line: u64,
        bytes: &[u8],
        cut: &Cut<'_>,
    ) -> Result<bool> {
        let mut names = Vec::with_capacity(record.len());
        for (i, cell) in record.iter().enumerate() {
            let place = || format!("{}, line {line}, column {}", self.file, i + 1);
            let name = text(cell).ok_or_else(|| encoding::refused(&place(), cell, bytes))?;
            let name = if i == 0 && cut.comment.is_none() {
                name.trim_start_matches('#').trim_start()
            } else {
                name
            };
            names.push(name.to_owned());
        }
        let found = holds(&names, cut.wanted) && !cut.wanted.is_empty();
        let by_place = |name: &String| {
            name.strip_prefix("column ")
                .unwrap_or(name)
                .parse::<usize>()
                .is_ok()
        };
        let numbers = names.iter().any(|name| name.parse::<f64>().is_ok());
        let given: Option<Vec<String>> = match cut.header {
            _ if found => None,
            Header::First if cut.wanted.iter().any(by_place) && numbers => {
                Some((0..names.len()).map(counted).collect())
            }
            Header::First
                if numbers
                    && !cut.wanted.is_empty()
                    && !cut.wanted.iter().any(|name| names.contains(name)) =>
            {
                return Err(Error::input(
                    format!("{}, line {line}", self.file),
                    format!("the first line holds numbers and no column `{}`: it is no header", cut.wanted.join("`, `")),
                )
                .remedy("Name the columns with `header = [\"…\", …]`, or say `header = false` and call them by their place, such as `column 3`"));
            }
            Header::First => None,
            Header::Counted => Some((0..names.len()).map(counted).collect()),
            Header::Names(given) if *given == *names => None,
            Header::Names(given) if given.len() == names.len() => Some(given.to_vec()),
            Header::Names(given) if given.len() == names.len() + cut.optional.len() => {
                let there = given.iter().filter(|name| !cut.optional.contains(name));
                Some(there.cloned().collect())
            }
            Header::Names(given) => {
                return Err(Error::input(
                    format!("{}, line {line}", self.file),
                    format!(
                        "{} cells, `header` names {} columns",
                        names.len(),
                        given.len()
                    ),
                )
                .remedy("Name every column, in order"));
            }
        };
        self.has_header = given.is_none();
        let called = given.as_ref().unwrap_or(&names);
        let mut known = HashSet::with_capacity(called.len());
        for (i, name) in called.iter().enumerate() {
            if !name.is_empty() && !known.insert(name) {
                return Err(Error::input(
                    format!("{}, line {line}, column {}", self.file, i + 1),
                    format!("the header names `{name}` twice"),
                )
                .remedy("Give each column its own name"));
            }
            let nameless = name.is_empty()
                || name
                    .strip_prefix("Unnamed: ")
                    .is_some_and(|n| n.parse::<usize>().is_ok());
            self.columns.push(TextColumn {
                nameless,
                name: if name.is_empty() {
                    counted(i)
                } else {
                    name.clone()
                },
                cells: Texts::default(),
            });
        }
        Ok(given.is_some())
    }

    fn row(
        &mut self,
        record: &ByteRecord,
        line: u64,
        bytes: &[u8],
        cells: &mut Gathered,
    ) -> Result<()> {
        let surplus = || {
            record
                .iter()
                .skip(self.columns.len())
                .any(|cell| !cell.trim_ascii().is_empty())
        };
        if record.len() < self.columns.len() || surplus() {
            let place = format!("{}, line {line}", self.file);
            let reason = format!(
                "{} cells, the header has {}",
                record.len(),
                self.columns.len()
            );
            let longest = record.iter().map(line_ends).max().unwrap_or(0);
            let remedy = match longest {
                0..=2 => {
                    "Quote cells that hold the delimiter, or name another one with `delimiter`"
                        .to_owned()
                }
                lines => format!(
                    "One of its cells goes over {} lines: look for a quote that is not closed",
                    lines + 1
                ),
            };
            return Err(Error::input(place, reason).remedy(remedy));
        }
        cells.widen(self.columns.len());
        // All cells at once, where that does.
        let whole = std::str::from_utf8(record.as_slice()).unwrap_or_default();
        for (place, (column, cell)) in self.columns.iter().zip(record).enumerate() {
            let known = record.range(place).and_then(|range| whole.get(range));
            let cell = known.map(str::trim).or_else(|| text(cell)).ok_or_else(|| {
                encoding::refused(
                    &format!("{}, line {line}, column `{}`", self.file, column.name),
                    cell,
                    bytes,
                )
            })?;
            cells.push(place, cell)?;
        }
        self.lines.push(line);
        Ok(())
    }

    /// Says where a quote seems to have swallowed lines.
    fn stray_quotes(&mut self) {
        let long = |column: &TextColumn| {
            if column.cells.lack(b'\n') && column.cells.lack(b'\r') {
                return None;
            }
            let cells = column.cells.iter().map(|cell| line_ends(cell.as_bytes()));
            let (row, lines) = cells.enumerate().max_by_key(|(_, lines)| *lines)?;
            (lines >= STRAY_LINES).then(|| (self.place(row, &column.name), lines + 1))
        };
        let found: Vec<_> = self.columns.iter().filter_map(long).collect();
        for (place, lines) in found {
            self.notes.push(format!(
                "{place}: a cell of {lines} lines; is there a stray quote? What follows it, up to the next quote, is one cell"
            ));
        }
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&TextColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// All columns by name, for whoever asks for many.
    pub fn by_name(&self) -> HashMap<&str, &TextColumn> {
        let named = self.columns.iter();
        named.map(|column| (column.name.as_str(), column)).collect()
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// The place of a cell, for messages.
    pub fn place(&self, row: usize, column: &str) -> String {
        format!("{}, line {}, column `{column}`", self.file, self.lines[row])
    }

    /// Leaves out the rows for which `keep` is false.
    pub fn retain(&mut self, keep: &[bool]) {
        let mut kept = keep.iter();
        self.lines.retain(|_| kept.next() == Some(&true));
        self.columns
            .iter_mut()
            .for_each(|column| column.cells = column.cells.kept(keep));
    }
}

fn reader(delimiter: u8, comment: Option<char>, bytes: &[u8]) -> csv::Reader<&[u8]> {
    ReaderBuilder::new()
        .delimiter(delimiter)
        .comment(comment.and_then(|comment| u8::try_from(comment).ok()))
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes)
}

fn byte(delimiter: char) -> Result<u8> {
    u8::try_from(delimiter)
        .ok()
        .filter(u8::is_ascii)
        .ok_or_else(|| {
            Error::input(
                "data.delimiter",
                format!("`{delimiter}` is not a single byte"),
            )
            .remedy("Use `,`, `;` or a tab (`\\t`)")
        })
}

/// Whether a row is a line that begins with `#`.
fn is_comment(row: &[String]) -> bool {
    row.first().is_some_and(|cell| cell.starts_with('#'))
}

/// Whether a row holds all these names; a `#` may stand before the first.
fn holds(row: &[String], names: &[String]) -> bool {
    let first = row
        .first()
        .map(|cell| cell.trim_start_matches('#').trim_start());
    names
        .iter()
        .all(|name| row.contains(name) || first == Some(name.as_str()))
}

fn text(cell: &[u8]) -> Option<&str> {
    std::str::from_utf8(cell).ok().map(str::trim)
}

fn lossy(cell: &[u8]) -> Cow<'_, str> {
    match text(cell) {
        Some(text) => text.into(),
        None => String::from_utf8_lossy(cell),
    }
}
