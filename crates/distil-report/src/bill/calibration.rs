//! Reference seconds: what work takes alone on the machine, measured once per run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::record::Purpose;

/// The time of one kind of work of one stage: `once_seconds + samples · seconds_per_sample`.
///
/// For training the seconds of a sample are those of a step divided by the batch. Views, first weights and growth take time
/// once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// Wall seconds per sample.
    pub seconds_per_sample: f64,
    /// Wall seconds that do not depend on the number of samples.
    pub once_seconds: f64,
}

/// Rates by stage and purpose, measured before the trials with nothing else running. Stored once per run, so that every
/// arm is charged the same seconds for the same work.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Calibration {
    /// Stage → purpose → rate.
    pub stages: BTreeMap<String, BTreeMap<Purpose, Rate>>,
}

impl Calibration {
    /// Stores a rate.
    pub fn insert(&mut self, stage: &str, purpose: Purpose, rate: Rate) {
        self.stages
            .entry(stage.to_owned())
            .or_default()
            .insert(purpose, rate);
    }

    /// The rate of this work, if it was calibrated.
    pub fn rate(&self, stage: &str, purpose: Purpose) -> Option<Rate> {
        self.stages.get(stage)?.get(&purpose).copied()
    }

    /// Reference seconds of `samples` samples of this work; none if it was not calibrated.
    pub fn seconds(&self, stage: &str, purpose: Purpose, samples: u64) -> Option<f64> {
        let rate = self.rate(stage, purpose)?;
        Some(rate.once_seconds + rate.seconds_per_sample * samples as f64)
    }
}
