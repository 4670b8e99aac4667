//! Files that this program writes for its own processes of this machine, in the user's cache folder: nobody else writes to them.
//!
//! Each is held by a shared lock for as long as a process needs its name; what nobody holds is left over and removed.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Once;

use distil_report::present::human::human_bytes;
use fs4::{FileExt, TryLockError};
use tempfile::NamedTempFile;

use crate::error::{Error, Kind, Result};
use crate::memory;

/// Bytes of an array from which it lies in a file, unless the environment says otherwise.
const LEAST: usize = 32 << 20;

/// Bytes of data from which trials share what one process read, unless the environment says otherwise.
const LEAST_SHARED: usize = 256 << 10;

/// Says in bytes from where on both are so.
const VARIABLE: &str = "DISTIL_MAPPED_FROM";

/// Bytes of an array from which it lies in a file.
pub fn least() -> usize {
    said().unwrap_or(LEAST)
}

/// Bytes of data from which trials share what one process read.
pub fn least_shared() -> usize {
    said().unwrap_or(LEAST_SHARED)
}

fn said() -> Option<usize> {
    std::env::var(VARIABLE).ok()?.parse().ok()
}

/// The folder they lie in.
pub fn folder() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).map(PathBuf::from);
    let cache = set("XDG_CACHE_HOME").filter(|path| path.is_absolute());
    let cache = cache.or_else(|| Some(set("HOME")?.join(".cache")));
    Some(cache?.join("distil/data"))
}

/// Refuses so many bytes where neither the disk nor memory has room for them.
///
/// # Errors
/// There is none.
pub fn check_room(bytes: u64) -> Result<()> {
    let folder = folder().unwrap_or_default();
    let known = folder.ancestors().find(|folder| folder.exists());
    match known.and_then(|folder| fs4::available_space(folder).ok()) {
        Some(free) if bytes >= least() as u64 && free < bytes => fits(bytes, "no space is left"),
        _ => Ok(()),
    }
}

/// Refuses so many bytes where memory is too small for them; `why` they cannot lie on the disk.
///
/// # Errors
/// It is.
pub fn fits(bytes: u64, why: impl fmt::Display) -> Result<()> {
    // As much as four trials that read the source on their own can have.
    if memory::total_bytes().is_none_or(|total| bytes <= total / 4) {
        return Ok(());
    }
    let folder = folder().unwrap_or_default();
    let reason = format!(
        "{why} for {} of data, and memory is too small",
        human_bytes(bytes)
    );
    Err(Error::new(Kind::Io, folder.display(), reason)
        .remedy("Make room there, or name another place for such files with XDG_CACHE_HOME"))
}

/// A new one, held; it is removed when it is dropped under this name.
///
/// # Errors
/// What the system says.
pub fn begin() -> io::Result<NamedTempFile> {
    static SWEPT: Once = Once::new();
    let folder = folder().ok_or(io::ErrorKind::NotFound)?;
    fs::create_dir_all(&folder)?;
    SWEPT.call_once(|| sweep(&folder));
    let begun = NamedTempFile::new_in(&folder)?;
    FileExt::lock_shared(begun.as_file())?;
    Ok(begun)
}

/// Removes what processes that are gone left.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        // Opening what is no file may never end.
        if entry.file_type().is_ok_and(|kind| kind.is_file())
            && let Ok(file) = File::open(entry.path())
        {
            remove_unheld(&entry.path(), &file);
        }
    }
}

/// Removes a file that nobody holds.
pub fn remove_unheld(path: &Path, file: &File) {
    match FileExt::try_lock(file) {
        Ok(()) => drop(fs::remove_file(path)),
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
    }
}
