//! How far this process is with decoding pictures, for whoever shows it.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The pictures of this process.
pub static DECODED: Decoded = Decoded {
    done: AtomicUsize::new(0),
    all: AtomicUsize::new(0),
};

/// Pictures counted as they are decoded.
pub struct Decoded {
    done: AtomicUsize,
    all: AtomicUsize,
}

impl Decoded {
    /// So many more are to be decoded.
    pub(super) fn begin(&self, pictures: usize) {
        self.all.fetch_add(pictures, Ordering::Relaxed);
    }

    /// One more is done.
    pub(super) fn one(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// How many are done, of how many; none where no picture was asked for.
    pub fn now(&self) -> Option<(usize, usize)> {
        let all = self.all.load(Ordering::Relaxed);
        (all > 0).then(|| (self.done.load(Ordering::Relaxed).min(all), all))
    }
}
