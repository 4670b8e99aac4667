//! Training a stage of a trial, as the plan has it.

use std::collections::BTreeMap;

use super::done::{Done, OwnNetwork, lookup, network};
use super::stages::{Trial, stage_seed};
use crate::error::Result;
use crate::files;
use crate::plan::{StagePlan, TermPlan, Training};
use crate::rng::Seed;
use crate::run::calibrate;
use crate::train::{Checkpoints, DistillTerm, EventSink, Meter, Readings, Settings, Trunk, train};
use crate::weights::{Array, Weights, to_safetensors};

impl Trial<'_> {
    /// The stage's network, grown or fresh, after its training.
    pub(super) fn trained(
        &self,
        plan: &StagePlan,
        training: &Training,
        done: &BTreeMap<String, Done>,
        sink: &mut dyn EventSink,
        meter: &mut Meter,
    ) -> Result<OwnNetwork> {
        let device = self.device.clone().autodiff();
        let seed = stage_seed(self.id.seed, &plan.name);
        // A checkpoint holds what growth made; and what a resumed run repeats is not billed again.
        let begun = match &self.folder {
            Some(folder) => self.begun(folder, plan)?,
            None => false,
        };
        let mut repeated = Meter::default();
        let making = if begun { &mut repeated } else { &mut *meter };
        let mut stage = self.fresh(plan, &device, making)?;
        let start = match &training.start {
            Some(start) if !begun => Some(self.grow(
                plan,
                start,
                network(done, &start.from)?,
                &stage,
                sink,
                meter,
            )?),
            _ => None,
        };
        // Before the first checkpoint, which is what a resumed run goes on from.
        meter.flush(sink)?;
        let mut terms = self.terms(training, done)?;
        let settings = self.settings(plan, training, seed);
        let trained = train(
            stage.net,
            start.as_ref(),
            self.data,
            &stage.inputs,
            &settings,
            &mut terms,
            sink,
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

    fn terms<'p>(
        &self,
        training: &'p Training,
        done: &BTreeMap<String, Done>,
    ) -> Result<Vec<DistillTerm<'p>>> {
        let term = |term: &'p TermPlan| {
            let teachers = term.teachers.iter().map(|name| {
                let teacher = lookup(done, name)?;
                Ok(teacher.teacher(name, &self.device))
            });
            let distilled = DistillTerm::checked(
                &term.name,
                term.method.as_ref(),
                teachers.collect::<Result<_>>()?,
                term.weight,
                &term.layers,
                term.needs.clone(),
            );
            Ok(distilled.until(term.until))
        };
        training.learn.iter().map(term).collect()
    }

    fn settings<'p>(
        &'p self,
        plan: &StagePlan,
        training: &'p Training,
        seed: Seed,
    ) -> Settings<'p> {
        let run = &self.plan.run;
        let checkpoints = self.folder.as_ref().map(|folder| Checkpoints {
            folder: folder.checkpoints(&plan.name),
            steps: run.checkpoint_steps.as_ref().map(|steps| steps.value),
            seconds: run.checkpoint_seconds.value,
        });
        // A rehearsal, and a trial that keeps nothing for others, leave none.
        let trunk = self.trunk_key(plan).zip(self.folder.as_ref());
        let trunk = trunk.map(|((_, _, step), folder)| Trunk {
            step,
            folder: folder.trunk(&plan.name),
        });
        Settings {
            stage: plan.name.clone(),
            plan: self.mark(),
            seed,
            device: self.device.clone(),
            task: self.plan.task.as_ref(),
            train: &training.train,
            paces: training.paces(&plan.model, &plan.layout),
            steps: match self.folder {
                Some(_) => Some(training.steps),
                None => Some(calibrate::steps(training.steps)),
            },
            join_single: plan.layout.needs_two_samples(),
            span: Some(training.span),
            metric: self.plan.metric,
            policy: training.samples.as_ref(),
            checkpoints,
            trunk,
            rehearsal: self.folder.is_none().then_some(calibrate::SAMPLES),
            readings: Readings::of(&self.device),
            signals: self.signals.clone(),
        }
    }
}
