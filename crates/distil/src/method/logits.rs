//! Logit matching.

use distil_report::measure::TaskKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fit, LossInput, Method, Needs, Term};
use crate::error::Result;

/// Logit matching: the student's logits towards the teacher's, without softmax.
///
/// ½ Σₖ (sₖ − tₖ)² per row (Ba & Caruana 2014, equation 1): K/2 times the mean squared error that other tools mean by it, K being the
/// number of outputs; a weight taken over from there is to be divided by that. Centred, both logits lose their mean over the outputs first: then
/// this is K times the limit of kd as its temperature grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Logits {
    /// Whether to ignore a shift common to all of a row's logits.
    pub centred: bool,
}

impl Method for Logits {
    fn tasks(&self) -> &[TaskKind] {
        &[TaskKind::Classification, TaskKind::MultiLabel]
    }

    fn check(&self, fit: &Fit) -> std::result::Result<Needs, String> {
        fit.same_outputs("logits", self.tasks())?;
        Ok(Needs::outputs())
    }

    fn loss(&self, input: &LossInput) -> Result<Term> {
        let (student, teacher) = input.outputs("logits")?;
        let [rows, _] = student.dims();
        let apart = student.sub(teacher);
        let apart = match self.centred {
            true => apart.clone().sub(apart.mean_dim(1)),
            false => apart,
        };
        let squares = apart.square().sum_dim(1).mul_scalar(0.5);
        Ok(Term::Rows(squares.reshape([rows])))
    }
}
