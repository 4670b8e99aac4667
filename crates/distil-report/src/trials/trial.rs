//! One trial's part of run.json: a fold over its events.

use serde::{Deserialize, Serialize};

use crate::bill::{Bill, Calibration};
use crate::record::events::{Event, Folded, GrownFrom};
use crate::record::{Counts, Findings, Numbers, Part, TrialId};
use crate::trials::by_heart::{ByHeart, by_heart};

/// How a run or a trial ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Complete.
    Finished,
    /// Ended by a signal, with a checkpoint to resume from.
    Stopped,
    /// A loss or gradient was not finite.
    Diverged,
    /// Anything else.
    Failed,
}

impl Status {
    /// The word in run.json and tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Diverged => "diverged",
            Self::Failed => "failed",
        }
    }
}

/// One arm with one seed, on one fold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Which.
    #[serde(flatten)]
    pub id: TrialId,
    /// How it ended.
    pub status: Status,
    /// Its stages, in the order in which they ran; the last one's model is the result.
    pub stages: Vec<StageRun>,
    /// What it cost.
    pub bill: Bill,
    /// Samples in the parts of the data.
    pub data: Counts,
    /// What is known of its data.
    #[serde(flatten)]
    pub findings: Findings,
    /// How often it was resumed.
    pub resumes: usize,
    /// CPU seconds lost with a killed process and spent again; not in the bill.
    pub repeated_cpu_seconds: f64,
}

/// One stage of one trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageRun {
    /// The stage.
    pub name: String,
    /// Trainable numbers.
    pub parameters: u64,
    /// FLOPs per sample.
    pub flops: Flops,
    /// Optimiser steps done.
    pub steps: u64,
    /// Epochs done; a budget in FLOPs can end within one.
    pub epochs: f64,
    /// Epochs done when its weights were best on the validation part, where those are its model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<f64>,
    /// Of the result: its losses, where it has learnt its training part by heart and the last weights are its model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_heart: Option<ByHeart>,
    /// Metrics on the training part; empty where it was not measured.
    pub train: Numbers,
    /// Metrics on the validation part.
    pub validation: Numbers,
    /// Metrics on the test part.
    pub test: Numbers,
    /// Of the result: what one answer for all test samples, the best that the training part's targets tell, reaches in the main metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constant: Option<f64>,
    /// Where its first weights came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grown: Option<GrownFrom>,
}

/// FLOPs of one sample; null where unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Flops {
    /// Forward.
    pub forward: Option<f64>,
    /// Forward and backward.
    pub train: Option<f64>,
}

impl StageRun {
    /// The metrics on one part.
    pub fn part(&self, part: Part) -> &Numbers {
        match part {
            Part::Train => &self.train,
            Part::Validation => &self.validation,
            Part::Test => &self.test,
        }
    }

    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            parameters: 0,
            flops: Flops::default(),
            steps: 0,
            epochs: 0.0,
            kept: None,
            by_heart: None,
            train: Numbers::default(),
            validation: Numbers::default(),
            test: Numbers::default(),
            constant: None,
            grown: None,
        }
    }
}

impl Trial {
    /// What a trial's events amount to; none before it has started.
    pub fn of(folded: &Folded<'_>, calibration: Option<&Calibration>) -> Option<Self> {
        let started = folded.started()?;
        let mut trial = Self {
            id: started.id.clone(),
            status: Status::Failed,
            stages: Vec::new(),
            bill: Bill::of(folded, calibration),
            data: Counts::default(),
            findings: Findings::default(),
            resumes: folded.resumes,
            repeated_cpu_seconds: folded.repeated_cpu_seconds,
        };
        for event in &folded.events {
            trial.add(event);
        }
        if let Some(result) = trial.stages.last_mut()
            && result.kept.is_none()
        {
            result.by_heart = by_heart(&folded.events, &result.name);
        }
        Some(trial)
    }

    /// The stage whose model is the result: the last one.
    pub fn result(&self) -> Option<&StageRun> {
        self.stages.last()
    }

    /// Whether the test part was read, if there is one.
    pub fn is_tested(&self) -> bool {
        let measured = self.result().is_some_and(|stage| !stage.test.is_empty());
        measured || self.data.test == 0
    }

    fn stage(&mut self, name: &str) -> &mut StageRun {
        let place = self
            .stages
            .iter()
            .position(|stage| stage.name == name)
            .unwrap_or_else(|| {
                self.stages.push(StageRun::new(name));
                self.stages.len() - 1
            });
        &mut self.stages[place]
    }

    fn add(&mut self, event: &Event) {
        match event {
            Event::Data(e) => {
                self.data = e.counts;
                self.findings.clone_from(&e.findings);
            }
            Event::StageStarted(e) => {
                let stage = self.stage(&e.stage);
                stage.parameters = e.parameters;
                stage.flops = Flops {
                    forward: e.flops_forward,
                    train: e.flops_train,
                };
            }
            Event::Grown(e) => {
                self.stage(&e.stage).grown = Some(e.grown.clone());
            }
            Event::Progress(e) => {
                let stage = self.stage(&e.stage);
                (stage.steps, stage.epochs) = (e.step, e.epoch);
            }
            Event::Evaluated(e) => {
                // A candidate that had finished and was chosen is at work again.
                if e.part == Part::Test {
                    self.status = Status::Failed;
                }
                let stage = self.stage(&e.stage);
                let metrics = match e.part {
                    Part::Train => &mut stage.train,
                    Part::Validation => &mut stage.validation,
                    Part::Test => &mut stage.test,
                };
                *metrics = e.metrics.clone();
                stage.constant = e.constant.or(stage.constant);
            }
            Event::StageFinished(e) => {
                let stage = self.stage(&e.stage);
                (stage.steps, stage.epochs, stage.kept) = (e.steps, e.epochs, e.kept);
            }
            Event::Resumed(_) => self.status = Status::Failed,
            Event::Diverged(_) => self.status = Status::Diverged,
            Event::Stopped(_) => self.status = Status::Stopped,
            Event::Finished => self.status = Status::Finished,
            Event::Started(_) | Event::Billed(_) | Event::Checkpointed(_) | Event::Reused(_) => {}
        }
    }
}
