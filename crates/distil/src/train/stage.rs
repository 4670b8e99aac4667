//! One stage: epochs of steps, from fresh weights, from a start, or from its newest checkpoint.

use std::time::{Duration, Instant};

use burn::module::Module;
use distil_report::Numbers;
use distil_report::bill::Purpose;
use distil_report::events::{
    Checkpointed, Diverged, Event, Pace, Progress as ProgressEvent, StageFinished, StageStarted,
    Stopped,
};

use super::batch;
use super::checkpoint::{Checkpoint, Progress, Store};
use super::clock::Stopwatch;
use super::course::{Course, Mixture, Weight};
use super::evaluate::metrics;
use super::journal::Journal;
use super::learner::{Learner, adapters, learner_slots, net_state};
use super::meter::Meter;
use super::settings::{Length, Settings, Span};
use crate::data::{Dataset, Features, SampleTable, Scores, epoch_order};
use crate::error::{Error, Kind, Result};
use crate::method::Moment;
use crate::model::access::{weights_of, with_weights};
use crate::model::{Net, TapSet};
use crate::optim::{Accumulator, Average, Gradients, Optimizer, State};
use crate::sample::SampleId;
use crate::task::{LabelLoss, TargetShape};
use crate::weights::Weights;

/// What a stage leaves behind.
#[derive(Debug)]
pub struct Trained<N: Net> {
    /// The network to use: averaged or best weights where the stage asked for them, else the last.
    pub net: N,
    /// The network's weights (those of `net`) and optimiser memory: what growth starts from.
    pub state: State,
    /// The last loss of each sample.
    pub scores: Scores,
    /// How far it went.
    pub progress: Progress,
}

/// Trains `net` on the training part of `data`, whose rows the student reads as `inputs`.
///
/// `start` is the state a grown network begins with. If the settings name a checkpoint folder and it holds a
/// checkpoint of this plan, training goes on from there, bit for bit as if it had never stopped.
///
/// # Errors
/// - [`Kind::Diverged`] before an update whose loss or gradient is not finite
/// - [`Kind::Stopped`] after a signal, a checkpoint written
pub fn train<N: Net>(
    net: N,
    start: Option<&State>,
    data: &Dataset,
    inputs: &Features,
    settings: &Settings<'_>,
    courses: &mut [Course<'_>],
    journal: &mut dyn Journal,
) -> Result<Trained<N>> {
    let (stage, learner) = Stage::open(net, start, data, inputs, settings, courses, journal)?;
    stage.run(learner)
}

struct Stage<'a, 'm> {
    optimizer: Optimizer,
    average: Option<Average>,
    best: Option<Weights>,
    scores: Scores,
    epoch_scores: Scores,
    progress: Progress,
    data: &'a Dataset,
    inputs: &'a Features,
    table: SampleTable,
    settings: &'a Settings<'a>,
    courses: &'a [Course<'m>],
    loss: Box<dyn LabelLoss>,
    taps: TapSet,
    /// FLOPs of one sample's forward, and of its forward and backward pass.
    flops: Option<(f64, f64)>,
    /// Optimiser steps of a nominal epoch and of the stage.
    steps_per_epoch: u64,
    steps: u64,
    store: Option<Store>,
    journal: &'a mut dyn Journal,
    meter: Meter,
    log: Log,
}

/// What the next progress event will say.
struct Log {
    every: u64,
    parts: Numbers,
    steps: u64,
    lr: f64,
    watch: Stopwatch,
    samples_before: u64,
    saved: Instant,
}

