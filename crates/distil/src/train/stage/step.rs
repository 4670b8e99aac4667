//! A step: forward, loss, backward, guard, update.

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::Tensor;
use distil_report::Numbers;
use distil_report::Purpose;
use distil_report::events::{Diverged, Event};

use super::Stage;
use crate::error::{Error, Kind, Result};
use crate::method::AtStep;
use crate::model::Net;
use crate::optim::{Accumulator, Gradients};
use crate::sample::SampleId;
use crate::train::batch;
use crate::train::clock::Stopwatch;
use crate::train::learner::Learner;
use crate::train::settings::ScheduleSpan;
use crate::train::term::{Mixture, TermWeight, host};

/// The rows of one forward pass.
struct Rows<'a> {
    /// Samples and their weights.
    own: &'a [(SampleId, f32)],
    /// The share each sample keeps, and what makes up the rest of its row.
    mix: Option<(f32, &'a [(SampleId, f32)])>,
    /// Their share of the step's samples.
    of_step: f64,
}

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
        let now = AtStep {
            step: at,
            steps: self.steps,
        };
        let seed = self.settings.seed.number("dropout", &[self.progress.step]);
        self.settings.device.seed(seed);
        let mut accumulator = Accumulator::default();
        let mut parts = Numbers::default();
        let mix = self
            .data
            .augment
            .and_then(|augment| augment.mix(self.settings.seed, self.progress.step, window));
        for first in (0..window.len()).step_by(self.settings.batch) {
            let range = first..window.len().min(first + self.settings.batch);
            let own = &window[range.clone()];
            let rows = Rows {
                own,
                mix: mix.as_ref().map(|mix| (mix.share, &mix.partners[range])),
                of_step: own.len() as f64 / window.len() as f64,
            };
            let gradients = self.backward(&learner, &rows, now, &mut parts)?;
            accumulator.add(gradients, own.len());
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
        let ScheduleSpan { offset, steps } = self.settings.span.unwrap_or(ScheduleSpan {
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
        rows: &Rows<'_>,
        at: AtStep,
        parts: &mut Numbers,
    ) -> Result<Gradients> {
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
        let target = batch::targets(&self.data.targets, &ids, &device.clone().inner());
        let own_rows = self.loss.rows(output.values.clone(), &target)?;
        // A sample's score is the loss against its own label: mixed, that of the row which is mostly this sample.
        let scores = host(&own_rows);
        let label_rows = match rows.mix {
            None => own_rows,
            Some((share, partners)) => {
                let theirs = self.partner_rows(output.values.clone(), rows.own, partners)?;
                own_rows * share + theirs * (1.0 - share)
            }
        };
        let mixed: f64 = self
            .terms
            .iter()
            .filter(|t| matches!(t.weight, TermWeight::Mix(_)))
            .map(|t| t.strength(at))
            .sum();
        let mut mixture = Mixture::labels(label_rows, 1.0 - mixed, &weights);
        let mut first_adapter = 0;
        for term in self.terms {
            let adapters = &learner.adapters[first_adapter..first_adapter + term.adapters().len()];
            first_adapter += term.adapters().len();
            let strength = term.strength(at);
            if strength == 0.0 {
                continue;
            }
            let watch = Stopwatch::start();
            let (teacher, costs) = term.teach(&ids, augmentation.as_ref());
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
            let loss = term.loss(&output, teacher.as_ref(), &target, adapters, at)?;
            mixture.add(&term.name, loss, strength);
        }
        for (id, loss) in ids.iter().zip(scores) {
            self.scores.loss[id.row()] = loss;
        }
        for (name, value) in &mixture.parts {
            *parts.entry(name.clone()).or_insert(0.0) += value * rows.of_step;
        }
        let mut gradients = mixture.total().backward();
        Ok(Gradients::take(learner, &mut gradients))
    }

    /// The loss of each row against its partner's label, `[rows]`.
    ///
    /// Rows are multiplied by their own sample's weight later, but a label counts by the weight of the sample it belongs to.
    fn partner_rows(
        &self,
        values: Tensor<2>,
        own: &[(SampleId, f32)],
        partners: &[(SampleId, f32)],
    ) -> Result<Tensor<1>> {
        let ids: Vec<SampleId> = partners.iter().map(|r| r.0).collect();
        let device = self.settings.device.clone().inner();
        let target = batch::targets(&self.data.targets, &ids, &device);
        let rows = self.loss.rows(values, &target)?;
        let ratios: Vec<f32> = own.iter().zip(partners).map(|(a, b)| b.1 / a.1).collect();
        Ok(match ratios.iter().all(|ratio| *ratio == 1.0) {
            true => rows,
            false => rows * Tensor::<1>::from_floats(ratios.as_slice(), &device),
        })
    }

    fn diverged(&mut self, parts: &Numbers, norms: &BTreeMap<String, f64>) -> Result<Error> {
        let step = self.progress.step + 1;
        let stage = self.settings.stage.clone();
        self.meter.flush(self.sink)?;
        self.sink.write(Event::Diverged(Diverged {
            stage: stage.clone(),
            step,
            terms: parts.clone(),
            gradient_norms: norms.iter().map(|(k, v)| (k.clone(), *v)).collect(),
        }))?;
        self.sink.settle()?;
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
