//! Reading whole files and folders, with errors that say what to do.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use crate::data::held::Held;
use crate::data::source::limits::Limits;
use crate::error::{Error, Kind, Result};
use crate::weights::Hash;

/// Bytes looked at at once.
const PIECE: usize = 1 << 20;

/// The bytes of a file, unpacked if its name ends in `.gz`, within the usual limits of data to train on.
pub fn read_file(path: &Path) -> Result<Held<u8>> {
    read_within(path, Limits::training(None))
}

/// The bytes of a file, unpacked if its name ends in `.gz`.
pub fn read_within(path: &Path, limits: Limits) -> Result<Held<u8>> {
    let file = open(path, limits)?;
    let size = file.metadata().map_or(0, |about| about.len());
    let bytes = limits.read(path.display(), file, size)?;
    if bytes.is_empty() {
        return Err(Error::input(path.display(), "the file is empty (0 bytes)")
            .remedy("Fetch or write it again"));
    }
    if path.extension().is_none_or(|suffix| suffix != "gz") {
        return Ok(bytes);
    }
    let unpacked = limits.read(path.display(), MultiGzDecoder::new(&bytes[..]), 0);
    unpacked.map_err(|error| match error.kind {
        Kind::Io => Error::input(
            path.display(),
            format!("not a whole gzip file ({})", error.reason),
        )
        .remedy("Fetch it again, or unpack it and name it without `.gz`"),
        _ => error,
    })
}

/// SHA-256 of bytes, of which no more stays in memory than was read last.
pub fn hash_of(bytes: &Held<u8>) -> String {
    let mut hash = Hash::default();
    let whole = bytes.rows(PIECE);
    let rest = whole.len() * PIECE;
    whole.for_each(|piece| hash.add(piece));
    hash.add(&bytes[rest..]);
    hash.end()
}

/// SHA-256 of a file as it is.
pub fn hash_of_file(path: &Path, limits: Limits) -> Result<String> {
    let mut file = open(path, limits)?;
    let (mut hash, mut piece) = (Hash::default(), vec![0; PIECE]);
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(hash.end()),
            Ok(count) => hash.add(&piece[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::io(path, &error)),
        }
    }
}

/// Opens a file that is not larger than the limit; a pipe or device only where the limits say so.
pub fn open(path: &Path, limits: Limits) -> Result<File> {
    let about = std::fs::metadata(path).map_err(|error| refused(path, &error))?;
    if about.is_dir() {
        return Err(refused(path, &ErrorKind::IsADirectory.into()));
    }
    if !about.is_file() && !limits.streams {
        return Err(Error::input(
            path.display(),
            "this is a pipe or a device, and data to train on is read more than once",
        )
        .remedy("Write it into a file first"));
    }
    limits.check_file(path.display(), about.len())?;
    File::open(path).map_err(|error| refused(path, &error))
}

/// Why a path cannot be read.
pub fn refused(path: &Path, error: &std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound => Error::input(path.display(), "there is no such file or folder")
            .remedy("Check the path; a relative path starts at the current folder"),
        ErrorKind::IsADirectory => {
            Error::input(path.display(), "this is a folder, a file is needed")
                .remedy("Name the file inside it")
        }
        _ => Error::io(path, error),
    }
}

/// The files of a folder whose names end so, by name.
pub fn files_in(folder: &Path, suffixes: &[&str]) -> Result<Vec<PathBuf>> {
    let mut files = entries(folder)?;
    files.retain(|path| path.is_file() && has_suffix(path, suffixes));
    Ok(files)
}

/// What lies in a folder, by name; hidden entries are left aside.
pub fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| refused(folder, &error))? {
        let entry = entry.map_err(|error| refused(folder, &error))?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// Whether a name ends so, whatever the case.
pub fn has_suffix(path: &Path, suffixes: &[&str]) -> bool {
    path.extension().is_some_and(|found| {
        suffixes
            .iter()
            .any(|suffix| found.eq_ignore_ascii_case(suffix))
    })
}

/// The name of a file without its folder.
pub fn file_name(file: &Path) -> String {
    let name = file.file_name().unwrap_or(file.as_os_str());
    name.to_string_lossy().into_owned()
}
