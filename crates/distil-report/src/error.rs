//! The ways reading or writing a run's records can fail.

use std::io;
use std::path::PathBuf;

/// A record could not be read or written, or is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused to read the file.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The operating system refused to write the file.
    #[error("cannot write {}: {source}; free some space or check the folder's permissions", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The file was read, but a line of it is not what this version of Distil writes.
    #[error("{}:{line}: {reason}; the file is damaged or was written by another version of Distil", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The report's built-in template failed.
    #[error("the report page cannot be made: {0:#}; this is a defect of Distil, please report it")]
    Page(minijinja::Error),
}
