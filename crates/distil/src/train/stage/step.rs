//! A step: forward, loss, backward, guard, update.

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::Tensor;
use distil_report::Numbers;
use distil_report::Purpose;
use distil_report::events::{Diverged, Event, Time};

use super::Stage;
use crate::error::{Error, Kind, Result};
use crate::method::AtStep;
use crate::model::{Net, Output};
use crate::optim::{Accumulator, Gradients};
use crate::read_back::read;
use crate::rng::Seed;
use crate::sample::SampleId;
use crate::train::batch;
use crate::train::clock::Stopwatch;
use crate::train::learner::Learner;
use crate::train::members::Members;
use crate::train::mixture::{Mixture, Part};
use crate::train::settings::ScheduleSpan;
use crate::train::term::TermWeight;

/// The rows of one forward pass.
struct Rows<'a> {
    /// Samples and their weights.
    own: &'a [(SampleId, f32)],
    /// The share each sample keeps, and what makes up the rest of its row.
    mix: Option<(f32, &'a [(SampleId, f32)])>,
    /// Their share of the step's samples.
    of_step: f64,
}

/// What one forward pass says of its rows.
pub(super) struct Losses {
    pub ids: Vec<SampleId>,
    /// The loss of each sample against its own label `[rows]`; without gradient.
    pub own: Tensor<1>,
    pub parts: Vec<Part>,
    /// The weights of the rows; empty for all 1.
    pub weights: Vec<f32>,
    /// The rows' share of the step's samples.
    pub of_step: f64,
}

impl Stage<'_, '_> {
    /// One optimiser step over a window of samples with their weights.
    ///
    /// The learner is consumed: a second handle would force the optimiser to copy every tensor.
    pub(super) fn step<N: Net>(
        &mut self,
        mut learner: Learner<N>,
        window: &[(SampleId, f32)],
        at: u64,
    ) -> Result<Learner<N>> {
        self.log.step.get_or_insert_with(Stopwatch::start);
        let now = AtStep {
            step: at,
            steps: self.steps,
        };
        let seed = self.settings.seed.number("dropout", &[self.progress.step]);
        self.settings.device.seed(seed);
        let done = at as f64 / self.steps.max(1) as f64;
        let mut accumulator = Accumulator::default();
        let mut passes = Vec::new();
        let mix = self
            .data
            .augment
            .and_then(|augment| augment.mix(self.settings.seed, self.progress.step, window));
        let batch = self.settings.train.batch;
        let single = self.settings.join_single && window.len() > batch && window.len() % batch == 1;
        let joined = window.len() - usize::from(single);
        for first in (0..joined).step_by(batch) {
            let range = match first + batch {
                end if end >= joined => first..window.len(),
                end => first..end,
            };
            let own = &window[range.clone()];
            let rows = Rows {
                own,
                mix: mix.as_ref().map(|mix| (mix.share, &mix.partners[range])),
                of_step: own.len() as f64 / window.len() as f64,
            };
            learner
                .net
                .at(done, Seed(seed).number("pass", &[first as u64]));
            let (gradients, losses) = self.backward(&learner, &rows, now)?;
            accumulator.add(gradients, own.len());
            passes.push(losses);
        }
        let Some(gradients) = accumulator.take() else {
            return Ok(learner);
        };
        let ScheduleSpan { offset, steps } = self.settings.span.unwrap_or(ScheduleSpan {
            offset: 0,
            steps: self.steps,
        });
        self.log.lr =
            self.settings.train.lr * self.settings.train.schedule.factor(offset + at, steps);
        if let Some(decay) = &self.settings.train.decay_schedule {
            self.optimizer.decay = decay.factor(at, self.steps);
        }
        let learner = match &self.unread {
            None => self.update(learner, gradients, &passes)?,
            Some(_) => self.update_unread(learner, gradients, passes),
        };
        self.progress.step += 1;
        self.progress.samples += window.len() as u64;
        let flops = self.flops.map(|f| f.1);
        self.meter
            .add(Purpose::Train, flops, window.len(), Time::default());
        if self.unread.is_none() {
            self.bill_steps();
        }
        Ok(learner)
    }

