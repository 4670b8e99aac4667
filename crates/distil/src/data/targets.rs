//! Targets as the losses read them.

use distil_report::measure::TaskKind;
use serde::{Deserialize, Serialize};

use crate::data::raw::RawTargets;
use crate::error::Result;
use crate::sample::SampleId;
use crate::weights::Array;

/// The targets of all samples, on the host.
#[derive(Debug, Clone, PartialEq)]
pub enum Targets {
    /// One class per sample.
    Classes {
        /// Names of the classes, in the order of the outputs.
        names: Vec<String>,
        /// The class of each row.
        labels: Vec<u32>,
    },
    /// Numbers.
    Values {
        /// Names of the targets, in the order of the outputs.
        names: Vec<String>,
        /// `[samples, targets]`, standardised.
        values: Array,
        /// How they were standardised.
        scale: TargetScale,
    },
    /// Labels.
    Labels {
        /// Names of the labels, in the order of the outputs.
        names: Vec<String>,
        /// `[samples, labels]`, 0 or 1.
        values: Array,
    },
}

/// What the targets mean and how they were scaled: what a model stores to answer in the data's terms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedTargets {
    /// The kind of task that predicts them; model.json says it by what the targets are.
    #[serde(with = "TargetWord")]
    pub kind: TaskKind,
    /// Names of the classes, values or labels, in the order of the outputs.
    pub names: Vec<String>,
    /// The scale of values; absent for classes and labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<TargetScale>,
}

/// What `model.json` calls the targets of a kind of task.
#[derive(Serialize, Deserialize)]
#[serde(remote = "TaskKind")]
enum TargetWord {
    #[serde(rename = "classes")]
    Classification,
    #[serde(rename = "labels")]
    MultiLabel,
    #[serde(rename = "values")]
    Regression,
}

/// value = mean + std · output, per target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetScale {
    /// Mean over the training part.
    pub mean: Vec<f32>,
    /// Standard deviation (divisor n) over the training part; 1 for a constant target.
    pub std: Vec<f32>,
}

impl TargetScale {
    /// Standardised outputs `[rows, targets]` in the targets' own unit.
    pub fn to_units(&self, outputs: &[f32]) -> Vec<f32> {
        let scales = self.mean.iter().zip(&self.std).cycle();
        outputs
            .iter()
            .zip(scales)
            .map(|(x, (mean, std))| mean + std * x)
            .collect()
    }

    /// Values in their own unit, standardised.
    pub fn standardise(&self, values: &[f32]) -> Vec<f32> {
        let scales = self.mean.iter().zip(&self.std).cycle();
        values
            .iter()
            .zip(scales)
            .map(|(x, (mean, std))| (x - mean) / std)
            .collect()
    }
}

impl FittedTargets {
    /// Fits the scale of values on the training part; classes and labels need none.
    pub fn fit(raw: &RawTargets, train: &[SampleId]) -> Self {
        let names = raw.names().to_vec();
        let scale = match raw {
            RawTargets::Values { values, .. } => {
                let rows = train.iter().map(|id| id.row());
                let (mean, std) = super::moments::moments(values, names.len(), rows);
                Some(TargetScale { mean, std })
            }
            _ => None,
        };
        Self {
            kind: raw.kind(),
            names,
            scale,
        }
    }

    /// Raw targets in the model's order and scale; an unknown class or another target is an error.
    pub fn apply(&self, raw: RawTargets) -> Result<Targets> {
        Ok(match raw.in_terms_of(&self.names)? {
            RawTargets::Classes { names, labels } => Targets::Classes { names, labels },
            RawTargets::Values { names, values } => {
                let scale = self.scale.clone().unwrap_or_else(|| TargetScale {
                    mean: vec![0.0; names.len()],
                    std: vec![1.0; names.len()],
                });
                let rows = values.len() / names.len().max(1);
                let values = Array::new([rows, names.len()], scale.standardise(&values));
                Targets::Values {
                    names,
                    values,
                    scale,
                }
            }
            RawTargets::Labels { names, values } => {
                let rows = values.len() / names.len().max(1);
                Targets::Labels {
                    values: Array::new([rows, names.len()], values),
                    names,
                }
            }
        })
    }
}

impl Targets {
    /// Number of outputs of a network that predicts them.
    pub fn outputs(&self) -> usize {
        self.names().len()
    }

    /// Names of the classes, values or labels, in the order of the outputs.
    pub fn names(&self) -> &[String] {
        match self {
            Self::Classes { names, .. }
            | Self::Values { names, .. }
            | Self::Labels { names, .. } => names,
        }
    }

    /// The classes by row, if these are classes.
    pub fn classes(&self) -> Option<&[u32]> {
        match self {
            Self::Classes { labels, .. } => Some(labels),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_file_keeps_its_words_for_the_kinds_of_targets() {
        let words = [
            (TaskKind::Classification, "classes"),
            (TaskKind::MultiLabel, "labels"),
            (TaskKind::Regression, "values"),
        ];
        for (kind, word) in words {
            let text = format!(r#"{{"kind":"{word}","names":["a"]}}"#);
            let fitted: FittedTargets = serde_json::from_str(&text).unwrap();
            assert_eq!(fitted.kind, kind);
            assert_eq!(serde_json::to_string(&fitted).unwrap(), text);
        }
    }
}
