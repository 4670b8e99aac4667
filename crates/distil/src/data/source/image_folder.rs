//! A folder of pictures for each class.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::prepare::Scaling;
use crate::data::raw::{Part, Raw, RawTargets, TargetKind};
use crate::data::source::Source;
use crate::data::source::decode::Colour;
use crate::data::source::pictures::{self, Form, PICTURES, decode_all, entries, files_in};
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
    fn read(&self, base: &Path, kind: TargetKind) -> Result<Raw> {
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

    fn read_new(&self, path: &Path, kind: TargetKind) -> Result<Raw> {
        super::only_classes("image-folder", kind)?;
        pictures::read_new(path, self.form())
    }

    fn settled(&self, raw: &Raw) -> Self {
        Self {
            size: pictures::size_of(raw).or(self.size),
            ..self.clone()
        }
    }

    fn scaling(&self) -> Scaling {
        self.scale
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

/// Pictures and their classes.
#[derive(Default)]
struct Files {
    paths: Vec<PathBuf>,
    labels: Vec<u32>,
    rows: Vec<String>,
}

impl Files {
    /// All pictures of the classes' folders in `folder`; their names are relative to `base`.
    fn add(&mut self, folder: &Path, base: &Path, classes: &[String]) -> Result<()> {
        for (label, class) in (0..).zip(classes) {
            let inside = folder.join(class);
            if !inside.is_dir() {
                continue;
            }
            let found = files_in(&inside, PICTURES)?;
            if found.is_empty() {
                return Err(Error::input(
                    inside.display(),
                    "there is no picture in this class's folder",
                )
                .remedy("Bring .jpg, .jpeg or .png files, or remove the folder"));
            }
            for path in found {
                let name = path.strip_prefix(base).unwrap_or(&path);
                self.rows.push(name.to_string_lossy().into_owned());
                self.labels.push(label);
                self.paths.push(path);
            }
        }
        Ok(())
    }

    fn raw(self, names: Vec<String>, official: Option<Vec<Part>>, form: Form) -> Result<Raw> {
        let block = decode_all(self.paths.as_slice(), form)?;
        let labels = self.labels;
        Ok(Raw {
            rows: Some(self.rows),
            ..block.raw(Some(RawTargets::Classes { names, labels }), official)
        })
    }
}

/// The folders inside a folder: its classes, by name.
pub fn classes(folder: &Path) -> Result<Vec<String>> {
    let folders = entries(folder)?.into_iter().filter(|path| path.is_dir());
    let name = |path: PathBuf| {
        path.file_name()
            .map(|name| name.to_string_lossy().into_owned())
    };
    Ok(folders.filter_map(name).collect())
}

/// The pictures of a folder with these classes.
pub fn read_classes(folder: &Path, classes: &[String], form: Form) -> Result<Raw> {
    let mut files = Files::default();
    files.add(folder, folder, classes)?;
    files.raw(classes.to_vec(), None, form)
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
