//! The metrics of a model folder on data with targets.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use distil_report::Numbers;

use super::SavedModel;
use crate::data::{Part, Raw, split};
use crate::error::{Error, Result};
use crate::sample::SampleId;
use crate::train::{batch, metrics_by_target};

/// What a model is worth on some samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    /// How many samples that were.
    pub samples: usize,
    /// Every metric that applies.
    pub metrics: Numbers,
    /// Those of each of several targets.
    pub by_target: BTreeMap<String, Numbers>,
    /// What had to be guessed to read them, a sentence each without its full stop.
    pub notes: Vec<String>,
}

impl SavedModel {
    /// Every metric on these samples, or on one part of them.
    ///
    /// The part is drawn by the rule the model was trained with, so it needs the same data.
    ///
    /// # Errors
    /// No targets; a part of data that is not the model's own.
    pub fn evaluate(
        &self,
        path: &Path,
        raw: Raw,
        part: Option<Part>,
        device: &Device,
    ) -> Result<Evaluated> {
        let ids: Vec<SampleId> = match part {
            None => (0..raw.len() as u32).map(SampleId).collect(),
            Some(part) => {
                if raw.hash != self.card.provenance.data {
                    return Err(Error::input(
                        path.display(),
                        "is not the data this model was trained on, so its parts are unknown",
                    )
                    .remedy("Leave out `--part` to measure on all of it"));
                }
                split(&raw, &self.card.split)?.part(part).to_vec()
            }
        };
        let (features, mut notes) = self.features(raw.inputs, &raw.wide)?;
        notes.splice(0..0, raw.notes);
        let targets = raw.targets.ok_or_else(|| {
            Error::input(path.display(), "has no targets to compare with")
                .remedy("`distil predict` answers without them")
        })?;
        let targets = self.card.targets.apply_exact(targets, &raw.wide)?;
        let outputs = batch::outputs(&self.net, &features, &ids, device);
        let (metrics, by_target) =
            metrics_by_target(&outputs, &targets, raw.weights.as_deref(), &ids)?;
        Ok(Evaluated {
            samples: ids.len(),
            metrics,
            by_target,
            notes,
        })
    }
}
