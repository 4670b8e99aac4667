//! SIGINT and SIGTERM are wishes: the loop asks between two steps whether one came.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};

use crate::error::{Error, Kind, Result};

/// Remembers the last signal that asked this process to stop.
#[derive(Debug, Clone, Default)]
pub struct Signals(Arc<AtomicUsize>);

impl Signals {
    /// Signals that never come: for use as a library.
    pub fn none() -> Self {
        Self::default()
    }

    /// Catches SIGINT and SIGTERM from now on.
    pub fn catch() -> Result<Self> {
        let signals = Self::default();
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register_usize(signal, signals.0.clone(), signal as usize)
                .map_err(|e| Error::new(Kind::Io, "signals", e))?;
        }
        Ok(signals)
    }

    /// The signal that came, if one did.
    pub fn received(&self) -> Option<i32> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            signal => Some(signal as i32),
        }
    }
}
