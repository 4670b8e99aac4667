//! What a trial's result says about each test sample: `test.json` in the trial's folder.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::json;
use crate::measure::{
    BadOutputs, ClassOutputs, LabelOutputs, Outputs, TaskKind, ValueOutputs, nll_label_rows,
    nll_rows,
};

/// The truth of the rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Truth {
    /// A class per row, counted from 0.
    Classes(Vec<u32>),
    /// 0 or 1 per label, row by row.
    Labels(Vec<f32>),
    /// Values per target in its own unit, row by row.
    Values(Vec<f32>),
}

/// The result stage's outputs on the test part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Predictions {
    /// The stage.
    pub stage: String,
    /// The samples' ids: what pairs the rows of two trials.
    pub ids: Vec<u32>,
    /// Names of the classes, labels or targets, in the outputs' order.
    pub names: Vec<String>,
    /// The targets' unit, for regression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// `[rows, names]`, row by row: logits, or values in the target's own unit.
    pub outputs: Vec<f32>,
    /// How much each row counts; absent where all count alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f32>>,
    /// The truth.
    pub truth: Truth,
    /// The worst rows, the worst first, for the report.
    pub worst: Vec<Worst>,
}

/// One of the worst mistakes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Worst {
    /// The sample.
    pub id: u32,
    /// Its file, or its row in the data; runs of version 0.1.0 do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Its first cells, `name value`, where it is a row of a table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<String>,
    /// The truth, as people read it.
    pub truth: String,
    /// The prediction, as people read it.
    pub prediction: String,
    /// The row's loss: see [`Predictions::losses`].
    pub loss: f64,
    /// The input, where it is a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Picture>,
}

/// A small picture, row by row from the top, channels last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// Pixels per row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
    /// `[height, width, channels]`.
    pub pixels: Vec<u8>,
}

impl Truth {
    /// The kind of task that predicts it.
    pub fn task(&self) -> TaskKind {
        match self {
            Self::Classes(_) => TaskKind::Classification,
            Self::Labels(_) => TaskKind::MultiLabel,
            Self::Values(_) => TaskKind::Regression,
        }
    }

    /// Outputs beside this truth, `width` of each row, checked; rows count by `weights`, where there are any.
    ///
    /// # Errors
    /// They do not fit each other.
    pub fn beside<'a>(
        &'a self,
        outputs: &'a [f32],
        width: usize,
        weights: Option<&'a [f32]>,
    ) -> Result<Outputs<'a>, BadOutputs> {
        Ok(match self {
            Self::Classes(labels) => {
                Outputs::Classes(ClassOutputs::new(outputs, labels, width)?.weighted(weights)?)
            }
            Self::Labels(targets) => {
                Outputs::Labels(LabelOutputs::new(outputs, targets, width)?.weighted(weights)?)
            }
            Self::Values(values) => {
                Outputs::Values(ValueOutputs::new(outputs, values, width)?.weighted(weights)?)
            }
        })
    }
}

impl Predictions {
    /// The outputs beside the truth, checked.
    ///
    /// # Errors
    /// They do not fit each other.
    pub fn outputs(&self) -> Result<Outputs<'_>, BadOutputs> {
        let weights = self.weights.as_deref();
        self.truth.beside(&self.outputs, self.names.len(), weights)
    }

    /// Each row's loss: negative log-likelihood in nats; for several labels their mean binary cross-entropy; for values the mean
    /// over the targets of the squared error, each target's divided by the variance of its truth over these rows so that
    /// targets of different units can be added (by 1 where it does not vary).
    ///
    /// # Errors
    /// Outputs and truth do not fit each other.
    pub fn losses(&self) -> Result<Vec<f64>, BadOutputs> {
        Ok(match self.outputs()? {
            Outputs::Classes(outputs) => nll_rows(&outputs).collect(),
            Outputs::Labels(outputs) => nll_label_rows(&outputs).collect(),
            Outputs::Values(outputs) => {
                let variances: Vec<f64> = (0..outputs.targets())
                    .map(|target| outputs.truth_variance(target))
                    .collect();
                outputs.row_means(|target, error| error * error / variances[target])
            }
        })
    }

    /// The rows of the largest losses, the worst first, wrongly classified ones only: what [`Self::worst`] is made from.
    ///
    /// # Errors
    /// Outputs and truth do not fit each other.
    pub fn worst_rows(&self, most: usize) -> Result<Vec<usize>, BadOutputs> {
        let losses = self.losses()?;
        let wrong: Vec<bool> = match self.outputs()? {
            Outputs::Classes(outputs) => outputs.correct().map(|correct| !correct).collect(),
            Outputs::Labels(_) | Outputs::Values(_) => vec![true; losses.len()],
        };
        let mut rows: Vec<usize> = (0..losses.len()).filter(|&row| wrong[row]).collect();
        rows.sort_by(|&a, &b| losses[b].total_cmp(&losses[a]));
        rows.truncate(most);
        Ok(rows)
    }

    /// Reads `test.json`.
    ///
    /// # Errors
    /// The file cannot be read or is not one of ours.
    pub fn read(path: &Path) -> Result<Self, Error> {
        json::read(path)
    }

    /// The bytes of `test.json`.
    ///
    /// # Errors
    /// None that these types can cause.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        json::one_line(self)
    }
}
