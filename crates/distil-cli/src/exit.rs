//! How a command ends: its error on stderr, its exit code.

use std::process::ExitCode;

use distil::{Error, Kind};
use distil_report::foreign::terminal;

use crate::stderr;

/// What every verb returns.
pub type Ended = Result<(), Failure>;

/// Why a command did not end well.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    /// Ready to be shown; empty if the user was told already.
    message: String,
}

/// Failed.
pub const FAILED: u8 = 1;
const USAGE: u8 = 2;
const DIVERGED: u8 = 3;

impl Failure {
    /// The recipe or the command is wrong, and nothing was written. `sentence`: place, reason, remedy.
    pub fn usage(sentence: impl std::fmt::Display) -> Self {
        Self::told(USAGE, sentence)
    }

    /// The command was right, but could not be carried out.
    pub fn failed(sentence: impl std::fmt::Display) -> Self {
        Self::told(FAILED, sentence)
    }

    /// The result diverged.
    pub fn diverged(sentence: impl std::fmt::Display) -> Self {
        Self::told(DIVERGED, sentence)
    }

    /// The recipe is wrong; the problems are rendered already.
    pub fn recipe(rendered: impl Into<String>) -> Self {
        Self {
            code: USAGE,
            message: rendered.into(),
        }
    }

    /// The user was told already.
    pub fn silent(code: u8) -> Self {
        Self {
            code,
            message: String::new(),
        }
    }

    fn told(code: u8, sentence: impl std::fmt::Display) -> Self {
        Self {
            code,
            message: format!(
                "{} {}",
                stderr::error_title(),
                terminal(&sentence.to_string())
            ),
        }
    }

    /// The same failure of a run that had written nothing yet.
    pub fn before_anything(self) -> Self {
        Self {
            code: USAGE,
            ..self
        }
    }

    /// The same failure of a run that had begun: it is no longer the command's mistake.
    pub fn after_all_checks(self) -> Self {
        Self {
            code: if self.code == USAGE {
                FAILED
            } else {
                self.code
            },
            ..self
        }
    }
}

/// An input that cannot be used is the command's mistake; all else is a failure to carry it out.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error.kind {
            Kind::Recipe => Self::recipe(error.to_string()),
            kind => Self::told(code_of(kind), error),
        }
    }
}

impl From<distil_report::Error> for Failure {
    fn from(error: distil_report::Error) -> Self {
        Self::failed(format_args!("{error}."))
    }
}

/// The exit code of an error.
pub fn code_of(kind: Kind) -> u8 {
    match kind {
        Kind::Recipe | Kind::Input | Kind::Changed => USAGE,
        Kind::Diverged => DIVERGED,
        Kind::Stopped(signal) => by_signal(signal),
        Kind::Io | Kind::Damaged | Kind::Busy => FAILED,
    }
}

/// The shell's convention for a process ended by a signal.
pub fn by_signal(signal: i32) -> u8 {
    u8::try_from(signal).map_or(FAILED, |signal| signal.saturating_add(128))
}

/// Shows the failure, if there is one, and turns it into the exit code.
pub fn code(ended: Ended) -> ExitCode {
    let Err(failure) = ended else {
        return ExitCode::SUCCESS;
    };
    if !failure.message.is_empty() {
        stderr::complain(&failure.message);
    }
    ExitCode::from(failure.code)
}
