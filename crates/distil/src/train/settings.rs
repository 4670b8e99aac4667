//! What a stage's training is told: the plan's numbers, resolved.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::LazyLock;

use burn::tensor::Device;
use distil_recipe::Chosen;
use distil_recipe::recipe::{
    DEFAULT_BATCH, DEFAULT_EPOCHS, DEFAULT_OPTIMIZER, DEFAULT_SCHEDULE, Keep, Parametrization,
};
use distil_recipe::registry::settings_of;
use distil_report::measure::{METRICS, Metric, metric};
use serde::Serialize;

use super::signals::Signals;
use crate::device;
use crate::device::reading_is_dear;
use crate::model::{ModelConfig, Pace};
use crate::optim::adam::Adam;
use crate::optim::schedule::Constant;
use crate::optim::{Rule, Schedule};
use crate::rng::Seed;
use crate::sample::SampleId;
use crate::samples::{All, Policy};
use crate::task::Task;

/// How one stage trains: what a recipe's `train` says, every default filled.
///
/// Written out in this order it is what a plan's hash covers.
#[derive(Debug, Serialize)]
pub struct Train {
    /// How long.
    #[serde(flatten)]
    pub length: Length,
    /// Samples in a batch: rows per forward pass.
    pub batch: usize,
    /// Batches whose gradients make one update.
    pub accumulate: usize,
    /// The update rule.
    pub optimizer: Chosen<Box<dyn Rule>>,
    /// Peak learning rate per step.
    pub lr: f64,
    /// How first weights and rates depend on the network's widths.
    #[serde(skip_serializing_if = "is_standard")]
    pub param: Parametrization,
    /// The network with which the settings were chosen, where they suit other widths, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<Base>,
    /// The learning rate's schedule; its value has the warm-up in it.
    pub schedule: Chosen<Box<dyn Schedule>>,
    /// What the schedule spans.
    #[serde(rename = "schedule_spans")]
    pub scope: ScheduleScope,
    /// Steps of warm-up at the schedule's start.
    pub warmup: u64,
    /// The schedule of the optimiser's weight decay over the stage, where it has one beside the learning rate's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decay_schedule: Option<Chosen<Box<dyn Schedule>>>,
    /// Largest norm of all gradients together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip: Option<f64>,
    /// Decay per step of the weights' average, which is then the stage's model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average: Option<f64>,
    /// The weights that are the stage's model.
    #[serde(skip_serializing_if = "is_last")]
    pub keep: Keep,
    /// Evaluations without a better metric after which training stops; the best weights are then the stage's model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<u64>,
    /// Evaluations on the validation part per epoch.
    pub evaluate: u64,
}

impl Train {
    /// Of so many steps those at the beginning whose learning rate is the same in a longer training; none where they are less than half,
    /// or the weight decay has a schedule of its own, or the rate does not go down in the end.
    pub fn trunk(&self, steps: u64) -> Option<u64> {
        const LONGER: u64 = 1 << 40;
        let schedule = &self.schedule.value;
        let alike = |step: &u64| schedule.factor(*step, steps) == schedule.factor(*step, LONGER);
        let trunk = (0..steps).take_while(alike).count() as u64;
        let ends = trunk < steps && 2 * trunk >= steps && self.decay_schedule.is_none();
        ends.then_some(trunk)
    }
}

/// The network with which settings were chosen.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Base {
    /// That of the stage of this name.
    Stage(String),
    /// One that no stage has.
    Network(ModelConfig),
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stage(name) => f.write_str(name),
            Self::Network(model) => write!(f, "another {}", model.name()),
        }
    }
}

fn is_standard(param: &Parametrization) -> bool {
    *param == Parametrization::Standard
}

fn is_last(keep: &Keep) -> bool {
    *keep == Keep::Last
}

impl Default for Train {
    /// What a recipe that says nothing trains by.
    fn default() -> Self {
        let (rule, schedule) = (Adam::default(), Constant {});
        Self {
            length: Length::Epochs(DEFAULT_EPOCHS),
            batch: DEFAULT_BATCH as usize,
            accumulate: 1,
            lr: rule.default_lr(),
            param: Parametrization::Standard,
            base: None,
            optimizer: Chosen {
                name: DEFAULT_OPTIMIZER,
                settings: settings_of(&rule),
                value: Box::new(rule),
            },
            schedule: Chosen {
                name: DEFAULT_SCHEDULE,
                settings: settings_of(&schedule),
                value: Box::new(schedule),
            },
            scope: ScheduleScope::Stage,
            warmup: 0,
            decay_schedule: None,
            clip: None,
            average: None,
            keep: Keep::Last,
            patience: None,
            evaluate: 1,
        }
    }
}

