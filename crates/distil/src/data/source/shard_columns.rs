//! Which columns of a parquet file are pictures and classes, and what is in them.

use std::path::Path;

use parquet::basic::{ConvertedType, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, RowGroupReader};
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::schema::types::ColumnDescriptor;

use crate::data::source::contents::{Reader, content};
use crate::error::{Error, Result};

/// The columns a file is read by.
pub struct Columns {
    /// Of pictures.
    pub image: usize,
    /// Of classes, if there is one.
    pub label: Option<usize>,
    /// The classes' names, if the file has them.
    pub names: Option<Vec<String>>,
}

/// A class as a file has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// By number.
    Number(i64),
    /// By name.
    Name(String),
}

/// What columns of classes are usually called.
pub const USUAL: &[&str] = &[
    "label", "labels", "class", "classes", "target", "targets", "category", "y",
];

impl Columns {
    /// Finds them by these names, or the only ones that fit; the classes not where they are known (`has_label`).
    pub fn find<R: ChunkReader + 'static>(
        path: &Path,
        reader: &SerializedFileReader<R>,
        image: Option<&str>,
        label: Option<&str>,
        has_label: bool,
    ) -> Result<Self> {
        let metadata = reader.metadata().file_metadata();
        let features = metadata
            .key_value_metadata()
            .into_iter()
            .flatten()
            .find(|entry| entry.key == "huggingface")
            .and_then(|entry| {
                serde_json::from_str::<serde_json::Value>(entry.value.as_deref()?).ok()
            })
            .map(|value| value["info"]["features"].clone())
            .unwrap_or_default();
        let columns = metadata.schema_descr().columns().iter().enumerate();
        let (mut images, mut labels) = (Vec::new(), Vec::new());
        // Lists of pictures or classes are left aside: they have repetition levels.
        for (at, column) in columns.filter(|(_, column)| column.max_rep_level() == 0) {
            let name = column.path().string();
            match (column.physical_type(), name.strip_suffix(".bytes")) {
                (Type::BYTE_ARRAY, Some(name)) => images.push((name.to_string(), at)),
                (Type::INT32 | Type::INT64 | Type::BOOLEAN, _) if !name.contains('.') => {
                    labels.push((name, at));
                }
                (Type::BYTE_ARRAY, _) if !name.contains('.') => match is_text(column) {
                    true => labels.push((name, at)),
                    false if holds_pictures(reader, at) => images.push((name, at)),
                    false => {}
                },
                _ => {}
            }
        }
        let is_class = |(name, _): &&(String, usize)| features[name]["_type"] == "ClassLabel";
        let classes: Vec<_> = labels.iter().filter(is_class).cloned().collect();
        let usual: Vec<_> = labels
            .iter()
            .filter(|(name, _)| USUAL.contains(&name.to_lowercase().as_str()))
            .cloned()
            .collect();
        let (_, image) = choose(path, image, "image", "pictures", &images)?;
        let label = match (label, classes.is_empty(), labels.is_empty()) {
            (None, _, true) => None,
            (None, ..) if has_label => None,
            (None, false, _) => Some(choose(path, None, "label", "classes", &classes)?),
            (None, true, _) if usual.len() == 1 => usual.first().cloned(),
            (label, ..) => Some(choose(path, label, "label", "classes", &labels)?),
        };
        let names = label.as_ref().and_then(|(label, _)| {
            let names = features[label]["names"].as_array()?.iter();
            names.map(|name| Some(name.as_str()?.to_string())).collect()
        });
        Ok(Self {
            image,
            label: label.map(|(_, at)| at),
            names,
        })
    }
}

fn is_text(column: &ColumnDescriptor) -> bool {
    let types = [ConvertedType::UTF8, ConvertedType::ENUM];
    types.contains(&column.converted_type())
        || column.logical_type_ref() == Some(&parquet::basic::LogicalType::String)
}

