//! Everything a stage needs to know of the data.

use std::collections::BTreeMap;
use std::sync::Arc;

use distil_report::{EqualSamples, Part};

use crate::data::SampleTable;
use crate::data::augment::Augment;
use crate::data::constant::refuse_constant;
use crate::data::features::Features;
use crate::data::fitted_answers::FittedAnswers;
use crate::data::found::Found;
use crate::data::held::Held;
use crate::data::prepare::{Preprocessing, Scaling};
use crate::data::prepared::{Guess, Prepared};
use crate::data::raw::{Inputs, Picture, Raw, RawTargets};
use crate::data::rows::RowHashes;
use crate::data::seen::Met;
use crate::data::split::{Split, SplitRule, split};
use crate::data::targets::{FittedTargets, Targets};
use crate::data::view::Fine;
use crate::error::{Error, Result};
use crate::sample::SampleId;
use crate::weights::sha256_of;

/// Prepared data: inputs in their finest form, targets and the split, all by row of the source.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// The features of all samples, scaled, in the finest form.
    pub inputs: Features,
    /// The shape of one sample.
    pub shape: Vec<usize>,
    /// The targets of all samples.
    pub targets: Targets,
    /// How much each row counts beside others; none where all count alike.
    pub weights: Option<Held<f32>>,
    /// Who trains, who validates, who tests.
    pub split: Split,
    /// Whether these are the parts the data came with.
    pub official: bool,
    /// Whether the validation part was drawn: neither given nor the time before the test part.
    pub draws_validation: bool,
    /// How the inputs were made: what a model stores.
    pub preprocessing: Preprocessing,
    /// How the targets were made: what a model stores.
    pub fitted_targets: FittedTargets,
    /// Cells outside the training part that had to be guessed.
    pub guesses: Vec<Guess>,
    /// How a sample is drawn, if it is a picture.
    pub picture: Option<Picture>,
    /// How training batches vary the pictures; not at all unless asked for.
    pub augment: Option<Augment>,
    /// Names of the rows, if they have any.
    pub rows: Option<Vec<String>>,
    /// What was guessed, left out or changed while it was read, a sentence each without its full stop.
    pub notes: Vec<String>,
    /// How each column of a table was read, a sentence each without its full stop.
    pub columns: Vec<String>,
    /// SHA-256 of the source's content.
    pub hash: String,
    /// SHA-256 of each part, where parts come from files of their own.
    pub files: BTreeMap<Part, String>,
    /// The hash of each row's inputs as they were read; none where nobody asked for them.
    pub hashes: RowHashes,
    /// Samples with equal inputs, if there are any.
    pub equal: Option<EqualSamples>,
    /// How the plan's given models meet this data, by stage.
    pub given: BTreeMap<String, Met>,
    /// What other programs answer, by the stages of the recipe that hold it.
    pub answers: BTreeMap<String, FittedAnswers>,
}

impl Dataset {
    /// Prepares raw data; preprocessing is fitted on the split's training part.
    pub fn prepare(raw: Raw, split: Split, scaling: Scaling) -> Result<Self> {
        refuse_constant(&raw, &split.train)?;
        let preprocessing =
            Preprocessing::fit_exact(&raw.inputs, &raw.wide, &split.train, scaling)?;
        let notes = preprocessing.notes(&raw.inputs);
        Self::fitted(raw, split, preprocessing, notes)
    }

    /// The same with what is found out about the data at hand.
    pub fn prepare_found(raw: Raw, found: Found) -> Result<Self> {
        let Found {
            rule: _,
            scaling: _,
            hashes,
            split,
            preprocessing,
            equal,
            notes,
            traps,
        } = found;
        let mut data = Self::fitted(raw, split, preprocessing, notes)?;
        data.notes.extend(traps);
        Ok(Self {
            hashes,
            equal,
            ..data
        })
    }

