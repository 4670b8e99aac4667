//! Tables in parquet files, as the cells a text table has.

use std::path::Path;

use distil_report::Part;
use parquet::errors::ParquetError;
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::record::Field;

use crate::data::source::file::{hash_of_file, open};
use crate::data::source::guarded::guarded;
use crate::data::source::limits::Limits;
use crate::data::source::parts;
use crate::data::source::shards::{broken, files, part_of_file, partitions};
use crate::data::source::text_table::{TextColumn, TextTable};
use crate::data::source::texts::{Gathered, Texts};
use crate::error::{Error, Result};
use crate::weights::sha256;

/// A table that was read and the parts its files tell.
pub struct Read {
    /// Its cells as text: numbers in their shortest decimals, dates as `2026-11-27`.
    pub table: TextTable,
    /// SHA-256 of the files.
    pub hash: String,
    /// The part of each row.
    pub official: Option<Vec<Part>>,
}

/// Bytes of a cell, besides its text.
const CELL: usize = size_of::<u32>();

/// Reads the parquet files a path means; none where it means none.
pub fn read(path: &Path, limits: Limits) -> Result<Option<Read>> {
    let files = files(path)?;
    if files.is_empty() {
        return Ok(None);
    }
    let mut table = TextTable {
        file: path.display().to_string(),
        columns: Vec::new(),
        lines: Vec::new(),
        delimiter: ',',
        has_header: true,
        notes: Vec::new(),
    };
    let mut cells = Gathered::default();
    let mut told: Option<Vec<Part>> = Some(Vec::new());
    let mut hashes = String::new();
    for file in &files {
        guarded(
            || add(&mut table, &mut cells, path, file, limits),
            |why| broken(file, why),
        )?;
        hashes += &hash_of_file(file, limits)?;
        told = told.zip(part_of_file(path, file)).map(|(mut told, part)| {
            told.resize(table.lines.len(), part);
            told
        });
    }
    if table.lines.is_empty() {
        return Err(
            Error::input(path.display(), "there is no row in it").remedy("Fetch or write it again")
        );
    }
    table.fill(cells)?;
    let (official, note) = told.and_then(parts::given).unzip();
    table.notes.extend(note);
    Ok(Some(Read {
        table,
        hash: sha256(hashes.as_bytes()),
        official,
    }))
}

fn add(
    table: &mut TextTable,
    cells: &mut Gathered,
    base: &Path,
    file: &Path,
    limits: Limits,
) -> Result<()> {
    let broken = |error: ParquetError| broken(file, error);
    let reader = SerializedFileReader::new(open(file, limits)?).map_err(broken)?;
    let metadata = reader.metadata().file_metadata();
    let folders = partitions(base, file);
    let schema = metadata.schema().get_fields().iter();
    let own = schema.map(|field| field.name().to_string());
    // Where a column and a folder tell the same, the column does.
    let mut names: Vec<String> = own.collect();
    let width = names.len();
    let further = folders.keys().filter(|key| !names.contains(key));
    let further: Vec<String> = further.cloned().collect();
    names.extend(further);
    if table.columns.is_empty() {
        table.columns = names
            .iter()
            .map(|name| TextColumn {
                name: name.clone(),
                nameless: false,
                cells: Texts::default(),
            })
            .collect();
    }
    cells.widen(table.columns.len());
    let expected: Vec<&String> = table.columns.iter().map(|column| &column.name).collect();
    if expected.len() != names.len() || !expected.iter().all(|name| names.contains(name)) {
        return Err(Error::input(
            file.display(),
            "its columns are not those of the first file",
        )
        .remedy("Read files of one table only"));
    }
    let places: Vec<usize> = names
        .iter()
        .filter_map(|name| table.columns.iter().position(|column| column.name == *name))
        .collect();
    let rows = usize::try_from(metadata.num_rows()).unwrap_or(usize::MAX);
    let all = table.lines.len().saturating_add(rows);
    limits.check_held(file.display(), all, CELL * names.len().max(1))?;
    for row in reader.get_row_iter(None).map_err(broken)? {
        let row = row.map_err(broken)?;
        let line = table.lines.len() as u64;
        for ((name, field), place) in row.into_columns().into_iter().zip(&places) {
            let cell = text(field).ok_or_else(|| {
                Error::input(
                    format!("{}, row {line}, column {name}", file.display()),
                    "it holds no number, text, date or truth value",
                )
                .remedy("Leave the column out of the file, or flatten it into columns of its own")
            })?;
            cells.push(*place, &cell)?;
        }
        for (place, name) in places.iter().zip(&names).skip(width) {
            let value = folders.get(name).cloned().unwrap_or_default();
            cells.push(*place, &value)?;
        }
        table.lines.push(line);
    }
    Ok(())
}

/// A cell as a text table has it; none for lists, structs and bytes.
fn text(field: Field) -> Option<String> {
    Some(match field {
        Field::Null => String::new(),
        Field::Str(text) => text,
        Field::Float(x) => x.to_string(),
        Field::Double(x) => x.to_string(),
        Field::Float16(x) => x.to_f32().to_string(),
        Field::Bytes(bytes) => std::str::from_utf8(bytes.data()).ok()?.to_string(),
        Field::Date(_) | Field::TimestampMillis(_) | Field::TimestampMicros(_) => {
            // `2026-11-27 08:30:00.000 +00:00`: of a midnight the day is all.
            let text = field.to_string();
            let text = text.trim_end_matches(" +00:00");
            text.trim_end_matches(".000")
                .trim_end_matches(" 00:00:00")
                .to_string()
        }
        Field::Group(_) | Field::ListInternal(_) | Field::MapInternal(_) => return None,
        number => number.to_string(),
    })
}