/// Whether the first value of a column is a picture.
fn holds_pictures<R: ChunkReader + 'static>(
    reader: &SerializedFileReader<R>,
    column: usize,
) -> bool {
    let first = || -> Option<ByteArray> {
        let group = reader.get_row_group(0).ok()?;
        let ColumnReader::ByteArrayColumnReader(mut reader) =
            group.get_column_reader(column).ok()?
        else {
            return None;
        };
        let (mut levels, mut values) = (Vec::new(), Vec::new());
        while values.is_empty() {
            let (records, ..) = reader
                .read_records(1, Some(&mut levels), None, &mut values)
                .ok()?;
            if records == 0 {
                break;
            }
        }
        values.pop()
    };
    first().is_some_and(|value| {
        content(value.data()).is_some_and(|content| content.reader == Reader::Picture)
    })
}

/// The column of this name, or the only one.
fn choose(
    path: &Path,
    wanted: Option<&str>,
    key: &str,
    noun: &str,
    found: &[(String, usize)],
) -> Result<(String, usize)> {
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    let (column, reason) = match (wanted, found) {
        (Some(wanted), _) => (
            found.iter().find(|(name, _)| name == wanted),
            format!("there is no column `{wanted}` of {noun}"),
        ),
        (None, [only]) => (Some(only), String::new()),
        (None, []) => (None, format!("there is no column of {noun}")),
        (None, _) => (None, format!("there are several columns of {noun}")),
    };
    column.cloned().ok_or_else(|| {
        let error = Error::input(path.display(), reason);
        match names.as_slice() {
            [] => error.remedy(
                "Pictures are a column `struct<bytes, path>` or of their files' bytes, classes one of whole numbers or text; a table is read by `source = \"csv\"`",
            ),
            names => error.remedy(format!(
                "Choose with `{key} = \"…\"` among {}",
                names.join(", ")
            )),
        }
    })
}

/// The classes of a row group; `None` where there is none.
pub fn labels(
    group: &dyn RowGroupReader,
    column: usize,
) -> parquet::errors::Result<Vec<Option<Label>>> {
    match group.get_column_reader(column)? {
        ColumnReader::Int64ColumnReader(reader) => each(reader, group, column, Label::Number),
        ColumnReader::Int32ColumnReader(reader) => {
            each(reader, group, column, |x| Label::Number(x.into()))
        }
        ColumnReader::BoolColumnReader(reader) => {
            each(reader, group, column, |x| Label::Name(x.to_string()))
        }
        ColumnReader::ByteArrayColumnReader(reader) => each(reader, group, column, |x| {
            Label::Name(String::from_utf8_lossy(x.data()).into_owned())
        }),
        _ => Err(ParquetError::General("classes of no known type".into())),
    }
}

fn each<T: DataType>(
    reader: ColumnReaderImpl<T>,
    group: &dyn RowGroupReader,
    column: usize,
    label: impl Fn(T::T) -> Label,
) -> parquet::errors::Result<Vec<Option<Label>>> {
    let values = read(reader, group, column)?.into_iter();
    Ok(values.map(|value| value.map(&label)).collect())
}

/// All values of a column that is no list; `None` where there is none.
fn read<T: DataType>(
    reader: ColumnReaderImpl<T>,
    group: &dyn RowGroupReader,
    column: usize,
) -> parquet::errors::Result<Vec<Option<T::T>>> {
    let mut all = Vec::new();
    read_in_turn(reader, group, column, |value| {
        all.push(value);
        Ok::<(), ParquetError>(())
    })?;
    Ok(all)
}

/// Values read at once.
const TOGETHER: usize = 64;

/// Takes each value of a column that is no list in turn; `None` where there is none.
pub fn read_in_turn<T: DataType, E: From<ParquetError>>(
    mut reader: ColumnReaderImpl<T>,
    group: &dyn RowGroupReader,
    column: usize,
    mut take: impl FnMut(Option<T::T>) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    let rows = group.metadata().num_rows() as usize;
    let most = group
        .metadata()
        .column(column)
        .column_descr()
        .max_def_level();
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    let mut done = 0;
    while done < rows {
        let wanted = TOGETHER.min(rows - done);
        let (records, ..) = reader.read_records(wanted, Some(&mut levels), None, &mut values)?;
        if records == 0 {
            return Err(ParquetError::EOF(format!("{done} of {rows} rows")).into());
        }
        done += records;
        let mut found = values.drain(..);
        if most == 0 {
            found.try_for_each(|value| take(Some(value)))?;
        }
        for level in levels.drain(..) {
            take(if level == most { found.next() } else { None })?;
        }
    }
    Ok(())
}
