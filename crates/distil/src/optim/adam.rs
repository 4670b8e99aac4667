//! Adam (Kingma & Ba 2015, algorithm 1), as PyTorch's `Adam` computes it.

use burn::tensor::Tensor;
use distil_kernels::Isa;

use super::rule::{Elements, Rule, UpdateParams, first_moment, second_moment};
use crate::model::Steps;

/// g ← g + wd·w;  m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²;
/// w ← w − lr/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε), with t the age of the element.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Adam {
    /// Decay of the mean of gradients, in [0, 1).
    #[schemars(range(min = 0, max = 0.999999))]
    pub beta1: f64,
    /// Decay of the mean of squared gradients, in [0, 1).
    #[schemars(range(min = 0, max = 0.999999))]
    pub beta2: f64,
    /// Added to the root of the second moment, > 0.
    #[schemars(range(min = 0))]
    pub epsilon: f64,
    /// L2 penalty added to the gradient, ≥ 0. For decay apart from the gradient, take `adamw`.
    #[schemars(range(min = 0))]
    pub weight_decay: f32,
}

impl Default for Adam {
    fn default() -> Self {
        Self {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
        }
    }
}

impl AdamLike for Adam {
    fn core(&self) -> Core {
        Core {
            beta1: self.beta1,
            beta2: self.beta2,
            epsilon: self.epsilon,
        }
    }

    fn weight_decay(&self) -> f32 {
        self.weight_decay
    }

    fn decay(&self, params: &UpdateParams) -> (f32, f32) {
        (self.weight_decay * params.decay, 1.0)
    }

    fn steps(&self) -> Result<Steps, String> {
        // It enters a gradient whose length is taken off (Yang et al. 2022, B.3).
        match self.weight_decay > 0.0 {
            true => Err(
                "adam's `weight_decay` does not carry over from one width to another; take `adamw`"
                    .into(),
            ),
            false => Ok(Steps::Normalised),
        }
    }
}

/// An update by Adam's moments.
pub(super) trait AdamLike: std::fmt::Debug + Clone + Send + Sync + 'static {
    /// What all of them have.
    fn core(&self) -> Core;

    /// The decay as it is set.
    fn weight_decay(&self) -> f32;

    /// What part of a weight is added to its gradient, and the factor on the weight itself, of this update.
    fn decay(&self, params: &UpdateParams) -> (f32, f32);

    /// See [`Rule::steps`].
    fn steps(&self) -> Result<Steps, String>;
}

impl<T: AdamLike> Rule for T {
    fn check(&self) -> Result<(), String> {
        self.core().check()?;
        super::rule::check_decay(self.weight_decay())
    }

    fn default_lr(&self) -> f64 {
        1e-3
    }

    fn steps(&self) -> Result<Steps, String> {
        AdamLike::steps(self)
    }

    fn clone_rule(&self) -> Box<dyn Rule> {
        Box::new(self.clone())
    }

    fn moments(&self) -> usize {
        2
    }

    fn host(&self, elements: Elements<'_>, params: &UpdateParams) {
        self.core().host(elements, params, self.decay(params));
    }

    fn tensors(
        &self,
        weights: Tensor<1>,
        gradient: Tensor<1>,
        moments: Vec<Tensor<1>>,
        params: &UpdateParams,
    ) -> (Tensor<1>, Vec<Tensor<1>>) {
        let decay = self.decay(params);
        self.core()
            .tensors(weights, gradient, moments, params, decay)
    }
}

/// The moments' decay: what every update of this kind has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Core {
    pub beta1: f64,
    pub beta2: f64,
    pub epsilon: f64,
}

impl Core {
    fn check(self) -> Result<(), String> {
        for (name, beta) in [("beta1", self.beta1), ("beta2", self.beta2)] {
            if !(0.0..1.0).contains(&beta) {
                return Err(format!("`{name}` must be at least 0 and below 1"));
            }
        }
        if self.epsilon > 0.0 && self.epsilon.is_finite() {
            Ok(())
        } else {
            Err("`epsilon` must be positive".into())
        }
    }

