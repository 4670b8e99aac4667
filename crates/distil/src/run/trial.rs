//! One trial, in its own process: every stage of a plan, then the result and its predictions.

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::Module;
use burn::tensor::Device;
use distil_report::bill::Purpose;
use distil_report::events::{Evaluated, Event, Grown as GrownEvent, Part, Resumed, Started, Time};
use distil_report::run_json::Compress;
use distil_report::{Numbers, events};

use super::children::{Order, Piped, Word, say};
use super::compress::size;
use super::folder::TrialFolder;
use super::predictions::predictions;
use crate::data::{Dataset, Features, Fold, Inputs, Part as DataPart, SplitRule, ViewMatrix};
use crate::error::{Error, Result};
use crate::files;
use crate::growth::{self, Promise};
use crate::method::OutputShape;
use crate::model::access::with_weights;
use crate::model::{Layout, Model, fresh};
use crate::optim::State;
use crate::plan::{Plan, StagePlan, StartPlan, TermPlan, Training, Work};
use crate::rng::Seed;
use crate::sample::SampleId;
use crate::saved::{Card, Provenance, SavedModel};
use crate::teacher::{Frozen, Teacher};
use crate::train::checkpoint::Store;
use crate::train::{
    Checkpoints, Course, Journal, Length, Meter, Settings, Signals, Stopwatch, batch, metrics,
    process, train,
};
use crate::weights::{Array, Weights, to_safetensors};

/// Optimiser steps of a stage in a rehearsal.
const REHEARSED_STEPS: u64 = 60;

/// What a trial works with.
pub struct Trial<'a> {
    /// The plan of its arm.
    pub plan: &'a Plan,
    /// The data, split for its fold.
    pub data: &'a Dataset,
    /// The inputs as they were read, where the plan has a given model: it prepares them its own way.
    pub raw: Option<&'a Inputs>,
    /// Its folder; none for a rehearsal, which leaves nothing behind.
    pub folder: Option<TrialFolder>,
    /// What it was asked for.
    pub order: &'a Order,
    /// Where it computes.
    pub device: Device,
    /// When a run may be asked to stop.
    pub signals: Signals,
}

/// A stage that is done: what later stages start or learn from.
struct Done {
    net: Model,
    state: State,
    layout: Layout,
    view: ViewMatrix,
    inputs: Features,
}

