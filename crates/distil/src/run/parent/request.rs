//! What a run is asked for, and who is told how it goes.

use std::path::PathBuf;

use distil_recipe::RecipeText;
use distil_recipe::set::Set;
use distil_report::TrialId;
use distil_report::events::Event;

use crate::run::folder::RunFolder;
use crate::run::options::Options;

/// What `distil run` asks for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The recipe, every `--set` with a single value applied.
    pub recipe: RecipeText,
    /// Each `--set` with several values: every value is an arm.
    pub sweeps: Vec<Set>,
    /// The run's name, where the recipe gives none.
    pub name: String,
    /// The folder relative paths in the recipe start at.
    pub base: PathBuf,
    /// How many seeds.
    pub seeds: u64,
    /// How many folds, at least 2.
    pub folds: Option<usize>,
    /// Whether controls run after the flow.
    pub control: bool,
    /// Whether plain training's curve is among the controls.
    pub curve: bool,
    /// Trials at a time; `None`: as many as there are cores, one thread each.
    pub jobs: Option<usize>,
    /// Threads of a trial.
    pub threads: Option<usize>,
    /// Whether to cut data and epochs short.
    pub smoke: bool,
    /// Whether to train every stage, those that an earlier run trained the same way too.
    pub fresh: bool,
    /// The folder of all runs.
    pub runs: PathBuf,
    /// This program, which trials are processes of.
    pub program: PathBuf,
}

impl Request {
    /// What `resume` and the trials need of it.
    pub(super) fn options(&self) -> Options {
        let swept = |set: &Set| {
            set.values
                .iter()
                .map(|value| format!("{}={}", set.path, value.toml))
                .collect::<Vec<_>>()
        };
        Options {
            name: self.name.clone(),
            base: std::path::absolute(&self.base).unwrap_or_else(|_| self.base.clone()),
            seeds: self.seeds,
            folds: self.folds,
            control: self.control,
            curve: self.curve,
            jobs: self.jobs,
            threads: self.threads,
            smoke: self.smoke,
            fresh: self.fresh,
            swept: self.sweeps.iter().flat_map(swept).collect(),
        }
    }
}

/// Who is told how a run goes.
pub trait Watcher {
    /// So many of the run's pictures have been decoded: several times a second, before the plan.
    fn reading(&mut self, _done: usize, _all: usize) {}
    /// The plan, before anything is written.
    fn plan(&mut self, text: &str);
    /// The run's folder, once it exists.
    fn folder(&mut self, folder: &RunFolder);
    /// An event of a trial.
    fn event(&mut self, trial: &TrialId, event: &Event);
    /// Something worth telling a person.
    fn note(&mut self, text: &str);
    /// How many trials are done, under way and to come: several times a second, whether anything changed or not.
    fn standing(&mut self, _standing: &Standing) {}
}

/// Where a run stands.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The metric its trials are compared by.
    pub metric: &'static str,
    /// Trials that have not begun.
    pub waiting: Vec<TrialId>,
    /// Trials under way, in the order in which they were started.
    pub running: Vec<TrialId>,
    /// Trials with a result, those of earlier processes among them.
    pub finished: usize,
    /// Trials that ended without a result.
    pub failed: usize,
}
