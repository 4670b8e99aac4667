//! What a method sees of a batch.

use burn::tensor::Tensor;

use super::Adapter;
use crate::error::{Error, Result};
use crate::model::Output;
use crate::task::Target;

/// Student, teacher and labels of one batch, row by row the same samples.
#[derive(Debug, Clone, Copy)]
pub struct LossInput<'a> {
    /// The student's outputs, and its features where the method needs them.
    pub student: &'a Output,
    /// The teacher's; none for a method that needs none. Methods read it as a constant.
    pub teacher: Option<&'a Output>,
    /// The labels.
    pub target: &'a Target,
    /// The recipe's `layers`: pairs of taps, the student's and the teacher's.
    pub layers: &'a [(String, String)],
    /// The adapters that [`Needs`](super::Needs) asked for, in its order.
    pub adapters: &'a [Adapter],
    /// Where training is.
    pub at: AtStep,
}

/// Where training is: for methods that change over time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AtStep {
    /// Optimiser steps done in this stage.
    pub step: u64,
    /// Optimiser steps planned for this stage.
    pub steps: u64,
}

impl LossInput<'_> {
    /// The teacher, for method `reader`.
    pub(super) fn teacher(&self, reader: &str) -> Result<&Output> {
        self.teacher.ok_or_else(|| {
            Error::input(
                format!("method {reader}"),
                "reads a teacher, and was given none",
            )
            .remedy("Give the teacher's outputs for the same rows")
        })
    }

    /// The outputs of student and teacher, `[rows, outputs]` each, the teacher's as a constant.
    pub(super) fn outputs(&self, reader: &str) -> Result<(Tensor<2>, Tensor<2>)> {
        let teacher = self.teacher(reader)?.values.clone().inner();
        Ok((self.student.values.clone(), teacher))
    }
}