impl Trial<'_> {
    /// Runs what is not yet done in `folder`. `loading` is what reading the data took.
    pub fn run(&self, folder: &TrialFolder, loading: Time) -> Result<()> {
        let mut journal = Piped::open(&folder.events())?;
        let resume = self.resume_point(folder)?;
        if journal.count() > 0 {
            let (at, step, keep) = resume.unwrap_or((0, 0, 0));
            let stage = self
                .plan
                .stages
                .get(at)
                .map(|s| s.name.clone())
                .unwrap_or_default();
            journal.write(Event::Resumed(Resumed {
                keep,
                stage,
                step,
                process: process(),
            }))?;
        }
        if resume.is_none() {
            self.begin(&mut journal, loading)?;
        }
        // What the stages before the one resumed had to say is in the log already.
        let silent = resume.map_or(0, |(at, ..)| at);
        let done = self.stages(&mut journal, silent)?;
        self.finish(folder, &done, &mut journal)
    }

    /// Trains every stage for a few steps and keeps nothing: what a sample costs.
    pub fn rehearse(&self) -> Result<Vec<Event>> {
        let mut journal = Vec::new();
        self.stages(&mut journal, 0)?;
        Ok(journal)
    }

    fn stages(&self, journal: &mut dyn Journal, silent: usize) -> Result<BTreeMap<String, Done>> {
        let mut done: BTreeMap<String, Done> = BTreeMap::new();
        for (at, stage) in self.plan.stages.iter().enumerate() {
            let mut muted = Vec::new();
            let finished = match at < silent {
                true => self.stage(stage, &done, &mut muted)?,
                false => self.stage(stage, &done, journal)?,
            };
            done.insert(stage.name.clone(), finished);
        }
        Ok(done)
    }

    /// The hash a checkpoint of this trial carries.
    fn hash(&self) -> String {
        format!("{} {}", self.plan.hash(), self.order.trial())
    }

    /// The last stage with a checkpoint: its place, the step, the events to keep.
    fn resume_point(&self, folder: &TrialFolder) -> Result<Option<(usize, u64, usize)>> {
        for (at, stage) in self.plan.stages.iter().enumerate().rev() {
            let folder = folder.checkpoints(&stage.name);
            if !folder.is_dir() {
                continue;
            }
            let (found, damaged) = Store::open(&folder, &self.hash())?.latest()?;
            for error in damaged {
                say(&Word::Note(format!(
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

    fn begin(&self, journal: &mut Piped, loading: Time) -> Result<()> {
        let split = &self.data.split;
        journal.write(Event::Started(Started {
            arm: self.order.arm.clone(),
            seed: self.order.seed,
            fold: self.order.fold.map(|f| f.0),
            settings: self.order.settings.clone(),
            plan: self.hash(),
            process: process(),
        }))?;
        let (train, validation, test) =
            (split.train.len(), split.validation.len(), split.test.len());
        journal.write(Event::Data(events::Data {
            train,
            validation,
            test,
            time: loading,
        }))
    }

    fn stage(
        &self,
        plan: &StagePlan,
        done: &BTreeMap<String, Done>,
        journal: &mut dyn Journal,
    ) -> Result<Done> {
        let mut meter = Meter::new(&plan.name);
        let finished = match &plan.work {
            Work::Given { folder, .. } => self.given(folder, &mut meter)?,
            Work::Train(training) => self.trained(plan, training, done, journal, &mut meter)?,
        };
        // A rehearsal has measured what evaluating costs while it trained.
        let parts: &[DataPart] = match self.folder {
            Some(_) => &[DataPart::Train, DataPart::Validation, DataPart::Test],
            None => &[],
        };
        for &part in parts {
            let ids = self.part(part);
            if ids.is_empty() {
                continue;
            }
            let watch = Stopwatch::start();
            let outputs = batch::outputs(&finished.net, &finished.inputs, ids, &self.device);
            let found = metrics(&outputs, &self.data.targets, ids)?;
            meter.add(
                Purpose::Evaluate,
                Some(finished.layout.flops_forward()),
                ids.len(),
                watch.time(),
            );
            let part = match part {
                DataPart::Train => Part::Train,
                DataPart::Validation => Part::Validation,
                DataPart::Test => Part::Test,
            };
            journal.write(Event::Evaluated(Evaluated {
                stage: plan.name.clone(),
                part,
                samples: ids.len(),
                metrics: found,
            }))?;
        }
        meter.flush(journal)?;
        Ok(finished)
    }

    fn part(&self, part: DataPart) -> &[SampleId] {
        match part {
            DataPart::Train => &self.data.split.train,
            DataPart::Validation => &self.data.split.validation,
            DataPart::Test => &self.data.split.test,
        }
    }

    fn given(&self, folder: &Path, meter: &mut Meter) -> Result<Done> {
        let watch = Stopwatch::start();
        let saved = SavedModel::read(folder, &self.device)?;
        let raw = self.raw.cloned().ok_or_else(|| {
            Error::input(
                folder.display(),
                "its inputs were not kept as they were read",
            )
        })?;
        let inputs = saved.view.see(&saved.card.preprocessing.apply(raw)?.inputs);
        meter.add(Purpose::Load, Some(0.0), 0, watch.time());
        Ok(Done {
            net: saved.net.valid(),
            state: State {
                weights: saved.weights(),
                ..State::default()
            },
            layout: saved.layout(),
            view: saved.view.clone(),
            inputs,
        })
    }

    fn trained(
        &self,
        plan: &StagePlan,
        training: &Training,
        done: &BTreeMap<String, Done>,
        journal: &mut dyn Journal,
        meter: &mut Meter,
    ) -> Result<Done> {
        let device = self.device.clone().autodiff();
        let view = plan
            .view
            .fit(self.data.fine(&self.data.preprocessing.columns()))?;
        let inputs = view.see(&self.data.inputs);
        let layout = plan.layout.clone();
        let seed = stage_seed(self.order.seed, &plan.name);
        let net = plan.model.init(layout.clone(), seed, &device)?;
        let mut stage = Done {
            net,
            state: State::default(),
            layout,
            view,
            inputs,
        };
        // A checkpoint holds what growth made.
        let begun = match &self.folder {
            Some(folder) => Store::open(&folder.checkpoints(&plan.name), &self.hash())?
                .latest()?
                .0
                .is_some(),
            None => false,
        };
        let start = match &training.start {
            Some(start) if !begun => Some(self.grow(
                plan,
                start,
                lookup(done, &start.from)?,
                &stage,
                journal,
                meter,
            )?),
            _ => None,
        };
        // Before the first checkpoint, which is what a resumed run goes on from.
        meter.flush(journal)?;
        let mut courses = self.courses(plan, training, done)?;
        let settings = self.settings(plan, training, seed);
        let trained = train(
            stage.net,
            start.as_ref(),
            self.data,
            &stage.inputs,
            &settings,
            &mut courses,
            journal,
        )?;
        if let Some(folder) = &self.folder {
            let loss = trained.scores.loss;
            let scores = Weights::from([("loss".to_string(), Array::new([loss.len()], loss))]);
            files::write(&folder.scores(&plan.name), &to_safetensors(&scores)?)?;
        }
        stage.net = trained.net;
        stage.state = trained.state;
        Ok(stage)
    }

    fn courses<'p>(
        &self,
        plan: &'p StagePlan,
        training: &'p Training,
        done: &BTreeMap<String, Done>,
    ) -> Result<Vec<Course<'p>>> {
        let kind = self.plan.task.kind();
        let shape = |layout: &Layout| OutputShape {
            task: kind,
            outputs: layout.outputs(),
            taps: layout
                .taps()
                .into_iter()
                .filter_map(|tap| Some((tap.clone(), layout.tap_width(&tap)?)))
                .collect(),
        };
        let course = |term: &'p TermPlan| {
            let teachers: Vec<&Done> = term
                .teachers
                .iter()
                .map(|name| lookup(done, name))
                .collect::<Result<_>>()?;
            let shapes: Vec<OutputShape> = teachers.iter().map(|t| shape(&t.layout)).collect();
            let together = match shapes.as_slice() {
                [] => None,
                shapes => Some(
                    OutputShape::of_several(shapes)
                        .map_err(|r| Error::input(format!("stage `{}`", plan.name), r))?,
                ),
            };
            let frozen = term.teachers.iter().zip(&teachers).map(|(name, teacher)| {
                Box::new(Frozen::new(
                    name,
                    &teacher.net,
                    teacher.inputs.clone(),
                    &self.device,
                )) as Box<dyn Teacher>
            });
            let (method, student) = (term.method.as_ref(), shape(&plan.layout));
            let course = Course::new(
                &term.name,
                method,
                frozen.collect(),
                term.weight,
                &student,
                together.as_ref(),
                &term.layers,
            )?;
            Ok(course.until(term.until))
        };
        training.learn.iter().map(course).collect()
    }

    fn settings<'p>(
        &'p self,
        plan: &StagePlan,
        training: &'p Training,
        seed: Seed,
    ) -> Settings<'p> {
        let train = &training.train;
        let run = &self.plan.run;
        let checkpoints = self.folder.as_ref().map(|folder| Checkpoints {
            folder: folder.checkpoints(&plan.name),
            steps: run.checkpoint_steps.as_ref().map(|steps| steps.value),
            seconds: run.checkpoint_seconds.value,
        });
        Settings {
            stage: plan.name.clone(),
            plan: self.hash(),
            seed,
            device: self.device.clone(),
            task: self.plan.task.as_ref(),
            batch: train.batch,
            accumulate: train.accumulate,
            length: match self.folder {
                Some(_) => Length::Steps(training.steps),
                None => Length::Steps(training.steps.min(REHEARSED_STEPS)),
            },
            optimizer: train.optimizer.as_ref(),
            lr: train.lr,
            schedule: train.schedule.as_ref(),
            span: Some(training.span),
            clip: train.clip,
            average: train.average,
            patience: train.patience,
            evaluate: train.evaluate,
            metric: self.plan.metric,
            policy: training.samples.as_ref(),
            checkpoints,
            signals: self.signals.clone(),
        }
    }

    fn grow(
        &self,
        plan: &StagePlan,
        start: &StartPlan,
        small: &Done,
        large: &Done,
        journal: &mut dyn Journal,
        meter: &mut Meter,
    ) -> Result<State> {
        let place = format!("stage `{}`", plan.name);
        let watch = Stopwatch::start();
        let view = ViewMatrix::between(&small.view, &large.view);
        if view.is_none() && small.view != large.view {
            return Err(Error::input(
                place,
                format!(
                    "its view cannot be led back to the view of `{}`",
                    start.from
                ),
            ));
        }
        let seed = stage_seed(self.order.seed, &plan.name);
        let fresh = fresh(&large.layout, seed);
        let grown = growth::grow(
            &small.state,
            &small.layout,
            &large.layout,
            view.as_ref(),
            &start.rule,
            &fresh,
            seed,
        )
        .map_err(|reason| Error::input(&place, reason))?;
        let net = with_weights(large.net.valid(), &grown.state.weights)?;
        // Measured on samples the small model was chosen on, never on the test part.
        let ids = match self.data.split.validation.as_slice() {
            [] => &self.data.split.train[..],
            ids => ids,
        };
        let before = batch::outputs(&small.net, &small.inputs, ids, &self.device);
        let after = batch::outputs(&net, &large.inputs, ids, &self.device);
        let time = watch.time();
        let flops =
            (small.layout.flops_forward() + large.layout.flops_forward()) * ids.len() as f64;
        meter.add(
            Purpose::Grow,
            Some(flops / ids.len() as f64),
            ids.len(),
            time,
        );
        journal.write(Event::Grown(GrownEvent {
            stage: plan.name.clone(),
            from: start.from.clone(),
            promise: match grown.promise {
                Promise::Exact => events::Promise::Exact,
                Promise::Nothing => events::Promise::Nothing,
            },
            max_difference: largest_difference(&before, &after),
            rows: ids.len(),
            flops: Some(flops),
            time,
        }))?;
        Ok(grown.state)
    }

    fn finish(
        &self,
        folder: &TrialFolder,
        done: &BTreeMap<String, Done>,
        journal: &mut Piped,
    ) -> Result<()> {
        let plan = self.plan.result();
        let result = lookup(done, &plan.name)?;
        let watch = Stopwatch::start();
        let ids = &self.data.split.test;
        let outputs = batch::outputs(&result.net, &result.inputs, ids, &self.device);
        let test = if ids.is_empty() {
            Numbers::default()
        } else {
            metrics(&outputs, &self.data.targets, ids)?
        };
        predictions(&plan.name, &outputs, self.data, ids)?
            .write(&folder.predictions())
            .map_err(crate::train::refused)?;
        let mut meter = Meter::new(&plan.name);
        if let Work::Train(training) = &plan.work {
            let card = Card {
                stage: plan.name.clone(),
                model: plan.model.clone(),
                inputs: result.layout.inputs(),
                outputs: result.layout.outputs(),
                source: self.plan.source.clone(),
                preprocessing: self.data.preprocessing.clone(),
                view: plan.view.clone(),
                view_shape: result.view.shape.clone(),
                targets: self.data.fitted_targets.clone(),
                metric: self.plan.metric.name.to_string(),
                split: SplitRule {
                    fold: self.order.fold.map(|(index, of)| Fold { index, of }),
                    ..self.plan.split.clone()
                },
                provenance: Provenance {
                    distil: env!("CARGO_PKG_VERSION").to_string(),
                    recipe: self.plan.name.clone(),
                    plan: self.hash(),
                    data: self.data.hash.clone(),
                    trial: self.order.trial().to_string(),
                    grown_from: training.start.as_ref().map(|s| s.from.clone()),
                    learned_from: training
                        .learn
                        .iter()
                        .flat_map(|l| l.teachers.clone())
                        .collect(),
                    test,
                },
            };
            let saved = SavedModel {
                card,
                view: result.view.clone(),
                net: result.net.clone(),
            };
            saved.write(&folder.model())?;
        }
        self.compress(folder, done)?;
        meter.add(Purpose::Save, Some(0.0), 0, watch.time());
        meter.flush(journal)?;
        journal.write(Event::Finished)?;
        journal.settle()?;
        Ok(())
    }
}

