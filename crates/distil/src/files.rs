//! Files that are whole or absent: temporary name, fsync, rename, fsync of the folder.
//!
//! On Unix, `Ok` means the bytes are on disk under their final name; elsewhere folders are not synced.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Marks names that are not finished; whatever carries it may be removed at the next start.
pub const UNFINISHED: &str = ".unfinished";

/// Writes `bytes` to `path` as a whole: a reader sees the old file or the new one.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let unfinished = unfinished(path);
    let written = write_synced(&unfinished, bytes)
        .and_then(|()| fs::rename(&unfinished, path).map_err(|e| refused(path, &e)));
    if written.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    written?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}

/// Refuses a path that [`write`] could not write to; nothing is left there.
pub fn check_writable(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Err(Error::input(path.display(), "is a folder").remedy("Name a file in it"));
    }
    let unfinished = unfinished(path);
    let made = File::create(&unfinished).map_err(|e| refused(path, &e));
    let _ = fs::remove_file(&unfinished);
    made.map(|_| ())
}

/// Writes a folder of files as a whole, `last` after all others; returns the bytes written.
pub fn write_folder(path: &Path, files: &[(&str, &[u8])], last: (&str, &[u8])) -> Result<u64> {
    let unfinished = unfinished(path);
    let fill = || -> Result<()> {
        fs::create_dir_all(&unfinished).map_err(|e| refused(&unfinished, &e))?;
        for (name, bytes) in files.iter().chain([&last]) {
            write_synced(&unfinished.join(name), bytes)?;
        }
        sync_folder(&unfinished)?;
        if path.exists() {
            fs::remove_dir_all(path).map_err(|e| refused(path, &e))?;
        }
        fs::rename(&unfinished, path).map_err(|e| refused(path, &e))
    };
    let filled = fill();
    if filled.is_err() {
        let _ = fs::remove_dir_all(&unfinished);
    }
    filled?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))?;
    Ok(files
        .iter()
        .chain([&last])
        .map(|(_, bytes)| bytes.len() as u64)
        .sum())
}

/// Removes what an interrupted write left in a folder.
pub fn clean(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for path in entries.flatten().map(|e| e.path()) {
        if path.to_string_lossy().ends_with(UNFINISHED) {
            let _ = if path.is_dir() {
                fs::remove_dir_all(&path)
            } else {
                fs::remove_file(&path)
            };
        }
    }
}

/// Reads a whole file.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|e| refused(path, &e))
}

/// Bytes of the files in a folder.
pub fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => size(&entry.path()),
            _ => entry.metadata().map_or(0, |metadata| metadata.len()),
        })
        .sum()
}

/// Creates a folder and its parents.
pub fn create_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|e| refused(path, &e))
}

/// An operating-system refusal, with the remedy that fits it.
pub fn refused(path: &Path, error: &std::io::Error) -> Error {
    use std::io::ErrorKind;
    let remedy = match error.kind() {
        ErrorKind::NotFound => "Check the path",
        ErrorKind::PermissionDenied => "Check the permissions, or choose another folder",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "Free some space, then `distil resume` goes on from the last checkpoint"
        }
        ErrorKind::FileTooLarge => {
            "Raise the file-size limit (`ulimit -f`), then `distil resume` goes on from the last checkpoint"
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            "A file is in the way: choose another folder"
        }
        _ => "",
    };
    Error::io(path, error).remedy(remedy)
}

fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}{UNFINISHED}", std::process::id()));
    path.with_file_name(name)
}

fn write_synced(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|e| refused(path, &e))
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> Result<()> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    File::open(folder)
        .and_then(|f| f.sync_all())
        .map_err(|e| refused(folder, &e))
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write(&path, b"old").unwrap();
        fs::create_dir(unfinished(&path)).unwrap();
        assert!(write(&path, b"new").is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        clean(folder.path());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_replaces_the_old_one_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("unit");
        write_folder(&path, &[("a", b"1"), ("b", b"22")], ("z", b"333")).unwrap();
        assert_eq!(write_folder(&path, &[("a", b"4")], ("z", b"5")).unwrap(), 2);
        assert_eq!(fs::read(path.join("a")).unwrap(), b"4");
        assert!(!path.join("b").exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
