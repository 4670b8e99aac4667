//! What the trials of a run say: each log is read when a process begins, and again when its trial ends.

use std::collections::BTreeMap;
use std::fs;

use distil_kernels::give_back_free_memory;
use distil_report::TrialId;
use distil_report::events::{Event, fold, read};
use distil_report::predictions::Predictions;
use distil_report::run_json::Trial;

use crate::error::{Error, Kind, Result};
use crate::run::basis::Basis;
use crate::run::folder::{RunFolder, TrialFolder};
use crate::train::refused;

/// The logs of the trials that have begun.
#[derive(Debug, Default)]
pub struct Logs {
    logs: BTreeMap<TrialId, Log>,
    /// The hash of what they have in common, where the run tells.
    basis: Option<String>,
}

/// A trial's log, and what its result says about the test part, if it came so far.
#[derive(Debug)]
pub struct Log {
    /// What the log came to; its bill has no reference seconds.
    pub trial: Trial,
    /// The hash of what it was trained on; trials of version 0.1.0 do not tell.
    basis: Option<String>,
    pub events: Vec<Event>,
    pub predictions: Option<Predictions>,
}

impl Logs {
    /// Every log of a run.
    ///
    /// # Errors
    /// A log that cannot be read, or is of a trial on another basis.
    pub fn read(run: &RunFolder, basis: Option<&Basis>) -> Result<Self> {
        let mut logs = Self {
            basis: basis.map(Basis::hash),
            ..Self::default()
        };
        for entry in fs::read_dir(run.trials()).into_iter().flatten().flatten() {
            logs.renew(&TrialFolder::at(entry.path()))?;
        }
        Ok(logs)
    }

    /// Reads a trial's log, again if it was read before.
    pub fn renew(&mut self, folder: &TrialFolder) -> Result<()> {
        let Some(log) = Log::read(folder)? else {
            return Ok(());
        };
        if self.basis.is_some() && log.basis.is_some() && log.basis != self.basis {
            let reason = "it was trained on other data, or with other settings, than this run";
            return Err(Error::new(Kind::Changed, folder.path().display(), reason)
                .remedy("Remove this folder, and `distil resume` trains it anew"));
        }
        self.logs.insert(log.trial.id.clone(), log);
        Ok(())
    }

    /// What a trial came to, if it has begun.
    pub fn trial(&self, id: &TrialId) -> Option<&Trial> {
        self.logs.get(id).map(|log| &log.trial)
    }

    /// What every trial came to.
    pub fn trials(&self) -> impl Iterator<Item = &Trial> {
        self.logs.values().map(|log| &log.trial)
    }

    /// Every log, in the order of the trials' names.
    pub fn by_name(&self) -> Vec<&Log> {
        let mut logs: Vec<&Log> = self.logs.values().collect();
        logs.sort_by_cached_key(|log| log.trial.id.to_string());
        logs
    }
}

impl Log {
    /// The log of a trial; none before it has begun.
    fn read(folder: &TrialFolder) -> Result<Option<Self>> {
        if !folder.events().is_file() {
            return Ok(None);
        }
        let events = read(&folder.events()).map_err(refused)?;
        let folded = fold(&events);
        let Some(trial) = Trial::of(&folded, None) else {
            return Ok(None);
        };
        let basis = folded.started().and_then(|began| began.basis.clone());
        let tested = folder.predictions();
        let predictions = match tested.is_file() {
            true => Some(Predictions::read(&tested).map_err(refused)?),
            false => None,
        };
        if predictions.is_some() {
            // The file's text is several times as long.
            give_back_free_memory();
        }
        Ok(Some(Self {
            trial,
            basis,
            events,
            predictions,
        }))
    }
}
