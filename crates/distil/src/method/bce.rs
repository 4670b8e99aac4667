//! Knowledge distillation for labels that do not exclude each other.

use burn::tensor::activation::{log_sigmoid, sigmoid};
use distil_report::measure::TaskKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fit::above_zero;
use super::{Fit, LossInput, Method, Needs, Term};
use crate::error::Result;
use crate::model::Blend;

/// Knowledge distillation for multi-label tasks: each label's softened probability towards the teacher's.
///
/// T² times the mean over labels of −p log q − (1 − p) log(1 − q) per row, with p = σ(teacher / T), q = σ(student / T): kd
/// (Hinton, Vinyals & Dean 2015) for each label by itself. A mean, not a sum, because the label loss is one: `mix` weighs like
/// with like. It is not 0 when the two agree, but then it is at its least.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Bce {
    /// T, above 0: how much the probabilities are softened; usually 1 to 4.
    pub temperature: f64,
}

impl Default for Bce {
    fn default() -> Self {
        Self { temperature: 2.0 }
    }
}

impl Method for Bce {
    fn tasks(&self) -> &[TaskKind] {
        &[TaskKind::MultiLabel]
    }

    fn check(&self, fit: &Fit) -> std::result::Result<Needs, String> {
        above_zero("temperature", self.temperature)?;
        fit.same_outputs("bce", self.tasks())?;
        Ok(Needs::outputs())
    }

    fn blend(&self) -> Blend {
        Blend::Labels {
            temperature: self.temperature,
        }
    }

    fn loss(&self, input: &LossInput) -> Result<Term> {
        let (student, teacher) = input.outputs("bce")?;
        let [rows, _] = student.dims();
        let t = self.temperature;
        // log(1 − σ(z)) = log σ(z) − z, so each label's loss is (1 − p) z − log σ(z).
        let absent = sigmoid(teacher.mul_scalar(-1.0 / t));
        let z = student.mul_scalar(1.0 / t);
        let each = z.clone().mul(absent).sub(log_sigmoid(z));
        let loss = each.mean_dim(1).mul_scalar(t * t);
        Ok(Term::Rows(loss.reshape([rows])))
    }
}
