//! A list of samples in a file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::Held;
use crate::data::source::{read_file, read_npy};
use crate::data::{SampleTable, Scores};
use crate::error::{Error, Result};
use crate::rng::Seed;
use crate::sample::SampleId;
use crate::samples::Policy;

/// The samples listed in a file by their row in the source, from 0: text (one a line; what follows `#` is a remark),
/// a JSON array (`.json`) or a NumPy array (`.npy`). Each must be in the training part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ids {
    /// The file.
    pub file: PathBuf,
    /// What it lists, once it was read.
    #[serde(skip)]
    #[schemars(skip)]
    listed: Option<BTreeSet<SampleId>>,
}

impl Ids {
    /// The list in this file, not read yet.
    pub fn new(file: PathBuf) -> Self {
        Self { file, listed: None }
    }

    fn place(&self) -> String {
        self.file.display().to_string()
    }
}

impl Policy for Ids {
    fn open(&mut self, base: &Path) -> Result<()> {
        let path = base.join(&self.file);
        let bytes = read_file(&path)?;
        let ids = match path.extension().and_then(|suffix| suffix.to_str()) {
            Some("npy") => from_npy(&path, &bytes)?,
            Some("json") => serde_json::from_slice(&bytes).map_err(|error| {
                Error::input(
                    path.display(),
                    format!("not a JSON array of rows ({error})"),
                )
                .remedy("Write for example [0, 17, 23]")
            })?,
            _ => from_text(&path, &bytes)?,
        };
        let mut listed = BTreeSet::new();
        for id in ids {
            if !listed.insert(SampleId(id)) {
                return Err(
                    Error::input(path.display(), format!("row {id} is listed twice"))
                        .remedy("List each row once"),
                );
            }
        }
        if listed.is_empty() {
            return Err(Error::input(path.display(), "no row is listed")
                .remedy("List at least one row, counted from 0"));
        }
        self.listed = Some(listed);
        Ok(())
    }

    fn epoch(
        &self,
        _: u64,
        _: u64,
        table: &SampleTable,
        _: &Scores,
        _: Seed,
    ) -> Result<Vec<(SampleId, f32)>> {
        let listed = self
            .listed
            .as_ref()
            .ok_or_else(|| Error::input(self.place(), "the list was not read"))?;
        match listed
            .iter()
            .find(|id| table.ids.binary_search(id).is_err())
        {
            None => Ok(listed.iter().map(|id| (*id, 1.0)).collect()),
            Some(id) => Err(Error::input(
                self.place(),
                format!("row {} is not in the training part", id.row()),
            )
            .remedy("List rows of the training part only, counted from 0 in the source")),
        }
    }
}

fn from_text(path: &Path, bytes: &[u8]) -> Result<Vec<u32>> {
    let text = String::from_utf8_lossy(bytes);
    let lines = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim())
        .zip(1..);
    let ids = lines
        .filter(|(line, _)| !line.is_empty())
        .map(|(line, number)| {
            line.parse().map_err(|_| {
                Error::input(
                    format!("{}, line {number}", path.display()),
                    format!("`{line}` is not a row"),
                )
                .remedy("Write one row a line, counted from 0")
            })
        });
    ids.collect()
}

fn from_npy(path: &Path, bytes: &Held<u8>) -> Result<Vec<u32>> {
    let rows = read_npy(path, bytes)?.values;
    // Beyond 2^24 not every integer is a 32-bit float.
    let is_row = |x: &f32| x.fract() == 0.0 && (0.0..=16_777_216.0).contains(x);
    match rows.iter().find(|x| !is_row(x)) {
        None => Ok(rows.iter().map(|x| *x as u32).collect()),
        Some(x) => Err(Error::input(path.display(), format!("{x} is not a row"))
            .remedy("Save an array of integers from 0")),
    }
}
