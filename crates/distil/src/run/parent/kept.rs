//! What stays of a run: the flow's model, the one that the verdict recommends where that is another, and settings that were chosen.

use std::fs;
use std::path::Path;

use distil_report::compare::{PLAIN_FULL, TRANSFERRED};
use distil_report::run_json::RunJson;

use crate::error::Result;
use crate::files;
use crate::run::folder::RunFolder;
use crate::saved::SavedModel;

/// Copies a trial's model where that of the run is kept, unless it is there already. Returns what was there instead, in words.
pub(super) fn keep(model: &Path, kept: &Path) -> Result<Option<String>> {
    let of = |folder: &Path| SavedModel::read_card(folder).map(|card| card.provenance);
    let old = kept.exists().then(|| of(kept));
    if let Some(Ok(old)) = &old
        && *old == of(model)?
    {
        return Ok(None);
    }
    SavedModel::copy(model, kept)?;
    Ok(old.map(|old| old.map_or("damaged".into(), |old| format!("that of {}", old.trial))))
}

/// Keeps the model that the verdict recommends, and none where that is the flow's. Returns what is to be told.
pub(super) fn keep_recommended(folder: &RunFolder, run: &RunJson) -> Result<Option<String>> {
    let kept = folder.recommended();
    let Some(trial) = &run.recommended else {
        if kept.exists() {
            fs::remove_dir_all(&kept).map_err(|e| files::refused(&kept, &e))?;
        }
        return Ok(None);
    };
    let old = keep(&folder.trial(trial).model(), &kept)?;
    Ok(old.map(|old| {
        replaced(
            &kept,
            &old,
            &format!("{trial}, which the verdict recommends"),
        )
    }))
}

/// Keeps the settings that a small network chose, where it chose some.
pub(super) fn keep_settings(folder: &RunFolder, run: &RunJson) -> Result<()> {
    let mut finished = run.arm(TRANSFERRED).chain(run.arm(PLAIN_FULL));
    let Some(trial) = finished.find(|trial| folder.trial(&trial.id).settings().exists()) else {
        return Ok(());
    };
    let text = files::read(&folder.trial(&trial.id).settings())?;
    files::write(&folder.settings(), &text)
}

/// That a kept model was another than it is now.
pub(super) fn replaced(kept: &Path, old: &str, new: &str) -> String {
    format!(
        "note: {} was {old}; now it is that of {new}.",
        kept.display()
    )
}