    /// Reads losses, and updates if they and all gradients are finite.
    fn update<N: Net>(
        &mut self,
        learner: Learner<N>,
        mut gradients: Gradients,
        passes: &[Losses],
    ) -> Result<Learner<N>> {
        let mut parts = Numbers::default();
        for pass in passes {
            self.score(&pass.ids, read(pass.own.clone()));
            for part in &pass.parts {
                *parts.entry(part.name.clone()).or_insert(0.0) +=
                    part.read(&pass.weights) * pass.of_step;
            }
        }
        // Who clips has the norms, which tell; else a look that takes less.
        let clip = self.settings.train.clip.map(|max| (max, gradients.norms()));
        let finite = match &clip {
            Some((_, norms)) => norms.finite(),
            None => gradients.finite(),
        };
        if !finite || parts.values().any(|v| !v.is_finite()) {
            let norms = clip.map_or_else(|| gradients.norms(), |(_, norms)| norms);
            return Err(self.diverged(self.progress.step + 1, &parts, &norms.by_path)?);
        }
        if let Some((max, norms)) = clip {
            gradients.clip(&norms, max);
        }
        let learner = self.optimizer.update(learner, gradients, self.log.lr);
        if let Some(average) = &mut self.average {
            average.update(&learner.valid());
        }
        self.log.add(&parts);
        Ok(learner)
    }

    pub(super) fn score(&mut self, ids: &[SampleId], losses: impl IntoIterator<Item = f32>) {
        for (id, loss) in ids.iter().zip(losses) {
            self.scores.loss[id.row()] = loss;
        }
    }

    /// Bills what the steps took since they were last billed, without what their teachers were billed for.
    pub(super) fn bill_steps(&mut self) {
        let taught = std::mem::take(&mut self.log.taught);
        let Some(watch) = self.log.step.take() else {
            return;
        };
        let time = watch.time();
        let time = Time {
            cpu_seconds: (time.cpu_seconds - taught.cpu_seconds).max(0.0),
            wall_seconds: (time.wall_seconds - taught.wall_seconds).max(0.0),
        };
        self.meter.add(Purpose::Train, Some(0.0), 0, time);
    }

    fn backward<N: Net>(
        &mut self,
        learner: &Learner<N>,
        rows: &Rows<'_>,
        at: AtStep,
    ) -> Result<(Gradients, Losses)> {
        let device = self.settings.device.clone().autodiff();
        let ids: Vec<SampleId> = rows.own.iter().map(|r| r.0).collect();
        let weights: Vec<f32> = match rows.own.iter().all(|r| r.1 == 1.0) {
            true => Vec::new(),
            false => rows.own.iter().map(|r| r.1).collect(),
        };
        let augment = self.data.augment;
        let augmentation = augment.map(|augment| {
            let augmentation = augment.epoch(self.settings.seed, self.progress.epoch);
            match rows.mix {
                Some((share, partners)) => {
                    augmentation.mixed(share, partners.iter().map(|r| r.0).collect())
                }
                None => augmentation,
            }
        });
        let output = learner.net.forward(
            &batch::training(self.inputs, &ids, augmentation.as_ref(), &device),
            &self.taps,
        );
        let members = Members::of(&output, ids.len());
        let target = batch::targets(
            &self.data.targets,
            &members.each(&ids),
            &device.clone().inner(),
        );
        let own_rows = members.mean(self.loss.rows(output.values.clone(), &target)?);
        // A sample's score is the loss against its own label: mixed, that of the row which is mostly this sample.
        let own = own_rows.clone().inner();
        let label_rows = match rows.mix {
            None => own_rows,
            Some((share, partners)) => {
                let theirs = self.partner_rows(&output, members, rows.own, partners)?;
                own_rows * share + theirs * (1.0 - share)
            }
        };
        let answered: Vec<_> = self.terms.iter().map(|t| t.answered(&ids)).collect();
        let mut mixture = self.labels(label_rows, &answered, &weights, at);
        let mut first_adapter = 0;
        for (term, answered) in self.terms.iter().zip(&answered) {
            let adapters = &learner.adapters[first_adapter..first_adapter + term.adapters().len()];
            first_adapter += term.adapters().len();
            let strength = term.strength(at);
            if strength == 0.0 {
                continue;
            }
            let watch = term
                .computes(augmentation.as_ref())
                .then(|| Stopwatch::on(&self.settings.device));
            let (teacher, costs) = term.teach(&ids, augmentation.as_ref())?;
            if let Some(watch) = watch {
                let time = watch.time();
                self.bill_teachers(&costs, time);
                self.log.taught.cpu_seconds += time.cpu_seconds;
                self.log.taught.wall_seconds += time.wall_seconds;
            }
            let teacher = teacher.map(|teacher| members.to_each(teacher));
            let loss = term.loss(&output, teacher.as_ref(), &target, adapters, at)?;
            let loss = members.mean_of(loss);
            mixture.add(&term.name, loss, strength, answered.as_deref());
        }
        let parts = std::mem::take(&mut mixture.parts);
        let mut gradients = mixture.total().backward();
        let losses = Losses {
            ids,
            own,
            parts,
            weights,
            of_step: rows.of_step,
        };
        Ok((Gradients::take(learner, &mut gradients), losses))
    }