impl Trial<'_> {
    /// Where the result is smaller than a model it learned from: what that buys.
    fn compress(&self, folder: &TrialFolder, done: &BTreeMap<String, Done>) -> Result<()> {
        let plan = self.plan.result();
        let teachers = plan
            .training()
            .into_iter()
            .flat_map(|t| &t.learn)
            .flat_map(|term| &term.teachers);
        let teacher = teachers
            .filter_map(|name| self.plan.stage(name))
            .max_by_key(|stage| stage.layout.parameters());
        let Some(teacher) =
            teacher.filter(|teacher| teacher.layout.parameters() > plan.layout.parameters())
        else {
            return Ok(());
        };
        let ids = match self.data.split.test.as_slice() {
            [] => &self.data.split.train,
            _ => &self.data.split.test,
        };
        let measure = |stage: &StagePlan| {
            let model = lookup(done, &stage.name)?;
            size(
                &stage.name,
                &model.net,
                stage.layout.parameters(),
                &model.inputs,
                ids,
                &self.device,
            )
        };
        let compress = Compress {
            student: measure(plan)?,
            teacher: measure(teacher)?,
        };
        let text = serde_json::to_vec_pretty(&compress)
            .map_err(|e| Error::damaged(&folder.compress(), e))?;
        files::write(&folder.compress(), &text)
    }
}

fn lookup<'a>(done: &'a BTreeMap<String, Done>, name: &str) -> Result<&'a Done> {
    done.get(name).ok_or_else(|| {
        Error::input(
            format!("stage `{name}`"),
            "has not run before the stage that needs it",
        )
    })
}

/// Stages of one name share their randomness across arms, so that arms are paired.
pub fn stage_seed(trial: u64, stage: &str) -> Seed {
    Seed(Seed(trial).number(&format!("stage/{stage}"), &[]))
}

/// Largest difference of a row's outputs, relative to max(1, the row's largest output).
fn largest_difference(before: &Array, after: &Array) -> f64 {
    let (rows, _) = before.rows_cols();
    let row = |r: usize| {
        let (a, b) = (before.row(r), after.row(r));
        let scale = a.iter().fold(1.0_f32, |m, x| m.max(x.abs()));
        let difference = a
            .iter()
            .zip(b)
            .fold(0.0_f32, |m, (x, y)| m.max((x - y).abs()));
        f64::from(difference / scale)
    };
    (0..rows).map(row).fold(0.0, f64::max)
}
