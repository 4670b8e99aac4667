//! Which samples an epoch uses: one file per policy, one line in the registry.

use crate::data::{SampleTable, Scores};
use crate::error::Result;
use crate::rng::Seed;
use crate::sample::SampleId;

/// Chooses an epoch's samples: a pure function of its arguments.
pub trait Policy: std::fmt::Debug + Send {
    /// The samples of this epoch and the weight of each one's loss (1 unless the policy re-weights).
    /// A static subset answers the same for each epoch. The order is the caller's business.
    fn epoch(
        &self,
        epoch: u64,
        epochs: u64,
        table: &SampleTable,
        scores: &Scores,
        seed: Seed,
    ) -> Result<Vec<(SampleId, f32)>>;
}
