//! Targets as the losses read them.

use distil_report::measure::TaskKind;
use serde::{Deserialize, Serialize};

use crate::data::held::Held;
use crate::data::moments::{exact_moments, narrow, needs_64_bits};
use crate::data::raw::{RawTargets, Wide};
use crate::data::rows::shortest;
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
        labels: Held<u32>,
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
    /// The same in 64 bits, where 32 would cut off what the targets tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wide: Option<WideTargets>,
}

/// The scale of targets in 64 bits: see [`TargetScale`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WideTargets {
    /// Mean over the training part.
    pub mean: Vec<f64>,
    /// Standard deviation.
    pub std: Vec<f64>,
}

impl TargetScale {
    /// What is added last to bring outputs into the targets' own unit: nothing where 32 bits suffice, else the means, which
    /// errors do not depend on.
    pub fn offsets(&self) -> Option<&[f64]> {
        self.wide.as_ref().map(|wide| wide.mean.as_slice())
    }

    /// Standardised outputs `[rows, targets]` in the targets' own unit, in 64 bits where 32 do not suffice.
    pub fn to_exact_units(&self, outputs: &[f32]) -> Vec<f64> {
        let Some(wide) = &self.wide else {
            return self.to_units(outputs).into_iter().map(shortest).collect();
        };
        let scales = wide.mean.iter().zip(&wide.std).cycle();
        let outputs = outputs.iter().zip(scales);
        outputs
            .map(|(x, (mean, std))| mean + std * f64::from(*x))
            .collect()
    }

    /// Standardised outputs `[rows, targets]` in the targets' own unit, less [`TargetScale::offsets`].
    pub fn to_units(&self, outputs: &[f32]) -> Vec<f32> {
        if let Some(wide) = &self.wide {
            let outputs = outputs.iter().zip(wide.std.iter().cycle());
            return outputs
                .map(|(x, std)| narrow(std * f64::from(*x)))
                .collect();
        }
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
        Self::fit_exact(raw, &Wide::new(), train)
    }

    /// The same where targets are at hand in 64 bits, by name, if 32 do not hold them.
    pub fn fit_exact(raw: &RawTargets, exact: &Wide, train: &[SampleId]) -> Self {
        let names = raw.names().to_vec();
        let scale = match raw {
            RawTargets::Values { values, .. } => {
                let rows = train.iter().map(|id| id.row());
                let (mean, std) = super::moments::moments(values, names.len(), rows.clone());
                let wide = names.iter().any(|name| exact.contains_key(name)).then(|| {
                    let column = |target: usize| {
                        let exact = exact.get(&names[target]);
                        let width = names.len();
                        rows.clone().map(move |row| match exact {
                            Some(exact) => exact[row],
                            None => f64::from(values[row * width + target]),
                        })
                    };
                    let moments =
                        (0..names.len()).filter_map(|target| exact_moments(column(target)));
                    let (mean, std): (Vec<f64>, Vec<f64>) = moments.unzip();
                    let largest =
                        |target| column(target).fold(0.0, |largest: f64, x| largest.max(x.abs()));
                    let needed =
                        (0..mean.len()).any(|target| needs_64_bits(largest(target), std[target]));
                    needed.then_some(WideTargets { mean, std })
                });
                Some(TargetScale {
                    mean,
                    std,
                    wide: wide.flatten(),
                })
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
        self.apply_exact(raw, &Wide::new())
    }

    /// The same where targets are at hand in 64 bits, by name.
    pub fn apply_exact(&self, raw: RawTargets, exact: &Wide) -> Result<Targets> {
        Ok(match raw.in_terms_of(&self.names)? {
            RawTargets::Classes { names, labels } => Targets::Classes { names, labels },
            RawTargets::Values { names, values } => {
                let scale = self.scale.clone().unwrap_or_else(|| TargetScale {
                    mean: vec![0.0; names.len()],
                    std: vec![1.0; names.len()],
                    wide: None,
                });
                let rows = values.len() / names.len().max(1);
                let standard = match &scale.wide {
                    None => scale.standardise(&values),
                    Some(wide) => {
                        let targets = wide.mean.iter().zip(&wide.std).zip(&names).cycle();
                        let values = values.iter().enumerate().zip(targets);
                        values
                            .map(|((i, x), ((mean, std), name))| {
                                let exact = exact.get(name).map(|exact| exact[i / names.len()]);
                                narrow((exact.unwrap_or(f64::from(*x)) - mean) / std)
                            })
                            .collect()
                    }
                };
                let values = Array::new([rows, names.len()], standard);
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
    pub fn classes(&self) -> Option<&Held<u32>> {
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
