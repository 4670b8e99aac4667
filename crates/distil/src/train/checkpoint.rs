//! A checkpoint is one unit: everything a stage needs to go on, or nothing.
//!
//! `step-00000120/` holds `tensors.safetensors` and, written last, `state.json` with the size and SHA-256 of
//! the former. The newest two are kept; an older one goes only after the new one was read back and verified.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use distil_report::events::Time;
use serde::{Deserialize, Serialize};

use crate::data::Scores;
use crate::error::{Error, Result};
use crate::files;
use crate::optim::{Slot, State, Young};
use crate::weights::{Array, Hash, Weights, arrays_to_safetensors, from_safetensors, sha256};

/// How far a stage is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StageProgress {
    /// Optimiser steps done.
    pub step: u64,
    /// The epoch under way, from 0.
    pub epoch: u64,
    /// Samples of this epoch already used.
    pub position: u64,
    /// Training samples used in all.
    pub samples: u64,
    /// FLOPs of the teachers so far; `None` if unknown.
    pub teach_flops: Option<f64>,
    /// Events in the trial's log that were written before this point.
    pub events: usize,
    /// The best evaluation on validation so far, (step, value), where its weights are kept.
    pub best: Option<(u64, f64)>,
    /// Epochs done by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_epoch: Option<f64>,
    /// Evaluations since there was a better one.
    pub since_best: u64,
    /// What training took so far.
    #[serde(default)]
    pub time: Time,
    /// Whether the stage is complete.
    pub finished: bool,
}

/// Everything a stage needs to go on.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Checkpoint {
    /// Hash of the plan it belongs to.
    pub plan: String,
    /// How far the stage is.
    pub progress: StageProgress,
    /// Weights and optimiser memory.
    pub state: State,
    /// Averaged weights, if the stage averages.
    pub average: Option<Weights>,
    /// Best weights on validation, if the stage keeps them.
    pub best: Option<Weights>,
    /// The last loss of each sample.
    pub scores: Scores,
    /// The same at the start of the epoch under way, from which its samples were chosen; none where they do not depend on it.
    pub epoch_scores: Scores,
}

#[derive(Serialize, Deserialize)]
struct Manifest {
    format: u32,
    plan: String,
    progress: StageProgress,
    slots: BTreeMap<String, SlotRow>,
    bytes: u64,
    sha256: String,
}

#[derive(Serialize, Deserialize)]
struct SlotRow {
    age: u64,
    moments: usize,
    lr_factor: f32,
    young: Option<(u64, f32, u64)>,
}

const FORMAT: u32 = 1;
const TENSORS: &str = "tensors.safetensors";
const MANIFEST: &str = "state.json";

/// Writes a checkpoint as one unit and returns its size in bytes.
pub fn write(folder: &Path, checkpoint: &Checkpoint) -> Result<u64> {
    let mut arrays: BTreeMap<String, Cow<'_, Array>> = BTreeMap::new();
    let groups = [
        ("weights", Some(&checkpoint.state.weights)),
        ("average", checkpoint.average.as_ref()),
        ("best", checkpoint.best.as_ref()),
    ];
    for (group, weights) in groups {
        for (name, array) in weights.into_iter().flatten() {
            arrays.insert(format!("{group}/{name}"), Cow::Borrowed(array));
        }
    }
    let mut slots = BTreeMap::new();
    for (name, slot) in &checkpoint.state.slots {
        for (i, moment) in slot.moments.iter().enumerate() {
            arrays.insert(format!("moment{i}/{name}"), Cow::Borrowed(moment));
        }
        if let Some(young) = &slot.young {
            let mask = young
                .mask
                .iter()
                .map(|y| f32::from(u8::from(*y)))
                .collect::<Vec<_>>();
            let mask = Array::new([mask.len()], mask);
            arrays.insert(format!("young/{name}"), Cow::Owned(mask));
        }
        let young = slot.young.as_ref().map(|y| (y.age, y.lr, y.warmup));
        let row = SlotRow {
            age: slot.age,
            moments: slot.moments.len(),
            lr_factor: slot.lr_factor,
            young,
        };
        slots.insert(name.clone(), row);
    }
    let arrays = arrays.iter().map(|(name, array)| {
        let name = name.as_str();
        (name, (&array.shape[..], &array.values[..]))
    });
    let mut arrays: BTreeMap<_, _> = arrays.collect();
    let scores = [&checkpoint.scores, &checkpoint.epoch_scores];
    let lengths = scores.map(|scores| [scores.loss.len()]);
    for ((name, scores), length) in ["scores", "epoch_scores"].iter().zip(scores).zip(&lengths) {
        if !scores.loss.is_empty() {
            arrays.insert(name, (length, &scores.loss));
        }
    }
    let arrays = arrays
        .iter()
        .map(|(name, (shape, values))| (*name, *shape, *values));
    let tensors = arrays_to_safetensors(arrays)?;
    let manifest = Manifest {
        format: FORMAT,
        plan: checkpoint.plan.clone(),
        progress: checkpoint.progress.clone(),
        slots,
        bytes: tensors.len() as u64,
        sha256: sha256(&tensors),
    };
    let manifest = serde_json::to_vec_pretty(&manifest).map_err(|e| Error::damaged(folder, e))?;
    files::write_folder(folder, &[(TENSORS, &tensors)], (MANIFEST, &manifest))
}

