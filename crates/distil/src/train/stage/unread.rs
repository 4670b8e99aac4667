//! Steps on a device from which reading is dear: losses and norms stay there until a log event, per-sample losses until the
//! end of an epoch, and so does the flag that stops updates.

use burn::module::Module;
use burn::tensor::{Bool, Device, Tensor};
use distil_report::Numbers;

use super::Stage;
use super::step::Losses;
use crate::error::Result;
use crate::model::Net;
use crate::optim::Gradients;
use crate::read_back::read;
use crate::sample::SampleId;
use crate::train::learner::Learner;

/// What steps have left on the device.
pub(super) struct Unread {
    /// `[1]`: false from the first step on that had a loss or a gradient which is not finite. No update is applied then.
    finite: Tensor<1, Bool>,
    steps: Vec<Step>,
    scores: Vec<(Vec<SampleId>, Tensor<1>)>,
}

/// The numbers of one step.
struct Step {
    number: u64,
    parts: Vec<String>,
    paths: Vec<String>,
    /// `[parts + paths + 1]`: the loss's parts, the norm of each gradient, the norm of all.
    values: Tensor<1>,
}

impl Unread {
    pub fn new(device: &Device) -> Self {
        Self {
            finite: Tensor::from_data([true], &device.clone().inner()),
            steps: Vec::new(),
            scores: Vec::new(),
        }
    }
}

impl Stage<'_, '_> {
    /// Updates where all is finite so far, and reads nothing.
    pub(super) fn update_unread<N: Net>(
        &mut self,
        learner: Learner<N>,
        mut gradients: Gradients,
        passes: Vec<Losses>,
    ) -> Learner<N> {
        let (Some(unread), Some((paths, norms))) = (&mut self.unread, gradients.norms_on_device())
        else {
            return learner;
        };
        let mut parts: Vec<(String, Tensor<1>)> = Vec::new();
        for pass in passes {
            for part in &pass.parts {
                let value = part.on_device(&pass.weights) * pass.of_step;
                match parts.iter_mut().find(|(name, _)| *name == part.name) {
                    Some((_, sum)) => *sum = sum.clone() + value,
                    None => parts.push((part.name.clone(), value)),
                }
            }
            unread.scores.push((pass.ids, pass.own));
        }
        let (parts, mut values): (Vec<String>, Vec<Tensor<1>>) = parts.into_iter().unzip();
        values.push(norms.clone());
        let values = Tensor::cat(values, 0);
        unread.finite = unread
            .finite
            .clone()
            .bool_and(values.clone().is_finite().all());
        if let Some(max) = self.settings.train.clip {
            let total = norms.narrow(0, paths.len(), 1);
            gradients.scale_on_device(&((total + 1e-6).recip() * max).clamp_max(1.0));
        }
        let learner = self
            .optimizer
            .update_if(&unread.finite, learner, gradients, self.log.lr);
        if let Some(average) = &mut self.average {
            average.update_on_device(&learner.valid());
        }
        unread.steps.push(Step {
            number: self.progress.step + 1,
            parts,
            paths,
            values,
        });
        learner
    }

    /// Reads the losses and norms of all steps since the last reading, in one go, and bills the steps.
    ///
    /// # Errors
    /// [`Kind::Diverged`](crate::Kind::Diverged) for the first step that was not finite: neither it nor one after it was applied.
    pub(super) fn read_steps(&mut self) -> Result<()> {
        let Some(unread) = &mut self.unread else {
            return Ok(());
        };
        let steps = std::mem::take(&mut unread.steps);
        if steps.is_empty() {
            return Ok(());
        }
        let values = steps.iter().map(|step| step.values.clone()).collect();
        let values: Vec<f64> = read(Tensor::cat(values, 0))
            .into_iter()
            .map(f64::from)
            .collect();
        // What was read is computed: the clock counts all of it.
        self.bill_steps();
        let mut rest = values.as_slice();
        for step in steps {
            let (own, others) = rest.split_at(step.parts.len() + step.paths.len() + 1);
            rest = others;
            let (parts, norms) = own.split_at(step.parts.len());
            let parts: Numbers = step.parts.into_iter().zip(parts.iter().copied()).collect();
            if own.iter().any(|value| !value.is_finite()) {
                let norms = step.paths.into_iter().zip(norms.iter().copied()).collect();
                return Err(self.diverged(step.number, &parts, &norms)?);
            }
            self.log.add(&parts);
        }
        Ok(())
    }

    /// Reads the last loss of each sample.
    pub(super) fn read_scores(&mut self) {
        let Some(unread) = &mut self.unread else {
            return;
        };
        let (ids, losses): (Vec<_>, Vec<_>) =
            std::mem::take(&mut unread.scores).into_iter().unzip();
        if !losses.is_empty() {
            self.score(&ids.concat(), read(Tensor::cat(losses, 0)));
        }
    }
}
