//! `[run]`: how a recipe is run on this machine.

use crate::recipe::train::MOST_STEPS;
use crate::spanned::Spanned;
use crate::table::{Rules, count, range, table};

/// Threads that any machine has.
const MOST_THREADS: u64 = 1024;

table! {
    /// How a recipe is run on this machine. Nothing here changes what is learned, except `seed`.
    #[schemars(rename = "run")]
    pub struct RunTable {
        /// Seconds between two checkpoints, 0 or more.
        pub checkpoint_seconds: Spanned<f64> = 60.0 => range("0 to 1e9", |seconds| (0.0..=1e9).contains(&seconds));
        /// Steps between two checkpoints, 1 or more; instead of seconds if given.
        pub checkpoint_steps: Option<Spanned<u64>> => count(1..=MOST_STEPS);
        /// Threads of one trial, 1 or more; if absent 1, or the cores that too few trials leave idle, where a step is large enough to be shared.
        pub threads: Option<Spanned<u64>> => count(1..=MOST_THREADS);
        /// Where to compute: `cpu`. What a build lacks is refused by name.
        pub device: Option<Spanned<String>>;
        /// The first trial's seed.
        pub seed: Spanned<u64> = 1u64;
    }
}

impl Rules for RunTable {}
