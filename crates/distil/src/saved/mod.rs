//! A model folder: everything needed to use a model elsewhere, and nothing else.
//!
//! `model.safetensors` holds the weights, `view.safetensors` the view's matrix where there is one, `rows.bin` the hashes of the
//! rows it was trained or chosen on, and `model.json`, written last, the rest with the size and SHA-256 of the others and of itself.

mod check;
mod evaluate;
mod predict;
mod rows;

pub use evaluate::Evaluated;
pub use predict::{Answer, Prediction};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::tensor::Device;
use distil_report::Numbers;
use distil_report::show::grouped;
use serde::{Deserialize, Serialize};

use crate::data::source::{AnySource, PartFiles};
use crate::data::{
    Features, FittedTargets, Guess, Inputs, Part, Preprocessing, SeenRows, SplitRule, View,
    ViewMatrix, Wide,
};
use crate::error::{Error, Result};
use crate::files;
use crate::model::access::{weights_of, with_weights};
use crate::model::{Layout, Model, ModelConfig, Net};
use crate::rng::Seed;
use crate::weights::{Weights, from_safetensors, sha256, to_safetensors};

/// A trained model and what it needs to read new data.
#[derive(Debug, Clone)]
pub struct SavedModel {
    /// Everything but the numbers.
    pub card: Card,
    /// The view's matrix.
    pub view: ViewMatrix,
    /// The network, ready to answer.
    pub net: Model,
}

/// What `model.json` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// The stage it is the result of.
    pub stage: String,
    /// The family and its parameters.
    pub model: ModelConfig,
    /// Numbers the network reads.
    pub inputs: usize,
    /// Numbers it answers.
    pub outputs: usize,
    /// How new data is read.
    pub source: AnySource,
    /// What held further parts of the data it was trained on.
    #[serde(default, skip_serializing_if = "PartFiles::is_empty")]
    pub parts: PartFiles,
    /// How it is scaled and filled in, as fitted on the training part.
    pub preprocessing: Preprocessing,
    /// What the network sees of it.
    pub view: View,
    /// The shape of what it sees.
    pub view_shape: Vec<usize>,
    /// What the outputs mean.
    pub targets: FittedTargets,
    /// What values are measured in; absent where the recipe does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The metric models of this recipe are compared by.
    pub metric: String,
    /// How the data was split.
    pub split: SplitRule,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Provenance {
    /// The version of Distil that trained it.
    pub distil: String,
    /// The recipe's name.
    pub recipe: String,
    /// The plan's hash.
    pub plan: String,
    /// SHA-256 of the data it was trained on.
    pub data: String,
    /// SHA-256 of each part of it, where parts came from files of their own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<Part, String>,
    /// The arm, seed and fold.
    pub trial: String,
    /// The stage it grew from, if it did.
    pub grown_from: Option<String>,
    /// The stages it learned from.
    pub learned_from: Vec<String>,
    /// Its metrics on the test part.
    pub test: Numbers,
}

#[derive(Serialize, Deserialize)]
struct ModelJson {
    format: u32,
    #[serde(flatten)]
    card: Card,
    files: BTreeMap<String, FileClaim>,
    /// SHA-256 of this file with this field empty.
    sha256: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct FileClaim {
    bytes: u64,
    sha256: String,
}

const FORMAT: u32 = 1;
const CARD: &str = "model.json";
const WEIGHTS: &str = "model.safetensors";
const VIEW: &str = "view.safetensors";
const ROWS: &str = "rows.bin";

impl SavedModel {
    /// The network's shapes.
    pub fn layout(&self) -> Layout {
        self.net.shapes().clone()
    }

    /// The network's weights.
    pub fn weights(&self) -> Weights {
        weights_of(&self.net)
    }

