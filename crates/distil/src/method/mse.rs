//! Distillation of numbers.

use distil_report::measure::TaskKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fit, LossInput, Method, Needs, Term};
use crate::error::Result;

/// The student's values towards the teacher's.
///
/// Mean over targets of (s − t)² per row, in standardised units. With `mix` = α it is the plain regression distillation
/// (1 − α)(s − y)² + α(s − t)², whose minimum is the target (1 − α) y + α t.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mse {}

impl Method for Mse {
    fn tasks(&self) -> &[TaskKind] {
        &[TaskKind::Regression]
    }

    fn check(&self, fit: &Fit) -> std::result::Result<Needs, String> {
        fit.same_outputs("mse", self.tasks())?;
        Ok(Needs::outputs())
    }

    fn loss(&self, input: &LossInput) -> Result<Term> {
        let (student, teacher) = input.outputs("mse")?;
        let [rows, _] = student.dims();
        let squares = student.sub(teacher).square().mean_dim(1);
        Ok(Term::Rows(squares.reshape([rows])))
    }
}
