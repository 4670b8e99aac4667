//! What a parent asks of a trial, and what a trial says to its parent.

use std::path::PathBuf;

use distil_report::TrialId;
use distil_report::events::Event;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind};

/// The hidden verb a child is started with; its one argument is an [`Order`] as JSON.
pub const VERB: &str = "trial";

/// What a child is asked to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// The run folder.
    pub run: PathBuf,
    /// The trial's arm.
    pub arm: String,
    /// The trial's seed.
    pub seed: u64,
    /// The trial's fold, from 0, and how many folds there are.
    pub fold: Option<(usize, usize)>,
    /// Which of the settings to tune it uses; none where nothing is tuned, or before the arm has chosen.
    pub settings: Option<String>,
    /// The FLOPs an arm of equal cost may spend.
    pub budget: Option<f64>,
    /// Whether to rehearse it first, alone: a few steps of every stage, to measure seconds per sample.
    pub rehearse: bool,
}

impl Order {
    /// Which trial it is.
    pub fn trial(&self) -> TrialId {
        TrialId {
            arm: self.arm.clone(),
            seed: self.seed,
            fold: self.fold.map(|f| f.0),
            settings: self.settings.clone(),
        }
    }
}

/// What a child says, a line of JSON each.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// An event, as in its log.
    Event(Event),
    /// Something worth telling a person.
    Note(String),
    /// Why it ends without a result.
    Failed(Failure),
}

/// An error on its way to the parent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Failure {
    kind: String,
    signal: Option<i32>,
    place: String,
    reason: String,
    remedy: String,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let signal = match error.kind {
            Kind::Stopped(signal) => Some(signal),
            _ => None,
        };
        let kind = match error.kind {
            Kind::Recipe => "recipe",
            Kind::Input => "input",
            Kind::Io => "io",
            Kind::Damaged => "damaged",
            Kind::Busy => "busy",
            Kind::Diverged => "diverged",
            Kind::Stopped(_) => "stopped",
        };
        Self {
            kind: kind.into(),
            signal,
            place: error.place.clone(),
            reason: error.reason.clone(),
            remedy: error.remedy.clone(),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let kind = match (failure.kind.as_str(), failure.signal) {
            ("recipe", _) => Kind::Recipe,
            ("input", _) => Kind::Input,
            ("damaged", _) => Kind::Damaged,
            ("busy", _) => Kind::Busy,
            ("diverged", _) => Kind::Diverged,
            ("stopped", Some(signal)) => Kind::Stopped(signal),
            _ => Kind::Io,
        };
        Error::new(kind, failure.place, failure.reason).remedy(failure.remedy)
    }
}
