//! What a trial says while it runs: one JSON object per line in `trials/<trial>/events.jsonl`.
//!
//! A trial is the only writer of its file. Bill, curves, run.json and report are folds over these events, so an event states
//! what happened and never what it means. Everything that depends on the clock or the process sits under the keys `time` and
//! `process`; the rest is the same bytes for the same seed on the same host ([`Event::deterministic`]).

mod event;
mod fold;
mod log;

pub use event::{
    Billed, Checkpointed, Data, Diverged, Evaluated, Event, Grown, GrownFrom, Pace, Process,
    Progress, Promise, Resumed, Reused, StageFinished, StageStarted, Started, Stopped, Time,
};
pub use fold::{Folded, fold};
pub use log::{EventLog, read};
