//! The data of a run, read once: a private file of this machine that the parent writes and all trials map.
//!
//! It is there while a parent holds it. A trial that does not find it, on another machine or where there was no room, reads the source
//! itself, and compares.

use std::fs::{self, File};
use std::path::PathBuf;

use fs4::{FileExt, TryLockError};
use tempfile::NamedTempFile;

use crate::data::{Raw, copy};
use crate::weights::sha256;

/// Bytes of inputs from which it is worth it.
const LEAST: u64 = 32 << 20;

/// A parent's hold on the file.
#[derive(Debug)]
pub struct Shared {
    path: PathBuf,
    file: File,
}

/// The file of data that is named so: what decides how it is read, and its hash.
fn path(named: &str) -> Option<PathBuf> {
    let name = sha256(format!("{} {named}", env!("CARGO_PKG_VERSION")).as_bytes());
    Some(folder()?.join(name))
}

fn folder() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).map(PathBuf::from);
    let cache = set("XDG_CACHE_HOME").filter(|path| path.is_absolute());
    let cache = cache.or_else(|| Some(set("HOME")?.join(".cache")));
    Some(cache?.join("distil/data"))
}

impl Shared {
    /// Writes data for the trials to come, unless it is small or there; `None` where it cannot be written.
    pub fn new(named: &str, raw: &Raw) -> Option<Self> {
        if copy::bytes(raw) < LEAST {
            return None;
        }
        let path = path(named)?;
        let folder = folder()?;
        fs::create_dir_all(&folder).ok()?;
        sweep(&folder);
        if let Ok(file) = File::open(&path)
            && FileExt::lock_shared(&file).is_ok()
            && path.exists()
        {
            return Some(Self { path, file });
        }
        let begun = NamedTempFile::new_in(&folder).ok()?;
        FileExt::lock_shared(begun.as_file()).ok()?;
        copy::write(raw, begun.as_file()).ok()?;
        let file = begun.persist(&path).ok()?;
        Some(Self { path, file })
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Gives the own share up for all of it, unless another holds one.
        if FileExt::unlock(&self.file).is_ok() {
            remove_unheld(&self.path, &self.file);
        }
    }
}

/// Data that a parent holds; `None` where there is none, or it is damaged.
pub fn find(named: &str) -> Option<Raw> {
    copy::read(&File::open(path(named)?).ok()?)
}

/// Removes what parents that are gone left.
fn sweep(folder: &PathBuf) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if let Ok(file) = File::open(entry.path()) {
            remove_unheld(&entry.path(), &file);
        }
    }
}

fn remove_unheld(path: &PathBuf, file: &File) {
    match FileExt::try_lock(file) {
        Ok(()) => drop(fs::remove_file(path)),
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
    }
}
