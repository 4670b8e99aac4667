//! What follows a step: log, evaluation, the best weights, early stopping, checkpoint, signals.

use std::time::{Duration, Instant};

use distil_recipe::recipe::Keep;
use distil_report::Numbers;
use distil_report::Purpose;
use distil_report::events::{Checkpointed, Event, Pace, Progress, StageFinished, Stopped, Time};

use super::Stage;
use crate::error::{Error, Kind, Result};
use crate::model::Net;
use crate::model::access::{weights_of, with_weights};
use crate::optim::{Average, State};
use crate::train::batch;
use crate::train::checkpoint::{Checkpoint, write};
use crate::train::clock::Stopwatch;
use crate::train::evaluate::metrics_and;
use crate::train::learner::{Learner, net_state};

impl Stage<'_, '_> {
    /// Log, evaluation, the best weights, early stopping, checkpoint, signals; `last`: of its epoch.
    pub(super) fn after_step<N: Net>(
        &mut self,
        learner: &Learner<N>,
        last: bool,
        evaluate: bool,
        at: u64,
        epoch: f64,
    ) -> Result<()> {
        let validate = evaluate && !self.data.split.validation.is_empty();
        let log = (at + 1).is_multiple_of(self.log.every);
        // Nothing is told, evaluated or saved of steps that were stopped.
        if validate || log || last {
            self.read_steps()?;
        }
        let validation = match validate {
            true => Some(self.evaluate(learner)?),
            false => None,
        };
        if let Some(found) = &validation
            && self.settings.train.keeps_best()
        {
            self.keep_best(learner, found, epoch);
        }
        if validation.is_some() || log || self.progress.finished {
            self.report(epoch, validation)?;
        }
        let signal = self.settings.signals.received();
        let due = self.settings.checkpoints.as_ref().is_some_and(|c| {
            c.steps
                .is_some_and(|steps| self.progress.step.is_multiple_of(steps))
                || self.log.saved.elapsed() >= Duration::from_secs_f64(c.seconds)
        });
        let save = due || self.progress.finished || signal.is_some();
        let trunk = self.settings.trunk.as_ref();
        let trunk = trunk.filter(|t| t.step == self.progress.step && !self.progress.finished);
        if last || save || trunk.is_some() {
            self.read_steps()?;
            self.read_scores();
        }
        if self.progress.finished {
            let epochs = epoch;
            self.meter.flush(self.sink)?;
            let steps = self.progress.step;
            self.sink.write(Event::StageFinished(StageFinished {
                stage: self.settings.stage.clone(),
                steps,
                epochs,
                kept: self.progress.best_epoch,
            }))?;
        }
        if let Some(trunk) = trunk {
            let left = self.checkpoint(learner, |checkpoint| write(&trunk.folder, checkpoint));
            self.meter.add(Purpose::Save, Some(0.0), 0, left?.1);
        }
        if save {
            self.save(learner)?;
        }
        if self.settings.rehearsal.is_some() {
            self.meter.flush(self.sink)?;
        }
        match signal {
            Some(signal) if !self.progress.finished => {
                self.sink.write(Event::Stopped(Stopped { signal }))?;
                self.sink.settle()?;
                let place = format!("stage `{}`", self.settings.stage);
                Err(Error::new(
                    Kind::Stopped(signal),
                    place,
                    format!(
                        "stopped after step {} by signal {signal}",
                        self.progress.step
                    ),
                )
                .remedy("`distil resume` goes on from there"))
            }
            _ => Ok(()),
        }
    }

    fn evaluate<N: Net>(&mut self, learner: &Learner<N>) -> Result<Numbers> {
        let watch = Stopwatch::start();
        let ids = self.settings.of_interest(&self.data.split.validation);
        let net = match &self.average {
            Some(average) => {
                let weights = net_state(&State {
                    weights: average.weights(),
                    ..State::default()
                })
                .weights;
                with_weights(learner.net.valid(), &weights)?
            }
            None => learner.net.valid(),
        };
        let outputs = batch::outputs(&net, self.inputs, ids, &self.settings.device);
        if outputs.values.iter().any(|value| !value.is_finite()) {
            return Err(self.outputs_diverged()?);
        }
        let found = metrics_and(&outputs, self.data, ids, &[self.settings.metric])?;
        self.meter.add(
            Purpose::Evaluate,
            self.flops.map(|f| f.0),
            ids.len(),
            watch.time(),
        );
        Ok(found)
    }