    /// Writes the folder as a whole, with the rows it was trained or chosen on where they are known.
    pub fn write(&self, folder: &Path, rows: Option<&SeenRows>) -> Result<()> {
        let weights = to_safetensors(&self.weights())?;
        let view = match &self.view.matrix {
            Some(matrix) if !self.card.is_view_left_out() => Some(to_safetensors(&Weights::from(
                [("view".to_string(), matrix.to_array())],
            ))?),
            _ => None,
        };
        let mut contents: Vec<(&str, &[u8])> = vec![(WEIGHTS, &weights)];
        contents.extend(view.iter().map(|bytes| (VIEW, bytes.as_slice())));
        let rows = rows.map(rows::to_bytes);
        contents.extend(rows.iter().map(|bytes| (ROWS, bytes.as_slice())));
        let claim = |bytes: &[u8]| FileClaim {
            bytes: bytes.len() as u64,
            sha256: sha256(bytes),
        };
        let claims = contents
            .iter()
            .map(|(name, bytes)| (name.to_string(), claim(bytes)))
            .collect();
        let mut json = ModelJson {
            format: FORMAT,
            card: self.card.clone(),
            files: claims,
            sha256: String::new(),
        };
        json.sha256 = sha256(&text(folder, &json)?);
        files::write_folder(folder, &contents, (CARD, &text(folder, &json)?))?;
        Ok(())
    }

    /// Reads a folder and verifies every claim in it.
    ///
    /// # Errors
    /// A path that is no model folder, a file that is missing, cut short or changed, another format.
    pub fn read(folder: &Path, device: &Device) -> Result<Self> {
        let json = read_card(folder)?;
        let verified = |name: &str| json.verified(folder, name);
        let (path, bytes) = verified(WEIGHTS)?;
        let weights = from_safetensors(&path, &bytes)?;
        let card = json.card.clone();
        card.check_weights(&weights)
            .map_err(|reason| damaged(&path, reason))?;
        check::finite(&path, &weights)?;
        let view = match card.view {
            View::Full => ViewMatrix::identity(&card.view_shape),
            _ if card.is_view_left_out() => card
                .view_of_shape()
                .map_err(|reason| damaged(&folder.join(CARD), reason))?,
            _ => {
                let (path, bytes) = verified(VIEW)?;
                let matrix = from_safetensors(&path, &bytes)?.remove("view");
                let matrix =
                    matrix.ok_or_else(|| damaged(&path, "it holds no array `view`".into()))?;
                card.check_view(&matrix)
                    .map_err(|reason| damaged(&path, reason))?;
                ViewMatrix {
                    shape: card.view_shape.clone(),
                    matrix: Some(Arc::new(matrix.into())),
                }
            }
        };
        let layout = card
            .layout()
            .map_err(|reason| damaged(&folder.join(CARD), reason))?;
        let net = card.model.init(layout, Seed(0), device)?;
        let net = with_weights(net, &weights)?;
        Ok(Self { card, view, net })
    }

    /// A model's folder: the folder itself, or `model` in a run's folder.
    pub fn folder(path: &Path) -> PathBuf {
        let inside = path.join("model");
        match !path.join(CARD).is_file() && inside.join(CARD).is_file() {
            true => inside,
            false => path.to_path_buf(),
        }
    }

    /// Reads only what `model.json` says, its own checksum verified.
    pub fn read_card(folder: &Path) -> Result<Card> {
        Ok(read_card(folder)?.card)
    }

    /// SHA-256 of `model.json`, which holds the checksums of the other files and so stands for all.
    pub fn hash(folder: &Path) -> Result<String> {
        Ok(sha256(&files::read(&folder.join(CARD))?))
    }

    /// The rows a model, or one it started or learnt from, was trained or chosen on; `None` where the folder does not tell, as
    /// those of version 0.1.0 do not.
    pub fn read_rows(folder: &Path) -> Result<Option<SeenRows>> {
        let json = read_card(folder)?;
        if !json.files.contains_key(ROWS) {
            return Ok(None);
        }
        let (path, bytes) = json.verified(folder, ROWS)?;
        rows::from_bytes(&path, &bytes).map(Some)
    }

