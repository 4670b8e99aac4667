//! A folder of pictures for each class.

use std::path::{Path, PathBuf};

use distil_report::measure::TaskKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::prepare::Scaling;
use crate::data::raw::Raw;
use crate::data::source::Source;
use crate::data::source::decode::{Background, Colour};
use crate::data::source::labelled::Labelled;
use crate::data::source::limits::{Limit, Limits};
use crate::data::source::listing::PICTURES;
use crate::data::source::new_pictures;
use crate::data::source::pictures::{self, Form};
use crate::error::Result;

/// The source `image-folder`: pictures in a folder per class, whose name is the class, or in folders in it. JPEG, PNG, WebP,
/// GIF, BMP and TIFF are read, whatever the files' names, and set upright as EXIF says.
///
/// If the folder holds `train` and `test` or `val` (or `training`, `Test`, `validation` and so on), each with folders per class,
/// these are the official parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageFolder {
    /// The folder that holds the classes' folders, or the parts'.
    pub path: PathBuf,
    /// A table (CSV or parquet) of files and their classes, instead of a folder for each class; a relative path is read as `path` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<PathBuf>,
    /// The column of `list` that names the files, with or without their suffix; found by what lies in the folder unless told
    /// otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The column of `list` that holds the class: one called `label`, `class` or `category`, or the only other one, unless told
    /// otherwise. Columns beside them may be the split's `group`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What names are made of, instead of a folder for each class: `"{class}_{speaker}_*"`, without the suffix; with a `/`, the path
    /// from the folder. Parts other than the class may be the split's `group`; each is as short as can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
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

impl Source for ImageFolder {
    fn read(&self, base: &Path, kind: TaskKind) -> Result<Raw> {
        super::only_classes("image-folder", kind)?;
        let form = self.form(Limits::training(self.limit));
        pictures::check_size(self.size, form.limits)?;
        let path = base.join(&self.path);
        let files = self.labelled().read(&path, base, PICTURES)?;
        new_pictures::classed(files, form)
    }

    fn read_new(&self, path: &Path, kind: TaskKind) -> Result<Raw> {
        super::only_classes("image-folder", kind)?;
        let form = self.form(Limits::new_data(self.limit));
        match self.labelled().new_files(path, PICTURES)? {
            Some(files) => new_pictures::classed(files, form),
            None => new_pictures::read(path, form),
        }
    }

    /// Without the classes that a list tells: files it does not name are answered, too.
    fn read_inputs(&self, path: &Path, kind: TaskKind, _: &[String]) -> Result<Raw> {
        match self.labelled().is_listed() {
            true => new_pictures::read(path, self.form(Limits::new_data(self.limit))),
            false => self.read_new(path, kind),
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
        format!(
            "pictures{} in {}",
            self.labelled().describe(),
            self.path.display()
        )
    }
}

impl ImageFolder {
    fn labelled(&self) -> Labelled<'_> {
        Labelled {
            list: self.list.as_deref(),
            file: self.file.as_deref(),
            label: self.label.as_deref(),
            pattern: self.pattern.as_deref(),
        }
    }

    fn form(&self, limits: Limits) -> Form {
        Form {
            size: self.size,
            colour: self.colour,
            background: self.background,
            limits,
        }
    }
}
