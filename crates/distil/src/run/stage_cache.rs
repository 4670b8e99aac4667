//! Stages that were trained before, by any run in the same folder of runs.
//!
//! `.stages/<key>/` beside the runs holds what the end of a stage leaves: `events.jsonl`, what it had to say, its bill included,
//! `scores.safetensors`, and `end/`, a checkpoint with weights and optimiser memory that carries the hashes of the other two. The
//! folder is there as a whole or not at all. A stage of the same key would come out as the
//! same bytes; it is not trained again, and its cost is counted as if it had been.
//!
//! `.stages/<key>-<step>/` holds likewise what a training of any length leaves after so many steps, where a longer one begins alike
//! ([`Training::trunk`](crate::plan::Training::trunk)): a checkpoint, and what it had to say.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use burn::tensor::Device;
use distil_kernels::Isa;
use distil_report::events::{Event, fold, read};

use super::folder::{RunFolder, TrialFolder};
use crate::data::Fold;
use crate::device;
use crate::error::Result;
use crate::files;
use crate::optim::State;
use crate::train::checkpoint::{self, Checkpoint, StageProgress};
use crate::train::refused;
use crate::weights::sha256;

/// The folder beside the runs.
const FOLDER: &str = ".stages";

const END: &str = "end";
const EVENTS: &str = "events.jsonl";
const SCORES: &str = "scores.safetensors";
const TRAINED_BY: &str = "trained-by";

/// Bytes the cache may take; the stages not used for the longest time go first.
const LIMIT: u64 = 4 << 30;

/// The stages kept beside a run.
#[derive(Debug)]
pub struct StageCache {
    folder: PathBuf,
    /// What the bytes of a result depend on besides plan, seed and fold.
    machine: String,
}

/// A stage as it was trained before.
#[derive(Debug)]
pub struct CachedStage {
    /// Weights and optimiser memory.
    pub state: State,
    /// The last loss of each sample, as the stage's file has it.
    pub scores: Vec<u8>,
    /// What it had to say, from its beginning to its evaluation.
    pub events: Vec<Event>,
    /// The trial that trained it: `digits-0001/flow-s1`.
    pub trained_by: String,
}

/// The beginning of a stage as a shorter training made it.
#[derive(Debug)]
pub struct CachedTrunk {
    /// Its end.
    pub checkpoint: Checkpoint,
    /// What it had to say.
    pub events: Vec<Event>,
    /// The trial that trained it.
    pub trained_by: String,
}

impl StageCache {
    /// The cache that a run shares with the other runs of its folder, for a program of this hash.
    pub fn beside(run: &RunFolder, program: &str, device: &Device) -> Self {
        Self {
            folder: folder_in(run.path().parent().unwrap_or(Path::new("."))),
            // Sums are added in the same order however many threads share them: their number has no part in it.
            machine: format!("{program} {} {}", device::name(device), Isa::best().name()),
        }
    }

    /// The key of a stage with this hash in a trial of this seed and fold.
    pub fn key(&self, stage: &str, seed: u64, fold: Option<Fold>) -> String {
        sha256(
            format!(
                "{stage}\n{seed}\n{:?}\n{}",
                fold.map(|fold| (fold.index, fold.of)),
                self.machine
            )
            .as_bytes(),
        )
    }

    /// The stage of this key, if it is there and whole.
    pub fn find(&self, key: &str) -> Option<CachedStage> {
        let folder = self.folder.join(key);
        // What is missing or damaged is trained again.
        let scores = files::read(&folder.join(SCORES)).ok()?;
        let mark = mark(key, &files::read(&folder.join(EVENTS)).ok()?, &scores);
        let end = checkpoint::read(&folder.join(END), Some(&mark)).ok()?;
        let events = read(&folder.join(EVENTS)).ok()?;
        let trained_by = trained_by(&folder)?;
        Some(CachedStage {
            state: end.state,
            scores,
            events,
            trained_by,
        })
    }

    /// Keeps a stage that `trial` has just trained, unless it is there already.
    pub fn keep(&self, key: &str, stage: &str, state: &State, trial: &TrialFolder) -> Result<()> {
        let folder = self.folder.join(key);
        if self.find(key).is_some() {
            return Ok(());
        }
        let log = read(&trial.events()).map_err(refused)?;
        let lines = lines(&log, stage, &folder)?;
        let scores = files::read(&trial.scores(stage))?;
        let end = Checkpoint {
            plan: mark(key, &lines, &scores),
            progress: StageProgress {
                finished: true,
                ..StageProgress::default()
            },
            state: state.clone(),
            ..Checkpoint::default()
        };
        let kept = put(&folder, trial, &end, &[(EVENTS, &lines), (SCORES, &scores)]);
        match kept {
            // Another trial has trained the same stage meanwhile and kept the same bytes.
            Err(_) if self.find(key).is_some() => Ok(()),
            kept => kept,
        }
    }

