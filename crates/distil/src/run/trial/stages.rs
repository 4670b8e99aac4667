//! One trial, in its own process: every stage of a plan, then the result and its predictions.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use burn::module::Module;
use burn::tensor::Device;
use distil_report::events::{self, Evaluated, Event, Resumed, Reused, Started, Time, fold};
use distil_report::record::arm::PROXY;
use distil_report::{Counts, Findings, Numbers, Part, Purpose, TrialId};

use super::constant::constant;
use super::done::{Done, OwnNetwork};
use super::pipe::{Piped, say};
use crate::data::{Dataset, Features, Fold, Inputs, Targets, ViewMatrix, Wide};
use crate::error::{Error, Result};
use crate::files;
use crate::model::First;
use crate::model::access::{weights_of, with_weights};
use crate::optim::State;
use crate::plan::{Plan, StagePlan, Work};
use crate::rng::Seed;
use crate::run::basis::changed;
use crate::run::calibrate::{self, Heard};
use crate::run::folder::TrialFolder;
use crate::run::message::Message;
use crate::run::stage_cache::{CachedStage, StageCache};
use crate::saved::SavedModel;
use crate::train::checkpoint::Store;
use crate::train::{Answers, EventSink, Meter, Signals, Stopwatch, batch, metrics_and, process};
use crate::weights::Array;

/// What a trial works with.
pub struct Trial<'a> {
    /// The plan of its arm.
    pub plan: &'a Plan,
    /// The data, split for its fold.
    pub data: &'a Dataset,
    /// The inputs as they were read, where the plan has a given model: it prepares them its own way.
    pub raw: Option<&'a (Inputs, Wide)>,
    /// Its folder; none for a rehearsal, which writes nothing.
    pub folder: Option<TrialFolder>,
    /// What its rehearsal took, if it had one.
    pub rehearsal: Time,
    /// What its rehearsal made and it goes on with, by stage.
    pub seen: RefCell<BTreeMap<String, Seen>>,
    /// Stages that were trained before; none to train each.
    pub cache: Option<&'a StageCache>,
    /// Which trial it is.
    pub id: &'a TrialId,
    /// Whether it may read the test part.
    pub test: bool,
    /// The hash of what it was begun on, its run's [`crate::run::basis::Basis`]; none in trials of version 0.1.0.
    pub basis: Option<String>,
    /// Its fold, where there are folds.
    pub fold: Option<Fold>,
    /// Where it computes.
    pub device: Device,
    /// When a run may be asked to stop.
    pub signals: Signals,
}

/// What a stage sees of every sample.
#[derive(Clone)]
pub struct Seen {
    view: ViewMatrix,
    inputs: Features,
    /// What making it took.
    time: Time,
}

