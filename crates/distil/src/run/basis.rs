//! What all trials of a run have in common, or they cannot be compared: recipe, options, data, and the files these name.

use std::collections::BTreeMap;
use std::path::Path;

use distil_recipe::RecipeText;
use serde::{Deserialize, Serialize};

use super::options::Options;
use crate::error::{Error, Kind, Result};
use crate::files;
use crate::plan::{DATA, Named, SETTINGS};
use crate::weights::sha256;

/// Hashes of what a run was planned from. It lies in the run's folder and is part of every order; `resume` and every trial compare it
/// with what they have read themselves, before they do anything with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// SHA-256 of recipe.toml.
    recipe: String,
    /// SHA-256 of what the run was asked for, wherever its paths start.
    options: String,
    /// Of data, given models and lists of samples: by how the recipe, or one of its arms, names them.
    files: BTreeMap<String, String>,
}

impl Basis {
    /// Of a recipe and what the run was asked for; of files, none yet.
    pub fn new(text: &RecipeText, options: &Options) -> Self {
        Self {
            recipe: sha256(text.text().as_bytes()),
            options: options.hash(),
            files: BTreeMap::new(),
        }
    }

    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let named = |(key, hash): &(&str, &str)| (key.to_string(), hash.to_string());
        Self {
            recipe: "0".into(),
            options: "0".into(),
            files: files.iter().map(named).collect(),
        }
    }

    /// What a run began with; none in those of version 0.1.0, before `resume` has seen them.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        if !path.exists() {
            return Ok(None);
        }
        serde_json::from_slice(&files::read(path)?)
            .map(Some)
            .map_err(|e| Error::damaged(path, e).remedy("Start a new run with `distil run`"))
    }

    /// Writes it for the processes to come.
    pub fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self).map_err(|e| Error::damaged(path, e))?;
        files::write(path, &text)
    }

    /// The one hash of all of it, which every trial carries.
    pub fn hash(&self) -> String {
        sha256(serde_json::to_string(self).unwrap_or_default().as_bytes())
    }

    /// Takes over what was read.
    ///
    /// # Errors
    /// If it was read before, and has changed since.
    pub fn add(&mut self, read: &[Named]) -> Result<()> {
        for named in read {
            let known = self
                .files
                .entry(named.key.clone())
                .or_insert(named.hash.clone());
            if *known != named.hash {
                return Err(changed(&named.place));
            }
        }
        Ok(())
    }

    /// Whether nothing but data and settings was read: no given model, no answers, no list of samples, which know one division of the data.
    pub fn is_data_alone(&self) -> bool {
        let of_no_division = |key: &String| key.starts_with(DATA) || key.starts_with(SETTINGS);
        self.files.keys().all(of_no_division)
    }

    /// The hash of what the recipe names so.
    pub fn hash_of(&self, key: &str) -> Option<&str> {
        self.files.get(key).map(String::as_str)
    }

    /// Refuses what is not as the run began with it.
    ///
    /// # Errors
    /// Recipe or options of another run.
    pub fn refuse_other(&self, now: &Self) -> Result<()> {
        match () {
            () if self.recipe != now.recipe => Err(changed("recipe.toml of the run")),
            () if self.options != now.options => Err(changed("options.json of the run")),
            () => Ok(()),
        }
    }

    /// Refuses what was read and is not as the run began with it.
    ///
    /// # Errors
    /// The first of what has changed.
    pub fn refuse_changed(&self, read: &[Named]) -> Result<()> {
        let same = |named: &&Named| self.files.get(&named.key) == Some(&named.hash);
        match read.iter().find(|named| !same(named)) {
            Some(named) => Err(changed(&named.place)),
            None => Ok(()),
        }
    }
}

/// The refusal of something that has changed.
pub fn changed(place: &str) -> Error {
    Error::new(Kind::Changed, place, "it has changed since the run began").remedy(CHOICE)
}

/// What the run began with could be read; now it cannot.
pub fn unreadable(error: Error) -> Error {
    match error.kind {
        Kind::Recipe | Kind::Input => Error {
            kind: Kind::Changed,
            reason: format!(
                "what the run began with has changed: {}",
                error.reason.trim_end()
            ),
            remedy: CHOICE.into(),
            ..error
        },
        _ => error,
    }
}

const CHOICE: &str =
    "Restore it, and `distil resume` goes on; or start a new run with `distil run`";
