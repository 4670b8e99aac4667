//! Pictures in files of any kind.

use std::path::{Path, PathBuf};

use crate::data::raw::{Raw, RawTargets};
use crate::data::source::class_folders::{self, Classed, has_classes};
use crate::data::source::file::file_name;
use crate::data::source::listing::{LeftOut, PICTURES, files_within};
use crate::data::source::pictures::{Form, decode_all};
use crate::data::source::shards::{self, Shards};
use crate::error::{Error, Result};

/// New pictures: a file, a folder of them, a folder with a folder per class, or parquet files.
pub fn read(path: &Path, form: Form) -> Result<Raw> {
    if shards::is_here(path)? {
        return Shards::open(path, None, None, form.limits)?.raw(form, false);
    }
    if !path.is_dir() {
        return read_files(&[path.to_path_buf()], vec![file_name(path)], form);
    }
    if has_classes(path, PICTURES)? {
        return classed(class_folders::read(path, PICTURES, 1)?, form);
    }
    let mut left_out = LeftOut::default();
    let files = files_within(path, PICTURES, &mut left_out)?;
    if files.is_empty() {
        let found = left_out.note(PICTURES.noun);
        let found = found.map_or(String::new(), |note| format!(" ({note})"));
        return Err(Error::input(
            path.display(),
            format!("there is no picture in this folder{found}"),
        )
        .remedy("Name a folder of pictures, or one with a folder per class"));
    }
    let names = files.iter().map(|file| {
        let name = file.strip_prefix(path).unwrap_or(file);
        name.to_string_lossy().into_owned()
    });
    let mut raw = read_files(&files, names.collect(), form)?;
    raw.notes.extend(left_out.note(PICTURES.noun));
    Ok(raw)
}

fn read_files(files: &[PathBuf], names: Vec<String>, form: Form) -> Result<Raw> {
    Ok(Raw {
        rows: Some(names),
        ..decode_all(files, form)?.raw(None, None)
    })
}

/// Decodes pictures with their classes.
pub fn classed(files: Classed, form: Form) -> Result<Raw> {
    let block = decode_all(files.paths.as_slice(), form)?;
    let targets = RawTargets::Classes {
        names: files.names,
        labels: files.labels.into(),
    };
    let mut raw = block.raw(Some(targets), files.official);
    raw.rows = Some(files.rows);
    raw.groups = files.groups;
    raw.notes.splice(0..0, files.notes);
    Ok(raw)
}
