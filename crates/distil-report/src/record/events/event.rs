//! What a line of the log can say.

use serde::{Deserialize, Serialize};

use crate::record::numbers::float;
use crate::record::{Counts, Findings, Numbers, Part, Purpose, TrialId};

/// One line of `events.jsonl`: `{"event": "progress", …}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The trial begins: the first line of the file.
    Started(Started),
    /// The data is read, split and preprocessed.
    Data(Data),
    /// A stage begins.
    StageStarted(StageStarted),
    /// A stage's first weights were made from a smaller model's.
    Grown(Grown),
    /// Where a stage's training stands.
    Progress(Progress),
    /// A stage was measured on one part of the data.
    Evaluated(Evaluated),
    /// Work was done: an increment of the bill.
    Billed(Billed),
    /// A checkpoint is on disk and verified.
    Checkpointed(Checkpointed),
    /// A stage's training ended.
    StageFinished(StageFinished),
    /// A stage, or its beginning, was taken from an earlier trial that trained it the same way; the stage's lines before this one are that
    /// trial's.
    Reused(Reused),
    /// A new process goes on from a checkpoint: of the lines before this one, the first `keep` are still valid.
    Resumed(Resumed),
    /// A loss or gradient was not finite; the update was not made.
    Diverged(Diverged),
    /// A signal ended the process after a checkpoint.
    Stopped(Stopped),
    /// The trial is complete: the last line.
    Finished,
}

/// The process that writes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Process {
    /// The operating system's process id.
    pub pid: u32,
    /// Threads the tensor operations may use.
    pub threads: usize,
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Time {
    /// CPU seconds of the process, all threads together.
    pub cpu_seconds: f64,
    /// Seconds on the wall clock.
    pub wall_seconds: f64,
}

impl Time {
    /// Whether it is no time at all.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl std::ops::Add for Time {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            cpu_seconds: self.cpu_seconds + other.cpu_seconds,
            wall_seconds: self.wall_seconds + other.wall_seconds,
        }
    }
}

impl std::ops::Sub for Time {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self {
            cpu_seconds: self.cpu_seconds - other.cpu_seconds,
            wall_seconds: self.wall_seconds - other.wall_seconds,
        }
    }
}

/// The time of a stage's training and how fast it goes now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pace {
    /// CPU seconds of the stage's training so far, earlier processes included.
    pub cpu_seconds: f64,
    /// Wall seconds of the stage's training so far, earlier processes included.
    pub wall_seconds: f64,
    /// Training samples per wall second since the last progress event.
    pub samples_per_second: f64,
}

/// See [`Event::Started`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// The trial.
    #[serde(flatten)]
    pub id: TrialId,
    /// The plan's hash.
    pub plan: String,
    /// The hash of what all trials of its run have in common; trials of version 0.1.0 do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// What the rehearsal before it took, where it measured the machine for the trials to come.
    #[serde(default, skip_serializing_if = "Time::is_none")]
    pub rehearsal: Time,
    /// The process.
    pub process: Process,
}

/// See [`Event::Data`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Data {
    /// Its parts.
    #[serde(flatten)]
    pub counts: Counts,
    /// What is known of it.
    #[serde(flatten)]
    pub findings: Findings,
    /// What reading took.
    pub time: Time,
}

/// See [`Event::StageStarted`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageStarted {
    /// The stage's name.
    pub stage: String,
    /// Trainable numbers.
    pub parameters: u64,
    /// FLOPs of one sample's forward pass; unknown for a module that gives no layout.
    pub flops_forward: Option<f64>,
    /// FLOPs of one sample's forward and backward pass.
    pub flops_train: Option<f64>,
    /// Optimiser steps planned.
    pub steps: u64,
    /// Epochs planned; a budget in FLOPs can end within an epoch.
    pub epochs: f64,
    /// Samples the first epoch uses.
    pub samples: usize,
}

/// What growth promises about the grown model's outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Promise {
    /// The same outputs as the small model in evaluation mode: per row max|Δ| ≤ 1e-5 · max(1, max|f|). (In training mode
    /// dropout and batch statistics differ between any two networks of different size.)
    Exact,
    /// Nothing.
    Nothing,
}

/// A growth and how exactly it kept the small model's outputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GrownFrom {
    /// The stage whose weights were taken.
    pub from: String,
    /// What the rule promises.
    pub promise: Promise,
    /// Largest over the rows of max|Δ| / max(1, max|f|).
    pub max_difference: f64,
    /// Rows measured.
    pub rows: usize,
}

/// See [`Event::Grown`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grown {
    /// The grown stage.
    pub stage: String,
    /// How.
    #[serde(flatten)]
    pub grown: GrownFrom,
    /// FLOPs of growing and measuring; they are billed by a [`Billed`] event of their own.
    pub flops: Option<f64>,
    /// What growing took.
    pub time: Time,
}