    /// Writes a model folder once more, as it is, elsewhere.
    ///
    /// # Errors
    /// As [`SavedModel::read`].
    pub fn copy(folder: &Path, to: &Path) -> Result<()> {
        let json = read_card(folder)?;
        let mut contents = Vec::new();
        for name in json.files.keys() {
            if Path::new(name).file_name() != Some(name.as_ref()) {
                let reason = format!("it names the file `{name}`, which is not in the folder");
                return Err(damaged(&folder.join(CARD), reason));
            }
            contents.push((name.as_str(), json.verified(folder, name)?.1));
        }
        let contents: Vec<(&str, &[u8])> = contents
            .iter()
            .map(|(name, bytes)| (*name, bytes.as_slice()))
            .collect();
        let card = files::read(&folder.join(CARD))?;
        files::write_folder(to, &contents, (CARD, &card))?;
        Ok(())
    }

    /// What the network reads of new inputs, `exact` those that 32 bits do not hold, by column; and what of them had to be guessed, a
    /// sentence each without its full stop.
    ///
    /// # Errors
    /// Inputs of another form than those it was trained on.
    pub fn features(&self, inputs: Inputs, exact: &Wide) -> Result<(Features, Vec<String>)> {
        let prepared = self.card.preprocessing.apply_exact(inputs, exact)?;
        let rows = prepared.inputs.len();
        let said = |guesses: &[Guess], of: &str| -> Vec<String> {
            let guesses = guesses.iter();
            let said = guesses.map(|guess| {
                format!(
                    "{} of {} cells of `{}` {of}, the first in sample {}, counted from 0",
                    grouped(guess.cells as f64),
                    grouped(rows as f64),
                    guess.column,
                    guess.row
                )
            });
            said.collect()
        };
        let notes = [
            said(&prepared.unknown, "were never seen in training"),
            said(&prepared.missing, "are missing, and none was in training"),
        ];
        Ok((self.view.see(&prepared.inputs), notes.concat()))
    }

    /// FLOPs of one answer.
    pub fn flops(&self) -> Option<f64> {
        self.net.layout().map(|l| l.flops_forward())
    }
}

impl ModelJson {
    /// A file of the folder: its path and its bytes, which are what they are claimed to be.
    fn verified(&self, folder: &Path, name: &str) -> Result<(PathBuf, Vec<u8>)> {
        let path = folder.join(name);
        let bytes = files::read(&path)?;
        let claim = self
            .files
            .get(name)
            .ok_or_else(|| damaged(&path, "model.json does not mention it".into()))?;
        if bytes.len() as u64 != claim.bytes {
            return Err(damaged(
                &path,
                format!(
                    "{} bytes where model.json says {}",
                    bytes.len(),
                    claim.bytes
                ),
            ));
        }
        if sha256(&bytes) != claim.sha256 {
            return Err(damaged(
                &path,
                "its content does not match the SHA-256 in model.json".into(),
            ));
        }
        Ok((path, bytes))
    }
}

fn read_card(folder: &Path) -> Result<ModelJson> {
    let path = folder.join(CARD);
    if !path.is_file() {
        return Err(
            Error::input(folder.display(), "is no model folder: it has no model.json")
                .remedy("Name the `model` folder of a run, for example runs/digits-0001/model"),
        );
    }
    let bytes = files::read(&path)?;
    let mut json: ModelJson = serde_json::from_slice(&bytes)
        .map_err(|e| damaged(&path, format!("it is not what Distil writes ({e})")))?;
    if json.format != FORMAT {
        return Err(damaged(
            &path,
            format!(
                "it is written in format {}, this program reads {FORMAT}",
                json.format
            ),
        ));
    }
    let claim = std::mem::take(&mut json.sha256);
    if sha256(&text(folder, &json)?) != claim {
        return Err(damaged(&path, "it was changed after it was written".into()));
    }
    json.card.check().map_err(|reason| damaged(&path, reason))?;
    Ok(json)
}

fn text(folder: &Path, json: &ModelJson) -> Result<Vec<u8>> {
    serde_json::to_vec_pretty(json).map_err(|e| damaged(&folder.join(CARD), e.to_string()))
}

fn damaged(path: &Path, reason: String) -> Error {
    Error::damaged(path, reason).remedy("Restore the folder from a copy, or train again")
}
