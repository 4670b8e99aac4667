//! AdamW: Adam with weight decay apart from the gradient (Loshchilov & Hutter 2019, algorithm 2).

use super::adam::{AdamLike, Core};
use super::rule::UpdateParams;
use crate::model::Steps;

/// w ← (1 − lr·wd)·w, then Adam's step without a penalty. PyTorch's `AdamW`, but for `exclude`.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AdamW {
    /// Decay of the mean of gradients, in [0, 1).
    #[schemars(range(min = 0, max = 0.999999))]
    pub beta1: f64,
    /// Decay of the mean of squared gradients, in [0, 1).
    #[schemars(range(min = 0, max = 0.999999))]
    pub beta2: f64,
    /// Added to the root of the second moment, > 0.
    #[schemars(range(min = 0))]
    pub epsilon: f64,
    /// Share of a weight that a learning rate of 1 would remove per step, ≥ 0.
    #[schemars(range(min = 0))]
    pub weight_decay: f32,
    /// Which parameters do not decay.
    pub exclude: Exclude,
}

/// The parameters weight decay leaves alone.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    serde::Deserialize,
    serde::Serialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Exclude {
    /// Biases and norms: every parameter of a single axis.
    #[default]
    BiasesAndNorms,
    /// None: everything decays, as PyTorch does without parameter groups.
    Nothing,
}

impl Default for AdamW {
    fn default() -> Self {
        Self {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 1e-2,
            exclude: Exclude::default(),
        }
    }
}

impl AdamLike for AdamW {
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
        let keep = match self.exclude {
            Exclude::BiasesAndNorms if params.axes < 2 => 1.0,
            _ => {
                let share = f64::from(self.weight_decay) * f64::from(params.decay);
                (1.0 - params.lr * share) as f32
            }
        };
        (0.0, keep)
    }

    fn steps(&self) -> Result<Steps, String> {
        Ok(Steps::Normalised)
    }
}
