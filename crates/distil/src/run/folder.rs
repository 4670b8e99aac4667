//! The run folder: where everything a run writes is.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use distil_recipe::RecipeText;
use distil_recipe::name::{LONGEST_NAME, begins_no_name, composed, is_in_names, is_name};
use distil_report::TrialId;
use distil_report::run_json::{RunJson, Status};
use fs4::{FileExt, TryLockError};

use super::basis::changed;
use crate::error::{Error, Kind, Result};
use crate::files;
use crate::train::refused;
use crate::weights::sha256;

/// What to do where not even the first files of a run can be written.
const NO_ROOM: &str = "Make room for it, or raise the file-size limit (`ulimit -f`), and run it again: nothing was written";

/// A run's folder, for example `runs/digits-0001`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFolder(PathBuf);

impl RunFolder {
    /// Creates the next free folder for `name` under `runs`, once `fill` has written into it all that a run needs to go on; it is
    /// there as a whole, and locked, or not at all.
    pub fn create(
        runs: &Path,
        name: &str,
        fill: impl FnOnce(&Self) -> Result<()>,
    ) -> Result<(Self, Lock)> {
        let name = &file_name(&composed(name));
        let new = !runs.exists();
        files::create_folder(runs)?;
        files::clean_shared(runs);
        let begun = Self(files::unfinished(&runs.join(format!(".{name}"))));
        let created = begun
            .lock()
            .and_then(|lock| match fill(&begun) {
                Ok(()) => Ok(lock),
                Err(error) => Err(Error {
                    place: runs.display().to_string(),
                    remedy: NO_ROOM.into(),
                    ..error
                }),
            })
            .and_then(|lock| Ok((begun.named(runs, name)?, lock)));
        if created.is_err() {
            let _ = fs::remove_dir_all(&begun.0);
            if new {
                // Only if nobody else has put anything there.
                let _ = fs::remove_dir(runs);
            }
        }
        created
    }

    /// The folder under the next free name.
    fn named(&self, runs: &Path, name: &str) -> Result<Self> {
        use std::io::ErrorKind::{AlreadyExists, DirectoryNotEmpty};
        let taken = |n: &u32| runs.join(format!("{name}-{n:04}")).exists();
        for number in (1..10_000).skip_while(taken) {
            let path = runs.join(format!("{name}-{number:04}"));
            match fs::rename(&self.0, &path) {
                Ok(()) => return Ok(Self(path)),
                // Another run has just taken this name.
                Err(e) if [AlreadyExists, DirectoryNotEmpty].contains(&e.kind()) => {}
                Err(e) => return Err(files::refused(&path, &e)),
            }
        }
        Err(Error::input(
            runs.display(),
            format!("there are 9,999 runs of `{name}` already"),
        )
        .remedy("Move or remove old ones"))
    }

    /// An existing run.
    pub fn open(path: &Path) -> Result<Self> {
        let folder = Self(path.to_path_buf());
        match folder.recipe().is_file() {
            true => Ok(folder),
            false => Err(
                Error::input(path.display(), "is no run folder: it has no recipe.toml")
                    .remedy("`distil list runs` shows the runs of this folder"),
            ),
        }
    }

