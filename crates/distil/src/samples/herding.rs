//! Herding.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::{SampleTable, Scores};
use crate::error::Result;
use crate::rng::Seed;
use crate::sample::SampleId;
use crate::samples::distance::mean;
use crate::samples::stratified::class_shares;
use crate::samples::{Policy, Share, chosen};
use crate::weights::Array;

/// A static subset whose mean follows the mean of all: with μ the mean and S the t samples taken, next comes
/// argmin over the others of ‖(t + 1) μ − Σ_S − x‖ (Welling, ICML 2009), on the stage's inputs. Ties go to the smaller
/// id. Cost: samples · chosen · features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Herding {
    /// The share of the training samples.
    pub fraction: Share,
    /// Whether each class is herded by itself, in its share; without classes there is one herd.
    #[serde(default = "yes")]
    pub per_class: bool,
}

fn yes() -> bool {
    true
}

impl Policy for Herding {
    fn epoch(
        &self,
        _: u64,
        _: u64,
        table: &SampleTable,
        _: &Scores,
        _: Seed,
    ) -> Result<Vec<(SampleId, f32)>> {
        let herds = if self.per_class {
            class_shares(table, self.fraction)
        } else {
            vec![(
                (0..table.ids.len()).collect(),
                self.fraction.of(table.ids.len()),
            )]
        };
        let features = table.features();
        let taken = herds
            .into_iter()
            .flat_map(|(members, count)| herd(&features, members, count))
            .collect();
        Ok(chosen(table, taken))
    }
}

/// `count` of the members, in the order of herding.
fn herd(features: &Array, mut members: Vec<usize>, count: usize) -> Vec<usize> {
    let mean = mean(features, &members);
    // (t + 1) μ − Σ_S: what the next sample should be.
    let mut wanted = mean.clone();
    let distance = |wanted: &[f64], row: usize| -> f64 {
        features
            .row(row)
            .iter()
            .zip(wanted)
            .map(|(x, wanted)| (wanted - f64::from(*x)).powi(2))
            .sum()
    };
    let mut taken = Vec::with_capacity(count);
    while taken.len() < count {
        let nearest = (0..members.len())
            .map(|i| (distance(&wanted, members[i]), i))
            .min_by(|a, b| a.0.total_cmp(&b.0));
        let Some((_, nearest)) = nearest else { break };
        let row = members.remove(nearest);
        for ((wanted, mean), x) in wanted.iter_mut().zip(&mean).zip(features.row(row)) {
            *wanted += mean - f64::from(*x);
        }
        taken.push(row);
    }
    taken
}
