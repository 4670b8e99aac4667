//! Targets: their shape, known before training, and a batch of them.

use burn::tensor::{Int, Tensor};
use distil_report::measure::TaskKind;

use super::name_of;
use crate::data::Targets;
use crate::error::{Error, Result};
use crate::sample::SampleId;

/// The targets of a batch.
#[derive(Debug, Clone)]
pub enum Target {
    /// Class indices `[rows]`, counted from 0.
    Classes(Tensor<1, Int>),
    /// Standardised values, or 0/1 labels: `[rows, outputs]`.
    Values(Tensor<2>),
}

impl Target {
    /// The classes `[rows]`; `reader` is who wants them, for the message.
    pub fn classes(&self, reader: &str) -> Result<&Tensor<1, Int>> {
        match self {
            Self::Classes(classes) => Ok(classes),
            Self::Values(_) => Err(Error::input(reader, "reads classes, and was given values")
                .remedy("Give class indices, one per row")),
        }
    }

    /// The values or labels `[rows, outputs]`; `reader` is who wants them, for the message.
    pub fn values(&self, reader: &str) -> Result<&Tensor<2>> {
        match self {
            Self::Values(values) => Ok(values),
            Self::Classes(_) => Err(Error::input(reader, "reads values, and was given classes")
                .remedy("Give one number per row and output")),
        }
    }
}

/// The targets of the data, as far as a task needs to know them before training.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetShape {
    /// One class of several.
    Classes {
        /// The training samples of each.
        counts: Vec<u64>,
        /// What the classes are called.
        names: Vec<String>,
    },
    /// Any number of labels: how many there are.
    Labels(usize),
    /// Numbers: how many there are.
    Values(usize),
}

impl TargetShape {
    /// The shape of these targets; classes are counted over the training part.
    pub fn of(targets: &Targets, train: &[SampleId]) -> Self {
        match targets {
            Targets::Classes { names, labels } => {
                let mut counts = vec![0; names.len()];
                train
                    .iter()
                    .for_each(|id| counts[labels[id.row()] as usize] += 1);
                Self::Classes {
                    counts,
                    names: names.clone(),
                }
            }
            Targets::Values { names, .. } => Self::Values(names.len()),
            Targets::Labels { names, .. } => Self::Labels(names.len()),
        }
    }

    /// Classes of so many training samples each, called by their number from 0.
    pub fn classes(counts: Vec<u64>) -> Self {
        let names = (0..counts.len()).map(|class| class.to_string());
        Self::Classes {
            names: names.collect(),
            counts,
        }
    }

    /// The reason why `task` cannot be trained on these targets.
    pub(super) fn refuse(&self, task: TaskKind) -> String {
        let (own, fitting) = match self {
            Self::Classes { .. } => ("classes", TaskKind::Classification),
            Self::Labels(_) => ("0/1 labels", TaskKind::MultiLabel),
            Self::Values(_) => ("numbers", TaskKind::Regression),
        };
        let (task, fitting) = (name_of(task), name_of(fitting));
        format!(
            "the task is {task}, and the data's targets are {own}; use task = \"{fitting}\", or name other targets in [data]"
        )
    }
}
