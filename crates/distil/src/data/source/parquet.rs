//! Pictures in parquet files, the way the Hugging Face hub keeps them.

use std::path::{Path, PathBuf};

use distil_report::measure::TaskKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::prepare::Scaling;
use crate::data::raw::Raw;
use crate::data::source::Source;
use crate::data::source::decode::{Background, Colour};
use crate::data::source::limits::{Limit, Limits};
use crate::data::source::new_pictures;
use crate::data::source::pictures::{self, Form};
use crate::data::source::shards::{Shards, files};
use crate::error::Result;

/// The source `parquet`: pictures in parquet files as the Hugging Face hub keeps them, a column `struct<bytes, path>` or of the
/// files' bytes, and a column of classes, by number (the file's `huggingface` metadata may name them) or by name; or folders
/// `label=cat` tell the class. Uncompressed, snappy, gzip, lz4, brotli and zstd are read. A table in parquet files is read by `csv`.
///
/// Files or folders named `train…`, `validation…` and `test…` are the official parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parquet {
    /// A parquet file, a folder of them, or its parent if that holds them in `data`.
    pub path: PathBuf,
    /// The column of pictures; found by itself where there is only one.
    #[serde(default)]
    pub image: Option<String>,
    /// The column of classes; found by itself where there is only one.
    #[serde(default)]
    pub label: Option<String>,
    /// Height and width every picture is brought to, each new pixel being the mean of the area it covers; without it all
    /// must have one size. New pictures are always brought to the size of training.
    #[serde(default)]
    pub size: Option<[usize; 2]>,
    /// Grey or colour.
    #[serde(default)]
    pub colour: Colour,
    /// What transparent pictures are laid over; without it what lies under transparent pixels is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background: Option<Background>,
    /// How pixels, from 0 to 255, are scaled.
    #[serde(default = "super::channel")]
    pub scale: Scaling,
    /// The most that is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
}

impl Source for Parquet {
    fn read(&self, base: &Path, kind: TaskKind) -> Result<Raw> {
        super::only_classes("parquet", kind)?;
        let limits = Limits::training(self.limit);
        pictures::check_size(self.size, limits)?;
        let path = base.join(&self.path);
        let raw = self.shards(&path, limits)?.raw(self.form(limits), true)?;
        super::with_targets(raw, &path)
    }

    fn read_new(&self, path: &Path, kind: TaskKind) -> Result<Raw> {
        super::only_classes("parquet", kind)?;
        let limits = Limits::new_data(self.limit);
        match files(path)?.is_empty() {
            true => new_pictures::read(path, self.form(limits)),
            false => self.shards(path, limits)?.raw(self.form(limits), false),
        }
    }

    fn settled(&self, raw: &Raw) -> Self {
        Self {
            size: pictures::size_of(raw).or(self.size),
            ..self.clone()
        }
    }

    fn new_data(&self) -> &'static str {
        "new.png"
    }

    fn describe(&self) -> String {
        format!("pictures in parquet files, {}", self.path.display())
    }
}

impl Parquet {
    fn form(&self, limits: Limits) -> Form {
        Form {
            size: self.size,
            colour: self.colour,
            background: self.background,
            limits,
        }
    }

    fn shards(&self, path: &Path, limits: Limits) -> Result<Shards> {
        Shards::open(path, self.image.as_deref(), self.label.as_deref(), limits)
    }
}