/// Reads a checkpoint's manifest; refuses that of another plan (`None`: any plan).
fn manifest(folder: &Path, plan: Option<&str>) -> Result<Manifest> {
    let place = folder.join(MANIFEST);
    let manifest: Manifest = serde_json::from_slice(&files::read(&place)?)
        .map_err(|e| Error::damaged(&place, format!("not a checkpoint's manifest ({e})")))?;
    if manifest.format != FORMAT {
        return Err(Error::damaged(
            &place,
            format!(
                "written in format {}, this program reads {FORMAT}",
                manifest.format
            ),
        ));
    }
    if plan.is_some_and(|plan| plan != manifest.plan) {
        return Err(Error::damaged(
            &place,
            "belongs to another plan: the recipe or the data changed since",
        )
        .remedy("Start a new run with `distil run`"));
    }
    Ok(manifest)
}

/// Refuses tensors of another size or hash than the manifest's.
fn verify(place: &Path, manifest: &Manifest, bytes: u64, sha256: &str) -> Result<()> {
    if bytes != manifest.bytes {
        return Err(Error::damaged(
            place,
            format!("{bytes} bytes where the manifest says {}", manifest.bytes),
        ));
    }
    match sha256 == manifest.sha256 {
        true => Ok(()),
        false => Err(Error::damaged(
            place,
            "its content does not match its SHA-256",
        )),
    }
}

/// Reads what was just written back, piece by piece, and verifies it.
fn verify_written(folder: &Path, plan: &str) -> Result<()> {
    let manifest = manifest(folder, Some(plan))?;
    let place = folder.join(TENSORS);
    let (mut bytes, mut hash) = (0, Hash::default());
    files::read_pieces(&place, |piece| {
        bytes += piece.len() as u64;
        hash.add(piece);
    })?;
    verify(&place, &manifest, bytes, &hash.end())
}

/// Reads a checkpoint and verifies sizes and hashes; refuses one of another plan (`None`: any plan).
pub fn read(folder: &Path, plan: Option<&str>) -> Result<Checkpoint> {
    let manifest = manifest(folder, plan)?;
    let place = folder.join(TENSORS);
    let bytes = files::read(&place)?;
    verify(&place, &manifest, bytes.len() as u64, &sha256(&bytes))?;
    let mut arrays = from_safetensors(&place, &bytes)?;
    let mut take = |group: &str| -> Weights {
        let prefix = format!("{group}/");
        let names: Vec<String> = arrays
            .keys()
            .filter(|n| n.starts_with(&prefix))
            .cloned()
            .collect();
        names
            .into_iter()
            .filter_map(|n| Some((n[prefix.len()..].to_string(), arrays.remove(&n)?)))
            .collect()
    };
    let weights = take("weights");
    let some = |weights: Weights| (!weights.is_empty()).then_some(weights);
    let (average, best, mut masks) = (some(take("average")), some(take("best")), take("young"));
    let mut moments = [take("moment0"), take("moment1")];
    let slots = manifest.slots.into_iter().map(|(name, row)| {
        let moments = moments
            .iter_mut()
            .take(row.moments)
            .filter_map(|m| m.remove(&name))
            .collect();
        let young = row
            .young
            .zip(masks.remove(&name))
            .map(|((age, lr, warmup), mask)| Young {
                mask: mask.values.iter().map(|v| *v != 0.0).collect(),
                age,
                lr,
                warmup,
            });
        (
            name,
            Slot {
                age: row.age,
                moments,
                young,
                lr_factor: row.lr_factor,
            },
        )
    });
    let slots = slots.collect();
    let mut scores = |name: &str| Scores {
        loss: arrays.remove(name).unwrap_or_default().values,
    };
    Ok(Checkpoint {
        plan: manifest.plan,
        progress: manifest.progress,
        state: State { weights, slots },
        average,
        best,
        scores: scores("scores"),
        epoch_scores: scores("epoch_scores"),
    })
}

/// The checkpoints of one stage.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
    plan: String,
}

impl Store {
    /// The store in this folder, created if absent; leftovers of an interrupted write are removed.
    pub fn open(folder: &Path, plan: &str) -> Result<Self> {
        files::create_folder(folder)?;
        files::clean(folder);
        Ok(Self {
            folder: folder.to_path_buf(),
            plan: plan.to_string(),
        })
    }

    /// Saves, verifies what was written, then removes all but the newest two.
    pub fn save(&self, checkpoint: &Checkpoint) -> Result<u64> {
        let path = self
            .folder
            .join(format!("step-{:08}", checkpoint.progress.step));
        let bytes = write(&path, checkpoint)?;
        verify_written(&path, &self.plan)?;
        let steps = self.steps();
        for old in steps.iter().rev().skip(2) {
            // A leftover costs space, not correctness: the next save tries again.
            let _ = fs::remove_dir_all(old);
        }
        Ok(bytes)
    }

    /// The newest checkpoint that verifies, and what was wrong with newer ones.
    ///
    /// # Errors
    /// If there are checkpoints and none can be used.
    pub fn latest(&self) -> Result<(Option<Checkpoint>, Vec<Error>)> {
        let mut damaged = Vec::new();
        for path in self.steps().iter().rev() {
            match read(path, Some(&self.plan)) {
                Ok(checkpoint) => return Ok((Some(checkpoint), damaged)),
                Err(error) => damaged.push(error),
            }
        }
        match damaged.into_iter().next() {
            Some(first) if first.remedy.is_empty() => {
                Err(first.remedy("No older checkpoint is whole either: remove the stage's `checkpoints` folder to train it again"))
            }
            Some(first) => Err(first),
            None => Ok((None, Vec::new())),
        }
    }

    fn steps(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut steps: Vec<PathBuf> = entries
            .map(|e| e.path())
            .filter(|p| {
                let name = p.file_name().unwrap_or_default().to_string_lossy();
                name.starts_with("step-") && !name.ends_with(files::UNFINISHED)
            })
            .collect();
        steps.sort();
        steps
    }
}
