//! The loop: step, guard, checkpoint, resume, signals.

pub mod batch;
pub mod checkpoint;
mod clock;
mod course;
mod evaluate;
mod journal;
mod learner;
mod meter;
mod settings;
mod signals;
mod stage;

pub use clock::{Stopwatch, cpu_seconds};
pub use course::{Course, Weight};
pub use evaluate::{metrics, with_outputs};
pub use journal::{Journal, refused};
pub use learner::Learner;
pub use meter::Meter;
pub use settings::{Checkpoints, Length, Settings, Span};
pub use signals::Signals;
pub use stage::{Trained, train};

use distil_report::events::Process;

/// This process, for the log.
pub fn process() -> Process {
    Process {
        pid: std::process::id(),
        threads: rayon::current_num_threads(),
    }
}
