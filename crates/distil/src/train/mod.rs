//! The loop: step, guard, checkpoint, resume, signals.

pub mod checkpoint;
