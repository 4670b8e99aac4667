//! Where a stage's events go.

use distil_report::events::{Event, EventLog};

use crate::error::{Error, Kind, Result};

/// Takes events; counts those that will still be valid after a resume.
pub trait EventSink {
    /// Takes one event.
    fn write(&mut self, event: Event) -> Result<()>;

    /// Takes an event that was told before: of a stage that was trained by another trial.
    fn repeat(&mut self, event: Event) -> Result<()> {
        self.write(event)
    }

    /// Events taken so far, earlier processes included; all of them durable when this returns.
    fn settle(&mut self) -> Result<usize>;
}

impl EventSink for EventLog {
    fn write(&mut self, event: Event) -> Result<()> {
        self.append(&event).map_err(refused)
    }

    fn settle(&mut self) -> Result<usize> {
        self.sync().map_err(refused)?;
        Ok(self.count())
    }
}

/// Keeps events in memory: for use as a library.
impl EventSink for Vec<Event> {
    fn write(&mut self, event: Event) -> Result<()> {
        self.push(event);
        Ok(())
    }

    fn settle(&mut self) -> Result<usize> {
        Ok(self.len())
    }
}

/// A log's error in this library's terms.
pub fn refused(error: distil_report::Error) -> Error {
    match error {
        distil_report::Error::Read { path, source }
        | distil_report::Error::Write { path, source } => crate::files::refused(&path, &source),
        damaged => Error::new(Kind::Damaged, "", damaged),
    }
}