    /// The labels' share of the loss: what terms do not replace. A sample to which a term has no answer keeps that term's share.
    fn labels<'w>(
        &self,
        rows: Tensor<1>,
        answered: &[Option<Vec<f32>>],
        weights: &'w [f32],
        at: AtStep,
    ) -> Mixture<'w> {
        let mixed = self.terms.iter().zip(answered);
        let mixed = mixed.filter(|(t, _)| matches!(t.weight, TermWeight::Mix(_)));
        let mixed: Vec<_> = mixed.map(|(t, known)| (t.strength(at), known)).collect();
        if mixed.iter().all(|(_, known)| known.is_none()) {
            let share = 1.0 - mixed.iter().map(|(strength, _)| strength).sum::<f64>();
            return Mixture::labels(rows, share, weights);
        }
        let device = rows.device().inner();
        let taken = |row: usize| -> f64 {
            let of = |(strength, known): &(f64, &Option<Vec<f32>>)| {
                strength * known.as_ref().map_or(1.0, |known| f64::from(known[row]))
            };
            mixed.iter().map(of).sum()
        };
        let count = rows.dims()[0];
        let shares: Vec<f32> = (0..count).map(|row| (1.0 - taken(row)) as f32).collect();
        let shares = Tensor::<1>::from_floats(shares.as_slice(), &device);
        Mixture::labels(rows * shares, 1.0, weights)
    }

    /// Bills teachers' forward passes, (FLOPs per sample, samples) each, which took so long together; who only looked up made none.
    pub(super) fn bill_teachers(&mut self, costs: &[(Option<f64>, usize)], time: Time) {
        let share = costs.len().max(1) as f64;
        let each = Time {
            cpu_seconds: time.cpu_seconds / share,
            wall_seconds: time.wall_seconds / share,
        };
        for (flops, samples) in costs.iter().filter(|(_, samples)| *samples > 0) {
            self.meter.add(Purpose::Teach, *flops, *samples, each);
            self.progress.teach_flops = self
                .progress
                .teach_flops
                .zip(*flops)
                .map(|(sum, each)| sum + each * *samples as f64);
        }
    }

    /// The loss of each row against its partner's label, `[rows]`.
    ///
    /// Rows are multiplied by their own sample's weight later, but a label counts by the weight of the sample it belongs to.
    fn partner_rows(
        &self,
        output: &Output,
        members: Members,
        own: &[(SampleId, f32)],
        partners: &[(SampleId, f32)],
    ) -> Result<Tensor<1>> {
        let ids: Vec<SampleId> = partners.iter().map(|r| r.0).collect();
        let device = self.settings.device.clone().inner();
        let target = batch::targets(&self.data.targets, &members.each(&ids), &device);
        let rows = members.mean(self.loss.rows(output.values.clone(), &target)?);
        let ratios: Vec<f32> = own.iter().zip(partners).map(|(a, b)| b.1 / a.1).collect();
        Ok(match ratios.iter().all(|ratio| *ratio == 1.0) {
            true => rows,
            false => rows * Tensor::<1>::from_floats(ratios.as_slice(), &device),
        })
    }

    /// Ends the stage where its last step, whose loss was finite, threw the weights so far that its outputs are not.
    pub(super) fn outputs_diverged(&mut self) -> Result<Error> {
        let step = self.progress.step;
        self.tell_diverged(step, &Numbers::default(), &BTreeMap::new())?;
        let reason = format!("after step {step} its outputs are no finite numbers");
        let place = format!("stage `{}`", self.settings.stage);
        Ok(Error::new(Kind::Diverged, place, reason)
            .remedy("Lower the learning rate (`--set train.lr=…`), add `warmup` or `clip`"))
    }

    fn tell_diverged(
        &mut self,
        step: u64,
        parts: &Numbers,
        norms: &BTreeMap<String, f64>,
    ) -> Result<()> {
        self.meter.flush(self.sink)?;
        self.sink.write(Event::Diverged(Diverged {
            stage: self.settings.stage.clone(),
            step,
            terms: parts.clone(),
            gradient_norms: norms.iter().map(|(k, v)| (k.clone(), *v)).collect(),
        }))?;
        self.sink.settle()?;
        Ok(())
    }

    /// Ends the stage at this step; the error to end it with.
    pub(super) fn diverged(
        &mut self,
        step: u64,
        parts: &Numbers,
        norms: &BTreeMap<String, f64>,
    ) -> Result<Error> {
        let stage = self.settings.stage.clone();
        self.tell_diverged(step, parts, norms)?;
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
}
