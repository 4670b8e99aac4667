//! What `distil run` is asked for besides the recipe: kept in the run folder for `resume` and the trials.

use std::path::{Path, PathBuf};

use distil_report::compare::LOOKS;
use serde::{Deserialize, Serialize};

use crate::data::{EqualRule, Fold};
use crate::error::{Error, Result};
use crate::files;
use crate::weights::sha256;

/// What a run is asked for besides its recipe.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// The run's name, where the recipe gives none.
    pub name: String,
    /// The folder relative paths in the recipe start at.
    pub base: PathBuf,
    /// How many seeds; where it is looked at them before, at most.
    pub seeds: u64,
    /// Whether the run is looked at before all its seeds have run, and ends once it is decided or hardly can be
    /// ([`distil_report::compare::LOOKS`]).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub looks: bool,
    /// How many folds, at least 2.
    pub folds: Option<usize>,
    /// Whether controls run after the flow.
    pub control: bool,
    /// Whether plain training's curve is among the controls.
    #[serde(default)]
    pub curve: bool,
    /// Trials at a time; `None`: as many as the cores have room for.
    pub jobs: Option<usize>,
    /// Threads of a trial; `None`: the recipe's.
    pub threads: Option<usize>,
    /// Whether to cut data and epochs short.
    pub smoke: bool,
    /// Whether to train every stage, those that an earlier run trained the same way too.
    #[serde(default)]
    pub fresh: bool,
    /// Whether each seed chooses its settings for itself where `tune` does not name seeds that choose for all; runs of version 0.1.0 do
    /// not say.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nested: bool,
    /// Whether lists of settings are widened; runs begun before they were do not say.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub widened: bool,
    /// What the split does with equal samples; runs of version 0.1.0 do not say.
    #[serde(default, skip_serializing_if = "EqualRule::is_apart")]
    pub equal: EqualRule,
    /// The program's arguments, for people to repeat them; none where a library runs it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// When the run began, in seconds since 1970.
    #[serde(default)]
    pub began: u64,
    /// Whether its trials are compared on the validation part alone: no trial reads the test part, and none waits for the flow.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub probe: bool,
    /// Arms made by `--set` with several values, as `key=value`.
    pub swept: Vec<String>,
}

impl Options {
    pub(super) fn read(path: &Path) -> Result<Self> {
        serde_json::from_slice(&files::read(path)?)
            .map_err(|e| Error::damaged(path, e).remedy("Start a new run with `distil run`"))
    }

    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self).map_err(|e| Error::damaged(path, e))?;
        files::write(path, &text)
    }

    /// SHA-256 of all of it but the folder that paths start at, when it began and how it was typed.
    pub(super) fn hash(&self) -> String {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        if let Some(options) = value.as_object_mut() {
            for key in ["base", "command", "began"] {
                options.remove(key);
            }
        }
        sha256(value.to_string().as_bytes())
    }

    /// As at the first look, if there are looks.
    pub(super) fn at_first(&self) -> Self {
        let seeds = match self.looks {
            true => self.seeds.min(LOOKS[0]),
            false => self.seeds,
        };
        Self {
            seeds,
            ..self.clone()
        }
    }

    /// The fold of this index, if there are folds.
    pub(super) fn fold(&self, index: usize) -> Option<Fold> {
        self.folds.map(|of| Fold { index, of })
    }

    /// Fold indices, or the one trial without folds.
    pub(super) fn folds(&self) -> Vec<Option<usize>> {
        match self.folds {
            Some(of) => (0..of).map(Some).collect(),
            None => vec![None],
        }
    }
}
