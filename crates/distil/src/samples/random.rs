//! A random subset.

use std::num::NonZeroUsize;

use distil_report::measure::TaskKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::{SampleTable, Scores};
use crate::error::Result;
use crate::rng::Seed;
use crate::sample::SampleId;
use crate::samples::{Policy, Share, chosen};

/// A uniform draw without replacement, of a share or a number of samples: exactly one of both.
///
/// With `refresh = "epoch"` it is drawn anew each epoch (Okanovic et al., "Repeated Random Sampling", ICLR 2024).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Random {
    /// The share of the training samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fraction: Option<Share>,
    /// The number of samples; all, if there are fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<NonZeroUsize>,
    /// When the subset is drawn anew.
    pub refresh: Refresh,
}

/// When a subset is drawn anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Refresh {
    /// Never: one subset for all epochs.
    #[default]
    Never,
    /// Each epoch.
    Epoch,
}

impl Policy for Random {
    fn check(&self, _: TaskKind) -> std::result::Result<(), String> {
        match (self.fraction, self.count) {
            (Some(_), None) | (None, Some(_)) => Ok(()),
            _ => Err("`random` takes either `fraction` or `count`".to_string()),
        }
    }

    fn is_static(&self) -> bool {
        self.refresh == Refresh::Never
    }

    fn epoch(
        &self,
        epoch: u64,
        _: u64,
        table: &SampleTable,
        _: &Scores,
        seed: Seed,
    ) -> Result<Vec<(SampleId, f32)>> {
        let all = table.ids.len();
        let count = match (self.fraction, self.count) {
            (Some(fraction), _) => fraction.of(all),
            (None, Some(count)) => count.get().min(all),
            (None, None) => all,
        };
        let draw = if self.is_static() { 0 } else { epoch };
        let mut positions: Vec<usize> = (0..all).collect();
        seed.stream("samples.random", &[draw])
            .shuffle(&mut positions);
        positions.truncate(count);
        Ok(chosen(table, positions))
    }
}
