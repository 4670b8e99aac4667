//! What a run is asked for, and who is told how it goes.

use std::path::PathBuf;

use distil_recipe::RecipeText;
use distil_report::TrialId;
use distil_report::events::Event;
use distil_report::measure::MainMetric;

use crate::run::folder::RunFolder;
use crate::run::options::Options;

/// What `distil run` asks for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The recipe, every `--set` with a single value applied.
    pub recipe: RecipeText,
    /// Everything else that is kept with the run.
    pub options: Options,
    /// The folder of all runs.
    pub runs: PathBuf,
    /// This program, which trials are processes of.
    pub program: PathBuf,
}

/// Who is told how a run goes.
pub trait Watcher {
    /// So many of the run's pictures have been decoded: several times a second, before the plan.
    fn reading(&mut self, _done: usize, _all: usize) {}
    /// The plan, before anything is written.
    fn plan(&mut self, text: &str);
    /// The run's folder, once it exists.
    fn folder(&mut self, folder: &RunFolder);
    /// A trial has done so many of the steps by which it measures the machine for the trials to come; other trials wait.
    fn rehearsed(&mut self, _trial: &TrialId, _done: u64, _of: u64) {}
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
    pub metric: MainMetric,
    /// Trials that have not begun.
    pub waiting: Vec<TrialId>,
    /// Trials under way, in the order in which they were started.
    pub running: Vec<TrialId>,
    /// Trials with a result, those of earlier processes among them.
    pub finished: usize,
    /// Trials that ended without a result.
    pub failed: usize,
}
