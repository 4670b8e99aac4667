//! Decoupled knowledge distillation.

use burn::tensor::activation::{log_sigmoid, sigmoid};
use burn::tensor::{Bool, Int, Tensor};
use distil_kernels::with_gradient;
use distil_report::measure::TaskKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fit::{above_zero, not_negative};
use super::soft::{at_label, divergence};
use super::{AtStep, Fit, LossInput, Method, Needs, Term};
use crate::error::Result;
use crate::model::Blend;

/// Stands for −∞ among logits: its exponential is 0, and differences stay finite.
const NEVER: f32 = -1e9;

/// Decoupled knowledge distillation: how sure the teacher is of the label, and how it ranks the other classes, weighted
/// separately.
///
/// T² (α KL(bₜ ‖ bₛ) + β KL(p̂ₜ ‖ p̂ₛ)) per row: b = [p, 1 − p] for p the softened probability of the label, p̂ the softened
/// distribution over the other classes (Zhao et al. 2022, equation 7). With α = 1 and β = 1 − pₜ it would be kd. The paper
/// adds it to the whole label loss: use `add = 1`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Dkd {
    /// T, above 0: how much the classes are softened.
    pub temperature: f64,
    /// α, 0 or more: the weight of the label against the rest.
    pub alpha: f64,
    /// β, 0 or more: the weight of the other classes among themselves; the paper uses 2 to 8 on CIFAR-100, 0.5 on ImageNet.
    pub beta: f64,
    /// Share of the stage's steps over which the loss rises linearly to full strength, 0 to 1; the paper's 20 of 240 epochs
    /// are 0.083.
    pub warmup: f64,
}

impl Default for Dkd {
    fn default() -> Self {
        Self {
            temperature: 4.0,
            alpha: 1.0,
            beta: 2.0,
            warmup: 0.0,
        }
    }
}

impl Method for Dkd {
    fn tasks(&self) -> &[TaskKind] {
        &[TaskKind::Classification]
    }

    fn check(&self, fit: &Fit) -> std::result::Result<Needs, String> {
        above_zero("temperature", self.temperature)?;
        not_negative("alpha", self.alpha)?;
        not_negative("beta", self.beta)?;
        if !(0.0..=1.0).contains(&self.warmup) {
            return Err(format!(
                "`warmup` is {}; give a share of the stage's steps from 0 to 1",
                self.warmup
            ));
        }
        fit.same_outputs("dkd", self.tasks())?;
        Ok(Needs::outputs())
    }

    fn blend(&self) -> Blend {
        Blend::Classes {
            temperature: self.temperature,
        }
    }

    fn loss(&self, input: &LossInput) -> Result<Term> {
        let (student, teacher) = input.outputs("dkd")?;
        let [rows, classes] = student.dims();
        let labels = input.target.classes("dkd")?.clone().inner();
        let own = at_label(&labels, classes);
        let ours = self.parts(student.clone().inner(), &labels, &own);
        let theirs = self.parts(teacher, &labels, &own);

        // With d the label's margin, b = [σ(d), σ(−d)]. d rises by 1 with the label's logit and by −p̂ₖ with another's.
        let excess = sigmoid(ours.margin.clone()).sub(sigmoid(theirs.margin.clone()));
        let rest = ours.log_rest.clone().exp();
        let among = rest.clone().sub(theirs.log_rest.clone().exp());
        let gradient = among
            .mul_scalar(self.beta)
            .sub(rest.mul(excess.clone()).mul_scalar(self.alpha))
            .mask_where(own, excess.mul_scalar(self.alpha).expand([rows, classes]));

        let label = divergence(theirs.label(), ours.label()).mul_scalar(self.alpha);
        let among = divergence(theirs.log_rest, ours.log_rest).mul_scalar(self.beta);
        let scale = self.strength(input.at) * self.temperature;
        let value = label.add(among).mul_scalar(scale * self.temperature);
        let value = value.reshape([rows]);
        let gradient = gradient.mul_scalar(scale);
        Ok(Term::Rows(with_gradient(student, value, gradient)))
    }
}

/// The two halves of a softened distribution.
struct Parts {
    /// d: the label's logit less the log-sum-exp of the others, `[rows, 1]`; the label's probability is σ(d).
    margin: Tensor<2>,
    /// log p̂ of the other classes, `[rows, classes]`, about [`NEVER`] at the label.
    log_rest: Tensor<2>,
}

impl Parts {
    /// log b, `[rows, 2]`: the label and the rest.
    fn label(&self) -> Tensor<2> {
        let margin = self.margin.clone();
        Tensor::cat(
            vec![log_sigmoid(margin.clone()), log_sigmoid(margin.neg())],
            1,
        )
    }
}

impl Dkd {
    fn parts(&self, logits: Tensor<2>, labels: &Tensor<1, Int>, own: &Tensor<2, Bool>) -> Parts {
        let [rows, _] = logits.dims();
        let logits = logits.mul_scalar(1.0 / self.temperature);
        let label = logits.clone().gather(1, labels.clone().reshape([rows, 1]));
        let others = logits.mask_fill(own.clone(), NEVER);
        let highest = others.clone().max_dim(1);
        let shifted = others.sub(highest.clone());
        let log_sum = shifted.clone().exp().sum_dim(1).log();
        Parts {
            margin: label.sub(highest).sub(log_sum.clone()),
            log_rest: shifted.sub(log_sum),
        }
    }

    /// 0 to 1: where the warm-up is.
    fn strength(&self, at: AtStep) -> f64 {
        let length = self.warmup * at.steps as f64;
        let done = at.step as f64 + 1.0;
        if done < length { done / length } else { 1.0 }
    }
}
