//! What a search was asked for, and what it came to: find.json.

use std::path::Path;

use distil_report::compare::Comparison;
use distil_report::measure::MainMetric;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::files;
use crate::run::Options;

/// What `distil find` was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// The goal's words.
    pub goal: String,
    /// The budget's words.
    pub budget: Option<String>,
    /// What its runs are asked for.
    pub options: Options,
    /// SHA-256 of the recipe and of the data it began with; none before it has begun.
    pub began_with: Option<[String; 2]>,
    /// The metric that candidates are told apart by; none before it has begun, and where it began before the loss was calibrated.
    #[serde(default)]
    pub loss: Option<String>,
}

/// A training of the search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    /// The candidate, or the rate.
    pub name: String,
    /// What it is, in words.
    pub words: String,
    /// Epochs of its last stage.
    pub epochs: u64,
    /// Its loss on the validation part, or the metric nearest to it; none where it diverged.
    pub loss: Option<f64>,
    /// The goal's metric on the validation part; none where it diverged.
    pub value: Option<f64>,
    /// FLOPs of training it.
    pub flops: f64,
    /// CPU seconds of training it.
    pub cpu_seconds: f64,
}

impl Tried {
    /// One that has not come to anything yet.
    pub(super) fn of(name: &str, words: &str, epochs: u64) -> Self {
        Self {
            name: name.into(),
            words: words.into(),
            epochs,
            loss: None,
            value: None,
            flops: 0.0,
            cpu_seconds: 0.0,
        }
    }
}

/// One step of a search: trainings that were compared with each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its run's name.
    pub name: String,
    /// What it was for.
    pub purpose: String,
    /// Its trainings.
    pub tried: Vec<Tried>,
}

/// What a search ended with, before it was confirmed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// The candidate.
    pub name: String,
    /// What it is, in words.
    pub words: String,
    /// Epochs of its last stage.
    pub epochs: u64,
}

/// The route on fresh seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Confirmed {
    /// The goal's metric on the test part, a value a seed.
    pub test: Vec<f64>,
    /// How many more seeds came to no end.
    pub lost: u64,
    /// Their mean.
    pub mean: f64,
    /// The one-sided 95 % bound of the mean on the side away from the goal; none of one seed.
    pub bound: Option<f64>,
    /// Whether the bound reaches the goal.
    pub met: bool,
    /// FLOPs of one such training.
    pub flops: f64,
    /// CPU seconds of one such training.
    pub cpu_seconds: f64,
    /// The large network beside it, where it is to be equalled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub large: Option<Large>,
}

/// The large network in full with the seeds that confirm, each at the rate that is best for it on the validation part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Large {
    /// How many rates each seed chose from.
    pub rates: usize,
    /// The route against it, and against the one rate, for all seeds, that tests best.
    pub comparison: Comparison,
    /// Whether the route is shown to be as good within the margin, or better, against both.
    pub equalled: bool,
    /// FLOPs of training a seed at all these rates.
    pub flops: f64,
    /// CPU seconds of that.
    pub cpu_seconds: f64,
}

/// What a search came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FindJson {
    /// The version of this form.
    pub format: u32,
    /// The recipe's name.
    pub name: String,
    /// The goal's words.
    pub goal: String,
    /// Its metric.
    pub metric: MainMetric,
    /// The least good value that will do: as asked, or on the validation part no worse than the large network by the margin.
    pub at: Option<f64>,
    /// The budget's words.
    pub budget: Option<String>,
    /// What was tried, in order.
    pub steps: Vec<Step>,
    /// Why no more was tried, in words.
    pub stopped: String,
    /// What of the recipe was not searched, a sentence each.
    pub notes: Vec<String>,
    /// What the search ended with; none while it has not.
    pub route: Option<Route>,
    /// How it does on fresh seeds.
    pub confirmed: Option<Confirmed>,
    /// Seconds of the clock so far, those before it was stopped among them.
    pub seconds: f64,
    /// FLOPs of all trainings of the search, those that confirm not counted.
    pub search_flops: f64,
    /// Their CPU seconds.
    pub search_cpu_seconds: f64,
    /// FLOPs that training the large network in full at every rate would take: computed, not run.
    pub naive_flops: f64,
    /// The rates.
    pub rates: usize,
}

/// The version this program writes and reads.
pub const FORMAT: u32 = 1;

/// Reads a JSON file of a search.
pub(super) fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    serde_json::from_slice(&files::read(path)?).map_err(|e| Error::damaged(path, e))
}

/// Writes one.
pub(super) fn write<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let text = serde_json::to_vec_pretty(value).map_err(|e| Error::damaged(path, e))?;
    files::write(path, &text)
}
