//! New pictures in files of any kind.

use std::path::{Path, PathBuf};

use crate::data::raw::Raw;
use crate::data::source::class_folders;
use crate::data::source::file::{file_name, files_in};
use crate::data::source::pictures::{Form, PICTURES, decode_all};
use crate::data::source::shards::{self, Shards};
use crate::error::{Error, Result};

/// New pictures: a JPEG or PNG file, a folder of them, a folder with a folder per class, or parquet files.
pub fn read(path: &Path, form: Form) -> Result<Raw> {
    if !shards::files(path)?.is_empty() {
        return Shards::open(path, None, None)?.raw(form);
    }
    if path.is_dir() {
        let classes = class_folders::classes(path)?;
        if !classes.is_empty() {
            return class_folders::read_classes(path, &classes, form);
        }
        let files = files_in(path, PICTURES)?;
        if files.is_empty() {
            return Err(
                Error::input(path.display(), "there is no picture in this folder").remedy(
                    "Name a folder of .jpg, .jpeg or .png files, or one with a folder per class",
                ),
            );
        }
        return read_files(&files, form);
    }
    read_files(&[path.to_path_buf()], form)
}

fn read_files(files: &[PathBuf], form: Form) -> Result<Raw> {
    Ok(Raw {
        rows: Some(files.iter().map(|file| file_name(file)).collect()),
        ..decode_all(files, form)?.raw(None, None)
    })
}