    /// The longest beginning of this key with at most so many steps that is there and whole.
    pub fn trunk(&self, key: &str, most: u64) -> Option<CachedTrunk> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let step = |name: &str| name.strip_prefix(key)?.strip_prefix('-')?.parse().ok();
        let steps = entries.filter_map(|entry| step(entry.file_name().to_str()?));
        let mut steps: Vec<u64> = steps.filter(|step| *step <= most).collect();
        steps.sort_unstable();
        steps
            .iter()
            .rev()
            .find_map(|step| self.trunk_at(key, *step))
    }

    fn trunk_at(&self, key: &str, step: u64) -> Option<CachedTrunk> {
        let folder = self.folder.join(format!("{key}-{step}"));
        let mark = mark(key, &files::read(&folder.join(EVENTS)).ok()?, &[]);
        let checkpoint = checkpoint::read(&folder.join(END), Some(&mark)).ok()?;
        let events = read(&folder.join(EVENTS)).ok()?;
        let trained_by = trained_by(&folder)?;
        Some(CachedTrunk {
            checkpoint,
            events,
            trained_by,
        })
    }

    /// Keeps the beginning of a stage, whose end `trial` has left in a folder of its own and no longer needs, unless it is there already.
    pub fn keep_trunk(
        &self,
        key: &str,
        stage: &str,
        left: &Path,
        trial: &TrialFolder,
    ) -> Result<()> {
        // One whose process was killed meanwhile may be there in part.
        if let Ok(end) = checkpoint::read(left, None)
            && self.trunk_at(key, end.progress.step).is_none()
        {
            let step = end.progress.step;
            let log = read(&trial.events()).map_err(refused)?;
            let lines = lines(&log[..end.progress.events.min(log.len())], stage, left)?;
            let end = Checkpoint {
                plan: mark(key, &lines, &[]),
                ..end
            };
            let folder = self.folder.join(format!("{key}-{step}"));
            match put(&folder, trial, &end, &[(EVENTS, &lines)]) {
                Err(_) if self.trunk_at(key, step).is_some() => {}
                kept => kept?,
            }
        }
        fs::remove_dir_all(left).map_err(|e| files::refused(left, &e))
    }
}

/// The trial that trained what a folder holds, which is of use now: the newest file says when it last was.
fn trained_by(folder: &Path) -> Option<String> {
    let place = folder.join(TRAINED_BY);
    let trial = fs::read_to_string(&place).ok()?;
    let _ = files::write(&place, trial.as_bytes());
    Some(trial)
}

/// What a log says came of a stage, line by line.
fn lines(log: &[Event], stage: &str, place: &Path) -> Result<Vec<u8>> {
    let mut lines = Vec::new();
    for event in fold(log).events {
        if !event.is_result_of(stage) {
            continue;
        }
        serde_json::to_writer(&mut lines, event).map_err(|e| crate::Error::damaged(place, e))?;
        lines.push(b'\n');
    }
    Ok(lines)
}

/// Puts a checkpoint and files of these names into a folder, all of it or nothing.
fn put(
    folder: &Path,
    trial: &TrialFolder,
    end: &Checkpoint,
    beside: &[(&str, &[u8])],
) -> Result<()> {
    let begun = files::unfinished(folder);
    let kept = (|| {
        files::create_folder(&begun)?;
        for (name, bytes) in beside {
            files::write(&begun.join(name), bytes)?;
        }
        files::write(&begun.join(TRAINED_BY), name(trial.path()).as_bytes())?;
        checkpoint::write(&begun.join(END), end)?;
        files::put(&begun, folder)
    })();
    if kept.is_err() {
        let _ = fs::remove_dir_all(&begun);
    }
    kept
}

/// What the checkpoint of a kept stage carries: its key, and the hashes of what lies beside it.
fn mark(key: &str, events: &[u8], scores: &[u8]) -> String {
    format!("{key} {} {}", sha256(events), sha256(scores))
}

/// Removes the stages kept in a folder of runs; returns the bytes removed.
///
/// # Errors
/// If the system refuses to remove them.
pub fn forget(runs: &Path) -> Result<u64> {
    let folder = folder_in(runs);
    if !folder.exists() {
        return Ok(0);
    }
    let bytes = files::size(&folder);
    fs::remove_dir_all(&folder).map_err(|e| files::refused(&folder, &e))?;
    Ok(bytes)
}

/// Removes the stages not used for the longest time, until the others fit the limit.
pub fn trim(run: &RunFolder) {
    let folder = folder_in(run.path().parent().unwrap_or(Path::new(".")));
    files::clean_shared(&folder);
    let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut stages: Vec<(SystemTime, u64, PathBuf)> = entries
        .filter(|entry| !files::is_unfinished(&entry.path()))
        .map(|entry| {
            let path = entry.path();
            let used = fs::metadata(path.join(TRAINED_BY)).and_then(|data| data.modified());
            let used = used.unwrap_or(SystemTime::UNIX_EPOCH);
            (used, files::size(&path), path)
        })
        .collect();
    stages.sort();
    let mut bytes: u64 = stages.iter().map(|(_, bytes, _)| bytes).sum();
    for (_, of_stage, path) in stages {
        if bytes <= LIMIT {
            break;
        }
        // What cannot be removed costs space, not correctness.
        let _ = fs::remove_dir_all(path);
        bytes -= of_stage;
    }
}

fn folder_in(runs: &Path) -> PathBuf {
    runs.join(FOLDER)
}

/// `run/trial` of `…/run/trials/trial`.
fn name(trial: &Path) -> String {
    let last = |path: &Path| {
        path.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let run = trial.parent().and_then(Path::parent);
    format!("{}/{}", run.map(last).unwrap_or_default(), last(trial))
}
