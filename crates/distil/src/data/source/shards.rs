//! Parquet files of pictures, still encoded, and their classes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use distil_report::Part;
use parquet::column::reader::ColumnReader;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader};
use parquet::file::serialized_reader::SerializedFileReader;

use crate::data::growing::Growing;
use crate::data::held::Held;
use crate::data::raw::{Raw, RawTargets};
use crate::data::source::contents;
use crate::data::source::file::{file_name, has_suffix, open};
use crate::data::source::guarded::guarded;
use crate::data::source::limits::Limits;
use crate::data::source::listing::{all_entries, folders_in};
use crate::data::source::numbered::{numbered, texts};
use crate::data::source::parts::{self, part_of};
use crate::data::source::pictures::{Encoded, Form, decode_all};
use crate::data::source::shard_columns::{Columns, Label, USUAL, labels, read_in_turn};
use crate::error::{Error, Result};

/// The parquet files a path means: itself, or those of the folder and of the folders in it.
pub fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        let is_parquet = has_suffix(path, SUFFIXES);
        return Ok(is_parquet.then(|| path.to_path_buf()).into_iter().collect());
    }
    let mut found = Vec::new();
    within(path, DEEPEST, &mut found)?;
    Ok(found)
}

/// Whether a path is a parquet file, or a folder that holds some at once or in its `data`.
pub fn is_here(path: &Path) -> Result<bool> {
    let mut found = Vec::new();
    for folder in [path, &path.join("data")] {
        if folder.is_dir() {
            within(folder, 0, &mut found)?;
        }
    }
    Ok(!found.is_empty() || !path.is_dir() && has_suffix(path, SUFFIXES))
}

const SUFFIXES: &[&str] = &["parquet", "pq", "parq"];

/// Folders of partitions lie in each other no deeper.
const DEEPEST: usize = 8;

fn within(folder: &Path, deeper: usize, found: &mut Vec<PathBuf>) -> Result<()> {
    // Names with an underscore are what other programs say of the files beside them.
    let is_data = |path: &PathBuf| {
        path.is_file() && has_suffix(path, SUFFIXES) && !file_name(path).starts_with(['_', '.'])
    };
    found.extend(all_entries(folder)?.into_iter().filter(is_data));
    if deeper > 0 {
        for inside in folders_in(folder)? {
            within(&inside, deeper - 1, found)?;
        }
    }
    Ok(())
}

/// What the folders `key=value` between `base` and a file say.
pub fn partitions(base: &Path, file: &Path) -> BTreeMap<String, String> {
    let inside = file.strip_prefix(base).unwrap_or(file);
    let folders = inside.parent().into_iter().flat_map(Path::components);
    let words = folders.map(|folder| folder.as_os_str().to_string_lossy().into_owned());
    let pairs = words.filter_map(|word| {
        let (key, value) = word.split_once('=')?;
        Some((key.to_string(), value.to_string()))
    });
    pairs.collect()
}

/// The part that a file's name tells, or the folders between `base` and it.
pub fn part_of_file(base: &Path, file: &Path) -> Option<Part> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let inside = file.strip_prefix(base).unwrap_or(file);
    let folders = inside.parent().into_iter().flat_map(Path::components);
    let mut folders = folders.filter_map(|folder| part_of(&folder.as_os_str().to_string_lossy()));
    part_of(&stem).or(folders.next_back())
}

/// Pictures, still encoded, and classes of several files.
pub struct Shards {
    base: PathBuf,
    files: Vec<PathBuf>,
    /// For each picture its file and its row in it, from 0.
    places: Vec<(usize, usize)>,
    /// The pictures' files one after the other, while they are read and then.
    gathered: Growing<u8>,
    bytes: Held<u8>,
    /// Where each begins and how long it is.
    pictures: Vec<(usize, usize)>,
    labels: Vec<Option<Label>>,
    names: Option<Vec<String>>,
    /// What is to be said of them.
    notes: Vec<String>,
}

impl Encoded for Shards {
    fn len(&self) -> usize {
        self.pictures.len()
    }

    fn fetch(&self, at: usize, _: Limits) -> Result<Cow<'_, [u8]>> {
        let (start, length) = self.pictures[at];
        let picture = &self.bytes[start..start + length];
        self.bytes.passed(picture);
        Ok(Cow::Borrowed(picture))
    }

    fn place(&self, at: usize) -> String {
        let (file, row) = self.places[at];
        format!("{}, row {row}", self.files[file].display())
    }
}

/// Why the reading of pictures stopped.
enum Stopped {
    Broken(ParquetError),
    Refused(Error),
}