    /// The run of a trial's folder.
    pub(super) fn of(trial: &TrialFolder) -> Result<Self> {
        let run = trial.0.parent().and_then(Path::parent);
        Self::open(run.unwrap_or(Path::new("")))
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Its last name, for example `digits-0001`.
    pub fn name(&self) -> String {
        self.0
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    }

    /// The recipe as it runs, `--set` applied.
    pub fn recipe(&self) -> PathBuf {
        self.0.join("recipe.toml")
    }

    /// Its text, under the name a problem would be shown with.
    pub fn text(&self) -> Result<RecipeText> {
        let path = self.recipe();
        let text = String::from_utf8(files::read(&path)?).map_err(|e| Error::damaged(&path, e))?;
        Ok(RecipeText::new(path.display().to_string(), text))
    }

    /// The checked plan, for people.
    pub fn plan(&self) -> PathBuf {
        self.0.join("plan.toml")
    }

    /// What `distil run` was asked for besides the recipe: what `resume` needs.
    pub fn options(&self) -> PathBuf {
        self.0.join("options.json")
    }

    /// What all its trials have in common.
    pub fn basis(&self) -> PathBuf {
        self.0.join("basis.json")
    }

    /// The outcome.
    pub fn run_json(&self) -> PathBuf {
        self.0.join("run.json")
    }

    /// The page.
    pub fn report(&self) -> PathBuf {
        self.0.join("report.html")
    }

    /// All progress points of all trials.
    pub fn metrics(&self) -> PathBuf {
        self.0.join("metrics.csv")
    }

    /// All trials.
    pub fn trials_csv(&self) -> PathBuf {
        self.0.join("trials.csv")
    }

    /// Seconds per sample, measured by the first trial; an arm that changes the recipe has its own.
    pub fn calibration(&self, of: Option<&str>) -> PathBuf {
        self.0.join(match of {
            Some(arm) => format!("calibration-{}.json", file_name(arm)),
            None => "calibration.json".into(),
        })
    }

    /// The result: what predict, eval and export take.
    pub fn model(&self) -> PathBuf {
        self.0.join("model")
    }

    /// The model that the verdict recommends, where it is not the flow's.
    pub fn recommended(&self) -> PathBuf {
        self.0.join("recommended")
    }

    /// The settings that a small network chose, for another recipe to name.
    pub fn settings(&self) -> PathBuf {
        self.0.join("settings.toml")
    }

    /// A copy of the file of settings that a stage names.
    pub(super) fn settings_of(&self, stage: &str) -> PathBuf {
        self.0
            .join("settings")
            .join(format!("{}.toml", file_name(stage)))
    }

    /// The folder of all trials.
    pub fn trials(&self) -> PathBuf {
        self.0.join("trials")
    }

    /// An error where the plan, as runs of version 0.1.0 have it, names another hash of the data.
    pub(super) fn refuse_other_data(&self, hash: &str, place: &str) -> Result<()> {
        let path = self.plan();
        let text = String::from_utf8(files::read(&path)?).map_err(|e| Error::damaged(&path, e))?;
        let plan: toml::Table = toml::from_str(&text).map_err(|e| Error::damaged(&path, e))?;
        match plan.get("data_hash").and_then(toml::Value::as_str) {
            Some(known) if known != hash => Err(changed(place)),
            _ => Ok(()),
        }
    }

    /// An error for a run whose trials were removed. One that stopped before it had any can go on.
    pub fn refuse_cleaned(&self) -> Result<()> {
        if self.trials().exists() || !self.run_json().exists() {
            return Ok(());
        }
        let run = RunJson::read(&self.run_json()).map_err(refused)?;
        if run.status != Status::Finished {
            return Ok(());
        }
        Err(Error::input(
            self.0.display(),
            "the trials of this run were removed after it had finished",
        )
        .remedy("What stays of it is the model, run.json, metrics.csv and report.html as they are; `distil run` on its recipe.toml trains anew"))
    }

    /// One trial's folder.
    pub fn trial(&self, trial: &TrialId) -> TrialFolder {
        let name = trial.to_string();
        let old = self.trials().join(old_file_name(&name));
        TrialFolder(match old.is_dir() {
            true => old,
            false => self.trials().join(file_name(&name)),
        })
    }

    /// Keeps every other process out until the guard is dropped.
    pub fn lock(&self) -> Result<Lock> {
        Lock::take(&self.0)
    }
}

/// One trial's folder: one process, one writer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrialFolder(PathBuf);

impl TrialFolder {
    /// A folder that may be a trial's.
    pub(super) fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// What the trial is asked to do.
    pub fn order(&self) -> PathBuf {
        self.0.join("order.json")
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Its log.
    pub fn events(&self) -> PathBuf {
        self.0.join("events.jsonl")
    }

    /// The trial's own result.
    pub fn model(&self) -> PathBuf {
        self.0.join("model")
    }

    /// Predictions on the test part.
    pub fn predictions(&self) -> PathBuf {
        self.0.join("test.json")
    }

    /// Bytes, latency and throughput of student and teacher, where the result is the smaller one.
    pub fn compress(&self) -> PathBuf {
        self.0.join("compress.json")
    }

    /// The settings that a small network chose for it.
    pub fn settings(&self) -> PathBuf {
        self.0.join("settings.toml")
    }

    /// What a stage writes.
    pub fn stage(&self, stage: &str) -> PathBuf {
        self.0.join("stages").join(stage)
    }

    /// A stage's checkpoints.
    pub fn checkpoints(&self, stage: &str) -> PathBuf {
        self.stage(stage).join("checkpoints")
    }

    /// What a longer training of a stage could begin with, until it is kept beside the runs.
    pub fn trunk(&self, stage: &str) -> PathBuf {
        self.stage(stage).join("trunk")
    }

    /// A stage's scores: the last loss of each sample.
    pub fn scores(&self, stage: &str) -> PathBuf {
        self.stage(stage).join("scores.safetensors")
    }

    /// Keeps every other process out until the guard is dropped.
    pub fn lock(&self) -> Result<Lock> {
        Lock::take(&self.0)
    }
}

/// The name of a file or a folder for any words: themselves where they are a name, as words of the recipe are. What is derived from a
/// file's name, from keys and values becomes one: what no name has is written `_`, and a hash of the words keeps two of them apart.
pub fn file_name(words: &str) -> String {
    if is_name(words) {
        return words.to_owned();
    }
    const HASH: usize = 12;
    let composed = composed(words);
    let named = composed.trim_start_matches(begins_no_name).chars();
    let safe = |c: char| if is_in_names(c) { c } else { '_' };
    let mut name = String::new();
    for c in named.map(safe) {
        if name.len() + c.len_utf8() + 1 + HASH > LONGEST_NAME {
            break;
        }
        name.push(c);
    }
    let hash = &sha256(words.as_bytes())[..HASH];
    match name.as_str() {
        "" => format!("x-{hash}"),
        _ => format!("{name}-{hash}"),
    }
}

/// What version 0.1.0 called the folder of such a trial.
fn old_file_name(words: &str) -> String {
    let safe = |c: char| match c.is_alphanumeric() || "-_.=+,~".contains(c) {
        true => c,
        false => '_',
    };
    words.chars().map(safe).collect()
}

/// A folder that belongs to this process until the guard is dropped.
#[derive(Debug)]
pub struct Lock(#[allow(dead_code)] File);

/// How long a process that is being killed may still hold its lock.
const PATIENCE: Duration = Duration::from_secs(2);

impl Lock {
    fn take(folder: &Path) -> Result<Self> {
        files::create_folder(folder)?;
        let path = folder.join("lock");
        let open = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path);
        let file = open.map_err(|e| files::refused(&path, &e))?;
        let start = Instant::now();
        loop {
            match FileExt::try_lock(&file) {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::Error(e)) => return Err(files::refused(&path, &e)),
                Err(TryLockError::WouldBlock) if start.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(50))
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(Error::new(
                        Kind::Busy,
                        folder.display(),
                        "another process is at work in this folder",
                    )
                    .remedy("Wait for it, or stop it first"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_words_become_one_name_and_each_is_a_name() {
        let words = [
            "a",
            "A",
            "",
            ".",
            "..",
            "../a",
            "/a",
            "a/",
            "a b",
            "a_b",
            "a\nb",
            "-a",
            "--a",
            ".a",
            "donne\u{301}es",
            "donn_es",
            "données",
            "m.hidden=[8]",
            "m.hidden={8}",
            "m.hidden=\"8\"",
            "data.path=a/b",
            "data.path=a_b",
            "data.path=a:b",
            "\u{1b}[31m",
        ];
        let long = [
            "x".repeat(64),
            "x".repeat(65),
            "x".repeat(300),
            "é".repeat(300),
        ];
        let words: Vec<&str> = words
            .into_iter()
            .chain(long.iter().map(String::as_str))
            .collect();
        let names: BTreeSet<String> = words.iter().map(|word| file_name(word)).collect();
        assert_eq!(names.len(), words.len());
        for name in &names {
            assert!(is_name(name), "{name}");
        }
        assert_eq!(file_name("flow-s1-f0"), "flow-s1-f0");
        assert_eq!(
            file_name("flow-s1~lr=0.001"),
            "flow-s1_lr_0.001-154f7405c53f"
        );
    }

    #[test]
    fn the_folder_of_a_trial_of_version_0_1_0_is_found() {
        let runs = tempfile::tempdir().unwrap();
        let run = RunFolder(runs.path().to_path_buf());
        let trial = TrialId {
            arm: "stage.m.model.hidden=[8]".into(),
            seed: 1,
            fold: None,
            settings: Some("lr=0.001".into()),
        };
        let old = run.trials().join("stage.m.model.hidden=_8_-s1~lr=0.001");
        assert_ne!(run.trial(&trial).path(), old);
        fs::create_dir_all(&old).unwrap();
        assert_eq!(run.trial(&trial).path(), old);
    }
}
