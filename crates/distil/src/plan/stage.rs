//! One stage of a plan.

use std::collections::BTreeMap;
use std::path::PathBuf;

use distil_recipe::Chosen;

use crate::data::{Met, View};
use crate::growth::{Promise, StartRule};
use crate::method::{Method, Needs};
use crate::model::{Layout, ModelConfig, Mup, Pace};
use crate::plan::cost::Cost;
use crate::samples::Policy;
use crate::train::{ScheduleSpan, TermWeight, Train};

/// One model and its training.
#[derive(Debug)]
pub struct StagePlan {
    /// Its name.
    pub name: String,
    /// The family and its parameters.
    pub model: ModelConfig,
    /// The model's shapes.
    pub layout: Layout,
    /// What it sees of the data's finest form.
    pub view: View,
    /// The shape of what it sees.
    pub view_shape: Vec<usize>,
    /// Whether it is trained.
    pub work: Work,
}

/// What a run does for a stage.
#[derive(Debug)]
pub enum Work {
    /// Nothing: the model is given.
    Given {
        /// Its folder.
        folder: PathBuf,
        /// SHA-256 of its model.json, and so of all that is in the folder, in hexadecimal.
        hash: String,
        /// How it meets the data.
        met: Box<Met>,
    },
    /// It trains the model.
    Train(Box<Training>),
}

/// How a stage is trained.
#[derive(Debug)]
pub struct Training {
    /// Which samples an epoch uses.
    pub samples: Chosen<Box<dyn Policy>>,
    /// Samples in an epoch.
    pub epoch_samples: usize,
    /// Where its first weights come from; fresh ones if absent.
    pub start: Option<StartPlan>,
    /// What it learns from other stages, one loss each.
    pub learn: Vec<TermPlan>,
    /// The training loop's settings.
    pub train: Train,
    /// What first weights and paces are multiplied by, where settings were chosen at other widths.
    pub mup: Option<Mup>,
    /// Updates of the weights.
    pub steps: u64,
    /// Its place on the learning rate's curve.
    pub span: ScheduleSpan,
    /// What it costs.
    pub cost: Cost,
}

impl Training {
    /// The pace of its network's parameters, where settings were chosen at other widths or the family has paces of its own.
    pub fn paces(&self, model: &ModelConfig, layout: &Layout) -> BTreeMap<String, Pace> {
        match (&self.mup, self.train.optimizer.steps()) {
            (Some(mup), Ok(steps)) => mup.paces(steps),
            _ => model.paces(layout),
        }
    }

    /// Steps at its beginning that a longer training by the same settings makes alike: those before the learning rate goes down to its
    /// end. None where that is less than half of it, and where anything else depends on how long it is.
    pub fn trunk(&self) -> Option<u64> {
        let own = ScheduleSpan {
            offset: 0,
            steps: self.steps,
        };
        let alone = self.start.is_none() && self.learn.is_empty() && self.span == own;
        let alike = alone && self.samples.value.is_static();
        alike.then(|| self.train.trunk(self.steps))?
    }

    /// The stages it starts or learns from.
    pub fn needs(&self) -> impl Iterator<Item = &str> {
        let start = self.start.iter().map(|start| start.from.as_str());
        let teachers = self.learn.iter().flat_map(|term| &term.teachers);
        start.chain(teachers.map(String::as_str))
    }
}

/// First weights grown from another stage.
#[derive(Debug)]
pub struct StartPlan {
    /// The stage.
    pub from: String,
    /// How it grows.
    pub rule: StartRule,
    /// Everything about it as the recipe has it, every default filled in.
    pub(super) written: toml::Table,
    /// What holds between the two models' functions.
    pub promise: Promise,
}

/// One distillation loss.
#[derive(Debug)]
pub struct TermPlan {
    /// What the log calls it: the method, numbered if a stage uses it twice.
    pub name: String,
    /// The stages it learns from; none for a method that has its own teacher.
    pub teachers: Vec<String>,
    /// The loss.
    pub method: Chosen<Box<dyn Method>>,
    /// How much it counts.
    pub weight: TermWeight,
    /// The share of the stage's steps after which it has faded.
    pub until: Option<f64>,
    /// Pairs of taps, the student's and the teacher's.
    pub layers: Vec<(String, String)>,
    /// What the method asks of the stage.
    pub needs: Needs,
}

impl StagePlan {
    /// How it is trained; `None` for a given model.
    pub fn training(&self) -> Option<&Training> {
        match &self.work {
            Work::Given { .. } => None,
            Work::Train(training) => Some(training),
        }
    }
}
