//! The data of a run, read once: a private file of this machine that the parent writes and all trials map.
//!
//! It is there while a parent holds it. A trial that does not find it, on another machine or where there was no room, reads the source
//! itself, and compares.

use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::Arc;

use fs4::FileExt;
use tempfile::NamedTempFile;

use crate::data::{Found, Raw, copy, private};
use crate::weights::sha256;

/// A parent's hold on the file.
#[derive(Debug)]
pub struct Shared {
    path: PathBuf,
    file: File,
    /// It was written under this name, which is gone.
    _written: Option<Arc<NamedTempFile>>,
}

/// The file of data that is named so: what decides how it is read, and its hash.
fn path(named: &str) -> Option<PathBuf> {
    let name = sha256(format!("{} {named}", env!("CARGO_PKG_VERSION")).as_bytes());
    Some(private::folder()?.join(name))
}

impl Shared {
    /// Whether data is large enough for that: reading a sound, a picture or text takes longer than its numbers do.
    pub fn is_worth_it(raw: &Raw) -> bool {
        copy::bytes(raw) >= private::least_shared()
    }

    /// Writes data for the trials to come, and what was found out about it, unless it is there; `None` where it cannot be written.
    pub fn new(named: &str, raw: &Raw, found: &Found) -> Option<Self> {
        let path = path(named)?;
        if let Ok(file) = File::open(&path)
            && FileExt::lock_shared(&file).is_ok()
            && path.exists()
        {
            return Some(Self {
                path,
                file,
                _written: None,
            });
        }
        let written = copy::write(raw, Some(found)).ok()?;
        // Has the lock that it was begun with.
        let file = written.as_file().try_clone().ok()?;
        fs::rename(written.path(), &path).ok()?;
        Some(Self {
            path,
            file,
            _written: Some(written),
        })
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Gives the own share up for all of it, unless another holds one.
        if FileExt::unlock(&self.file).is_ok() {
            private::remove_unheld(&self.path, &self.file);
        }
    }
}

/// Data that a parent holds, and what it found out about it; `None` where there is none, or it is damaged.
pub fn find(named: &str) -> Option<(Raw, Option<Found>)> {
    copy::read(&File::open(path(named)?).ok()?)
}