impl From<ParquetError> for Stopped {
    fn from(error: ParquetError) -> Self {
        Self::Broken(error)
    }
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// What a row takes before it is decoded.
const ROW: usize = 2 * size_of::<(usize, usize)>() + size_of::<Option<Label>>();

/// The error of a file that is no whole parquet file.
pub fn broken(path: &Path, why: impl std::fmt::Display) -> Error {
    if let Some(found) = contents::content_of(path)
        && !found.name.contains("parquet")
    {
        return Error::input(
            path.display(),
            format!("this is {}, no parquet file", found.name),
        )
        .remedy("Convert it, or leave it out");
    }
    Error::input(path.display(), format!("not a whole parquet file ({why})"))
        .remedy("Fetch it again or leave it out")
}

impl Shards {
    /// Reads the columns of pictures and classes, by these names or, without, the only ones that fit.
    pub fn open(
        path: &Path,
        image: Option<&str>,
        label: Option<&str>,
        limits: Limits,
    ) -> Result<Self> {
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
            base: path.to_path_buf(),
            files: files.clone(),
            places: Vec::new(),
            gathered: Growing::default(),
            bytes: Held::default(),
            pictures: Vec::new(),
            labels: Vec::new(),
            names: None,
            notes: Vec::new(),
        };
        for (number, file) in files.iter().enumerate() {
            guarded(
                || {
                    let opened = open(file, limits)?;
                    all.add(number, file, opened, (image, label), limits)
                },
                |why| broken(file, why),
            )?;
        }
        all.bytes = std::mem::take(&mut all.gathered).finish()?;
        if all.pictures.is_empty() {
            return Err(Error::input(path.display(), "there is no row in it")
                .remedy("Fetch or write it again"));
        }
        Ok(all)
    }