    /// Keeps the weights if they are the best so far, and ends the stage if it was patient enough.
    fn keep_best<N: Net>(&mut self, learner: &Learner<N>, found: &Numbers, epoch: f64) {
        // A metric that is not a number is never the best.
        let value = found
            .get(self.settings.metric.name)
            .copied()
            .unwrap_or(f64::NAN);
        let advantage = match self.progress.best {
            Some((_, best)) => self.settings.metric.better.advantage(value - best),
            None if value.is_finite() => f64::INFINITY,
            None => f64::NAN,
        };
        let train = self.settings.train;
        if advantage > 0.0 || train.keep == Keep::Best && advantage == 0.0 {
            self.progress.best = Some((self.progress.step, value));
            self.progress.best_epoch = Some(epoch);
            self.best = Some(match &self.average {
                Some(average) => average.weights(),
                None => weights_of(learner),
            });
        }
        if advantage > 0.0 {
            self.progress.since_best = 0;
        } else {
            self.progress.since_best += 1;
            let patience = train.patience;
            self.progress.finished |= patience.is_some_and(|most| self.progress.since_best >= most);
        }
    }

    fn report(&mut self, epoch: f64, validation: Option<Numbers>) -> Result<()> {
        let steps = std::mem::take(&mut self.log.steps).max(1) as f64;
        let terms: Numbers = std::mem::take(&mut self.log.parts)
            .iter()
            .map(|(k, v)| (k.clone(), v / steps))
            .collect();
        let of_this_process = self.log.watch.time();
        let samples = self.progress.samples;
        let new = (samples - self.log.samples_before) as f64;
        let pace = new / of_this_process.wall_seconds.max(1e-9);
        let time = self.log.before + of_this_process;
        let flops = self
            .flops
            .zip(self.progress.teach_flops)
            .map(|((_, train), teach)| train * samples as f64 + teach);
        self.sink.write(Event::Progress(Progress {
            stage: self.settings.stage.clone(),
            step: self.progress.step,
            epoch,
            loss: terms.values().sum(),
            terms,
            lr: self.log.lr,
            flops,
            samples,
            validation,
            time: Pace {
                cpu_seconds: time.cpu_seconds,
                wall_seconds: time.wall_seconds,
                samples_per_second: pace,
            },
        }))
    }

    fn save<N: Net>(&mut self, learner: &Learner<N>) -> Result<()> {
        self.log.saved = Instant::now();
        let Some(store) = self.store.take() else {
            return Ok(());
        };
        let saved = self.checkpoint(learner, |checkpoint| store.save(checkpoint));
        self.store = Some(store);
        let (bytes, time) = saved?;
        self.meter.add(Purpose::Save, Some(0.0), 0, time);
        let (stage, step) = (self.settings.stage.clone(), self.progress.step);
        self.sink.write(Event::Checkpointed(Checkpointed {
            stage,
            step,
            bytes,
            time,
        }))
    }

    /// Writes a checkpoint of this moment; its bytes, and what that took.
    fn checkpoint<N: Net>(
        &mut self,
        learner: &Learner<N>,
        write: impl FnOnce(&Checkpoint) -> Result<u64>,
    ) -> Result<(u64, Time)> {
        self.meter.flush(self.sink)?;
        self.progress.events = self.sink.settle()?;
        self.progress.time = self.log.before + self.log.watch.time();
        let watch = Stopwatch::start();
        let checkpoint = Checkpoint {
            plan: self.settings.plan.clone(),
            progress: self.progress.clone(),
            state: State {
                weights: weights_of(learner),
                slots: self.optimizer.slots(),
            },
            average: self.average.as_ref().map(Average::weights),
            best: self.best.clone(),
            // Lent: they are as long as the data.
            scores: std::mem::take(&mut self.scores),
            epoch_scores: std::mem::take(&mut self.epoch_scores),
        };
        let saved = write(&checkpoint);
        (self.scores, self.epoch_scores) = (checkpoint.scores, checkpoint.epoch_scores);
        Ok((saved?, watch.time()))
    }
}