/// See [`Event::Progress`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The stage.
    pub stage: String,
    /// Optimiser steps done.
    pub step: u64,
    /// Epochs done, with the fraction of the current one.
    pub epoch: f64,
    /// The training loss: mean over the steps since the last progress event.
    #[serde(with = "float")]
    pub loss: f64,
    /// The loss by term, as weighted in `loss`.
    pub terms: Numbers,
    /// The learning rate of the last step.
    pub lr: f64,
    /// FLOPs of the stage's training so far, teachers included.
    pub flops: Option<f64>,
    /// Training samples so far.
    pub samples: u64,
    /// Metrics on the validation part, where it was measured at this step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<Numbers>,
    /// Time so far and pace.
    pub time: Pace,
}

/// See [`Event::Evaluated`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluated {
    /// The stage.
    pub stage: String,
    /// The part of the data.
    pub part: Part,
    /// Samples measured.
    pub samples: usize,
    /// Metrics by name, in snake case.
    pub metrics: Numbers,
    /// The result on the test part: what one answer for all samples, the best that the training part's targets tell, reaches in the
    /// metric that models are compared by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constant: Option<f64>,
}

/// See [`Event::Billed`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Billed {
    /// The stage the work was for.
    pub stage: String,
    /// What it was for.
    pub purpose: Purpose,
    /// FLOPs since the last event of this stage and purpose; none where they are unknown.
    pub flops: Option<f64>,
    /// Samples since then.
    pub samples: u64,
    /// Time since then.
    pub time: Time,
    /// The part of it that was done once, however many samples follow: views, first weights, memory touched for the first time.
    #[serde(default, skip_serializing_if = "Time::is_none")]
    pub once: Time,
}

/// See [`Event::Checkpointed`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checkpointed {
    /// The stage.
    pub stage: String,
    /// The step the checkpoint holds.
    pub step: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// What saving and verifying took.
    pub time: Time,
}

/// See [`Event::StageFinished`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageFinished {
    /// The stage.
    pub stage: String,
    /// Optimiser steps done.
    pub steps: u64,
    /// Epochs done.
    pub epochs: f64,
    /// Epochs done when the weights were best on the validation part, where those are the stage's model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<f64>,
}

/// See [`Event::Reused`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reused {
    /// The stage.
    pub stage: String,
    /// The run and the trial that trained it: `digits-0001/flow-s1`.
    pub trained_by: String,
    /// The last step of its beginning; absent where all of it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u64>,
}

/// See [`Event::Resumed`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resumed {
    /// Leading lines of the file that are still valid: those written before the checkpoint.
    pub keep: usize,
    /// The stage of the checkpoint.
    pub stage: String,
    /// The step of the checkpoint.
    pub step: u64,
    /// The new process.
    pub process: Process,
}

/// See [`Event::Diverged`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diverged {
    /// The stage.
    pub stage: String,
    /// The step that was not made.
    pub step: u64,
    /// The loss by term.
    pub terms: Numbers,
    /// The gradient's Euclidean norm by layer.
    pub gradient_norms: Numbers,
}

/// See [`Event::Stopped`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stopped {
    /// The signal's number: 2 (SIGINT) or 15 (SIGTERM).
    pub signal: i32,
}

impl Event {
    /// The event with `time` and `process` blanked: equal for equal seeds on one host.
    pub fn deterministic(&self) -> Self {
        let mut event = self.clone();
        match &mut event {
            Self::Started(e) => (e.process, e.rehearsal) = Default::default(),
            Self::Data(e) => e.time = Time::default(),
            Self::Grown(e) => e.time = Time::default(),
            Self::Progress(e) => e.time = Pace::default(),
            Self::Billed(e) => (e.time, e.once) = Default::default(),
            Self::Checkpointed(e) => e.time = Time::default(),
            Self::Resumed(e) => e.process = Process::default(),
            Self::StageStarted(_)
            | Self::Evaluated(_)
            | Self::StageFinished(_)
            | Self::Reused(_)
            | Self::Diverged(_)
            | Self::Stopped(_)
            | Self::Finished => {}
        }
        event
    }

    /// Whether the event tells what came of a stage, and not how its process fared.
    pub fn is_result_of(&self, name: &str) -> bool {
        match self {
            Self::StageStarted(StageStarted { stage, .. })
            | Self::Grown(Grown { stage, .. })
            | Self::Progress(Progress { stage, .. })
            | Self::Evaluated(Evaluated { stage, .. })
            | Self::Billed(Billed { stage, .. })
            | Self::StageFinished(StageFinished { stage, .. }) => stage == name,
            Self::Started(_)
            | Self::Data(_)
            | Self::Checkpointed(_)
            | Self::Reused(_)
            | Self::Resumed(_)
            | Self::Diverged(_)
            | Self::Stopped(_)
            | Self::Finished => false,
        }
    }
}
