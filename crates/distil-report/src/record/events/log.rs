//! The file of events: its one writer and its reader.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::event::Event;
use crate::Error;

/// The writer of one trial's `events.jsonl`.
///
/// A line is written with one system call, so a killed process leaves at most one torn line, the last.
#[derive(Debug)]
pub struct EventLog {
    file: File,
    path: PathBuf,
    count: usize,
}

impl EventLog {
    /// Opens or creates the file. A torn last line is cut off; what remains is counted, not parsed.
    ///
    /// # Errors
    /// The file cannot be opened, read or cut.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let refused = |source| Error::Write {
            path: path.to_path_buf(),
            source,
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(refused)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|source| Error::Read {
            path: path.to_path_buf(),
            source,
        })?;
        let whole = bytes
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |last| last + 1);
        if whole < bytes.len() {
            file.set_len(whole as u64).map_err(refused)?;
        }
        file.seek(SeekFrom::End(0)).map_err(refused)?;
        let count = bytes[..whole].iter().filter(|&&byte| byte == b'\n').count();
        Ok(Self {
            file,
            path: path.to_path_buf(),
            count,
        })
    }

    /// Lines in the file: the `keep` of a checkpoint made now.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Writes one event as one line.
    ///
    /// # Errors
    /// The line cannot be written, for instance because the disk is full.
    pub fn append(&mut self, event: &Event) -> Result<(), Error> {
        let refused = |source| Error::Write {
            path: self.path.clone(),
            source,
        };
        let mut line = serde_json::to_vec(event).map_err(|error| refused(error.into()))?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(refused)?;
        self.count += 1;
        Ok(())
    }

    /// Returns when all lines are on disk. A checkpoint that stores [`Self::count`] must call this first: after a power
    /// failure it would otherwise keep lines the file no longer has.
    ///
    /// # Errors
    /// The operating system cannot write the lines.
    pub fn sync(&self) -> Result<(), Error> {
        self.file.sync_data().map_err(|source| Error::Write {
            path: self.path.clone(),
            source,
        })
    }
}

/// Reads all events. A torn last line (no newline at its end) is skipped: a trial may be writing it.
///
/// # Errors
/// The file cannot be read; or a line is no event, or a resume keeps more lines than there are before it: [`Error::Damaged`]
/// with the line's number.
pub fn read(path: &Path) -> Result<Vec<Event>, Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::Read {
        path: path.to_path_buf(),
        source,
    })?;
    let whole = bytes
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |last| last + 1);
    let mut events: Vec<Event> = Vec::new();
    for (index, line) in bytes[..whole]
        .split_inclusive(|&byte| byte == b'\n')
        .enumerate()
    {
        let damaged = |reason: String| Error::Damaged {
            path: path.to_path_buf(),
            line: index + 1,
            reason,
        };
        let event = serde_json::from_slice(line)
            .map_err(|error| damaged(format!("not an event ({error})")))?;
        if let Event::Resumed(resumed) = &event
            && resumed.keep > index
        {
            return Err(damaged(format!(
                "a resume that keeps {} lines where there are {index}",
                resumed.keep
            )));
        }
        events.push(event);
    }
    Ok(events)
}