impl Train {
    /// Arrays of the weights' size that training holds: weights, gradient, moments, average, best.
    pub fn copies(&self) -> usize {
        let kept = usize::from(self.average.is_some()) + usize::from(self.keeps_best());
        2 + self.optimizer.moments() + kept
    }

    /// Whether the best weights on the validation part are the stage's model.
    pub fn keeps_best(&self) -> bool {
        self.keep == Keep::Best || self.patience.is_some()
    }

    /// Samples of one update.
    pub fn window(&self) -> usize {
        self.batch * self.accumulate
    }

    /// Updates in an epoch of so many samples.
    pub fn steps_per_epoch(&self, samples: usize) -> u64 {
        samples.div_ceil(self.window()) as u64
    }

    /// Updates in all, if an epoch has so many samples.
    pub fn steps(&self, samples: usize) -> u64 {
        match self.length {
            Length::Steps(steps) => steps,
            Length::Epochs(epochs) => epochs * self.steps_per_epoch(samples),
        }
    }
}

/// What a learning rate's schedule spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum ScheduleScope {
    /// The stage that says so.
    #[serde(rename = "stage")]
    Stage,
    /// All stages of a chain of growth that have no schedule of their own.
    #[serde(rename = "chain of growth")]
    Chain,
}

/// What a training is told: its numbers, and where it runs.
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
    /// How it trains.
    pub train: &'a Train,
    /// The pace of parameters that have one of their own, by the network's paths.
    pub paces: BTreeMap<String, Pace>,
    /// Updates of the weights; as many as `train` makes of the data if absent.
    pub steps: Option<u64>,
    /// Whether a last batch of one sample joins the one before: batch norm knows no spread of one.
    pub join_single: bool,
    /// The stage's place on `train`'s schedule; `None`: the schedule is the stage's own.
    pub span: Option<ScheduleSpan>,
    /// The metric evaluations are compared by.
    pub metric: &'static Metric,
    /// Which samples an epoch uses.
    pub policy: &'a dyn Policy,
    /// Where and how often to save; `None`: never.
    pub checkpoints: Option<Checkpoints>,
    /// Where a longer training by the same settings may branch off; `None`: nowhere.
    pub trunk: Option<Trunk>,
    /// For a rehearsal, which bills step by step: samples it evaluates on and asks teachers about, at most.
    pub rehearsal: Option<usize>,
    /// When losses and norms are read back from the device.
    pub readings: Readings,
    /// Who may ask it to stop.
    pub signals: Signals,
}

impl<'a> Settings<'a> {
    /// Those of these samples that are evaluated on or asked about: all, but in a rehearsal.
    pub(super) fn of_interest<'i>(&self, ids: &'i [SampleId]) -> &'i [SampleId] {
        &ids[..ids.len().min(self.rehearsal.unwrap_or(ids.len()))]
    }

    /// The source's loop: [`Train::default`], shuffled, all samples, on the host; nothing is saved. Change what should differ:
    /// `Settings { train: &Train { lr: 3e-4, ..Train::default() }, ..Settings::of(&task) }`.
    pub fn of(task: &'a dyn Task) -> Self {
        static TRAIN: LazyLock<Train> = LazyLock::new(Train::default);
        static POLICY: All = All {};
        let metric = metric(task.default_metric(1)).unwrap_or(&METRICS[0]);
        Self {
            stage: "model".into(),
            plan: String::new(),
            seed: Seed(1),
            device: device::cpu(),
            task,
            train: &TRAIN,
            paces: BTreeMap::new(),
            steps: None,
            join_single: false,
            span: None,
            metric,
            policy: &POLICY,
            checkpoints: None,
            trunk: None,
            rehearsal: None,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
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

/// The end of what a longer training by the same settings begins with, too.
#[derive(Debug, Clone, PartialEq)]
pub struct Trunk {
    /// Optimiser steps done by then.
    pub step: u64,
    /// Where a checkpoint of that moment is left.
    pub folder: PathBuf,
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
