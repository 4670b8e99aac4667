//! What is compared, and by what.

use std::collections::BTreeMap;

use crate::measure::MainMetric;
use crate::trials::{Predictions, Trial};

/// A trial and, where it is at hand, what its result said about the test samples.
#[derive(Clone, Copy, Debug)]
pub struct TrialOutputs<'a> {
    /// The trial.
    pub trial: &'a Trial,
    /// Its predictions.
    pub predictions: Option<&'a Predictions>,
}

/// What to compare by.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The main metric.
    pub metric: &'a MainMetric,
    /// Settings each arm chose from on the validation part, by arm ([`crate::trials::Tuned::settings_by_arm`]). An arm that is
    /// missing was not tuned, and no saving over it is claimed.
    pub tuned: BTreeMap<String, usize>,
    /// Settings as the lists are written, before they were widened for all arms.
    pub written: usize,
    /// The largest disadvantage that does not matter, not negative, in the metric's own unit, declared before the run.
    pub margin: Option<f64>,
    /// Whether the run is looked at before all its seeds have run ([`super::LOOKS`]).
    pub looks: bool,
    /// Whether the flow uses a given model.
    pub given: bool,
    /// Arms whose choice lies at the end of their list, with the choice: they were not tuned to the end, and nothing is claimed.
    pub ends: BTreeMap<String, String>,
    /// Trials with settings that were not chosen, by which claims are checked ([`super::wanted`]).
    pub spares: Vec<TrialOutputs<'a>>,
}

impl<'a> Question<'a> {
    /// By this metric; nothing tuned, no margin, no given model.
    pub fn new(metric: &'a MainMetric) -> Self {
        Self {
            metric,
            tuned: BTreeMap::new(),
            written: 0,
            margin: None,
            looks: false,
            given: false,
            ends: BTreeMap::new(),
            spares: Vec::new(),
        }
    }
}
