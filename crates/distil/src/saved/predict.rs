//! Answers for new data.

use std::path::Path;

use burn::tensor::Device;
use burn::tensor::activation::{sigmoid, softmax};
use burn::tensor::{Tensor, TensorData};
use distil_report::measure::TaskKind;
use serde::Serialize;

use super::SavedModel;
use super::check::overflowing;
use crate::data::source::Source;
use crate::data::{Inputs, Raw, Wide};
use crate::error::{Error, Result};
use crate::sample::SampleId;
use crate::train::batch;
use crate::weights::Array;

/// The answers for the samples of one file or folder.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    /// Names of the classes, labels or values.
    pub names: Vec<String>,
    /// One answer per sample, in the order of the data.
    pub answers: Vec<Answer>,
    /// Columns that the model does not read and that tell the samples apart: the text of each sample, by name.
    #[serde(skip)]
    pub ids: Vec<(String, Vec<Box<str>>)>,
    /// What had to be guessed to read the data, a sentence each without its full stop.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// The answer for one sample.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// One class of several.
    Class {
        /// The row's name or number.
        sample: String,
        /// The likeliest class.
        class: String,
        /// Probability of each class, in the order of `names`.
        probabilities: Vec<f32>,
    },
    /// Any number of labels.
    Labels {
        /// The row's name or number.
        sample: String,
        /// The labels with a probability of at least one half.
        labels: Vec<String>,
        /// Probability of each label, in the order of `names`.
        probabilities: Vec<f32>,
    },
    /// Numbers.
    Values {
        /// The row's name or number.
        sample: String,
        /// Each value in its own unit, in the order of `names`.
        values: Vec<f64>,
    },
}

/// What is wrong with a column of new data is not for a recipe to say any more.
fn of_new_cells(error: Error) -> Error {
    let mend = match (
        error.place.contains(", column `"),
        error.place.contains(", line "),
    ) {
        (false, _) => return error,
        (true, true) => "Mend the cell, or leave the row out",
        (true, false) => "Bring the column as it was in training",
    };
    error.remedy(format!(
        "{mend}: how it is read was settled when the model was trained"
    ))
}

impl SavedModel {
    /// Reads new data the way the model's own data was read.
    pub fn read_new(&self, path: &Path) -> Result<Raw> {
        let read = self.card.source.read_new(path, self.card.targets.kind);
        read.map_err(of_new_cells)
    }

    /// Reads what the model needs of new data, and what tells its samples apart.
    pub fn read_inputs(&self, path: &Path) -> Result<Raw> {
        let card = &self.card;
        let wide = card.preprocessing.wide();
        let read = card.source.read_inputs(path, card.targets.kind, &wide);
        read.map_err(of_new_cells)
    }

    /// The network's outputs for all samples, `[samples, outputs]`: logits or standardised values.
    pub fn outputs(&self, inputs: Inputs, device: &Device) -> Result<Array> {
        Ok(self.noted_outputs(inputs, &Wide::new(), device)?.0)
    }

    fn noted_outputs(
        &self,
        inputs: Inputs,
        exact: &Wide,
        device: &Device,
    ) -> Result<(Array, Vec<String>)> {
        let (features, notes) = self.features(inputs, exact)?;
        let ids: Vec<SampleId> = (0..features.len() as u32).map(SampleId).collect();
        Ok((batch::outputs(&self.net, &features, &ids, device), notes))
    }

    /// Answers in the data's own terms.
    pub fn predict(&self, raw: Raw, device: &Device) -> Result<Prediction> {
        let (outputs, mut notes) = self.noted_outputs(raw.inputs, &raw.wide, device)?;
        notes.splice(0..0, raw.notes);
        let names = self.card.targets.names.clone();
        let width = names.len();
        let sample = |row: usize| match &raw.rows {
            Some(names) => names[row].clone(),
            None => row.to_string(),
        };
        let refuse = |infinite: Option<usize>| match infinite {
            None => Ok(()),
            Some(at) => Err(overflowing(&format!("sample `{}`", sample(at / width)))),
        };
        refuse(outputs.values.iter().position(|x| !x.is_finite()))?;
        let logits = || {
            Tensor::<2>::from_data(
                TensorData::new(outputs.values.clone(), [outputs.rows_cols().0, width]),
                &device.clone().inner(),
            )
        };
        let host = |tensor: Tensor<2>| tensor.into_data().iter::<f32>().collect::<Vec<f32>>();
        let answers = match self.card.targets.kind {
            TaskKind::Classification => {
                let all = host(softmax(logits(), 1));
                let answer = |(row, probabilities): (usize, &[f32])| {
                    // The first of equals, as the metrics count it.
                    let best = (0..width)
                        .rev()
                        .max_by(|a, b| probabilities[*a].total_cmp(&probabilities[*b]))
                        .unwrap_or(0);
                    Answer::Class {
                        sample: sample(row),
                        class: names[best].clone(),
                        probabilities: probabilities.to_vec(),
                    }
                };
                all.chunks(width).enumerate().map(answer).collect()
            }
            TaskKind::MultiLabel => {
                let all = host(sigmoid(logits()));
                let answer = |(row, probabilities): (usize, &[f32])| {
                    let labels = names
                        .iter()
                        .zip(probabilities)
                        .filter(|(_, p)| **p >= 0.5)
                        .map(|(n, _)| n.clone())
                        .collect();
                    Answer::Labels {
                        sample: sample(row),
                        labels,
                        probabilities: probabilities.to_vec(),
                    }
                };
                all.chunks(width).enumerate().map(answer).collect()
            }
            TaskKind::Regression => {
                let all = match &self.card.targets.scale {
                    Some(scale) => scale.to_exact_units(&outputs.values),
                    None => outputs.values.iter().map(|x| f64::from(*x)).collect(),
                };
                refuse(all.iter().position(|x| !x.is_finite()))?;
                let answer = |(row, values): (usize, &[f64])| Answer::Values {
                    sample: sample(row),
                    values: values.to_vec(),
                };
                all.chunks(width).enumerate().map(answer).collect()
            }
        };
        Ok(Prediction {
            names,
            answers,
            ids: raw.reading.map(|reading| reading.ids).unwrap_or_default(),
            notes,
        })
    }
}