impl<'a, 'm> Stage<'a, 'm> {
    fn open<N: Net>(
        net: N,
        start: Option<&State>,
        data: &'a Dataset,
        inputs: &'a Features,
        settings: &'a Settings<'a>,
        courses: &'a mut [Course<'m>],
        journal: &'a mut dyn Journal,
    ) -> Result<(Self, Learner<N>)> {
        let device = settings.device.clone().autodiff();
        let specs: Vec<_> = courses.iter().flat_map(|l| l.adapters().to_vec()).collect();
        let mut learner = Learner {
            net,
            adapters: adapters(&specs, settings.seed, &device),
        };
        let flops = learner
            .net
            .layout()
            .map(|l| (l.flops_forward(), l.flops_forward() + l.flops_backward()));
        let refuse = |reason: String| Error::input(format!("stage `{}`", settings.stage), reason);
        let loss = settings
            .task
            .loss(&TargetShape::of(&data.targets, &data.split.train), &device)
            .map_err(refuse)?;
        let table = data.table(inputs);
        let unseen = Scores {
            loss: vec![f32::NAN; data.len()],
        };
        let nominal = settings
            .policy
            .epoch(0, 1, &table, &unseen, settings.seed)?
            .len() as u64;
        if nominal == 0 {
            return Err(refuse("its samples policy chooses no sample".into()));
        }
        let steps_per_epoch = nominal.div_ceil((settings.batch * settings.accumulate) as u64);
        let steps = match settings.length {
            Length::Epochs(epochs) => epochs * steps_per_epoch,
            Length::Steps(steps) => steps,
        };
        let store = settings
            .checkpoints
            .as_ref()
            .map(|c| Store::open(&c.folder, &settings.plan))
            .transpose()?;
        let found = match &store {
            Some(store) => store.latest()?.0,
            None => None,
        };
        let resumed = found.is_some();
        let checkpoint = match found {
            Some(checkpoint) => checkpoint,
            None => {
                let mut weights = weights_of(&learner);
                let mut slots = Default::default();
                if let Some(start) = start {
                    weights.extend(
                        start
                            .weights
                            .iter()
                            .map(|(path, w)| (format!("net.{path}"), w.clone())),
                    );
                    slots = learner_slots(&start.slots);
                }
                let state = State { weights, slots };
                let progress = Progress {
                    teach_flops: Some(0.0),
                    ..Progress::default()
                };
                Checkpoint {
                    progress,
                    state,
                    scores: unseen.clone(),
                    epoch_scores: unseen,
                    ..Checkpoint::default()
                }
            }
        };
        let Checkpoint {
            mut progress,
            state,
            average,
            best,
            scores,
            epoch_scores,
            ..
        } = checkpoint;
        learner = with_weights(learner, &state.weights)?.train();
        let rule = settings.optimizer.clone_rule();
        let optimizer = Optimizer::restore(rule, state.slots, &state.weights).map_err(refuse)?;
        let average = settings.average.map(|decay| match average {
            Some(weights) => Average::restore(decay, progress.step, weights),
            None => Average::new(decay),
        });
        let mut taps: Vec<String> = courses
            .iter()
            .flat_map(|l| l.student_taps().to_vec())
            .collect();
        taps.sort();
        taps.dedup();

        let mut meter = Meter::new(&settings.stage);
        let teaching = Stopwatch::start();
        let lectures: Vec<_> = courses
            .iter_mut()
            .flat_map(|l| l.prepare(&data.split.train))
            .collect();
        let time = teaching.time();
        // What a resumed run repeats is neither told nor billed again.
        if !resumed {
            journal.write(Event::StageStarted(StageStarted {
                stage: settings.stage.clone(),
                parameters: parameters(&weights_of(&learner.net)),
                flops_forward: flops.map(|f| f.0),
                flops_train: flops.map(|f| f.1),
                steps,
                epochs: steps as f64 / steps_per_epoch as f64,
                samples: nominal as usize,
            }))?;
            let share = lectures.len().max(1) as f64;
            for (flops, samples) in &lectures {
                let time = distil_report::events::Time {
                    cpu_seconds: time.cpu_seconds / share,
                    wall_seconds: time.wall_seconds / share,
                };
                meter.add(Purpose::Teach, *flops, *samples, time);
                progress.teach_flops = progress
                    .teach_flops
                    .zip(*flops)
                    .map(|(sum, each)| sum + each * *samples as f64);
            }
        }
        let samples_before = progress.samples;
        let log = Log {
            every: (steps / 100).max(1),
            parts: Numbers::default(),
            steps: 0,
            lr: 0.0,
            watch: Stopwatch::start(),
            samples_before,
            saved: Instant::now(),
        };
        let stage = Self {
            optimizer,
            average,
            best,
            scores,
            epoch_scores,
            progress,
            data,
            inputs,
            table,
            settings,
            courses,
            loss,
            taps: TapSet(taps),
            flops,
            steps_per_epoch,
            steps,
            store,
            journal,
            meter,
            log,
        };
        Ok((stage, learner))
    }

    fn run<N: Net>(mut self, mut learner: Learner<N>) -> Result<Trained<N>> {
        while !self.progress.finished {
            learner = self.epoch(learner)?;
        }
        let net = learner.net.valid();
        let mut state = net_state(&State {
            weights: weights_of(&learner),
            slots: self.optimizer.slots(),
        });
        let chosen = match (&self.best, &self.average) {
            (Some(best), _) => Some(best.clone()),
            (None, Some(average)) => Some(average.weights().clone()),
            (None, None) => None,
        };
        if let Some(weights) = chosen {
            state.weights = net_state(&State {
                weights,
                ..State::default()
            })
            .weights;
        }
        let net = with_weights(net, &state.weights)?;
        Ok(Trained {
            net,
            state,
            scores: self.scores,
            progress: self.progress,
        })
    }

    /// One epoch, or what is left of it.
    fn epoch<N: Net>(&mut self, mut learner: Learner<N>) -> Result<Learner<N>> {
        let epoch = self.progress.epoch;
        if self.progress.position == 0 {
            self.epoch_scores = self.scores.clone();
        }
        let epochs = self.steps.div_ceil(self.steps_per_epoch);
        let watch = Stopwatch::start();
        let chosen = self.settings.policy.epoch(
            epoch,
            epochs,
            &self.table,
            &self.epoch_scores,
            self.settings.seed,
        )?;
        if self.progress.position == 0 {
            self.meter
                .add(Purpose::Select, Some(0.0), chosen.len(), watch.time());
        }
        let order = epoch_order(chosen, self.settings.seed, epoch);
        let window = self.settings.batch * self.settings.accumulate;
        let windows = (order.len().div_ceil(window) as u64).max(1);
        while (self.progress.position as usize) < order.len() {
            // Where a policy shortens an epoch, its steps still span a whole epoch of the schedule.
            let done = (self.progress.position as usize).div_ceil(window) as u64;
            let at = epoch * self.steps_per_epoch + done * self.steps_per_epoch / windows;
            if at >= self.steps {
                break;
            }
            let end = order.len().min(self.progress.position as usize + window);
            learner = self.step(learner, &order[self.progress.position as usize..end], at)?;
            self.progress.position = end as u64;
            let last = end == order.len()
                || epoch * self.steps_per_epoch + (done + 1) * self.steps_per_epoch / windows
                    >= self.steps;
            let evaluations = self.settings.evaluate.max(1);
            let evaluate =
                last || (done + 1) * evaluations / windows > done * evaluations / windows;
            if last {
                self.progress.epoch += 1;
                self.progress.position = 0;
                self.progress.finished = self.progress.epoch * self.steps_per_epoch >= self.steps;
            }
            self.after_step(
                &learner,
                evaluate,
                at,
                epoch as f64 + end as f64 / order.len() as f64,
            )?;
            if self.progress.finished || last {
                return Ok(learner);
            }
        }
        self.progress.finished = true;
        Ok(learner)
    }

    /// One optimiser step over a window of samples with their weights.
    ///
    /// The learner is consumed: a second handle would force the optimiser to copy every tensor.
    fn step<N: Net>(
        &mut self,
        learner: Learner<N>,
        window: &[(SampleId, f32)],
        at: u64,
    ) -> Result<Learner<N>> {
        let watch = Stopwatch::start();
        let moment = Moment {
            step: at,
            steps: self.steps,
        };
        let seed = self.settings.seed.number("dropout", &[self.progress.step]);
        self.settings.device.seed(seed);
        let mut accumulator = Accumulator::default();
        let mut parts = Numbers::default();
        for rows in window.chunks(self.settings.batch) {
            let gradients = self.backward(
                &learner,
                rows,
                moment,
                &mut parts,
                rows.len() as f64 / window.len() as f64,
            )?;
            accumulator.add(gradients, rows.len());
        }
        let Some(mut gradients) = accumulator.take() else {
            return Ok(learner);
        };
        let norms = gradients.norms();
        if !norms.finite() || parts.values().any(|v| !v.is_finite()) {
            return Err(self.diverged(&parts, &norms.by_path)?);
        }
        if let Some(max) = self.settings.clip {
            gradients.clip(&norms, max);
        }
        let Span { offset, steps } = self.settings.span.unwrap_or(Span {
            offset: 0,
            steps: self.steps,
        });
        self.log.lr = self.settings.lr * self.settings.schedule.factor(offset + at, steps);
        let learner = self.optimizer.update(learner, gradients, self.log.lr);
        if let Some(average) = &mut self.average {
            average.update(&learner.valid());
        }
        self.progress.step += 1;
        self.progress.samples += window.len() as u64;
        self.log.steps += 1;
        for (name, value) in parts.iter() {
            *self.log.parts.entry(name.clone()).or_insert(0.0) += value;
        }
        self.meter.add(
            Purpose::Train,
            self.flops.map(|f| f.1),
            window.len(),
            watch.time(),
        );
        Ok(learner)
    }

    fn backward<N: Net>(
        &mut self,
        learner: &Learner<N>,
        rows: &[(SampleId, f32)],
        at: Moment,
        parts: &mut Numbers,
        share: f64,
    ) -> Result<Gradients> {
        let device = self.settings.device.clone().autodiff();
        let ids: Vec<SampleId> = rows.iter().map(|r| r.0).collect();
        let weights: Vec<f32> = match rows.iter().all(|r| r.1 == 1.0) {
            true => Vec::new(),
            false => rows.iter().map(|r| r.1).collect(),
        };
        let output = learner
            .net
            .forward(&batch::inputs(self.inputs, &ids, &device), &self.taps);
        let target = batch::targets(&self.data.targets, &ids, &device.clone().inner());
        let label_rows = self.loss.rows(output.values.clone(), &target)?;
        let mixed: f64 = self
            .courses
            .iter()
            .filter(|l| matches!(l.weight, Weight::Mix(_)))
            .map(|l| l.strength(at))
            .sum();
        let mut mixture = Mixture::labels(label_rows, 1.0 - mixed, &weights);
        let mut first_adapter = 0;
        for course in self.courses {
            let adapters =
                &learner.adapters[first_adapter..first_adapter + course.adapters().len()];
            first_adapter += course.adapters().len();
            let strength = course.strength(at);
            if strength == 0.0 {
                continue;
            }
            let watch = Stopwatch::start();
            let (teacher, costs) = course.teach(&ids);
            if costs.iter().any(|(_, passes)| *passes > 0) {
                let time = watch.time();
                for (flops, passes) in costs {
                    self.meter.add(Purpose::Teach, flops, passes, time);
                    self.progress.teach_flops = self
                        .progress
                        .teach_flops
                        .zip(flops)
                        .map(|(sum, each)| sum + each * passes as f64);
                }
            }
            let term = course.loss(&output, teacher.as_ref(), &target, adapters, at)?;
            mixture.add(&course.name, term, strength);
        }
        for (id, loss) in ids.iter().zip(&mixture.label_rows) {
            self.scores.loss[id.row()] = *loss;
        }
        for (name, value) in &mixture.parts {
            *parts.entry(name.clone()).or_insert(0.0) += value * share;
        }
        let mut gradients = mixture.total().backward();
        Ok(Gradients::take(learner, &mut gradients))
    }

    fn diverged(
        &mut self,
        parts: &Numbers,
        norms: &std::collections::BTreeMap<String, f64>,
    ) -> Result<Error> {
        let step = self.progress.step + 1;
        let stage = self.settings.stage.clone();
        self.meter.flush(self.journal)?;
        self.journal.write(Event::Diverged(Diverged {
            stage: stage.clone(),
            step,
            terms: parts.clone(),
            gradient_norms: norms.iter().map(|(k, v)| (k.clone(), *v)).collect(),
        }))?;
        self.journal.settle()?;
        let list = |numbers: &mut dyn Iterator<Item = (&String, &f64)>| {
            numbers
                .map(|(name, value)| format!("{name} {value:.4}"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let (terms, norms) = (list(&mut parts.iter()), list(&mut norms.iter()));
        let reason = format!(
            "step {step} is not finite and was not applied: loss {terms}; gradient norms {norms}"
        );
        Ok(Error::new(Kind::Diverged, format!("stage `{stage}`"), reason)
            .remedy("Lower the learning rate (`--set train.lr=…`), add `warmup` or `clip`; the last checkpoint is kept"))
    }

    /// Log, evaluation, early stopping, checkpoint, signals.
    fn after_step<N: Net>(
        &mut self,
        learner: &Learner<N>,
        evaluate: bool,
        at: u64,
        epoch: f64,
    ) -> Result<()> {
        let mut validation = None;
        if evaluate && !self.data.split.validation.is_empty() {
            validation = Some(self.evaluate(learner)?);
        }
        if let (Some(found), Some(patience)) = (&validation, self.settings.patience) {
            self.early_stopping(learner, found, patience);
        }
        if validation.is_some() || (at + 1).is_multiple_of(self.log.every) || self.progress.finished
        {
            self.report(epoch, validation)?;
        }
        let signal = self.settings.signals.received();
        let due = self.settings.checkpoints.as_ref().is_some_and(|c| {
            c.steps
                .is_some_and(|steps| self.progress.step.is_multiple_of(steps))
                || self.log.saved.elapsed() >= Duration::from_secs_f64(c.seconds)
        });
        if self.progress.finished {
            let epochs = epoch;
            self.meter.flush(self.journal)?;
            let steps = self.progress.step;
            self.journal.write(Event::StageFinished(StageFinished {
                stage: self.settings.stage.clone(),
                steps,
                epochs,
            }))?;
        }
        if due || self.progress.finished || signal.is_some() {
            self.save(learner)?;
        }
        match signal {
            Some(signal) if !self.progress.finished => {
                self.journal.write(Event::Stopped(Stopped { signal }))?;
                self.journal.settle()?;
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
        let ids = &self.data.split.validation;
        let net = match &self.average {
            Some(average) => {
                let weights = net_state(&State {
                    weights: average.weights().clone(),
                    ..State::default()
                })
                .weights;
                with_weights(learner.net.valid(), &weights)?
            }
            None => learner.net.valid(),
        };
        let outputs = batch::outputs(&net, self.inputs, ids, &self.settings.device);
        let found = metrics(&outputs, &self.data.targets, ids)?;
        self.meter.add(
            Purpose::Evaluate,
            self.flops.map(|f| f.0),
            ids.len(),
            watch.time(),
        );
        Ok(found)
    }

    fn early_stopping<N: Net>(&mut self, learner: &Learner<N>, found: &Numbers, patience: u64) {
        // A metric that is not a number is never the best.
        let value = found
            .get(self.settings.metric.name)
            .copied()
            .unwrap_or(f64::NAN);
        let better = match self.progress.best {
            Some((_, best)) => self.settings.metric.better.advantage(value - best) > 0.0,
            None => value.is_finite(),
        };
        if better {
            self.progress.best = Some((self.progress.step, value));
            self.progress.since_best = 0;
            self.best = Some(match &self.average {
                Some(average) => average.weights().clone(),
                None => weights_of(learner),
            });
        } else {
            self.progress.since_best += 1;
            self.progress.finished |= self.progress.since_best >= patience;
        }
    }

    fn report(&mut self, epoch: f64, validation: Option<Numbers>) -> Result<()> {
        let steps = std::mem::take(&mut self.log.steps).max(1) as f64;
        let terms: Numbers = std::mem::take(&mut self.log.parts)
            .iter()
            .map(|(k, v)| (k.clone(), v / steps))
            .collect();
        let time = self.log.watch.time();
        let samples = self.progress.samples;
        let pace = (samples - self.log.samples_before) as f64 / time.wall_seconds.max(1e-9);
        let flops = self
            .flops
            .zip(self.progress.teach_flops)
            .map(|((_, train), teach)| train * samples as f64 + teach);
        self.journal.write(Event::Progress(ProgressEvent {
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
        let Some(store) = &self.store else {
            return Ok(());
        };
        self.meter.flush(self.journal)?;
        self.progress.events = self.journal.settle()?;
        let watch = Stopwatch::start();
        let bytes = store.save(&Checkpoint {
            plan: self.settings.plan.clone(),
            progress: self.progress.clone(),
            state: State {
                weights: weights_of(learner),
                slots: self.optimizer.slots(),
            },
            average: self.average.as_ref().map(|a| a.weights().clone()),
            best: self.best.clone(),
            scores: self.scores.clone(),
            epoch_scores: self.epoch_scores.clone(),
        })?;
        let time = watch.time();
        self.meter.add(Purpose::Save, Some(0.0), 0, time);
        let (stage, step) = (self.settings.stage.clone(), self.progress.step);
        self.journal.write(Event::Checkpointed(Checkpointed {
            stage,
            step,
            bytes,
            time,
        }))
    }
}

fn parameters(weights: &Weights) -> u64 {
    let trained = weights
        .iter()
        .filter(|(path, _)| !path.contains(".running_"));
    trained.map(|(_, array)| array.values.len() as u64).sum()
}
