//! Errors that say where, what and what now.

use std::fmt;
use std::path::Path;

use distil_report::foreign::terminal;
use serde::{Deserialize, Serialize};

/// What went wrong, in the terms an exit code needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// The recipe breaks a rule; the message is the rendered list of problems.
    Recipe,
    /// An input (data file, argument, given model) cannot be used as it is.
    Input,
    /// The operating system refused a read or a write.
    Io,
    /// A file of our own is not what it claims to be.
    Damaged,
    /// What a run is to go on with is not what it began with.
    Changed,
    /// Another process owns the run folder.
    Busy,
    /// Loss or gradient left the finite numbers; nothing was updated.
    Diverged,
    /// A signal asked to stop; a checkpoint was written.
    Stopped(i32),
}

/// An error a user can act on: the place, the reason, the remedy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Error {
    /// What went wrong.
    pub kind: Kind,
    /// Where: a file, a line, a stage; empty if the reason says it all.
    pub place: String,
    /// Why, as a sentence without its full stop.
    pub reason: String,
    /// What to do now, as a sentence without its full stop; may be empty.
    pub remedy: String,
}

/// The library's result.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of this kind at this place.
    pub fn new(kind: Kind, place: impl fmt::Display, reason: impl fmt::Display) -> Self {
        Self {
            kind,
            place: place.to_string(),
            reason: reason.to_string(),
            remedy: String::new(),
        }
    }

    /// An input that cannot be used.
    pub fn input(place: impl fmt::Display, reason: impl fmt::Display) -> Self {
        Self::new(Kind::Input, place, reason)
    }

    /// A file of our own that is not what it claims to be.
    pub fn damaged(path: &Path, reason: impl fmt::Display) -> Self {
        Self::new(Kind::Damaged, path.display(), reason)
    }

    /// A read or a write the operating system refused.
    pub fn io(path: &Path, source: &std::io::Error) -> Self {
        Self::new(Kind::Io, path.display(), source)
    }

    /// Adds what to do now.
    pub fn remedy(mut self, remedy: impl fmt::Display) -> Self {
        self.remedy = remedy.to_string();
        self
    }

    /// The same error as a part's of something larger: `part` stands before its place.
    pub fn within(mut self, part: impl fmt::Display) -> Self {
        match self.kind {
            Kind::Recipe => {
                self.reason = format!("{}:\n{}", terminal(&part.to_string()), self.reason);
            }
            _ if self.place.is_empty() => self.place = part.to_string(),
            _ => self.place = format!("{part}: {}", self.place),
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == Kind::Recipe {
            return f.write_str(&self.reason);
        }
        if !self.place.is_empty() {
            write!(f, "{}: ", terminal(&self.place))?;
        }
        write!(f, "{}.", terminal(&self.reason))?;
        if !self.remedy.is_empty() {
            write!(f, " {}.", terminal(&self.remedy))?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
