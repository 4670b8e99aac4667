//! From a recipe to a plan: every default filled, every name resolved, every check made.
//!
//! Planning has two phases. [`Draft::read`] checks everything that can be checked without data;
//! [`Draft::plan`] binds the draft to the data. Either reports all its problems at once, each with its place, the
//! rule it breaks and a remedy. Only a [`Plan`] can run, and nothing is written before there is one.

mod answer_errors;
mod answers;
mod arm;
mod bind;
mod chain;
mod cost;
mod describe;
mod draft;
mod given;
mod learn;
mod like;
mod mup;
mod named;
mod network;
mod notes;
mod order;
mod recipes;
mod refusal;
mod schema;
mod settings;
mod stage;
mod train;
mod tune;
mod written;

pub use answers::AnswersPlan;
pub use arm::Arm;
pub use cost::Cost;
pub use draft::Draft;
pub use named::{DATA, Named, SETTINGS};
pub use recipes::{SHIPPED, Shipped, shipped};
pub use refusal::Refusal;
pub use schema::schema;
pub use stage::{StagePlan, StartPlan, TermPlan, Training, Work};
pub use tune::{Tuning, Width};

use std::collections::{BTreeMap, BTreeSet};

use burn::tensor::Device;
use distil_recipe::recipe::RunTable;
use distil_report::Overlap;
use distil_report::events::Event;
use distil_report::measure::{Metric, Quantity, loss, metric};

use crate::data::source::{AnySource, PartFiles};
use crate::data::{Dataset, SeenRows, SplitRule};
use crate::task::Task;
use crate::weights::sha256;

/// A checked recipe, fitted to its data.
#[derive(Debug)]
pub struct Plan {
    /// The name of its runs.
    pub name: String,
    /// The arm it is a plan of.
    pub arm: Arm,
    /// What is learned.
    pub task: Box<dyn Task>,
    /// The metric models are compared by.
    pub metric: &'static Metric,
    /// Where the samples come from.
    pub source: AnySource,
    /// What holds further parts of them.
    pub parts: PartFiles,
    /// How they are split; without a fold.
    pub split: SplitRule,
    /// The stages in the order in which they run.
    pub stages: Vec<StagePlan>,
    /// Answers from elsewhere, by the names under which stages learn from them.
    pub answers: BTreeMap<String, AnswersPlan>,
    /// Files of settings, by the stage that names one, as they were read.
    pub settings: BTreeMap<String, String>,
    /// The stage the recipe is for: its place in `stages`.
    pub result: usize,
    /// The arms a run has unless it is told otherwise, the flow first.
    pub arms: Vec<Arm>,
    /// The settings each arm chooses from, if they are tuned.
    pub tuning: Option<Tuning>,
    /// Where a longer plain training begins as a shorter one does ([`Training::trunk`]): what the flow costs, as a share of plain training
    /// in full.
    pub plain_on_trunk: Option<f64>,
    /// Whether the recipe declares plain training's budget.
    pub declares_plain: bool,
    /// The smallest difference in the metric that counts, in its own unit.
    pub margin: Option<f64>,
    /// Where it computes.
    pub device: Device,
    /// How it is run on this machine.
    pub run: RunTable,
    /// Samples to train on, to choose by, to test on.
    pub samples: [usize; 3],
    /// Whether the validation part is drawn: neither given nor the time before the test part.
    pub draws_validation: bool,
    /// Bytes of memory that the data takes in its finest form, shared by all stages that see it so; none where it lies in a file.
    pub data_bytes: u64,
    /// What a reader should know, and what is no mistake.
    pub notes: Vec<String>,
    /// Settings that take longer than the run, a sentence each; `notes` has them too.
    pub too_long: Vec<String>,
    written: written::Written,
}

impl Plan {
    /// The stage the recipe is for.
    pub fn result(&self) -> &StagePlan {
        &self.stages[self.result]
    }

    /// Which arm's rates an arm's work is counted at, this being the flow's plan; none for the recipe's own. Where the result is taught,
    /// a step of arms without teachers costs less: they share theirs.
    pub fn rates_of(&self, arm: &Arm) -> Option<String> {
        let taught = |training: &Training| !training.learn.is_empty();
        match arm {
            Arm::Rung(of, _) => self.rates_of(of),
            // It is measured before the flow, which waits for what small networks choose.
            Arm::Small if self.small_chooses() => Some(arm.to_string()),
            Arm::Own(_) | Arm::Swept(_) | Arm::Proxy => Some(arm.to_string()),
            Arm::Flow | Arm::Small => None,
            _ if self.result().training().is_some_and(taught) => {
                Some(Arm::Plain { flops: None }.to_string())
            }
            _ => None,
        }
    }

    /// Whether the small network chooses the settings of every arm of the large one.
    pub(crate) fn small_chooses(&self) -> bool {
        let mut tuning = self.tuning.iter();
        tuning.any(|tuning| tuning.small_chooses)
    }

    /// Whether the result is trained by itself with settings that the small network chose for trainings of just this length.
    pub(crate) fn is_trained_as_small_chose(&self) -> bool {
        match self.arm {
            Arm::Transferred => true,
            Arm::PlainFull => self.small_chooses(),
            _ => false,
        }
    }

    /// What is to be known of the settings that the result takes over from another width.
    pub(crate) fn of_mup(&self) -> Option<String> {
        notes::of_mup(self.result())
    }

