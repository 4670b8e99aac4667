//! A trial's side of the pipe to its parent.

use std::io::Write;
use std::path::Path;

use distil_report::Purpose;
use distil_report::bill::NO_STAGE;
use distil_report::events::{Billed, Event, EventLog, Time};

use crate::error::{Error, Kind, Result};
use crate::run::message::Message;
use crate::train::{EventSink, Stopwatch, refused};

/// A trial's sink: its log, and the pipe to the parent.
#[derive(Debug)]
pub struct Piped {
    log: EventLog,
    /// What writing took so far.
    time: Time,
}

impl Piped {
    /// Opens the log; a torn last line is cut off.
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self {
            log: EventLog::open(path).map_err(refused)?,
            time: Time::default(),
        })
    }

    /// Bills what was done for the whole trial.
    pub fn bill(&mut self, purpose: Purpose, time: Time) -> Result<()> {
        self.write(Event::Billed(Billed {
            stage: NO_STAGE.into(),
            purpose,
            flops: Some(0.0),
            samples: 0,
            time,
            once: Time::default(),
        }))
    }

    /// What writing the log and telling the parent has taken.
    pub fn time(&self) -> Time {
        self.time
    }

    /// Events in the log.
    pub fn count(&self) -> usize {
        self.log.count()
    }
}

impl EventSink for Piped {
    fn write(&mut self, event: Event) -> Result<()> {
        let watch = Stopwatch::start();
        self.log.append(&event).map_err(refused)?;
        say(&Message::Event(event))?;
        self.time = self.time + watch.time();
        Ok(())
    }

    fn repeat(&mut self, event: Event) -> Result<()> {
        self.log.append(&event).map_err(refused)
    }

    fn settle(&mut self) -> Result<usize> {
        self.log.settle()
    }
}

/// Tells the parent something. A closed pipe means that the parent is gone, and ends the child.
pub fn say(message: &Message) -> Result<()> {
    let mut line = serde_json::to_string(message).map_err(|e| Error::new(Kind::Io, "pipe", e))?;
    line.push('\n');
    let mut out = std::io::stdout().lock();
    out.write_all(line.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|e| {
            Error::new(
                Kind::Io,
                "pipe",
                format!("the process that started this trial is gone ({e})"),
            )
            .remedy("`distil resume` goes on from the last checkpoint")
        })
}

/// Makes this process end when its parent does (Linux; elsewhere the closed pipe ends it).
pub fn die_with_parent() {
    #[cfg(target_os = "linux")]
    {
        // Failing to arm this leaves the closed pipe, which ends the trial at its next message.
        let _ =
            rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    }
}
