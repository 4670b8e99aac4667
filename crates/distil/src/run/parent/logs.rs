//! What the trials of a run say: each log is read when a process begins, and again when its trial ends.

use std::collections::BTreeMap;
use std::fs;

use distil_report::TrialId;
use distil_report::events::{Event, fold, read};
use distil_report::predictions::Predictions;
use distil_report::run_json::Trial;

use crate::error::Result;
use crate::run::folder::{RunFolder, TrialFolder};
use crate::train::refused;

/// The logs of the trials that have begun.
#[derive(Debug, Default)]
pub struct Logs(BTreeMap<TrialId, Log>);

/// A trial's log, and what its result says about the test part, if it came so far.
#[derive(Debug)]
pub struct Log {
    /// What the log came to; its bill has no reference seconds.
    pub trial: Trial,
    pub events: Vec<Event>,
    pub predictions: Option<Predictions>,
}

impl Logs {
    /// Every log of a run.
    pub fn read(run: &RunFolder) -> Result<Self> {
        let mut logs = Self::default();
        for entry in fs::read_dir(run.trials()).into_iter().flatten().flatten() {
            logs.insert(Log::read(&TrialFolder::at(entry.path()))?);
        }
        Ok(logs)
    }

    /// Reads a trial's log, again if it was read before.
    pub fn renew(&mut self, folder: &TrialFolder) -> Result<()> {
        self.insert(Log::read(folder)?);
        Ok(())
    }

    fn insert(&mut self, log: Option<Log>) {
        self.0.extend(log.map(|log| (log.trial.id(), log)));
    }

    /// What a trial came to, if it has begun.
    pub fn trial(&self, id: &TrialId) -> Option<&Trial> {
        self.0.get(id).map(|log| &log.trial)
    }

    /// What every trial came to.
    pub fn trials(&self) -> impl Iterator<Item = &Trial> {
        self.0.values().map(|log| &log.trial)
    }

    /// Every log, in the order of the trials' names.
    pub fn by_name(&self) -> Vec<&Log> {
        let mut logs: Vec<&Log> = self.0.values().collect();
        logs.sort_by_cached_key(|log| log.trial.id().to_string());
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
        let Some(trial) = Trial::of(&fold(&events), None) else {
            return Ok(None);
        };
        let tested = folder.predictions();
        let predictions = match tested.is_file() {
            true => Some(Predictions::read(&tested).map_err(refused)?),
            false => None,
        };
        Ok(Some(Self {
            trial,
            events,
            predictions,
        }))
    }
}
