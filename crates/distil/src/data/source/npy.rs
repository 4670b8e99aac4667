//! Arrays saved by NumPy.

use std::path::{Path, PathBuf};

use distil_report::measure::TaskKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::prepare::Scaling;
use crate::data::raw::Raw;
use crate::data::source::Source;
use crate::data::source::arrays::{Named, inputs, no_array, read_npy, read_npz, targets};
use crate::data::source::file::read_file;
use crate::error::Result;
use crate::weights::sha256;

/// The source `npy`: inputs `[samples, …]` and labels `[samples]` or `[samples, targets]`, of any
/// integer, boolean or floating type, in C or Fortran order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Npy {
    /// A `.npz` archive that holds both arrays; without it `inputs` and `labels` are `.npy` files.
    pub path: Option<PathBuf>,
    /// The inputs: a name in the archive, or a file.
    pub inputs: String,
    /// The labels: a name in the archive, or a file.
    pub labels: String,
    /// Names of the classes, labels or values, in order.
    pub names: Option<Vec<String>>,
    /// How numbers are scaled.
    pub scale: Scaling,
}

impl Default for Npy {
    fn default() -> Self {
        Self {
            path: None,
            inputs: "inputs".to_string(),
            labels: "labels".to_string(),
            names: None,
            scale: Scaling::Standard,
        }
    }
}

impl Source for Npy {
    fn read(&self, base: &Path, kind: TaskKind) -> Result<Raw> {
        match &self.path {
            Some(path) => super::with_targets(self.read_archive(&base.join(path), kind)?, path),
            None => self.read_pair(
                &base.join(&self.inputs),
                Some(&base.join(&self.labels)),
                kind,
            ),
        }
    }

    /// A `.npz` archive with the arrays `inputs` and perhaps `labels` (or as named in the options), a `.npy` file of
    /// inputs, or a folder with files named as in training.
    fn read_new(&self, path: &Path, kind: TaskKind) -> Result<Raw> {
        if path.is_dir() {
            let inside = |name: &str| {
                Path::new(name)
                    .file_name()
                    .map_or_else(|| path.join(name), |name| path.join(name))
            };
            let labels = inside(&self.labels);
            return self.read_pair(
                &inside(&self.inputs),
                labels.exists().then_some(&labels),
                kind,
            );
        }
        if path.extension().is_some_and(|suffix| suffix == "npz") {
            return self.read_archive(path, kind);
        }
        self.read_pair(path, None, kind)
    }

    fn describe(&self) -> String {
        match &self.path {
            Some(path) => format!(
                "NumPy arrays `{}` and `{}` of {}",
                self.inputs,
                self.labels,
                path.display()
            ),
            None => format!("NumPy arrays {} and {}", self.inputs, self.labels),
        }
    }
}

impl Npy {
    fn read_pair(&self, inputs: &Path, labels: Option<&PathBuf>, kind: TaskKind) -> Result<Raw> {
        let mut bytes = read_file(inputs)?;
        let found = read_npy(inputs, &bytes)?;
        let mut targets = None;
        if let Some(labels) = labels {
            let label_bytes = read_file(labels)?;
            targets = Some(read_npy(labels, &label_bytes)?);
            bytes.extend(label_bytes);
        }
        self.raw(found, targets, kind, &bytes)
    }

    fn read_archive(&self, path: &Path, kind: TaskKind) -> Result<Raw> {
        let (input_name, label_name) = match &self.path {
            Some(_) => (self.inputs.as_str(), self.labels.as_str()),
            None => ("inputs", "labels"),
        };
        let bytes = read_file(path)?;
        let found = read_npz(path, &bytes, input_name)?
            .ok_or_else(|| no_array(path, &bytes, input_name))?;
        let targets = read_npz(path, &bytes, label_name)?;
        self.raw(found, targets, kind, &bytes)
    }

    fn raw(
        &self,
        found: Named,
        labels: Option<Named>,
        kind: TaskKind,
        bytes: &[u8],
    ) -> Result<Raw> {
        let wide = found.wide.clone().map(|wide| (String::new(), wide));
        let inputs = inputs(found)?;
        let targets = labels
            .map(|labels| targets(labels, kind, inputs.len(), self.names.as_deref()))
            .transpose()?;
        Ok(Raw {
            wide: wide.into_iter().collect(),
            ..Raw::new(inputs, targets, sha256(bytes))
        })
    }
}
