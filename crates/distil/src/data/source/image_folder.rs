//! A folder of pictures for each class.

use std::path::{Path, PathBuf};

use distil_report::Part;
use distil_report::measure::TaskKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::prepare::Scaling;
use crate::data::raw::Raw;
use crate::data::source::Source;
use crate::data::source::class_folders::{Files, classes, read_classes};
use crate::data::source::decode::Colour;
use crate::data::source::new_pictures;
use crate::data::source::pictures::{self, Form};
use crate::error::{Error, Result};

/// The source `image-folder`: JPEG and PNG files in a folder per class, whose name is the class.
///
/// If the folder holds `train` and `test` (and perhaps `validation` or `val`), each with folders per class, these are
/// the official parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageFolder {
    /// The folder that holds the classes' folders, or the parts'.
    pub path: PathBuf,
    /// Height and width every picture is brought to, each new pixel being the mean of the area it covers; without it all
    /// must have one size. New pictures are always brought to the size of training.
    #[serde(default)]
    pub size: Option<[usize; 2]>,
    /// Grey or colour.
    #[serde(default)]
    pub colour: Colour,
    /// How pixels, from 0 to 255, are scaled.
    #[serde(default = "super::channel")]
    pub scale: Scaling,
}

impl Source for ImageFolder {
    fn read(&self, base: &Path, kind: TaskKind) -> Result<Raw> {
        super::only_classes("image-folder", kind)?;
        pictures::check_size(self.size)?;
        let path = base.join(&self.path);
        let form = self.form();
        let part = |names: &[&str]| {
            names
                .iter()
                .map(|name| path.join(name))
                .find(|p| p.is_dir())
        };
        let (Some(train), Some(test)) = (part(&["train"]), part(&["test"])) else {
            let classes = classes(&path)?;
            if classes.len() < 2 {
                return Err(no_classes(&path, classes.len()));
            }
            return read_classes(&path, &classes, form);
        };
        let mut parts = vec![(Part::Train, train), (Part::Test, test)];
        parts
            .extend(part(&["validation", "val", "valid"]).map(|folder| (Part::Validation, folder)));
        let names = classes(&parts[0].1)?;
        if names.len() < 2 {
            return Err(no_classes(&parts[0].1, names.len()));
        }
        let mut files = Files::default();
        let mut official = Vec::new();
        for (part, folder) in &parts {
            if let Some(other) = classes(folder)?.iter().find(|name| !names.contains(name)) {
                return Err(Error::input(
                    folder.join(other).display(),
                    format!("there is no class `{other}` in {}", parts[0].1.display()),
                )
                .remedy("Leave it out, or bring samples to train on"));
            }
            files.add(folder, &path, &names)?;
            official.resize(files.paths.len(), *part);
        }
        files.raw(names, Some(official), form)
    }

    fn read_new(&self, path: &Path, kind: TaskKind) -> Result<Raw> {
        super::only_classes("image-folder", kind)?;
        new_pictures::read(path, self.form())
    }

    fn settled(&self, raw: &Raw) -> Self {
        Self {
            size: pictures::size_of(raw).or(self.size),
            ..self.clone()
        }
    }

    fn describe(&self) -> String {
        format!("pictures, a folder per class in {}", self.path.display())
    }
}

impl ImageFolder {
    fn form(&self) -> Form {
        Form {
            size: self.size,
            colour: self.colour,
        }
    }
}

fn no_classes(folder: &Path, found: usize) -> Error {
    Error::input(
        folder.display(),
        format!(
            "{} in it, where each of at least two classes needs one",
            if found == 0 {
                "no folder is"
            } else {
                "only one folder is"
            }
        ),
    )
    .remedy("Put each class's pictures into a folder with the class's name")
}
