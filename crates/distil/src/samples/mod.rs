//! Which samples an epoch uses: one file per policy, one line in the registry.

mod all;

mod distance;
mod herding;
mod ids;
mod infobatch;
mod k_center;
mod random;
mod share;
mod stratified;

pub use all::All;

pub use herding::Herding;
pub use ids::Ids;
pub use infobatch::InfoBatch;
pub use k_center::KCenter;
pub use random::{Random, Refresh};
pub use share::Share;
pub use stratified::Stratified;

use std::path::Path;

use distil_recipe::{Registry, entry};
use distil_report::measure::TaskKind;

use crate::data::{SampleTable, Scores};
use crate::error::Result;
use crate::rng::Seed;
use crate::sample::SampleId;

/// Chooses an epoch's samples: a pure function of its arguments.
pub trait Policy: std::fmt::Debug + Send {
    /// Whether the policy fits this kind of target; else the reason it does not, as a sentence.
    fn check(&self, kind: TaskKind) -> std::result::Result<(), String> {
        let _ = kind;
        Ok(())
    }

    /// Reads the files the policy needs, once, before the first epoch. Relative paths start at `base`.
    fn open(&mut self, base: &Path) -> Result<()> {
        let _ = base;
        Ok(())
    }

    /// Whether every epoch has the same samples, so that one answer does for all.
    fn is_static(&self) -> bool {
        true
    }

    /// Whether it weights samples; a loss that is one number for the whole batch cannot be weighted.
    fn weights_samples(&self) -> bool {
        false
    }

    /// The samples of this epoch (of `epochs`), ascending, and the weight of each one's loss (1 unless the policy
    /// weights samples).
    fn epoch(
        &self,
        epoch: u64,
        epochs: u64,
        table: &SampleTable,
        scores: &Scores,
        seed: Seed,
    ) -> Result<Vec<(SampleId, f32)>>;
}

/// The policies a recipe can choose from.
pub static SAMPLES: Registry<Box<dyn Policy>> = Registry {
    noun: "samples policy",
    entries: &[
        entry!("all", "every training sample, each epoch", All => Box::new),
        entry!("random", "a random subset, one for all epochs or a new one each", Random => Box::new),
        entry!("stratified", "a random subset with each class's share", Stratified => Box::new),
        entry!("k-center", "a subset that leaves no sample far from it (greedy k-center)", KCenter => Box::new),
        entry!("herding", "a subset whose mean follows the data's mean (Welling 2009)", Herding => Box::new),
        entry!("ids", "the samples listed in a file", Ids => Box::new),
        entry!("infobatch", "drops well-learnt samples at random, without bias (Qin et al. 2024)", InfoBatch => Box::new),
    ],
};

/// The samples at these positions of the table, ascending, all of weight 1.
fn chosen(table: &SampleTable, mut positions: Vec<usize>) -> Vec<(SampleId, f32)> {
    positions.sort_unstable();
    positions
        .into_iter()
        .map(|position| (table.ids[position], 1.0))
        .collect()
}
