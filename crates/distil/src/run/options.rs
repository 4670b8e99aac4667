//! What `distil run` was asked for besides the recipe: kept in the run folder for `resume` and the trials.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::data::Fold;
use crate::error::{Error, Result};
use crate::files;

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
