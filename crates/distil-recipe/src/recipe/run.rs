//! `[run]`: how a recipe is run on this machine.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::spanned::Spanned;

/// How a recipe is run on this machine. Nothing here changes what is learned, except `seed`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RunTable {
    /// Seconds between two checkpoints, 0 or more.
    pub checkpoint_seconds: Spanned<f64>,
    /// Steps between two checkpoints, 1 or more; instead of seconds if given.
    pub checkpoint_steps: Option<Spanned<u64>>,
    /// Threads of one trial, 1 or more; if absent 1, or the cores that too few trials leave idle, where a step is large enough to be shared.
    pub threads: Option<Spanned<u64>>,
    /// Where to compute: `cpu`. What a build lacks, `cuda:0` and `wgpu` in this one, is refused.
    pub device: Option<Spanned<String>>,
    /// The first trial's seed.
    pub seed: Spanned<u64>,
}

impl Default for RunTable {
    fn default() -> Self {
        Self {
            checkpoint_seconds: 60.0.into(),
            checkpoint_steps: None,
            threads: None,
            device: None,
            seed: 1.into(),
        }
    }
}
