//! Signals that ask to stop are wishes: the loop asks between two steps whether one came.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGXFSZ};

use crate::error::{Error, Kind, Result};

/// Remembers the last signal that asked this process to stop.
#[derive(Debug, Clone, Default)]
pub struct Signals(Arc<AtomicUsize>);

impl Signals {
    /// Signals that never come: for use as a library.
    pub fn none() -> Self {
        Self::default()
    }

    /// Catches SIGINT and SIGTERM from now on; also SIGHUP, of a terminal that is closed, and SIGUSR1 and SIGUSR2, by which batch
    /// systems announce the end, unless whoever started this process had them ignored, as `nohup` does.
    pub fn catch() -> Result<Self> {
        let signals = Self::default();
        let ignored = ignored();
        let announced = [SIGHUP, SIGUSR1, SIGUSR2];
        let announced = announced.into_iter().filter(|signal| !ignored(*signal));
        for signal in [SIGINT, SIGTERM].into_iter().chain(announced) {
            signal_hook::flag::register_usize(signal, signals.0.clone(), signal as usize)
                .map_err(|e| Error::new(Kind::Io, "signals", e))?;
        }
        Ok(signals)
    }

    /// From now on a write beyond the limit on a file's size fails; it does not end this process.
    pub fn outlive_file_limits() -> Result<()> {
        signal_hook::flag::register(SIGXFSZ, Arc::default())
            .map(drop)
            .map_err(|e| Error::new(Kind::Io, "signals", e))
    }

    /// The signal that came, if one did.
    pub fn received(&self) -> Option<i32> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            signal => Some(signal as i32),
        }
    }
}

/// Which signals this process ignores. Where the system does not tell, all may be.
fn ignored() -> impl Fn(i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    move |signal| mask.is_none_or(|mask| (mask >> (signal - 1)) & 1 == 1)
}
