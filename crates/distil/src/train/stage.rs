//! One stage: epochs of steps, from fresh weights, from a start, or from its newest checkpoint.

mod after;
mod step;
mod unread;

use std::time::Instant;

use burn::module::Module;
use distil_report::Numbers;
use distil_report::Purpose;
use distil_report::events::{Event, StageStarted, Time};

use self::unread::Unread;

use super::checkpoint::{Checkpoint, StageProgress, Store};
use super::clock::Stopwatch;
use super::learner::{Learner, adapters, net_state, of_net};
use super::meter::Meter;
use super::settings::{Readings, Settings};
use super::sink::EventSink;
use super::term::DistillTerm;
use crate::data::{Dataset, Features, SampleTable, Scores, epoch_order};
use crate::error::{Error, Result};
use crate::model::access::{weights_of, with_weights};
use crate::model::{Net, TapSet};
use crate::optim::{Average, Optimizer, State};
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
    pub progress: StageProgress,
}

/// Trains `net` on the training part of `data`, whose rows the student reads as `inputs`.
///
/// `start` is the state a grown network begins with. If the settings name a checkpoint folder and it holds a
/// checkpoint of this plan, training goes on from there, bit for bit as if it had never stopped.
///
/// Dropout is drawn from the tensor library's one generator per process, seeded at every step: a training with dropout is
/// repeatable as long as no other one runs in the same process at the same time. (Trials are processes of their own.)
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
    terms: &mut [DistillTerm<'_>],
    sink: &mut dyn EventSink,
) -> Result<Trained<N>> {
    let (stage, learner) = Stage::open(net, start, data, inputs, settings, terms, sink)?;
    stage.run(learner)
}

struct Stage<'a, 'm> {
    optimizer: Optimizer,
    average: Option<Average>,
    best: Option<Weights>,
    scores: Scores,
    epoch_scores: Scores,
    progress: StageProgress,
    data: &'a Dataset,
    inputs: &'a Features,
    table: SampleTable,
    settings: &'a Settings<'a>,
    terms: &'a [DistillTerm<'m>],
    loss: Box<dyn LabelLoss>,
    /// What each row's loss is multiplied by, besides what the policy says.
    weights: Option<Vec<f32>>,
    taps: TapSet,
    /// FLOPs of one sample's forward, and of its forward and backward pass.
    flops: Option<(f64, f64)>,
    /// Optimiser steps of a nominal epoch and of the stage.
    steps_per_epoch: u64,
    steps: u64,
    store: Option<Store>,
    sink: &'a mut dyn EventSink,
    meter: Meter,
    log: Log,
    /// What steps have left on a device from which reading is dear.
    unread: Option<Unread>,
}

/// What the next progress event will say.
struct Log {
    every: u64,
    parts: Numbers,
    steps: u64,
    lr: f64,
    watch: Stopwatch,
    /// What earlier processes took.
    before: Time,
    samples_before: u64,
    saved: Instant,
    /// Runs since the first step that is not billed yet.
    step: Option<Stopwatch>,
    /// What teachers took of that time; billed as theirs.
    taught: Time,
}

impl Log {
    /// Takes a step's loss in, part by part.
    fn add(&mut self, parts: &Numbers) {
        self.steps += 1;
        for (name, value) in parts.iter() {
            *self.parts.entry(name.clone()).or_insert(0.0) += value;
        }
    }
}

