//! InfoBatch.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::{SampleTable, Scores};
use crate::error::Result;
use crate::rng::Seed;
use crate::sample::SampleId;
use crate::samples::{Policy, Share};
use distil_report::measure::TaskKind;

/// Unbiased dynamic dropping (Qin et al., "InfoBatch", ICLR 2024): each epoch, samples whose last loss is below the mean
/// of all last losses are dropped with probability `r`, and those of them that stay weigh 1 / (1 − r), so that every
/// sample's expected weight is 1. Samples not seen yet are kept. The last epochs use all samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct InfoBatch {
    /// The probability of dropping a sample that is learnt better than the mean, from 0 to below 1.
    pub r: f64,
    /// The share of the epochs, at the end, that use all samples (rounded up).
    pub anneal: Share,
}

impl Default for InfoBatch {
    fn default() -> Self {
        Self {
            r: 0.5,
            anneal: Share::EIGHTH,
        }
    }
}

impl Policy for InfoBatch {
    fn check(&self, _: TaskKind) -> std::result::Result<(), String> {
        if (0.0..1.0).contains(&self.r) {
            return Ok(());
        }
        Err(format!(
            "`r` is a probability from 0 to below 1, not {}",
            self.r
        ))
    }

    fn is_static(&self) -> bool {
        false
    }

    fn weights_samples(&self) -> bool {
        true
    }

    fn epoch(
        &self,
        epoch: u64,
        epochs: u64,
        table: &SampleTable,
        scores: &Scores,
        seed: Seed,
    ) -> Result<Vec<(SampleId, f32)>> {
        let full = (self.anneal.value() * epochs as f64).ceil() as u64;
        if epoch + full >= epochs {
            return Ok(table.ids.iter().map(|id| (*id, 1.0)).collect());
        }
        let loss = |id: &SampleId| {
            scores
                .loss
                .get(id.row())
                .copied()
                .filter(|loss| loss.is_finite())
        };
        let seen: Vec<f64> = table.ids.iter().filter_map(loss).map(f64::from).collect();
        let mean = seen.iter().sum::<f64>() / seen.len().max(1) as f64;
        let weight = (1.0 / (1.0 - self.r)) as f32;
        let mut stream = seed.stream("samples.infobatch", &[epoch]);
        let keep = |id: &SampleId| {
            let drawn = f64::from(stream.unit());
            match loss(id) {
                Some(loss) if f64::from(loss) < mean => (drawn >= self.r).then_some((*id, weight)),
                _ => Some((*id, 1.0)),
            }
        };
        Ok(table.ids.iter().filter_map(keep).collect())
    }
}
