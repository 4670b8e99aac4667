//! run.json, format 1: all that a run found, for programs.
//!
//! FLOPs are floating point and null where they are unknown. Keys are always written in the same order; unknown keys are
//! ignored on reading, so that a later version may add some.

pub use crate::measure::MainMetric;
pub use crate::trials::{ByHeart, Choice, End, Flops, StageRun, Status, Trial, Tried, Tuned};

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::bill::{Bill, Calibration};
use crate::compare::curve::Curve;
use crate::compare::{Comparison, Route};
use crate::json;
use crate::measure::TaskKind;
use crate::record::TrialId;

/// The format this crate writes and reads.
pub const FORMAT: u32 = 1;

/// The run's record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunJson {
    /// [`FORMAT`].
    pub format: u32,
    /// How the run ended.
    pub status: Status,
    /// The recipe's name.
    pub name: String,
    /// The plan's hash.
    pub plan: String,
    /// Where it comes from; absent in runs of version 0.1.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The machine.
    pub host: Host,
    /// What the models predict.
    pub task: TaskKind,
    /// What is compared.
    pub metric: MainMetric,
    /// The trials.
    pub trials: Vec<Trial>,
    /// What the run cost beside its trials: planning and reading the data, then hearing, comparing and reporting. Absent in runs of
    /// version 0.1.0.
    #[serde(default, skip_serializing_if = "Bill::is_empty")]
    pub bill: Bill,
    /// The flow against each other arm.
    pub comparisons: Vec<Comparison>,
    /// The result trained once with settings that a small network chose, against plain training; absent where it was not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Route>,
    /// The trial whose model the verdict recommends, where it is not the flow's; the folder `recommended` holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recommended: Option<TrialId>,
    /// What each arm chose on the validation part; empty where nothing is tuned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tuned: Vec<Tuned>,
    /// What tuned seeds choose on; absent where nothing is tuned, or one seed ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<Validation>,
    /// Plain training's curve over several budgets; absent where it was not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curve: Option<Curve>,
    /// Seconds per sample, measured alone on the machine.
    #[serde(default)]
    pub calibration: Calibration,
    /// The same of arms in which a sample costs something else: they change the recipe, or have no teacher.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub arm_calibrations: BTreeMap<String, Calibration>,
    /// The stages the result learnt from, where together they cost more than it; absent elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teachers: Vec<String>,
    /// What compression gained, where the recipe's result is smaller than its teacher.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compress: Option<Compress>,
}

/// What a run was made of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// Seconds since 1970, UTC, when it began.
    pub began: u64,
    /// The arguments of the program; none where a library ran it.
    pub command: Vec<String>,
    /// Its data, in a few words.
    pub data: String,
    /// A name that new data of this kind could have.
    pub new_data: String,
    /// The result's learning rate; none where the result is given.
    pub lr: Option<f64>,
}

/// Whether tuned seeds choose on validation parts of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Validation {
    /// Each divides what is not tested by itself.
    Own,
    /// One part for all: given, fixed by time, told to a given model, or asked for. Its luck is all seeds' luck.
    Common,
}

/// The machine a run ran on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Host {
    /// Distil's version.
    pub distil: String,
    /// The operating system and its version.
    pub system: String,
    /// The processor's name.
    pub cpu: String,
    /// Cores the program may use.
    pub cores: usize,
    /// Threads a trial uses.
    pub threads: usize,
    /// Main memory.
    pub memory_bytes: u64,
    /// The widest instructions used, such as `avx512`.
    pub instructions: String,
    /// The device, such as `cpu`.
    pub device: String,
}

/// What compression is for: the student beside its teacher.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compress {
    /// The student: the result.
    pub student: Size,
    /// The largest teacher it learned from.
    pub teacher: Size,
}

/// A model's size and speed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Size {
    /// The stage.
    pub stage: String,
    /// Trainable numbers.
    pub parameters: u64,
    /// Bytes of its weights on disk.
    pub bytes: u64,
    /// Median wall seconds for one row.
    pub latency_seconds: f64,
    /// Rows per second in large batches.
    pub rows_per_second: f64,
}

impl RunJson {
    /// Seconds per sample of an arm's stages.
    pub fn calibration_of(&self, arm: &str) -> &Calibration {
        self.arm_calibrations.get(arm).unwrap_or(&self.calibration)
    }

    /// Reads run.json.
    ///
    /// # Errors
    /// The file cannot be read, is damaged, or has a format that this version does not know.
    pub fn read(path: &Path) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let Version { format } = json::read(path)?;
        if format != FORMAT {
            let reason =
                format!("run.json has format {format}, this version reads format {FORMAT}");
            return Err(Error::Damaged {
                path: path.to_path_buf(),
                line: 1,
                reason,
            });
        }
        json::read(path)
    }

    /// The bytes of run.json.
    ///
    /// # Errors
    /// None that these types can cause.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        json::indented(self)
    }

    /// CPU seconds of everything the run did: its trials, those of settings that were tried and not chosen, and what it did itself.
    pub fn cpu_seconds(&self) -> f64 {
        let trials = self.trials.iter().map(|trial| trial.bill.all().cpu_seconds);
        let tried = self.tuned.iter().map(|tuned| tuned.spare_cpu_seconds);
        trials.chain(tried).sum::<f64>() + self.bill.all().cpu_seconds
    }

    /// The trials of one arm, in their order.
    pub fn arm<'a>(&'a self, arm: &'a str) -> impl Iterator<Item = &'a Trial> {
        self.trials.iter().filter(move |trial| trial.id.arm == arm)
    }

    /// The arms' names, in the order in which they first appear.
    pub fn arms(&self) -> Vec<&str> {
        let mut arms: Vec<&str> = Vec::new();
        for trial in &self.trials {
            if !arms.contains(&trial.id.arm.as_str()) {
                arms.push(&trial.id.arm);
            }
        }
        arms
    }
}
