//! A step: forward, loss, backward, guard, update.

use std::collections::BTreeMap;

use burn::module::Module;
use distil_report::Numbers;
use distil_report::bill::Purpose;
use distil_report::events::{Diverged, Event};

use super::Stage;
use crate::error::{Error, Kind, Result};
use crate::method::Moment;
use crate::model::Net;
use crate::optim::{Accumulator, Gradients};
use crate::sample::SampleId;
use crate::train::batch;
use crate::train::clock::Stopwatch;
use crate::train::course::{Mixture, Weight};
use crate::train::learner::Learner;
use crate::train::settings::Span;

impl Stage<'_, '_> {
    /// One optimiser step over a window of samples with their weights.
    ///
    /// The learner is consumed: a second handle would force the optimiser to copy every tensor.
    pub(super) fn step<N: Net>(
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
        let augment = self.data.augment;
        let augmentation = augment.map(|a| a.epoch(self.settings.seed, self.progress.epoch));
        let output = learner.net.forward(
            &batch::training(self.inputs, &ids, augmentation.as_ref(), &device),
            &self.taps,
        );
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
            let (teacher, costs) = course.teach(&ids, augmentation.as_ref());
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

    fn diverged(&mut self, parts: &Numbers, norms: &BTreeMap<String, f64>) -> Result<Error> {
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
}