    /// The result's loss as a metric, or the one nearest to it.
    pub(crate) fn loss_as_it_is(&self) -> &'static Metric {
        let outputs = self.result().layout.outputs();
        loss(self.task.kind(), outputs).unwrap_or(self.metric)
    }

    /// What settings are chosen by that another network is trained with: the metric nearest to the result's loss, or the loss that models
    /// are compared by.
    pub(crate) fn loss_metric(&self) -> &'static Metric {
        let loss = self.task.loss_metric(self.result().layout.outputs());
        let nearest = metric(loss).filter(|_| self.metric.quantity != Quantity::Nats);
        nearest.unwrap_or(self.metric)
    }

    /// The stage of this name.
    pub fn stage(&self, name: &str) -> Option<&StagePlan> {
        self.stages.iter().find(|stage| stage.name == name)
    }

    /// The stages the result learns from, where an answer of all of them together costs more than one of its own; else none.
    pub fn costlier_teachers(&self) -> Vec<&StagePlan> {
        arm::costlier_teachers(&self.stages, self.result())
    }

    /// SHA-256 over everything that decides what is trained, the data's content included, in hexadecimal.
    ///
    /// Names, `[run]` and `[compare]` have no part in it, nor has the way a value was written: two recipes that train
    /// the same have the same hash.
    pub fn hash(&self) -> String {
        self.written.hash()
    }

    /// SHA-256 over everything that decides what comes of one stage: its own settings, those of the stages it starts or learns from,
    /// task, data and metric, in hexadecimal. Two plans of the same hash train the stage the same way, whatever else they do.
    pub fn stage_hash(&self, stage: &StagePlan) -> String {
        self.hash_of_stage(stage, None)
    }

    /// The same of a stage's beginning, whatever the stage's length, where a longer training begins alike, and the steps it has
    /// ([`Training::trunk`]).
    pub fn trunk_of(&self, stage: &StagePlan) -> Option<(String, u64)> {
        let trunk = stage.training()?.trunk()?;
        Some((self.hash_of_stage(stage, Some(&stage.name)), trunk))
    }

    /// `of_any_length`: a stage whose length has no part in the hash.
    fn hash_of_stage(&self, stage: &StagePlan, of_any_length: Option<&str>) -> String {
        let mut names = BTreeSet::new();
        let mut open = vec![stage];
        let mut follows = String::new();
        while let Some(stage) = open.pop() {
            if !names.insert(stage.name.as_str()) {
                continue;
            }
            if let Some(training) = stage.training() {
                // What a policy read from a file is shown by its Debug form; a curve over a chain of growth depends on later stages.
                follows += &match of_any_length == Some(&stage.name) {
                    true => format!("{} {:?}\n", stage.name, training.samples.value),
                    false => format!(
                        "{} {} {:?} {:?}\n",
                        stage.name, training.steps, training.span, training.samples.value
                    ),
                };
                open.extend(training.needs().filter_map(|name| self.stage(name)));
                names.extend(
                    training
                        .needs()
                        .filter(|name| self.answers.contains_key(*name)),
                );
            }
        }
        let written = self.written.hash_of_stages(&names, of_any_length);
        sha256(format!("{written}\n{}\n{follows}", self.metric.name).as_bytes())
    }

    /// What the given models of all stages, and those whose answers are given, have seen of the test samples; none if they
    /// have seen none.
    pub fn overlap(&self) -> Option<Overlap> {
        let met = self.stages.iter().filter_map(|stage| match &stage.work {
            Work::Given { met, .. } => Some(met.overlap),
            Work::Train(_) => None,
        });
        let answers = self.answers.values();
        let answers = answers.map(|_| answers::overlap(self.samples[2]));
        met.chain(answers)
            .reduce(Overlap::and)
            .filter(|overlap| !overlap.is_none())
    }

    /// What the result, or a model it comes from, is trained or chosen on.
    pub fn seen_rows(&self, data: &Dataset) -> SeenRows {
        let mut seen = SeenRows::of(&data.hashes, &data.split);
        let mut names = BTreeSet::new();
        let mut open = vec![self.result()];
        while let Some(stage) = open.pop() {
            if !names.insert(stage.name.as_str()) {
                continue;
            }
            match &stage.work {
                Work::Given { met, .. } => seen.extend(&met.seen),
                Work::Train(training) => {
                    seen.whole &= !training.needs().any(|name| self.answers.contains_key(name));
                    open.extend(training.needs().filter_map(|name| self.stage(name)))
                }
            }
        }
        seen
    }

    /// The plan for people, as TOML.
    pub fn to_toml(&self) -> String {
        self.written.to_toml(self)
    }

    /// FLOPs of all stages: training and teaching, and what answers from elsewhere are said to have cost.
    pub fn flops(&self) -> f64 {
        let answers = self
            .learnt_answers()
            .filter_map(|(_, answers)| answers.flops);
        self.own_flops() + answers.sum::<f64>()
    }

    /// FLOPs of all stages, without what answers from elsewhere cost.
    pub(crate) fn own_flops(&self) -> f64 {
        let trained = self.stages.iter().filter_map(StagePlan::training);
        trained.map(|t| t.cost.flops()).sum()
    }

    /// Seconds that answers from elsewhere are said to have cost.
    pub(crate) fn stated_seconds(&self) -> f64 {
        let learnt = self.learnt_answers();
        learnt.filter_map(|(_, answers)| answers.seconds).sum()
    }

    /// What answers from elsewhere are said to have cost, as lines of the bill.
    pub(crate) fn stated_costs(&self) -> impl Iterator<Item = Event> {
        let learnt = self.learnt_answers();
        learnt.filter_map(|(name, answers)| answers.billed(name))
    }

    /// The answers that a stage learns from.
    fn learnt_answers(&self) -> impl Iterator<Item = (&String, &AnswersPlan)> {
        let trained = || self.stages.iter().filter_map(StagePlan::training);
        let learnt = move |name: &String| trained().any(|t| t.needs().any(|needed| needed == name));
        self.answers.iter().filter(move |(name, _)| learnt(name))
    }
}
