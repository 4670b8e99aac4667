//! The program that trains, by its content: built anew, it may compute something else.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::files;
use crate::weights::sha256_of_file;

/// A program file as one process has read it, so that others of the same file need not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// SHA-256 of its content, in hexadecimal.
    sha256: String,
    bytes: u64,
    /// Nanoseconds since 1970 at which it was changed, where the system tells.
    modified: Option<u64>,
}

impl Program {
    /// Reads a program file.
    ///
    /// # Errors
    /// If the system refuses to.
    pub fn read(path: &Path) -> Result<Self> {
        let metadata = fs::metadata(path).map_err(|e| files::refused(path, &e))?;
        Ok(Self {
            sha256: sha256_of_file(path)?,
            bytes: metadata.len(),
            modified: modified(&metadata),
        })
    }

    /// The hash of the program this process runs. It is read only if it is another file than `self`: built anew since, or of another host.
    ///
    /// # Errors
    /// If this process cannot read itself.
    pub fn own_sha256(&self) -> Result<String> {
        let path = own_path()?;
        let metadata = fs::metadata(&path).map_err(|e| files::refused(&path, &e))?;
        let same = self.modified.is_some()
            && (self.bytes, self.modified) == (metadata.len(), modified(&metadata));
        match same {
            true => Ok(self.sha256.clone()),
            false => Ok(Self::read(&path)?.sha256),
        }
    }
}

fn modified(metadata: &Metadata) -> Option<u64> {
    let since = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(since.as_nanos()).ok()
}

/// The file this process was started from; on Linux also where another has taken its name.
fn own_path() -> Result<PathBuf> {
    let linux = PathBuf::from("/proc/self/exe");
    match linux.exists() {
        true => Ok(linux),
        false => std::env::current_exe().map_err(|e| files::refused(Path::new("this program"), &e)),
    }
}