    fn add<R: ChunkReader + 'static>(
        &mut self,
        number: usize,
        path: &Path,
        file: R,
        (image, label): (Option<&str>, Option<&str>),
        limits: Limits,
    ) -> Result<()> {
        let broken = |error: ParquetError| broken(path, error);
        let reader = SerializedFileReader::new(file).map_err(broken)?;
        let partitions = partitions(&self.base, path);
        // A folder's class stands for all its rows.
        let folder = match label {
            Some(label) => partitions.get(label),
            None => {
                let usual =
                    |(key, _): &(&String, &String)| USUAL.contains(&key.to_lowercase().as_str());
                partitions.iter().find(usual).map(|(_, class)| class)
            }
        };
        let wanted = if folder.is_some() { None } else { label };
        let columns = Columns::find(path, &reader, image, wanted, folder.is_some())?;
        // A few bytes can stand for any number of equal rows.
        let claimed = reader.metadata().file_metadata().num_rows();
        let claimed = usize::try_from(claimed).unwrap_or(usize::MAX);
        limits.check_held(
            path.display(),
            self.places.len().saturating_add(claimed),
            ROW,
        )?;
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
            let before = self.pictures.len();
            if let ColumnReader::ByteArrayColumnReader(reader) =
                group.get_column_reader(columns.image).map_err(broken)?
            {
                let take = |picture: Option<ByteArray>| {
                    let row = rows + self.pictures.len() - before;
                    let picture = picture.ok_or_else(|| {
                        Error::input(
                            format!("{}, row {row}", path.display()),
                            "there is no picture",
                        )
                        .remedy("Leave the row out")
                    })?;
                    self.pictures.push((self.gathered.len(), picture.len()));
                    self.places.push((number, row));
                    self.gathered.extend(picture.data())?;
                    Ok::<(), Stopped>(())
                };
                let read = read_in_turn(reader, &*group, columns.image, take);
                read.map_err(|stopped| match stopped {
                    Stopped::Broken(error) => broken(error),
                    Stopped::Refused(error) => error,
                })?;
            }
            let count = self.pictures.len() - before;
            let labels = match (folder, columns.label) {
                (Some(folder), _) => vec![Some(Label::Name(folder.clone())); count],
                (None, Some(column)) => labels(&*group, column).map_err(broken)?,
                (None, None) => vec![None; count],
            };
            self.labels.extend(labels);
            self.labels.resize(self.pictures.len(), None);
            rows += count;
        }
        Ok(())
    }

    /// Decodes the pictures. To train on (`all`) every row needs a class, but a part of which no class is known is left out;
    /// else the targets are there if every row has one.
    pub fn raw(mut self, form: Form, all: bool) -> Result<Raw> {
        self.forget_marked();
        if all {
            self.leave_out_unlabelled_parts();
            self.check_labels()?;
        }
        let targets = self.targets()?;
        let official = self.official();
        let notes = std::mem::take(&mut self.notes);
        let mut raw = decode_all(&self, form)?.raw(targets, official);
        raw.notes.splice(0..0, notes);
        Ok(raw)
    }

    /// The hub marks an unknown class by -1; where -1 and 1 are all there is they are two classes.
    fn forget_marked(&mut self) {
        let is = |label: &Option<Label>, number| *label == Some(Label::Number(number));
        let signs = self.labels.iter().all(|l| is(l, -1) || is(l, 1));
        let both = [-1, 1].map(|n| self.labels.iter().any(|l| is(l, n)));
        if self.names.is_none() && signs && both == [true, true] {
            return;
        }
        for label in &mut self.labels {
            if *label == Some(Label::Number(-1)) {
                *label = None;
            }
        }
    }

    fn leave_out_unlabelled_parts(&mut self) {
        let mut known = vec![false; self.files.len()];
        for ((file, _), label) in self.places.iter().zip(&self.labels) {
            known[*file] |= label.is_some();
        }
        if known.iter().all(|known| !known) {
            return;
        }
        for (file, path) in self.files.iter().enumerate() {
            if known[file] {
                continue;
            }
            let part = part_of_file(&self.base, path);
            let rows = self.places.iter().filter(|(of, _)| *of == file).count();
            if part.is_none_or(|part| part == Part::Train) {
                known[file] = true;
            } else if rows > 0 {
                self.notes.push(format!(
                    "{}: none of its {rows} rows has a label; they are left out, and `distil predict` answers them",
                    path.display()
                ));
            }
        }
        let mut kept = self.places.iter().map(|(file, _)| known[*file]);
        self.pictures.retain(|_| kept.next().unwrap_or(true));
        let mut kept = self.places.iter().map(|(file, _)| known[*file]);
        self.labels.retain(|_| kept.next().unwrap_or(true));
        self.places.retain(|(file, _)| known[*file]);
    }

    fn check_labels(&self) -> Result<()> {
        let missing = self.labels.iter().filter(|label| label.is_none()).count();
        match self.labels.iter().position(Option::is_none) {
            Some(row) if missing < self.labels.len() => Err(Error::input(
                self.place(row),
                format!(
                    "there is no label, as in {missing} of {} rows",
                    self.labels.len()
                ),
            )
            .remedy("Add the class of each row, or leave these rows out; rows count from 0")),
            _ => Ok(()),
        }
    }

    fn targets(&mut self) -> Result<Option<RawTargets>> {
        let labels = self.labels.iter().cloned().collect::<Option<Vec<Label>>>();
        let Some(labels) = labels else {
            return Ok(None);
        };
        let mut numbers = Vec::new();
        let mut classes = Vec::new();
        for label in labels {
            match label {
                Label::Number(number) => numbers.push(number),
                Label::Name(name) => classes.push(name),
            }
        }
        if !classes.is_empty() && !numbers.is_empty() {
            return Err(Error::input(
                self.base.display(),
                "the classes are numbers in one file and text in another",
            )
            .remedy("Read files of one data set only"));
        }
        if numbers.is_empty() {
            let (names, labels) = texts(&classes);
            return Ok(Some(RawTargets::Classes {
                names,
                labels: labels.into(),
            }));
        }
        let most = self.names.as_ref().map_or(65_536, Vec::len);
        let least = if self.names.is_some() { 0 } else { -1 };
        if let Some(row) = numbers
            .iter()
            .position(|label| *label < least || *label >= most as i64)
        {
            return Err(Error::input(
                self.place(row),
                format!(
                    "{} is not a class from 0 to {}",
                    numbers[row],
                    most.saturating_sub(1)
                ),
            )
            .remedy(
                "Number the classes from 0, and name them all in the file's `huggingface` metadata",
            ));
        }
        if let Some(names) = self.names.clone() {
            let labels = numbers.into_iter().map(|label| label as u32).collect();
            return Ok(Some(RawTargets::Classes { names, labels }));
        }
        let (names, labels, note) = numbered(&numbers);
        self.notes.extend(note);
        Ok(Some(RawTargets::Classes {
            names,
            labels: labels.into(),
        }))
    }

    /// The parts the names of files or folders tell, if every one tells one and there is something to test on.
    fn official(&mut self) -> Option<Vec<Part>> {
        let parts = self.files.iter().map(|file| part_of_file(&self.base, file));
        let parts: Vec<Part> = parts.collect::<Option<_>>()?;
        let official = self.places.iter().map(|(file, _)| parts[*file]);
        let (official, note) = parts::given(official.collect())?;
        self.notes.push(note);
        Some(official)
    }
}
