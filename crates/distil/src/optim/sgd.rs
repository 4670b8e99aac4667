//! Stochastic gradient descent, with momentum (Polyak 1964; Sutskever et al. 2013) and Nesterov's variant.

use burn::tensor::Tensor;
use distil_kernels::Isa;

use super::rule::{Elements, Rule, UpdateParams, first_moment};
use crate::model::Steps;

/// g ← g + wd·w;  m ← μ·m + g;  w ← w − lr·m   (Nesterov: w ← w − lr·(g + μ·m)). PyTorch's `SGD`.
#[derive(
    Debug, Clone, PartialEq, Default, serde::Deserialize, serde::Serialize, schemars::JsonSchema,
)]
#[serde(default, deny_unknown_fields)]
pub struct Sgd {
    /// Share of the previous step carried on, in [0, 1); 0: plain descent.
    #[schemars(range(min = 0, max = 0.9999))]
    pub momentum: f32,
    /// Look ahead along the momentum; needs a positive `momentum`.
    pub nesterov: bool,
    /// L2 penalty added to the gradient, ≥ 0.
    #[schemars(range(min = 0))]
    pub weight_decay: f32,
}

impl Rule for Sgd {
    fn check(&self) -> Result<(), String> {
        if !(0.0..1.0).contains(&self.momentum) {
            return Err("`momentum` must be at least 0 and below 1".into());
        }
        if self.nesterov && self.momentum == 0.0 {
            return Err("`nesterov` needs a positive `momentum`".into());
        }
        super::rule::check_decay(self.weight_decay)
    }

    /// 0.1 · (1 − μ): in the long run, momentum makes a step 1/(1 − μ) times as long.
    fn default_lr(&self) -> f64 {
        0.1 * f64::from(1.0 - self.momentum)
    }

    fn steps(&self) -> Result<Steps, String> {
        Ok(Steps::Gradient)
    }

    fn clone_rule(&self) -> Box<dyn Rule> {
        Box::new(self.clone())
    }

    fn moments(&self) -> usize {
        usize::from(self.momentum > 0.0)
    }

    fn host(&self, elements: Elements<'_>, params: &UpdateParams) {
        let Self {
            momentum,
            nesterov,
            weight_decay,
        } = *self;
        let weight_decay = weight_decay * params.decay;
        let (lr, scale) = (params.lr as f32, params.gradient);
        let Elements {
            weights,
            gradient,
            moments: [moment, _],
        } = elements;
        Isa::current().run(|| {
            if momentum == 0.0 {
                for (w, g) in weights.iter_mut().zip(gradient) {
                    *w -= lr * (g * scale + weight_decay * *w);
                }
                return;
            }
            // The step is lr · (ahead·g + along·m).
            let (ahead, along) = if nesterov {
                (1.0, momentum)
            } else {
                (0.0, 1.0)
            };
            for ((w, g), m) in weights.iter_mut().zip(gradient).zip(moment) {
                let g = g * scale + weight_decay * *w;
                *m = first_moment(momentum * *m + g);
                *w -= lr * (ahead * g + along * *m);
            }
        });
    }

    fn tensors(
        &self,
        weights: Tensor<1>,
        gradient: Tensor<1>,
        mut moments: Vec<Tensor<1>>,
        params: &UpdateParams,
    ) -> (Tensor<1>, Vec<Tensor<1>>) {
        let gradient =
            gradient * params.gradient + weights.clone() * (self.weight_decay * params.decay);
        let step = match moments.pop() {
            None => gradient,
            Some(moment) => {
                let moment = moment * self.momentum + gradient.clone();
                moments.push(moment.clone());
                if self.nesterov {
                    gradient + moment * self.momentum
                } else {
                    moment
                }
            }
        };
        (weights - step * params.lr, moments)
    }
}
