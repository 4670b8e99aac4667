//! Knowledge distillation on softened outputs.

use distil_kernels::{Soft, soften};
use distil_report::measure::TaskKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fit::above_zero;
use super::{Fit, LossInput, Method, Needs, Term};
use crate::error::Result;
use crate::model::Blend;

/// Knowledge distillation: the student's softened classes towards the teacher's.
///
/// T² Σₖ pₖ (log pₖ − log qₖ) per row, with p = softmax(teacher / T), q = softmax(student / T) (Hinton, Vinyals & Dean 2015,
/// section 2). T² keeps the gradient's size when T changes; as T grows the loss tends to half the squared distance of the
/// centred logits, divided by the number of classes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Kd {
    /// T, above 0: how much the classes are softened; usually 1 to 20.
    pub temperature: f64,
}

impl Default for Kd {
    fn default() -> Self {
        Self { temperature: 4.0 }
    }
}

impl Method for Kd {
    fn tasks(&self) -> &[TaskKind] {
        &[TaskKind::Classification]
    }

    fn check(&self, fit: &Fit) -> std::result::Result<Needs, String> {
        above_zero("temperature", self.temperature)?;
        fit.same_outputs("kd", self.tasks())?;
        Ok(Needs::outputs())
    }

    fn blend(&self) -> Blend {
        Blend::Classes {
            temperature: self.temperature,
        }
    }

    fn loss(&self, input: &LossInput) -> Result<Term> {
        let (student, teacher) = input.outputs("kd")?;
        let rows = soften(student, teacher, self.temperature, Soft::Divergence);
        Ok(Term::Rows(rows))
    }
}