    /// The step size lr/(1−β₁ᵗ) and the factor 1/√(1−β₂ᵗ), computed in f64.
    fn corrections(self, params: &UpdateParams) -> (f32, f32) {
        let correction = |beta: f64| 1.0 - beta.powf(params.age as f64);
        let step = params.lr / correction(self.beta1);
        (step as f32, correction(self.beta2).sqrt().recip() as f32)
    }

    fn host(self, elements: Elements<'_>, params: &UpdateParams, (penalty, keep): (f32, f32)) {
        let (step, root) = self.corrections(params);
        let (rest1, beta2) = ((1.0 - self.beta1) as f32, self.beta2 as f32);
        let (rest2, epsilon) = ((1.0 - self.beta2) as f32, self.epsilon as f32);
        let scale = params.gradient;
        let Elements {
            weights,
            gradient,
            moments: [first, second],
        } = elements;
        Isa::current().run(|| {
            let moments = first.iter_mut().zip(second);
            for ((w, g), (m, v)) in weights.iter_mut().zip(gradient).zip(moments) {
                let g = g * scale + penalty * *w;
                *m = first_moment(*m + rest1 * (g - *m));
                *v = second_moment(beta2 * *v + rest2 * g * g);
                *w = keep * *w - step * *m / (v.sqrt() * root + epsilon);
            }
        });
    }

    fn tensors(
        self,
        weights: Tensor<1>,
        gradient: Tensor<1>,
        moments: Vec<Tensor<1>>,
        params: &UpdateParams,
        (penalty, keep): (f32, f32),
    ) -> (Tensor<1>, Vec<Tensor<1>>) {
        let (step, root) = self.corrections(params);
        let gradient = gradient * params.gradient + weights.clone() * penalty;
        let [first, second] = <[Tensor<1>; 2]>::try_from(moments)
            .unwrap_or_else(|_| [gradient.zeros_like(), gradient.zeros_like()]);
        let m = first.clone() + (gradient.clone() - first) * (1.0 - self.beta1);
        let v = second * self.beta2 + gradient.clone() * gradient * (1.0 - self.beta2);
        let update = m.clone() / (v.clone().sqrt() * root + self.epsilon);
        (weights * keep - update * step, vec![m, v])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A unit answers for so many steps, then no longer; the weight's bytes after each step, and the moments it went through.
    fn silent(answers: u64, update: impl Fn(&mut f32, f32, &mut [f32; 2], u64)) -> Vec<(u32, f32)> {
        let (mut weight, mut moments) = (0.25, [0.0; 2]);
        let step = |age| {
            let gradient = if age <= answers { 0.01 } else { 0.0 };
            update(&mut weight, gradient, &mut moments, age);
            (weight.to_bits(), moments[0])
        };
        (1..=2000).map(step).collect()
    }

    #[test]
    fn a_silent_units_moment_is_dropped_before_it_costs_and_no_weight_is_the_other_for_it() {
        let core = Core {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
        };
        let at = |age| UpdateParams {
            lr: 1e-3,
            age,
            gradient: 1.0,
            axes: 2,
            decay: 1.0,
        };
        for answers in [1, 40] {
            let ours = silent(answers, |weight, gradient, moments, age| {
                let [first, second] = moments;
                let elements = Elements {
                    weights: std::slice::from_mut(weight),
                    gradient: &[gradient],
                    moments: [std::slice::from_mut(first), std::slice::from_mut(second)],
                };
                core.host(elements, &at(age), (0.0, 1.0));
            });
            let plain = silent(answers, |weight, gradient, [m, v], age| {
                let (step, root) = core.corrections(&at(age));
                *m += 0.1 * (gradient - *m);
                *v = 0.999 * *v + (1.0 - 0.999_f64) as f32 * gradient * gradient;
                *weight -= step * *m / (v.sqrt() * root + 1e-8);
            });
            let bits = |steps: &[(u32, f32)]| steps.iter().map(|step| step.0).collect::<Vec<_>>();
            assert_eq!(bits(&ours), bits(&plain));
            assert!(plain.iter().any(|(_, m)| m.is_subnormal()));
            assert!(
                ours.iter()
                    .all(|(_, m)| *m == 0.0 || *m * 1e-7 >= f32::MIN_POSITIVE)
            );
            assert_eq!(ours[1999].1, 0.0);
        }
    }
}
