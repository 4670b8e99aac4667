//! Pictures in a folder for each class.

use std::path::{Path, PathBuf};

use distil_report::Part;

use crate::data::raw::{Raw, RawTargets};
use crate::data::source::file::{entries, files_in};
use crate::data::source::pictures::{Form, PICTURES, decode_all};
use crate::error::{Error, Result};

/// Pictures and their classes.
#[derive(Default)]
pub struct Files {
    /// Where they lie.
    pub paths: Vec<PathBuf>,
    labels: Vec<u32>,
    rows: Vec<String>,
}

impl Files {
    /// All pictures of the classes' folders in `folder`; their names are relative to `base`.
    pub fn add(&mut self, folder: &Path, base: &Path, classes: &[String]) -> Result<()> {
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

    /// Decodes them.
    pub fn raw(self, names: Vec<String>, official: Option<Vec<Part>>, form: Form) -> Result<Raw> {
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
