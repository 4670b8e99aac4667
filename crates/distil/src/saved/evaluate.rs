//! The metrics of a model folder on data with targets.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use distil_report::Numbers;

use super::SavedModel;
use distil_report::measure::metric;

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
    /// The part of the model's own data that this is, where its parts came from files of their own.
    pub fn own_part(&self, path: &Path, raw: &Raw) -> Option<Part> {
        let part_in = |files: &BTreeMap<Part, String>| {
            let mut files = files.iter();
            files
                .find(|(_, hash)| **hash == raw.hash)
                .map(|(part, _)| *part)
        };
        let known = &self.card.provenance.files;
        match self.card.parts.is_empty() || raw.hash == self.card.provenance.data {
            true => None,
            // Models of before do not say.
            false if known.is_empty() => part_in(&self.own_data(path)?.files),
            false => part_in(known),
        }
    }

    /// The model's own data, all parts of it, read as the recipe named them: from here, or from where `part` of it lies.
    pub fn own_data(&self, part: &Path) -> Option<Raw> {
        const FOLDERS: usize = 4;
        let around = part.ancestors().skip(1).take(FOLDERS);
        let mut bases = std::iter::once(Path::new(".")).chain(around);
        bases.find_map(|base| {
            let read = self
                .card
                .parts
                .read(&self.card.source, base, self.card.targets.kind);
            read.ok()
                .filter(|raw| raw.hash == self.card.provenance.data)
        })
    }

    /// Every metric on a part of the model's own data, of which `raw` is what the file of `own` holds.
    ///
    /// # Errors
    /// As [`SavedModel::evaluate`]; the other parts are not where they were.
    pub fn evaluate_own(
        &self,
        path: &Path,
        raw: Raw,
        own: Part,
        part: Part,
        device: &Device,
    ) -> Result<Evaluated> {
        let parts = &self.card.parts;
        // Training data holds what no file of its own was named for.
        let whole = own != Part::Train || parts.test.is_some() && parts.validation.is_some();
        if own == part && whole {
            return self.evaluate(path, raw, None, device);
        }
        let all = self.own_data(path).ok_or_else(|| {
            let (own, wanted) = (own.word(), part.word());
            Error::input(
                path.display(),
                format!("this is the {own} part of the data this model was trained on, and its {wanted} part is not where it was"),
            )
            .remedy("Name the file that holds it; `--part all` measures on all of this one")
        })?;
        self.evaluate(path, all, Some(part), device)
    }

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
        let mut targets = raw.targets.ok_or_else(|| {
            Error::input(path.display(), "has no targets to compare with")
                .remedy("`distil predict` answers without them")
        })?;
        if let Some(said) =
            targets.without_full_stops(&self.card.targets.names, "the model's classes")
        {
            notes.push(format!("of {}, {said}", path.display()));
        }
        let targets = self.card.targets.apply_exact(targets, &raw.wide)?;
        let outputs = batch::outputs(&self.net, &features, &ids, device);
        let (metrics, by_target) = metrics_by_target(
            &outputs,
            &targets,
            raw.weights.as_deref(),
            &ids,
            metric(&self.card.metric),
        )?;
        Ok(Evaluated {
            samples: ids.len(),
            metrics,
            by_target,
            notes,
        })
    }
}
