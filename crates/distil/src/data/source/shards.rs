//! Parquet files of pictures, still encoded, and their classes.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use distil_report::Part;
use parquet::basic::Type;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, RowGroupReader};
use parquet::file::serialized_reader::SerializedFileReader;

use crate::data::raw::{Raw, RawTargets};
use crate::data::source::file::{files_in, refused};
use crate::data::source::pictures::{Encoded, Form, decode_all};
use crate::error::{Error, Result};

/// The parquet files a path means: itself, those of the folder, or those of the folder's `data`.
pub fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        let is_parquet = path
            .extension()
            .is_some_and(|suffix| suffix.eq_ignore_ascii_case("parquet"));
        return Ok(is_parquet.then(|| path.to_path_buf()).into_iter().collect());
    }
    let inside = path.join("data");
    let found = files_in(path, &["parquet"])?;
    match found.is_empty() && inside.is_dir() {
        true => files_in(&inside, &["parquet"]),
        false => Ok(found),
    }
}

/// Pictures, still encoded, and classes of several files.
pub struct Shards {
    files: Vec<PathBuf>,
    /// For each picture its file and its row in it, from 0.
    places: Vec<(usize, usize)>,
    pictures: Vec<ByteArray>,
    labels: Vec<Option<i64>>,
    names: Option<Vec<String>>,
}

impl Encoded for Shards {
    fn len(&self) -> usize {
        self.pictures.len()
    }

    fn fetch(&self, at: usize) -> Result<Cow<'_, [u8]>> {
        Ok(Cow::Borrowed(self.pictures[at].data()))
    }

    fn place(&self, at: usize) -> String {
        let (file, row) = self.places[at];
        format!("{}, row {row}", self.files[file].display())
    }
}

impl Shards {
    /// Reads the columns of pictures and classes, by these names or, without, the only ones that fit.
    pub fn open(path: &Path, image: Option<&str>, label: Option<&str>) -> Result<Self> {
        let files = files(path)?;
        if files.is_empty() {
            let what = match path.is_dir() {
                true => "there is no parquet file in this folder",
                false => "this is neither a folder nor a .parquet file",
            };
            return Err(Error::input(path.display(), what)
                .remedy("Name a .parquet file, a folder of them, or its parent"));
        }
        let mut all = Self {
            files: files.clone(),
            places: Vec::new(),
            pictures: Vec::new(),
            labels: Vec::new(),
            names: None,
        };
        for (number, file) in files.iter().enumerate() {
            all.add(number, file, image, label)?;
        }
        if all.pictures.is_empty() {
            return Err(Error::input(path.display(), "there is no row in it")
                .remedy("Fetch or write it again"));
        }
        Ok(all)
    }

    fn add(
        &mut self,
        number: usize,
        path: &Path,
        image: Option<&str>,
        label: Option<&str>,
    ) -> Result<()> {
        let broken = |error: ParquetError| {
            Error::input(
                path.display(),
                format!("not a whole parquet file ({error})"),
            )
            .remedy("Fetch it again or leave it out")
        };
        let file = std::fs::File::open(path).map_err(|error| refused(path, &error))?;
        let reader = SerializedFileReader::new(file).map_err(broken)?;
        let columns = Columns::find(path, &reader, image, label)?;
        if number == 0 {
            self.names = columns.names.clone();
        } else if self.names != columns.names {
            return Err(Error::input(
                path.display(),
                format!("its classes are not those of {}", self.files[0].display()),
            )
            .remedy("Read files of one data set only"));
        }
        let mut rows = 0;
        for group in 0..reader.num_row_groups() {
            let group = reader.get_row_group(group).map_err(broken)?;
            let pictures = match group.get_column_reader(columns.image).map_err(broken)? {
                ColumnReader::ByteArrayColumnReader(reader) => {
                    read(reader, &*group, columns.image).map_err(broken)?
                }
                _ => Vec::new(),
            };
            let count = pictures.len();
            for (row, picture) in (rows..).zip(pictures) {
                let place = || format!("{}, row {row}", path.display());
                self.pictures.push(picture.ok_or_else(|| {
                    Error::input(place(), "there is no picture").remedy("Leave the row out")
                })?);
                self.places.push((number, row));
            }
            let labels = match columns.label {
                Some(column) => labels(&*group, column).map_err(broken)?,
                None => vec![None; count],
            };
            self.labels.extend(labels);
            rows += count;
        }
        Ok(())
    }

    /// Decodes the pictures; the targets are there if every row has a class.
    pub fn raw(self, form: Form) -> Result<Raw> {
        let targets = self.targets()?;
        let official = self.official();
        Ok(decode_all(&self, form)?.raw(targets, official))
    }

