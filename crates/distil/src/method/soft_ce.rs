//! Cross-entropy with the teacher's softened outputs.

use distil_kernels::{Soft, soften};
use distil_report::measure::TaskKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fit::above_zero;
use super::{Fit, LossInput, Method, Needs, Term};
use crate::error::Result;
use crate::model::Blend;

/// Cross-entropy with the teacher's softened classes.
///
/// −T² Σₖ pₖ log qₖ per row, with p = softmax(teacher / T), q = softmax(student / T) (Hinton, Vinyals & Dean 2015). Its
/// gradient is that of kd; its value is larger by T² times the entropy of p, so it is not 0 when the two agree.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SoftCe {
    /// T, above 0: how much the classes are softened; usually 1 to 20.
    pub temperature: f64,
}

impl Default for SoftCe {
    fn default() -> Self {
        Self { temperature: 4.0 }
    }
}

impl Method for SoftCe {
    fn tasks(&self) -> &[TaskKind] {
        &[TaskKind::Classification]
    }

    fn check(&self, fit: &Fit) -> std::result::Result<Needs, String> {
        above_zero("temperature", self.temperature)?;
        fit.same_outputs("soft-ce", self.tasks())?;
        Ok(Needs::outputs())
    }

    fn blend(&self) -> Blend {
        Blend::Classes {
            temperature: self.temperature,
        }
    }

    fn loss(&self, input: &LossInput) -> Result<Term> {
        let (student, teacher) = input.outputs("soft-ce")?;
        let rows = soften(student, teacher, self.temperature, Soft::CrossEntropy);
        Ok(Term::Rows(rows))
    }
}
