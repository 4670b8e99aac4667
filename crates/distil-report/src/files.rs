//! JSON files that are there whole or not at all.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;

/// How a file is laid out.
pub(crate) enum Layout {
    /// Indented, for people.
    Indented,
    /// One line, for long arrays.
    OneLine,
}

pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::Read {
        path: path.to_path_buf(),
        source,
    })?;
    serde_json::from_slice(&bytes).map_err(|error| Error::Damaged {
        path: path.to_path_buf(),
        line: error.line(),
        reason: error.to_string(),
    })
}

pub(crate) fn write_json<T: Serialize>(
    path: &Path,
    value: &T,
    layout: Layout,
) -> Result<(), Error> {
    let refused = |error: serde_json::Error| Error::Write {
        path: path.to_path_buf(),
        source: error.into(),
    };
    let mut bytes = match layout {
        Layout::Indented => serde_json::to_vec_pretty(value).map_err(refused)?,
        Layout::OneLine => serde_json::to_vec(value).map_err(refused)?,
    };
    bytes.push(b'\n');
    write_whole(path, &bytes)
}

/// Writes beside the file, syncs, and renames over it: a reader sees the old file or the new one.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".tmp");
    let temporary = path.with_file_name(name);
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)
    };
    write().map_err(|source| {
        // The write's own error is the one to report; a leftover that cannot be removed is overwritten next time.
        let _ = std::fs::remove_file(&temporary);
        Error::Write {
            path: path.to_path_buf(),
            source,
        }
    })
}
