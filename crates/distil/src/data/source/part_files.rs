//! Parts of the data in files of their own.

use std::path::{Path, PathBuf};

use distil_report::Part;
use distil_report::measure::TaskKind;
use serde::{Deserialize, Serialize};

use crate::data::raw::Raw;
use crate::data::source::file::refused;
use crate::data::source::{AnySource, Source};
use crate::error::{Error, Result};

/// What is read beside the source's own path: `test = "test.csv"`, `validation = "val.csv"`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartFiles {
    /// The test part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<PathBuf>,
    /// The validation part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<PathBuf>,
}

impl PartFiles {
    /// Whether the source's own path holds all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Reads the source and these files, which are read as it was; relative paths start at `base`.
    ///
    /// # Errors
    /// What the source refuses; files without targets or of another form.
    pub fn read(&self, source: &AnySource, base: &Path, kind: TaskKind) -> Result<Raw> {
        let mut raw = source.read(base, kind)?;
        if self.is_empty() {
            return Ok(raw);
        }
        if let Some(parts) = &raw.official
            && let Some(part) = parts.iter().find(|part| **part != Part::Train)
        {
            let word = part.word();
            return Err(Error::input(
                format!("data.{word}"),
                format!("the data comes with a {word} part of its own"),
            )
            .remedy(
                "Name its training part alone as `path`, or leave out `test` and `validation`",
            ));
        }
        let settled = source.settled(&raw);
        raw.official = Some(vec![Part::Train; raw.len()]);
        raw.files.insert(Part::Train, raw.hash.clone());
        let files = [
            (Part::Validation, &self.validation),
            (Part::Test, &self.test),
        ];
        for (part, file) in files {
            let Some(file) = file else { continue };
            let path = base.join(file);
            let about = std::fs::metadata(&path).map_err(|error| refused(&path, &error))?;
            if !about.is_file() && !about.is_dir() {
                return Err(Error::input(
                    path.display(),
                    "this is a pipe or a device, and data to train on is read more than once",
                )
                .remedy("Write it into a file first"));
            }
            let mut more = settled.read_new(&path, kind)?;
            if more.targets.is_none() {
                return Err(Error::input(
                    path.display(),
                    format!("the samples of the {} part have no targets", part.word()),
                )
                .remedy("Add them; `distil predict` answers samples without"));
            }
            if raw.weights.is_some() && more.weights.is_none() {
                return Err(Error::input(
                    path.display(),
                    format!("the samples of the {} part have no weights", part.word()),
                )
                .remedy("Add the column of `weights` to it"));
            }
            if raw.rows.is_some() && more.rows.is_none() {
                return Err(Error::input(
                    path.display(),
                    format!("the samples of the {} part have no names", part.word()),
                )
                .remedy("Add the column of `id` to it"));
            }
            if let (Some(own), Some(targets)) = (&raw.targets, &mut more.targets)
                && let Some(said) =
                    targets.without_full_stops(own.names(), "those of the training part")
            {
                more.notes.push(format!("of {}, {said}", file.display()));
            }
            more.official = Some(vec![part; more.len()]);
            more.files.insert(part, more.hash.clone());
            raw = raw
                .followed_by(more)
                .map_err(|error| error.within(path.display()))?;
        }
        Ok(raw)
    }
}
