//! The loop: step, guard, checkpoint, resume, signals.

pub mod batch;
pub mod checkpoint;
mod clock;
mod evaluate;
mod learner;
mod members;
mod meter;
mod mixture;
mod settings;
mod signals;
mod sink;
mod stage;
mod teacher;
mod term;

pub use clock::{Stopwatch, counted_seconds, cpu_seconds};
pub use evaluate::{in_own_terms, metrics, metrics_and, metrics_by_target, weights_of};
pub use learner::Learner;
pub use meter::Meter;
pub use settings::{
    Base, Checkpoints, Length, Readings, ScheduleScope, ScheduleSpan, Settings, Train, Trunk,
};
pub use signals::Signals;
pub use sink::{EventSink, refused};
pub use stage::{Trained, train};
pub use teacher::{Answers, Frozen, Teacher};
pub use term::{DistillTerm, TermWeight};

use distil_report::events::Process;

/// This process, for the log.
pub fn process() -> Process {
    Process {
        pid: std::process::id(),
        threads: rayon::current_num_threads(),
    }
}
