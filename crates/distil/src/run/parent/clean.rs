//! Removing what a finished run no longer needs.

use std::fs;
use std::path::Path;

use distil_report::run_json::{RunJson, Status, Trial};

use super::logs::Logs;
use crate::error::{Error, Result};
use crate::files;
use crate::run::folder::RunFolder;
use crate::train::refused;

/// Removes the trials of a finished run: logs, checkpoints, scores, predictions and the models of its controls. The result's model, the
/// recommended one, run.json, the report, metrics.csv and the recipe stay. Returns the bytes removed.
///
/// # Errors
/// A path that is no run, a run another process is at work on, and a run that is not finished: its trials are what `resume` needs.
pub fn clean(path: &Path) -> Result<u64> {
    let folder = RunFolder::open(path)?;
    let _lock = folder.lock()?;
    let run = RunJson::read(&folder.run_json()).map_err(refused)?;
    let logs = Logs::read(&folder, None)?;
    let lost = |trial: &Trial| matches!(trial.status, Status::Stopped | Status::Failed);
    if run.status != Status::Finished || logs.trials().any(lost) {
        return Err(Error::input(
            path.display(),
            "the run is not finished, and its trials are what it would go on from",
        )
        .remedy("`distil resume` finishes it; a run nobody needs is a folder to delete"));
    }
    let trials = folder.trials();
    if !trials.exists() {
        return Ok(0);
    }
    let bytes = files::size(&trials);
    fs::remove_dir_all(&trials).map_err(|e| files::refused(&trials, &e))?;
    Ok(bytes)
}