impl<'a, 'm> Stage<'a, 'm> {
    /// The stage where its newest checkpoint left it, or at its beginning, which is then announced.
    fn open<N: Net>(
        net: N,
        start: Option<&State>,
        data: &'a Dataset,
        inputs: &'a Features,
        settings: &'a Settings<'a>,
        terms: &'a mut [DistillTerm<'m>],
        sink: &'a mut dyn EventSink,
    ) -> Result<(Self, Learner<N>)> {
        let device = settings.device.clone().autodiff();
        let specs: Vec<_> = terms.iter().flat_map(|t| t.adapters().to_vec()).collect();
        let learner = Learner {
            net,
            adapters: adapters(&specs, settings.seed, &device),
        };
        let table = data.table(inputs);
        let unseen = Scores {
            loss: vec![f32::NAN; data.len()],
        };
        let choosing = Stopwatch::start();
        let samples = settings
            .policy
            .epoch(0, 1, &table, &unseen, settings.seed)?
            .len();
        let choosing = choosing.time();
        if samples == 0 {
            let reason = "its samples policy chooses no sample".to_string();
            return Err(refuse(settings, reason));
        }
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
        let checkpoint = found.unwrap_or_else(|| fresh(&learner, start, unseen));
        let learner = with_weights(learner, &checkpoint.state.weights)?.train();
        let watch = Stopwatch::on(&settings.device);
        // Answers to pictures that change every epoch cannot be remembered.
        let taught: Vec<_> = match data.augment {
            Some(_) => Vec::new(),
            None => terms
                .iter_mut()
                .flat_map(|t| t.prepare(settings.of_interest(&data.split.train)))
                .collect(),
        };
        let time = watch.time();
        let mut stage = Self::from_checkpoint(
            checkpoint, store, data, inputs, table, samples, settings, terms, sink,
        )?;
        stage.flops = learner
            .net
            .layout()
            .map(|l| (l.flops_forward(), l.flops_forward() + l.flops_backward()));
        // What a resumed run repeats is neither told nor billed again.
        if !resumed {
            stage.announce(&learner, samples)?;
            stage.bill_teachers(&taught, time);
            stage.meter.once(Purpose::Select, choosing);
        }
        Ok((stage, learner))
    }

    /// Everything but the weights as the checkpoint has it; `samples` in a nominal epoch.
    #[allow(clippy::too_many_arguments)]
    fn from_checkpoint(
        checkpoint: Checkpoint,
        store: Option<Store>,
        data: &'a Dataset,
        inputs: &'a Features,
        table: SampleTable,
        samples: usize,
        settings: &'a Settings<'a>,
        terms: &'a [DistillTerm<'m>],
        sink: &'a mut dyn EventSink,
    ) -> Result<Self> {
        let device = settings.device.clone().autodiff();
        let loss = settings
            .task
            .loss(&TargetShape::of(&data.targets, &data.split.train), &device)
            .map_err(|reason| refuse(settings, reason))?;
        let train = settings.train;
        let steps_per_epoch = train.steps_per_epoch(samples);
        let steps = settings.steps.unwrap_or_else(|| train.steps(samples));
        let Checkpoint {
            progress,
            state,
            average,
            best,
            scores,
            epoch_scores,
            ..
        } = checkpoint;
        let rule = train.optimizer.clone_rule();
        let optimizer = Optimizer::restore(rule, state.slots, &state.weights)
            .map_err(|reason| refuse(settings, reason))?
            .paced(of_net(&settings.paces));
        let average = train.average.map(|decay| match average {
            Some(weights) => Average::restore(decay, progress.step, weights),
            None => Average::new(decay),
        });
        let mut taps: Vec<String> = terms
            .iter()
            .flat_map(|t| t.student_taps().to_vec())
            .collect();
        taps.sort();
        taps.dedup();
        let log = Log {
            every: (steps / 100).max(1),
            parts: Numbers::default(),
            steps: 0,
            lr: 0.0,
            watch: Stopwatch::start(),
            before: progress.time,
            samples_before: progress.samples,
            saved: Instant::now(),
            step: None,
            taught: Time::default(),
        };
        let unread = match settings.readings {
            Readings::EachStep => None,
            Readings::AtLogEvents => Some(Unread::new(&settings.device)),
        };
        Ok(Self {
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
            terms,
            loss,
            weights: data.loss_weights(),
            taps: TapSet(taps),
            flops: None,
            steps_per_epoch,
            steps,
            store,
            sink,
            meter: Meter::new(&settings.stage),
            log,
            unread,
        })
    }

    /// Tells the log that the stage begins.
    fn announce<N: Net>(&mut self, learner: &Learner<N>, samples: usize) -> Result<()> {
        self.sink.write(Event::StageStarted(StageStarted {
            stage: self.settings.stage.clone(),
            parameters: parameters(&weights_of(&learner.net)),
            flops_forward: self.flops.map(|f| f.0),
            flops_train: self.flops.map(|f| f.1),
            steps: self.steps,
            epochs: self.steps as f64 / self.steps_per_epoch as f64,
            samples,
        }))
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
            (None, Some(average)) => Some(average.weights()),
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
        let scores = match self.settings.policy.is_static() {
            true => &self.scores,
            false => {
                if self.progress.position == 0 {
                    self.epoch_scores = self.scores.clone();
                }
                &self.epoch_scores
            }
        };
        let epochs = self.steps.div_ceil(self.steps_per_epoch);
        let watch = Stopwatch::start();
        let mut chosen =
            self.settings
                .policy
                .epoch(epoch, epochs, &self.table, scores, self.settings.seed)?;
        if let Some(weights) = &self.weights {
            let each = chosen.iter_mut();
            each.for_each(|(id, weight)| *weight *= weights[id.row()]);
        }
        if self.progress.position == 0 {
            self.meter
                .add(Purpose::Select, Some(0.0), chosen.len(), watch.time());
        }
        let order = epoch_order(chosen, self.settings.seed, epoch);
        let window = self.settings.train.window();
        let single = self.settings.join_single && order.len() > window && order.len() % window == 1;
        let joined = order.len() - usize::from(single);
        let windows = (joined.div_ceil(window) as u64).max(1);
        while (self.progress.position as usize) < order.len() {
            // Where a policy shortens an epoch, its steps still span a whole epoch of the schedule.
            let done = (self.progress.position as usize).div_ceil(window) as u64;
            let at = epoch * self.steps_per_epoch + done * self.steps_per_epoch / windows;
            if at >= self.steps {
                break;
            }
            let end = match self.progress.position as usize + window {
                end if end >= joined => order.len(),
                end => end,
            };
            learner = self.step(learner, &order[self.progress.position as usize..end], at)?;
            self.progress.position = end as u64;
            let last = end == order.len()
                || epoch * self.steps_per_epoch + (done + 1) * self.steps_per_epoch / windows
                    >= self.steps;
            let evaluations = self.settings.train.evaluate.max(1);
            let evaluate =
                last || (done + 1) * evaluations / windows > done * evaluations / windows;
            if last {
                self.progress.epoch += 1;
                self.progress.position = 0;
                self.progress.finished = self.progress.epoch * self.steps_per_epoch >= self.steps;
            }
            self.after_step(
                &learner,
                last,
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
}

/// What a stage without a checkpoint begins with: its own weights, or those and the memory it starts from.
fn fresh<N: Net>(learner: &Learner<N>, start: Option<&State>, unseen: Scores) -> Checkpoint {
    let mut state = State {
        weights: weights_of(learner),
        ..State::default()
    };
    if let Some(start) = start {
        let start_weights = start.weights.iter();
        let under_net = start_weights.map(|(path, w)| (format!("net.{path}"), w.clone()));
        state.weights.extend(under_net);
        state.slots = of_net(&start.slots);
    }
    Checkpoint {
        progress: StageProgress {
            teach_flops: Some(0.0),
            ..StageProgress::default()
        },
        state,
        scores: unseen,
        ..Checkpoint::default()
    }
}

fn refuse(settings: &Settings, reason: String) -> Error {
    Error::input(format!("stage `{}`", settings.stage), reason)
}

fn parameters(weights: &Weights) -> u64 {
    let trained = weights
        .iter()
        .filter(|(path, _)| !path.contains(".running_"));
    trained.map(|(_, array)| array.values.len() as u64).sum()
}
