//! What a stage's training is told: the plan's numbers, resolved.

use std::path::PathBuf;
use std::sync::LazyLock;

use burn::tensor::Device;
use distil_report::measure::{METRICS, Metric, metric};

use super::signals::Signals;
use crate::device;
use crate::device::reading_is_dear;
use crate::optim::adam::Adam;
use crate::optim::schedule::Constant;
use crate::optim::{Rule, Schedule};
use crate::rng::Seed;
use crate::samples::{All, Policy};
use crate::task::Task;

/// How one stage trains.
#[derive(Debug, Clone)]
pub struct Settings<'a> {
    /// The stage's name, for events and messages.
    pub stage: String,
    /// Hash of the plan: a checkpoint of another plan is refused.
    pub plan: String,
    /// The stage's seed.
    pub seed: Seed,
    /// Where the student computes.
    pub device: Device,
    /// What it is trained to predict.
    pub task: &'a dyn Task,
    /// Rows per forward pass.
    pub batch: usize,
    /// Forward passes per optimiser step.
    pub accumulate: usize,
    /// How long.
    pub length: Length,
    /// The update rule.
    pub optimizer: &'a dyn Rule,
    /// Peak learning rate per step.
    pub lr: f64,
    /// The learning rate's schedule.
    pub schedule: &'a dyn Schedule,
    /// The stage's place on that schedule; `None`: the schedule is the stage's own.
    pub span: Option<ScheduleSpan>,
    /// Largest norm of all gradients together.
    pub clip: Option<f64>,
    /// Decay per step of the weights' average, which is then the stage's result.
    pub average: Option<f64>,
    /// Evaluations without improvement after which training stops; the best weights are then the result.
    pub patience: Option<u64>,
    /// Evaluations on the validation part per epoch.
    pub evaluate: u64,
    /// The metric evaluations are compared by.
    pub metric: &'static Metric,
    /// Which samples an epoch uses.
    pub policy: &'a dyn Policy,
    /// Where and how often to save; `None`: never.
    pub checkpoints: Option<Checkpoints>,
    /// When losses and norms are read back from the device.
    pub readings: Readings,
    /// Who may ask it to stop.
    pub signals: Signals,
}

impl<'a> Settings<'a> {
    /// The source's loop: batch 32, shuffled, Adam (learning rate 1e-3), 10 epochs, all samples, on the host; nothing is
    /// saved. Change what should differ: `Settings { lr: 3e-4, ..Settings::of(&task) }`.
    pub fn of(task: &'a dyn Task) -> Self {
        static ADAM: LazyLock<Adam> = LazyLock::new(Adam::default);
        static SCHEDULE: Constant = Constant {};
        static POLICY: All = All {};
        let metric = metric(task.default_metric()).unwrap_or(&METRICS[0]);
        Self {
            stage: "model".into(),
            plan: String::new(),
            seed: Seed(1),
            device: device::cpu(),
            task,
            batch: 32,
            accumulate: 1,
            length: Length::Epochs(10),
            optimizer: &*ADAM,
            lr: 1e-3,
            schedule: &SCHEDULE,
            span: None,
            clip: None,
            average: None,
            patience: None,
            evaluate: 1,
            metric,
            policy: &POLICY,
            checkpoints: None,
            readings: Readings::EachStep,
            signals: Signals::none(),
        }
    }
}

/// When losses, norms and per-sample losses are read back from the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readings {
    /// At every step: where that costs nothing.
    EachStep,
    /// Nothing between log events, per-sample losses once an epoch: where the host would wait for the device. The updates are
    /// then tensor operations, and one that is not finite is stopped by a flag on the device.
    AtLogEvents,
}

impl Readings {
    /// What suits the device.
    pub fn of(device: &Device) -> Self {
        match reading_is_dear(device) {
            true => Self::AtLogEvents,
            false => Self::EachStep,
        }
    }
}

/// How long a stage trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// Passes over the samples the policy chooses.
    Epochs(u64),
    /// Optimiser steps.
    Steps(u64),
}

/// A stage's place on a schedule that spans several stages, in steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScheduleSpan {
    /// Steps of the stages before.
    pub offset: u64,
    /// Steps of all of them.
    pub steps: u64,
}

/// Where and how often to save.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoints {
    /// The folder.
    pub folder: PathBuf,
    /// Every so many optimiser steps.
    pub steps: Option<u64>,
    /// Every so many seconds.
    pub seconds: f64,
}