    fn fitted(
        raw: Raw,
        split: Split,
        preprocessing: Preprocessing,
        notes: Vec<String>,
    ) -> Result<Self> {
        let targets = raw
            .targets
            .ok_or_else(|| Error::input("data", "there are no targets to train on"))?;
        let Prepared {
            inputs,
            unknown,
            missing,
        } = preprocessing.apply_exact(raw.inputs, &raw.wide)?;
        let fitted_targets = FittedTargets::fit_exact(&targets, &raw.wide, &split.train);
        Ok(Self {
            inputs,
            shape: preprocessing.shape(),
            targets: fitted_targets.apply_exact(targets, &raw.wide)?,
            weights: raw.weights,
            split,
            official: false,
            draws_validation: true,
            preprocessing,
            fitted_targets,
            guesses: [unknown, missing].concat(),
            picture: raw.picture,
            augment: None,
            rows: raw.rows,
            notes: [raw.notes, notes].concat(),
            columns: raw.reading.map(|reading| reading.said).unwrap_or_default(),
            hash: raw.hash,
            files: raw.files,
            hashes: RowHashes::default(),
            equal: None,
            given: BTreeMap::new(),
            answers: BTreeMap::new(),
        })
    }

    /// Classification data from arrays in memory, split by `rule` and standardised.
    ///
    /// `inputs` is `[samples, shape…]`, row-major; labels count from 0.
    ///
    /// # Errors
    /// Lengths that do not fit, numbers that are not finite, and what [`split`] refuses.
    pub fn from_arrays(
        inputs: Vec<f32>,
        shape: &[usize],
        labels: Vec<u32>,
        rule: &SplitRule,
    ) -> Result<Self> {
        let width: usize = shape.iter().product();
        if width == 0 || inputs.len() != labels.len() * width {
            return Err(Error::input(
                "inputs",
                format!(
                    "{} numbers are not {} samples of shape {shape:?}",
                    inputs.len(),
                    labels.len()
                ),
            )
            .remedy("Give one label per sample and the shape of one sample"));
        }
        if let Some(at) = inputs.iter().position(|x| !x.is_finite()) {
            return Err(Error::input(
                "inputs",
                format!(
                    "sample {} holds {} at place {}",
                    at / width,
                    inputs[at],
                    at % width
                ),
            )
            .remedy("Fill in or leave out what is not a finite number"));
        }
        let hash = sha256_of(
            inputs
                .iter()
                .map(|x| x.to_le_bytes())
                .chain(labels.iter().map(|y| y.to_le_bytes())),
        );
        let classes = labels.iter().max().map_or(0, |label| label + 1);
        let names = (0..classes).map(|class| class.to_string()).collect();
        let targets = RawTargets::Classes {
            names,
            labels: labels.into(),
        };
        let raw = Raw::new(
            Inputs::Block {
                shape: shape.to_vec(),
                values: inputs.into(),
            },
            Some(targets),
            hash,
        );
        let split = split(&raw, rule)?;
        Self::prepare(raw, split, Scaling::Standard)
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.inputs.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What a view is made for.
    pub fn fine<'a>(&'a self, columns: &'a [String]) -> Fine<'a> {
        Fine {
            shape: &self.shape,
            columns,
            inputs: &self.inputs,
            train: &self.split.train,
        }
    }

    /// What a samples policy may see: the training part, as the stage sees it (`viewed`: all samples).
    pub fn table(&self, viewed: &Features) -> SampleTable {
        SampleTable {
            ids: Arc::clone(&self.split.train),
            classes: self.targets.classes().cloned().unwrap_or_default(),
            inputs: viewed.clone(),
        }
    }

    /// What the loss of a row is multiplied by: its weight, divided by the mean over the training part.
    pub fn loss_weights(&self) -> Option<Vec<f32>> {
        let weights = self.weights.as_ref()?;
        let of = self
            .split
            .train
            .iter()
            .map(|id| f64::from(weights[id.row()]));
        let mean = of.sum::<f64>() / self.split.train.len().max(1) as f64;
        let each = weights
            .iter()
            .map(|weight| (f64::from(*weight) / mean) as f32);
        Some(each.collect())
    }

    /// A sample's pixels, row by row, 0 to 255; `None` if the samples are no pictures.
    pub fn pixels(&self, id: SampleId) -> Option<Vec<u8>> {
        let full = self.picture.as_ref()?.full;
        let raw = self.preprocessing.undo(&self.inputs.row(id.row()))?;
        Some(
            raw.iter()
                .map(|x| (x / full * 255.0).round() as u8)
                .collect(),
        )
    }
}
