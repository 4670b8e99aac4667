//! What a run is asked for, and who is told how it goes.

use std::path::{Path, PathBuf};

use distil_recipe::RecipeText;
use distil_recipe::set::Set;
use distil_report::events::Event;
use serde::{Deserialize, Serialize};

use super::folder::{RunFolder, TrialId};
use crate::data::Fold;
use crate::error::{Error, Result};
use crate::files;

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

/// What a run is asked for besides its recipe: what `resume` and the trials need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Options {
    pub name: String,
    pub base: PathBuf,
    pub seeds: u64,
    pub folds: Option<usize>,
    pub control: bool,
    #[serde(default)]
    pub curve: bool,
    pub jobs: Option<usize>,
    pub threads: Option<usize>,
    pub smoke: bool,
    #[serde(default)]
    pub fresh: bool,
    /// Arms made by `--set` with several values, as `key=value`.
    pub swept: Vec<String>,
}

impl Options {
    pub fn of(request: &Request) -> Self {
        let swept = |set: &Set| {
            set.values
                .iter()
                .map(|value| format!("{}={}", set.path, value.toml))
                .collect::<Vec<_>>()
        };
        Self {
            name: request.name.clone(),
            base: std::path::absolute(&request.base).unwrap_or_else(|_| request.base.clone()),
            seeds: request.seeds,
            folds: request.folds,
            control: request.control,
            curve: request.curve,
            jobs: request.jobs,
            threads: request.threads,
            smoke: request.smoke,
            fresh: request.fresh,
            swept: request.sweeps.iter().flat_map(swept).collect(),
        }
    }

    pub fn read(path: &Path) -> Result<Self> {
        serde_json::from_slice(&files::read(path)?)
            .map_err(|e| Error::damaged(path, e).remedy("Start a new run with `distil run`"))
    }

    pub fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self).map_err(|e| Error::damaged(path, e))?;
        files::write(path, &text)
    }

    /// The fold of this index, if there are folds.
    pub fn fold(&self, index: usize) -> Option<Fold> {
        self.folds.map(|of| Fold { index, of })
    }

    /// Fold indices, or the one trial without folds.
    pub fn folds(&self) -> Vec<Option<(usize, usize)>> {
        match self.folds {
            Some(of) => (0..of).map(|index| Some((index, of))).collect(),
            None => vec![None],
        }
    }
}