impl Trial<'_> {
    /// Runs what is not yet done in `folder`, whose log so far is `events`. `loading` is what reading the data took.
    pub fn run(&self, folder: &TrialFolder, mut events: Vec<Event>, loading: Time) -> Result<()> {
        let mut sink = Piped::open(&folder.events())?;
        // Once finished it is asked for again only to be tested.
        let ended = matches!(events.last(), Some(Event::Finished));
        let resume = match ended {
            true => Some((self.plan.stages.len(), 0, 0)),
            false => self.resume_point(folder)?,
        };
        if sink.count() > 0 && !ended {
            let (at, step, keep) = resume.unwrap_or((0, 0, 0));
            let stage = self
                .plan
                .stages
                .get(at)
                .map(|s| s.name.clone())
                .unwrap_or_default();
            let resumed = Event::Resumed(Resumed {
                keep,
                stage,
                step,
                process: process(),
            });
            events.push(resumed.clone());
            sink.write(resumed)?;
        }
        if resume.is_none() {
            self.begin(&mut sink, loading)?;
            for billed in self.plan.stated_costs() {
                sink.write(billed)?;
            }
            for (name, answers) in self.answers() {
                let mut meter = Meter::new(&name);
                self.evaluate(&name, &answers, Part::Validation, &mut sink, &mut meter)?;
            }
        }
        // What the stages before the one resumed had to say is in the log already.
        let silent = resume.map_or(0, |(at, ..)| at);
        let told = told(&events);
        let tested = |stage: &str| told.contains(&(stage.to_owned(), Part::Test));
        let mut done: BTreeMap<String, Done> = self.answers().collect();
        for (name, answers) in &done {
            if self.test && !tested(name) {
                self.test(name, answers, &told, &mut sink, &mut Meter::new(name))?;
            }
        }
        let mut of_the_result = None;
        for (at, stage) in self.plan.stages.iter().enumerate() {
            let finished = match at < silent {
                true => self.stage(stage, &done, &mut Vec::new(), &[])?,
                false => self.stage(stage, &done, &mut sink, &[Part::Validation])?,
            };
            if self.test && !tested(&stage.name) {
                let mut meter = Meter::new(&stage.name);
                let answered = self.test(&stage.name, &finished, &told, &mut sink, &mut meter)?;
                if stage.name == self.plan.result().name {
                    of_the_result = answered;
                }
                meter.flush(&mut sink)?;
            }
            done.insert(stage.name.clone(), finished);
        }
        if ended {
            sink.bill(Purpose::Load, loading)?;
        }
        self.finish(folder, &done, of_the_result, &mut sink)
    }

    /// Trains every stage for a few steps, billed one by one: what a sample costs.
    pub fn rehearse(&self, heard: &mut Heard<'_>) -> Result<()> {
        for billed in self.plan.stated_costs() {
            heard.write(billed)?;
        }
        let mut done: BTreeMap<String, Done> = self.answers().collect();
        for stage in &self.plan.stages {
            // What evaluating costs it measures while it trains.
            let finished = self.stage(stage, &done, heard, &[])?;
            done.insert(stage.name.clone(), finished);
        }
        Ok(())
    }

    /// Optimiser steps of a rehearsal.
    pub fn rehearsed_steps(&self) -> u64 {
        let trained = self.plan.stages.iter().filter_map(StagePlan::training);
        trained
            .map(|training| calibrate::steps(training.steps))
            .sum()
    }

    /// What a rehearsal took for what the trial goes on with, and is in the trial's own bill.
    pub fn kept_for_the_trial(&self) -> Time {
        let seen = self.seen.borrow();
        seen.values()
            .fold(Time::default(), |sum, seen| sum + seen.time)
    }

    /// What a stage sees of every sample: made now, or by the rehearsal.
    fn seen(
        &self,
        stage: &str,
        see: impl FnOnce() -> Result<(ViewMatrix, Features)>,
    ) -> Result<Seen> {
        if let Some(seen) = self.seen.borrow_mut().remove(stage) {
            return Ok(seen);
        }
        let watch = Stopwatch::start();
        let (view, inputs) = see()?;
        inputs.make()?;
        let seen = Seen {
            view,
            inputs,
            time: watch.time(),
        };
        if self.folder.is_none() {
            let mut kept = self.seen.borrow_mut();
            kept.insert(stage.to_owned(), seen.clone());
        }
        Ok(seen)
    }

    /// What other programs answer: done before any stage.
    fn answers(&self) -> impl Iterator<Item = (String, Done)> {
        self.data.answers.iter().map(|(name, answers)| {
            let known = answers.answered.clone();
            let answers = Answers::new(name, answers.outputs.clone(), &self.device).known(known);
            (name.clone(), Done::Foreign(answers))
        })
    }

    /// What it trains, by hash and name.
    pub(super) fn hash(&self) -> String {
        format!("{} {}", self.plan.hash(), self.id)
    }

    /// What its checkpoints carry.
    pub(super) fn mark(&self) -> String {
        match &self.basis {
            Some(basis) => format!("{} {basis}", self.hash()),
            None => self.hash(),
        }
    }

    /// The last stage with a checkpoint: its place, the step, the events to keep.
    fn resume_point(&self, folder: &TrialFolder) -> Result<Option<(usize, u64, usize)>> {
        for (at, stage) in self.plan.stages.iter().enumerate().rev() {
            let folder = folder.checkpoints(&stage.name);
            if !folder.is_dir() {
                continue;
            }
            let (found, damaged) = Store::open(&folder, &self.mark())?.latest()?;
            for error in damaged {
                say(&Message::Note(format!(
                    "{error} Going on from an older checkpoint."
                )))?;
            }
            if let Some(checkpoint) = found {
                return Ok(Some((
                    at,
                    checkpoint.progress.step,
                    checkpoint.progress.events,
                )));
            }
        }
        Ok(None)
    }

    fn begin(&self, sink: &mut Piped, loading: Time) -> Result<()> {
        let split = &self.data.split;
        sink.write(Event::Started(Started {
            id: self.id.clone(),
            plan: self.hash(),
            basis: self.basis.clone(),
            rehearsal: self.rehearsal,
            process: process(),
        }))?;
        sink.write(Event::Data(events::Data {
            counts: Counts {
                train: split.train.len(),
                validation: split.validation.len(),
                test: split.test.len(),
            },
            findings: Findings {
                equal: self.data.equal,
                overlap: self.plan.overlap(),
                notes: [self.plan.too_long.as_slice(), &self.data.notes].concat(),
                columns: self.data.columns.clone(),
            },
            time: loading,
        }))
    }

    /// A stage as it ends, told of and kept for other trials as it is on these parts of the data: trained, gone on with, or taken
    /// from those kept. On no part, it is told of and kept already, or a rehearsal.
    fn stage(
        &self,
        plan: &StagePlan,
        done: &BTreeMap<String, Done>,
        sink: &mut dyn EventSink,
        parts: &[Part],
    ) -> Result<Done> {
        let key = self.cache_key(plan);
        if let (Some((cache, key)), Some(folder)) = (&key, &self.folder)
            && !self.begun(folder, plan)?
            && let Some(kept) = cache.find(key).filter(|kept| self.is_measured(plan, kept))
        {
            let reused = self.reuse(plan, kept, folder, sink)?;
            return Ok(Done::Own(Box::new(reused)));
        }
        self.branch_off(plan, sink)?;
        let mut meter = Meter::new(&plan.name);
        let finished = match &plan.work {
            Work::Given { folder, hash, .. } => self.given(&plan.name, folder, hash, &mut meter)?,
            Work::Train(training) => self.trained(plan, training, done, sink, &mut meter)?,
        };
        let finished = Done::Own(Box::new(finished));
        for part in parts {
            self.evaluate(&plan.name, &finished, *part, sink, &mut meter)?;
        }
        meter.flush(sink)?;
        if let (Some((cache, key)), Some(folder), Done::Own(own)) = (key, &self.folder, &finished)
            && !parts.is_empty()
        {
            sink.settle()?;
            cache.keep(&key, &plan.name, &own.state, folder)?;
            let left = folder.trunk(&plan.name);
            if left.exists()
                && let Some((_, key, _)) = self.trunk_key(plan)
            {
                cache.keep_trunk(&key, &plan.name, &left, folder)?;
            }
        }
        Ok(finished)
    }

    /// Tells of the metrics that a trial that is tested has besides: on the training part, and on the test part, which it returns with
    /// the outputs there. What only has to be chosen from needs neither.
    fn test(
        &self,
        name: &str,
        finished: &Done,
        told: &BTreeSet<(String, Part)>,
        sink: &mut dyn EventSink,
        meter: &mut Meter,
    ) -> Result<Option<(Array, Numbers)>> {
        if !told.contains(&(name.to_owned(), Part::Train)) {
            self.evaluate(name, finished, Part::Train, sink, meter)?;
        }
        self.evaluate(name, finished, Part::Test, sink, meter)
    }

    /// Tells of a stage's metrics on a part, and returns its outputs there and them.
    fn evaluate(
        &self,
        name: &str,
        finished: &Done,
        part: Part,
        sink: &mut dyn EventSink,
        meter: &mut Meter,
    ) -> Result<Option<(Array, Numbers)>> {
        let ids = self.data.split.part(part);
        let answered = self.data.answers.get(name).map(|found| found.answers(ids));
        let ids = answered.as_deref().unwrap_or(ids);
        if ids.is_empty() {
            return Ok(None);
        }
        let watch = Stopwatch::start();
        let outputs = finished.outputs(ids, &self.device);
        let mut wanted = vec![self.plan.metric];
        let by_loss = part == Part::Validation && self.is_chosen_by_loss(name);
        wanted.extend(by_loss.then(|| self.plan.loss_metric()));
        let found = metrics_and(&outputs, self.data, ids, &wanted)?;
        meter.add(
            Purpose::Evaluate,
            Some(finished.flops_forward()),
            ids.len(),
            watch.time(),
        );
        sink.write(Event::Evaluated(Evaluated {
            stage: name.to_string(),
            part,
            samples: ids.len(),
            metrics: found.clone(),
            constant: match part == Part::Test && name == self.plan.result().name {
                true => constant(self.data, ids, self.plan.metric)?,
                false => None,
            },
        }))?;
        Ok(Some((outputs, found)))
    }

    /// Whether what this stage came to is chosen from by its loss: by a small network for others, or by a search.
    fn is_chosen_by_loss(&self, stage: &str) -> bool {
        let of_a_search = self.id.settings.is_none();
        !self.test && (of_a_search || self.id.arm == PROXY) && stage == self.plan.result().name
    }

    /// Whether a stage that was trained before has been measured by all that this trial is chosen by.
    fn is_measured(&self, plan: &StagePlan, kept: &CachedStage) -> bool {
        let loss = self.plan.loss_metric().name;
        let mut events = kept.events.iter();
        !self.is_chosen_by_loss(&plan.name)
            || events
                .any(|event| matches!(event, Event::Evaluated(e) if e.metrics.contains_key(loss)))
    }

    /// The cache, and the key there of a stage that is trained.
    fn cache_key(&self, plan: &StagePlan) -> Option<(&StageCache, String)> {
        let cache = self.cache.filter(|_| self.folder.is_some())?;
        plan.training()?;
        Some((
            cache,
            cache.key(&self.plan.stage_hash(plan), self.id.seed, self.fold),
        ))
    }

    /// The cache, and there the key of what a longer training of the stage begins with, and its steps.
    pub(super) fn trunk_key(&self, plan: &StagePlan) -> Option<(&StageCache, String, u64)> {
        let cache = self.cache.filter(|_| self.folder.is_some())?;
        let (hash, steps) = self.plan.trunk_of(plan)?;
        Some((cache, cache.key(&hash, self.id.seed, self.fold), steps))
    }

    /// Begins a stage with what a shorter training made, where one has trained the same way: as a trial that was stopped then.
    fn branch_off(&self, plan: &StagePlan, sink: &mut dyn EventSink) -> Result<()> {
        let (Some((cache, key, most)), Some(folder)) = (self.trunk_key(plan), &self.folder) else {
            return Ok(());
        };
        if self.begun(folder, plan)? {
            return Ok(());
        }
        let Some(trunk) = cache.trunk(&key, most) else {
            return Ok(());
        };
        let step = trunk.checkpoint.progress.step;
        let steps = plan.training().map_or(0, |training| training.steps);
        for mut event in trunk.events {
            if let Event::StageStarted(started) = &mut event {
                let of_an_epoch = (started.steps as f64 / started.epochs).round().max(1.0);
                started.epochs = steps as f64 / of_an_epoch;
                started.steps = steps;
            }
            sink.repeat(event)?;
        }
        sink.write(Event::Reused(Reused {
            stage: plan.name.clone(),
            trained_by: trunk.trained_by,
            step: Some(step),
        }))?;
        let mut checkpoint = trunk.checkpoint;
        checkpoint.plan = self.mark();
        checkpoint.progress.events = sink.settle()?;
        Store::open(&folder.checkpoints(&plan.name), &self.mark())?.save(&checkpoint)?;
        Ok(())
    }

    /// Whether this trial has a checkpoint of the stage.
    pub(super) fn begun(&self, folder: &TrialFolder, plan: &StagePlan) -> Result<bool> {
        let store = Store::open(&folder.checkpoints(&plan.name), &self.mark())?;
        Ok(store.latest()?.0.is_some())
    }

    /// A stage as it was trained before: its weights, its scores, and what it had to say.
    fn reuse(
        &self,
        plan: &StagePlan,
        kept: CachedStage,
        folder: &TrialFolder,
        sink: &mut dyn EventSink,
    ) -> Result<OwnNetwork> {
        // What making it costs is in the bill of the trial that trained it.
        let stage = self.fresh(plan, &self.device, &mut Meter::default())?;
        kept.events
            .into_iter()
            .try_for_each(|event| sink.repeat(event))?;
        sink.write(Event::Reused(Reused {
            stage: plan.name.clone(),
            trained_by: kept.trained_by,
            step: None,
        }))?;
        files::create_folder(&folder.stage(&plan.name))?;
        files::write(&folder.scores(&plan.name), &kept.scores)?;
        Ok(OwnNetwork {
            net: with_weights(stage.net.valid(), &kept.state.weights)?,
            state: kept.state,
            ..stage
        })
    }

    /// A stage before it is trained: its view of every sample, and first weights.
    pub(super) fn fresh(
        &self,
        plan: &StagePlan,
        device: &Device,
        meter: &mut Meter,
    ) -> Result<OwnNetwork> {
        let seen = self.seen(&plan.name, || {
            let columns = self.data.preprocessing.columns();
            let view = plan.view.fit(self.data.fine(&columns))?;
            let inputs = view.see(&self.data.inputs);
            Ok((view, inputs))
        })?;
        let watch = Stopwatch::start();
        let layout = plan.layout.clone();
        let seed = stage_seed(self.id.seed, &plan.name);
        let mut net = plan.model.init(layout.clone(), seed, device)?;
        let rows = plan.model.rows_looked_at(seen.inputs.width());
        if rows > 0 {
            let first = self.first(rows, &seen.inputs, seed);
            net = plan.model.fit(net, &first, seed)?;
        }
        if let Some(mup) = plan.training().and_then(|training| training.mup.as_ref()) {
            let mut weights = weights_of(&net);
            mup.first(&mut weights);
            net = with_weights(net, &weights)?;
        }
        meter.once(Purpose::Train, seen.time + watch.time());
        Ok(OwnNetwork {
            net,
            state: State::default(),
            layout,
            view: seen.view,
            inputs: seen.inputs,
        })
    }

    /// What first weights may depend on: so many training rows, drawn if there are more.
    fn first(&self, rows: usize, inputs: &Features, seed: Seed) -> First {
        let split = &self.data.split;
        let mut ids = split.train.to_vec();
        if ids.len() > rows {
            seed.stream("weights/rows", &[]).shuffle(&mut ids);
            ids.truncate(rows);
            ids.sort_unstable();
        }
        let chosen_on: Vec<_> = split.train.iter().chain(split.validation.iter()).collect();
        let range = match &self.data.targets {
            Targets::Values { values, .. } => {
                let (_, width) = values.rows_cols();
                let of = |worst: f32, better: fn(f32, f32) -> f32| -> Vec<f32> {
                    let target = |at: usize| {
                        let each = chosen_on.iter().map(|id| values.row(id.row())[at]);
                        each.fold(worst, better)
                    };
                    (0..width).map(target).collect()
                };
                Some([of(f32::MAX, f32::min), of(f32::MIN, f32::max)])
            }
            _ => None,
        };
        First {
            rows: batch::inputs(inputs, &ids, &self.device.clone().inner()),
            range,
        }
    }

    fn given(
        &self,
        stage: &str,
        folder: &Path,
        hash: &str,
        meter: &mut Meter,
    ) -> Result<OwnNetwork> {
        let watch = Stopwatch::start();
        let saved = SavedModel::read(folder, &self.device)?;
        if SavedModel::hash(folder)? != hash {
            return Err(changed(&folder.display().to_string()));
        }
        let reading = watch.time();
        let seen = self.seen(stage, || {
            let (raw, exact) = self.raw.cloned().ok_or_else(|| {
                Error::input(
                    folder.display(),
                    "its inputs were not kept as they were read",
                )
            })?;
            let prepared = saved.card.preprocessing.apply_exact(raw, &exact)?;
            let inputs = saved.view.see(&prepared.inputs);
            Ok((saved.view.clone(), inputs))
        })?;
        meter.once(Purpose::Load, reading + seen.time);
        Ok(OwnNetwork {
            net: saved.net.valid(),
            state: State {
                weights: saved.weights(),
                ..State::default()
            },
            layout: saved.layout(),
            view: seen.view,
            inputs: seen.inputs,
        })
    }
}

/// The stages and parts on which a log says that they were measured.
fn told(events: &[Event]) -> BTreeSet<(String, Part)> {
    let told = fold(events)
        .events
        .into_iter()
        .filter_map(|event| match event {
            Event::Evaluated(evaluated) => Some((evaluated.stage.clone(), evaluated.part)),
            _ => None,
        });
    told.collect()
}

/// Stages of one name share their randomness across arms, so that arms are paired.
pub fn stage_seed(trial: u64, stage: &str) -> Seed {
    Seed(Seed(trial).number(&format!("stage/{stage}"), &[]))
}
