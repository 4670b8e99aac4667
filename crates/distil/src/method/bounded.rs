//! Teacher-bounded regression.

use distil_report::measure::TaskKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fit::not_negative;
use super::{Fit, LossInput, Method, Needs, Term};
use crate::error::Result;

/// Teacher-bounded regression: the teacher only says where the student need not improve any more.
///
/// e(s) = mean over targets of (s − y)², in standardised units; the row's loss is e(s) where e(s) + m > e(t), else 0 (Chen et al.
/// 2017, equation 4, there with the sum). The paper adds half of it to the label loss: use `add = 0.5`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Bounded {
    /// m, 0 or more: by how much the student is to beat the teacher, in squared standardised units.
    pub margin: f64,
}

impl Method for Bounded {
    fn tasks(&self) -> &[TaskKind] {
        &[TaskKind::Regression]
    }

    fn check(&self, fit: &Fit) -> std::result::Result<Needs, String> {
        not_negative("margin", self.margin)?;
        fit.same_outputs("bounded", self.tasks())?;
        Ok(Needs::outputs())
    }

    fn loss(&self, input: &LossInput) -> Result<Term> {
        let (student, teacher) = input.outputs("bounded")?;
        let [rows, _] = student.dims();
        let target = input.target.values("bounded")?.clone();
        let bound = teacher.sub(target.clone().inner()).square().mean_dim(1);
        let error = student.sub(target).square().mean_dim(1);
        let beaten = error
            .clone()
            .inner()
            .add_scalar(self.margin)
            .lower_equal(bound);
        Ok(Term::Rows(error.mask_fill(beaten, 0.0).reshape([rows])))
    }
}
