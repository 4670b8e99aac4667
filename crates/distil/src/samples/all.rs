//! Every sample.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::{SampleTable, Scores};
use crate::error::Result;
use crate::rng::Seed;
use crate::sample::SampleId;
use crate::samples::Policy;

/// Every training sample, each epoch.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct All {}

impl Policy for All {
    fn epoch(
        &self,
        _: u64,
        _: u64,
        table: &SampleTable,
        _: &Scores,
        _: Seed,
    ) -> Result<Vec<(SampleId, f32)>> {
        Ok(table.ids.iter().map(|id| (*id, 1.0)).collect())
    }
}
