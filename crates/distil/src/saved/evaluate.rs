//! The metrics of a model folder on data with targets.

use std::path::Path;

use burn::tensor::Device;
use distil_report::Numbers;

use super::SavedModel;
use crate::data::{Part, Raw, split};
use crate::error::{Error, Result};
use crate::sample::SampleId;
use crate::train::{batch, metrics};

impl SavedModel {
    /// Every metric on these samples, or on one part of them; returns how many samples that were.
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
    ) -> Result<(usize, Numbers)> {
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
        let features = self.features(raw.inputs)?;
        let targets = raw.targets.ok_or_else(|| {
            Error::input(path.display(), "has no targets to compare with")
                .remedy("`distil predict` answers without them")
        })?;
        let targets = self.card.targets.apply(targets)?;
        let outputs = batch::outputs(&self.net, &features, &ids, device);
        Ok((ids.len(), metrics(&outputs, &targets, &ids)?))
    }
}