    fn targets(&self) -> Result<Option<RawTargets>> {
        // The hub marks an unknown class by -1.
        let known = |label: &Option<i64>| label.filter(|label| *label != -1);
        let Some(labels) = self.labels.iter().map(known).collect::<Option<Vec<i64>>>() else {
            return Ok(None);
        };
        let most = self.names.as_ref().map_or(65_536, Vec::len);
        if let Some(row) = labels
            .iter()
            .position(|label| *label < 0 || *label >= most as i64)
        {
            return Err(Error::input(
                self.place(row),
                format!(
                    "{} is not a class from 0 to {}",
                    labels[row],
                    most.saturating_sub(1)
                ),
            )
            .remedy(
                "Number the classes from 0, and name them all in the file's `huggingface` metadata",
            ));
        }
        let labels: Vec<u32> = labels.into_iter().map(|label| label as u32).collect();
        let count = labels.iter().max().map_or(0, |label| label + 1);
        let names = self.names.clone();
        let names = names.unwrap_or_else(|| (0..count).map(|class| class.to_string()).collect());
        Ok(Some(RawTargets::Classes { names, labels }))
    }

    /// The parts the files' names tell, if every name tells one and there is something to test on.
    fn official(&self) -> Option<Vec<Part>> {
        let part = |file: &PathBuf| {
            let name = file.file_name()?.to_string_lossy().to_lowercase();
            let starts = [
                ("train", Part::Train),
                ("valid", Part::Validation),
                ("test", Part::Test),
            ];
            starts
                .into_iter()
                .find(|(start, _)| name.starts_with(start))
                .map(|(_, part)| part)
        };
        let parts: Vec<Part> = self.files.iter().map(part).collect::<Option<_>>()?;
        let official: Vec<Part> = self.places.iter().map(|(file, _)| parts[*file]).collect();
        (official.contains(&Part::Train) && official.contains(&Part::Test)).then_some(official)
    }
}

/// The columns a file is read by.
struct Columns {
    image: usize,
    label: Option<usize>,
    names: Option<Vec<String>>,
}

impl Columns {
    fn find(
        path: &Path,
        reader: &SerializedFileReader<std::fs::File>,
        image: Option<&str>,
        label: Option<&str>,
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
        let mut images = Vec::new();
        let mut integers = Vec::new();
        // Lists of pictures or classes are left aside: they have repetition levels.
        for (at, column) in columns.filter(|(_, column)| column.max_rep_level() == 0) {
            let name = column.path().string();
            match (column.physical_type(), name.strip_suffix(".bytes")) {
                (Type::BYTE_ARRAY, Some(name)) => images.push((name.to_string(), at)),
                (Type::INT32 | Type::INT64, _) if !name.contains('.') => integers.push((name, at)),
                _ => {}
            }
        }
        let is_class = |(name, _): &&(String, usize)| features[name]["_type"] == "ClassLabel";
        let classes: Vec<_> = integers.iter().filter(is_class).cloned().collect();
        let (_, image) = choose(path, image, "image", "pictures", &images)?;
        let label = match (label, classes.is_empty(), integers.is_empty()) {
            (None, _, true) => None,
            (None, false, _) => Some(choose(path, None, "label", "classes", &classes)?),
            (label, ..) => Some(choose(path, label, "label", "classes", &integers)?),
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
                "Pictures are a column `struct<bytes, path>`, classes a column of integers",
            ),
            names => error.remedy(format!(
                "Choose with `{key} = \"…\"` among {}",
                names.join(", ")
            )),
        }
    })
}

fn labels(group: &dyn RowGroupReader, column: usize) -> parquet::errors::Result<Vec<Option<i64>>> {
    match group.get_column_reader(column)? {
        ColumnReader::Int64ColumnReader(reader) => read(reader, group, column),
        ColumnReader::Int32ColumnReader(reader) => {
            let labels = read(reader, group, column)?.into_iter();
            Ok(labels.map(|label| label.map(i64::from)).collect())
        }
        _ => Err(ParquetError::General("classes that are no integers".into())),
    }
}

/// All values of a column that is no list; `None` where there is none.
fn read<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    group: &dyn RowGroupReader,
    column: usize,
) -> parquet::errors::Result<Vec<Option<T::T>>> {
    let rows = group.metadata().num_rows() as usize;
    let most = group
        .metadata()
        .column(column)
        .column_descr()
        .max_def_level();
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    let mut done = 0;
    while done < rows {
        let (records, ..) =
            reader.read_records(rows - done, Some(&mut levels), None, &mut values)?;
        if records == 0 {
            return Err(ParquetError::EOF(format!("{done} of {rows} rows")));
        }
        done += records;
    }
    if most == 0 {
        return Ok(values.into_iter().map(Some).collect());
    }
    let mut values = values.into_iter();
    let value = |level| if level == most { values.next() } else { None };
    Ok(levels.into_iter().map(value).collect())
}
