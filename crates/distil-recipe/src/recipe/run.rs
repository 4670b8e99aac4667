//! `[run]`: how a recipe is run on this machine.

use crate::spanned::Spanned;
use crate::table::{Rules, table};

table! {
    /// How a recipe is run on this machine. Nothing here changes what is learned, except `seed`.
    #[schemars(rename = "run")]
    pub struct RunTable {
        /// Seconds between two checkpoints, 0 or more.
        pub checkpoint_seconds: Spanned<f64> = 60.0 => "0 or more", |seconds| seconds >= 0.0;
        /// Steps between two checkpoints, 1 or more; instead of seconds if given.
        pub checkpoint_steps: Option<Spanned<u64>> => "1 or more", |steps| steps >= 1;
        /// Threads of one trial, 1 or more; if absent 1, or the cores that too few trials leave idle, where a step is large enough to be shared.
        pub threads: Option<Spanned<u64>> => "1 or more", |threads| threads >= 1;
        /// Where to compute: `cpu`. What a build lacks, `cuda:0` and `wgpu` in this one, is refused.
        pub device: Option<Spanned<String>>;
        /// The first trial's seed.
        pub seed: Spanned<u64> = 1u64;
    }
}

impl Rules for RunTable {}
