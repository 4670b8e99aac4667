//! Arrays saved by NumPy.

use std::path::{Path, PathBuf};

use distil_report::Part;
use distil_report::measure::TaskKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::prepare::Scaling;
use crate::data::raw::{Inputs, Raw, Wide};
use crate::data::source::Source;
use crate::data::source::arrays::{Archive, Found, Named, find_npy, inputs, stream_npy, targets};
use crate::data::source::axes::{self, Axes};
use crate::data::source::file::{hash_of, read_within};
use crate::data::source::joined::joined;
use crate::data::source::limits::{Limit, Limits};
use crate::data::source::pairs::{Pair, pairs};
use crate::data::source::parts;
use crate::error::Result;
use crate::weights::Hash;

/// The source `npy`: inputs `[samples, …]` and labels `[samples]` or `[samples, targets]`, of any
/// integer, boolean or floating type, in C or Fortran order; classes may also be text, or one column each (one-hot).
///
/// An archive without arrays of these names, or with further ones, is read by the usual names: `x_train`, `y_train`, `x_test`,
/// `y_test` or `train_images`, `train_labels` and so on are its parts.
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
    /// The order of a picture's axes after the samples' own; guessed by which of them is 1, 3 or 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layout: Option<Axes>,
    /// How numbers are scaled.
    pub scale: Scaling,
    /// The most that is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
}

impl Default for Npy {
    fn default() -> Self {
        Self {
            path: None,
            inputs: INPUTS.to_string(),
            labels: LABELS.to_string(),
            names: None,
            layout: None,
            scale: Scaling::Standard,
            limit: None,
        }
    }
}

const INPUTS: &str = "inputs";
const LABELS: &str = "labels";

impl Source for Npy {
    fn read(&self, base: &Path, kind: TaskKind) -> Result<Raw> {
        let limits = Limits::training(self.limit);
        match &self.path {
            Some(path) => {
                let raw = self.read_archive(&base.join(path), kind, limits)?;
                super::with_targets(raw, path)
            }
            None => self.read_pair(
                &base.join(&self.inputs),
                Some(&base.join(&self.labels)),
                kind,
                limits,
            ),
        }
    }

    /// A `.npz` archive with the arrays `inputs` and perhaps `labels` (or as named in the options), a `.npy` file of
    /// inputs, or a folder with files named as in training.
    fn read_new(&self, path: &Path, kind: TaskKind) -> Result<Raw> {
        let limits = Limits::new_data(self.limit);
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
                limits,
            );
        }
        if path.extension().is_some_and(|suffix| suffix == "npz") {
            return self.read_archive(path, kind, limits);
        }
        self.read_pair(path, None, kind, limits)
    }

    fn new_data(&self) -> &'static str {
        "new.npy"
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
    fn read_pair(
        &self,
        inputs: &Path,
        labels: Option<&PathBuf>,
        kind: TaskKind,
        limits: Limits,
    ) -> Result<Raw> {
        let mut hash = Hash::default();
        let found = match stream_npy(inputs, limits, &mut hash)? {
            Some(found) => found,
            None => {
                let bytes = read_within(inputs, limits)?;
                hash.add(&bytes);
                find_npy(inputs, &bytes, limits)?
            }
        };
        let mut targets = None;
        if let Some(labels) = labels {
            let label_bytes = read_within(labels, limits)?;
            targets = Some(find_npy(labels, &label_bytes, limits)?);
            hash.add(&label_bytes);
        }
        self.raw(found, targets, kind, hash.end())
    }

    fn read_archive(&self, path: &Path, kind: TaskKind, limits: Limits) -> Result<Raw> {
        let (input_name, label_name) = match &self.path {
            Some(_) => (self.inputs.as_str(), self.labels.as_str()),
            None => (INPUTS, LABELS),
        };
        let bytes = read_within(path, limits)?;
        let mut archive = Archive::open(path, &bytes, limits)?;
        let usual = (input_name, label_name) == (INPUTS, LABELS);
        let chosen = pairs(path, &archive.names(), input_name, label_name, usual)?;
        let mut notes = chosen.notes;
        let (mut all_inputs, mut all_labels, mut official) = (Vec::new(), Vec::new(), Vec::new());
        for Pair {
            part,
            inputs,
            labels,
        } in chosen.pairs
        {
            let Some(found) = archive.read(&inputs)? else {
                continue;
            };
            let samples = found.shape.first().copied().unwrap_or_default();
            official.extend(std::iter::repeat_n(part.unwrap_or(Part::Train), samples));
            all_inputs.push(found);
            if let Some(labels) = labels {
                all_labels.extend(archive.read(&labels)?);
            }
        }
        let labels = match all_labels.is_empty() {
            true => None,
            false => Some(joined(all_labels)?),
        };
        let mut raw = self.raw(joined(all_inputs)?, labels, kind, hash_of(&bytes))?;
        if let Some((parts, note)) = parts::given(official) {
            raw.official = Some(parts);
            notes.push(note);
        }
        raw.notes.splice(0..0, notes);
        Ok(raw)
    }

    fn raw(
        &self,
        found: Found,
        labels: Option<Found>,
        kind: TaskKind,
        hash: String,
    ) -> Result<Raw> {
        let Named {
            place,
            shape,
            values,
            wide,
        } = found.numbers()?;
        let mut inputs = inputs(&place, &shape, values)?;
        let mut wide: Wide = wide.map(|wide| (String::new(), wide)).into_iter().collect();
        let mut notes = Vec::new();
        if let Inputs::Block { shape, values } = &mut inputs {
            let (axes, note) = axes::of(&place, shape, self.layout)?;
            notes.extend(note);
            if axes == Some(Axes::Nchw) {
                let before = shape.clone();
                *values = axes::channels_last(values, &before)?;
                for wide in wide.values_mut() {
                    *wide = axes::channels_last(wide, &before)?;
                }
                shape.rotate_left(1);
            }
        }
        let mut found = None;
        if let Some(labels) = labels {
            let (targets, note) = targets(labels, kind, inputs.len(), self.names.as_deref())?;
            found = Some(targets);
            notes.extend(note);
        }
        Ok(Raw {
            wide,
            notes,
            ..Raw::new(inputs, found, hash)
        })
    }
}
