//! A virtual teacher: label smoothing as distillation.

use burn::tensor::Tensor;
use distil_kernels::{Soft, soften};
use distil_report::measure::TaskKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fit::above_zero;
use super::soft::at_label;
use super::{Fit, LossInput, Method, Needs, Term};
use crate::error::Result;

/// A virtual teacher that is always right: part of what distillation gives is only this.
///
/// T² KL(v ‖ softmax(student / T)) per row. The virtual teacher gives the label a probability a and each other class
/// (1 − a)/(K − 1); v is that distribution softened, each probability to the power 1/T and normalised, which is softmax(log · / T)
/// (Yuan et al. 2020, equations 9 and 10). The paper's code takes softmax(· / T) of the probabilities themselves and leaves T² and
/// the student's T out; the formula is followed here, because then T = 1 is label smoothing exactly.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Smooth {
    /// T, above 0: how much the virtual teacher and the student are softened.
    pub temperature: f64,
    /// a: the virtual teacher's probability of the label, above 1/K and below 1.
    pub confidence: f64,
}

impl Default for Smooth {
    fn default() -> Self {
        Self {
            temperature: 20.0,
            confidence: 0.9,
        }
    }
}

impl Method for Smooth {
    fn tasks(&self) -> &[TaskKind] {
        &[TaskKind::Classification]
    }

    fn check(&self, fit: &Fit) -> std::result::Result<Needs, String> {
        above_zero("temperature", self.temperature)?;
        fit.task_among("smooth", self.tasks())?;
        fit.no_teacher("smooth")?;
        fit.no_layers("smooth")?;
        let chance = 1.0 / fit.student.outputs as f64;
        if !(self.confidence > chance && self.confidence < 1.0) {
            return Err(format!(
                "`confidence` is {}; give a probability above that of guessing ({chance:.3}) and below 1",
                self.confidence
            ));
        }
        Ok(Needs::default())
    }

    fn loss(&self, input: &LossInput) -> Result<Term> {
        let student = input.student.values.clone();
        let [rows, classes] = student.dims();
        let labels = input.target.classes("smooth")?;

        // Softening divides the logarithms of the virtual teacher's probabilities by T.
        let other = (1.0 - self.confidence) / (classes - 1) as f64;
        let device = student.device().inner();
        let teacher = Tensor::full([rows, classes], other.ln(), &device)
            .mask_fill(at_label(labels, classes), self.confidence.ln());
        let rows = soften(student, teacher, self.temperature, Soft::Divergence);
        Ok(Term::Rows(rows))
    }
}
