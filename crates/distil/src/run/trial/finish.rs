//! The end of a trial: predictions, the model, and what a smaller model buys.

use std::collections::BTreeMap;

use distil_kernels::give_back_free_memory;
use distil_report::Numbers;
use distil_report::Purpose;
use distil_report::events::Event;
use distil_report::run_json::Compress;

use super::compress::size;
use super::done::{Done, network};
use super::pipe::Piped;
use super::predictions::predictions;
use super::stages::Trial;
use crate::data::SplitRule;
use crate::error::{Error, Result};
use crate::files;
use crate::plan::{StagePlan, Work};
use crate::run::folder::TrialFolder;
use crate::saved::{Card, Provenance, SavedModel};
use crate::train::{EventSink, Meter, Stopwatch, metrics_and};
use crate::weights::Array;

impl Trial<'_> {
    /// Ends the log; before that, where the test part may be read, writes the predictions, the model and what compression bought.
    /// `tested` is what the result answers on the test part, and how good that is, where that has been asked just now.
    pub(super) fn finish(
        &self,
        folder: &TrialFolder,
        done: &BTreeMap<String, Done>,
        tested: Option<(Array, Numbers)>,
        sink: &mut Piped,
    ) -> Result<()> {
        if self.test || self.data.split.test.is_empty() {
            self.keep(folder, done, tested, sink)?;
        }
        sink.bill(Purpose::Save, sink.time())?;
        sink.write(Event::Finished)?;
        sink.settle()?;
        Ok(())
    }

    fn keep(
        &self,
        folder: &TrialFolder,
        done: &BTreeMap<String, Done>,
        tested: Option<(Array, Numbers)>,
        sink: &mut Piped,
    ) -> Result<()> {
        let plan = self.plan.result();
        let result = network(done, &plan.name)?;
        let watch = Stopwatch::start();
        let ids = &self.data.split.test;
        let (outputs, test) = match tested {
            Some(both) => both,
            None => {
                let outputs = result.outputs(ids, &self.device);
                let test = match ids.is_empty() {
                    true => Numbers::default(),
                    false => metrics_and(&outputs, self.data, ids, &[self.plan.metric])?,
                };
                (outputs, test)
            }
        };
        let unit = self.plan.task.unit();
        let path = folder.predictions();
        // What training held is not needed any more, and what follows is long, too.
        give_back_free_memory();
        {
            let tested = predictions(&plan.name, unit, &outputs, self.data, ids)?.to_json();
            drop(outputs);
            files::write(&path, &tested.map_err(|e| Error::damaged(&path, e))?)?;
        }
        give_back_free_memory();
        let mut meter = Meter::new(&plan.name);
        if let Work::Train(training) = &plan.work {
            let card = Card {
                stage: plan.name.clone(),
                model: plan.model.clone(),
                inputs: result.layout.inputs(),
                outputs: result.layout.outputs(),
                source: self.plan.source.clone(),
                parts: self.plan.parts.clone(),
                preprocessing: self.data.preprocessing.clone(),
                view: plan.view.clone(),
                view_shape: result.view.shape.clone(),
                targets: self.data.fitted_targets.clone(),
                unit: unit.map(str::to_owned),
                metric: self.plan.metric.name.to_string(),
                split: SplitRule {
                    fold: self.fold,
                    ..self.plan.split.clone()
                },
                provenance: Provenance {
                    distil: env!("CARGO_PKG_VERSION").to_string(),
                    recipe: self.plan.name.clone(),
                    plan: self.hash(),
                    data: self.data.hash.clone(),
                    files: self.data.files.clone(),
                    trial: self.id.to_string(),
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
            saved.write(&folder.model(), Some(&self.plan.seen_rows(self.data)))?;
            if self.plan.is_trained_as_small_chose()
                && let Some(settings) = self.plan.settings_file(self.id)
            {
                files::write(&folder.settings(), settings.as_bytes())?;
            }
        }
        meter.add(Purpose::Save, Some(0.0), 0, watch.time());
        meter.flush(sink)?;
        let watch = Stopwatch::start();
        if self.compress(folder, done)? {
            sink.bill(Purpose::Evaluate, watch.time())?;
        }
        Ok(())
    }

    /// Where the result is smaller than a model it learned from: what that buys. Whether it is.
    fn compress(&self, folder: &TrialFolder, done: &BTreeMap<String, Done>) -> Result<bool> {
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
            return Ok(false);
        };
        let ids = match &self.data.split.test[..] {
            [] => &self.data.split.train,
            _ => &self.data.split.test,
        };
        let measure = |stage: &StagePlan| {
            let model = network(done, &stage.name)?;
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
        files::write(&folder.compress(), &text)?;
        Ok(true)
    }
}
