//! Greedy k-center.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::{SampleTable, Scores};
use crate::error::Result;
use crate::rng::Seed;
use crate::sample::SampleId;
use crate::samples::distance::{mean, squared_distance};
use crate::samples::{Policy, Share, chosen};

/// A static subset that leaves no sample far from it: starts with the sample nearest to the mean, then repeatedly takes
/// the sample farthest from all taken so far (Gonzalez 1985; Sener & Savarese, ICLR 2018), by Euclidean distance of
/// the stage's inputs. Ties go to the smaller id. Cost: samples · chosen · features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KCenter {
    /// The share of the training samples.
    pub fraction: Share,
}

impl Policy for KCenter {
    fn epoch(
        &self,
        _: u64,
        _: u64,
        table: &SampleTable,
        _: &Scores,
        _: Seed,
    ) -> Result<Vec<(SampleId, f32)>> {
        let features = table.features();
        let all: Vec<usize> = (0..table.ids.len()).collect();
        let centre: Vec<f32> = mean(&features, &all).iter().map(|x| *x as f32).collect();
        let from = |centre: &[f32], row: usize| squared_distance(features.row(row), centre);
        let Some(first) = all
            .iter()
            .copied()
            .min_by(|a, b| from(&centre, *a).total_cmp(&from(&centre, *b)))
        else {
            return Ok(Vec::new());
        };
        let mut taken = vec![first];
        let mut nearest: Vec<f32> = all
            .iter()
            .map(|&row| from(features.row(first), row))
            .collect();
        nearest[first] = f32::NEG_INFINITY;
        while taken.len() < self.fraction.of(all.len()) {
            let farthest = (1..all.len()).fold(0, |best, row| {
                if nearest[row] > nearest[best] {
                    row
                } else {
                    best
                }
            });
            for (row, nearest) in nearest.iter_mut().enumerate() {
                *nearest = nearest.min(from(features.row(farthest), row));
            }
            nearest[farthest] = f32::NEG_INFINITY;
            taken.push(farthest);
        }
        Ok(chosen(table, taken))
    }
}
