//! Two clocks: the processor's, which the bill counts, and the wall's, which a person waits for.

use std::time::Instant;

use distil_report::events::Time;

/// Seconds of processor time this process has used so far, all threads together.
pub fn cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// Measures a piece of work on both clocks.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch {
    cpu: f64,
    wall: Instant,
}

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Self {
        Self {
            cpu: cpu_seconds(),
            wall: Instant::now(),
        }
    }

    /// Time since the start.
    pub fn time(&self) -> Time {
        Time {
            cpu_seconds: cpu_seconds() - self.cpu,
            wall_seconds: self.wall.elapsed().as_secs_f64(),
        }
    }
}
