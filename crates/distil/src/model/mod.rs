//! Networks: what a stage trains. One file per family.

pub mod access;
mod layout;
mod mlp;
mod output;

pub use layout::{Activation, Layer, Layout, Norm};
pub use mlp::{Mlp, MlpConfig, fresh};
pub use output::{Feature, Input, Output, TapSet};

use burn::module::{Module, ModuleDisplay};
use burn::tensor::Device;
use distil_recipe::{Registry, entry};
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::rng::Seed;

/// A network Distil can train: the built-in families and a user's own Burn module.
pub trait Net: Module + ModuleDisplay {
    /// Outputs for a batch, and the features named in `taps`.
    ///
    /// # Shapes
    /// - `x`: `[rows, features]` for flat inputs
    /// - output: `[rows, outputs]` (logits, or standardised values for regression)
    fn forward(&self, x: &Input, taps: &TapSet) -> Output;

    /// The shapes, for FLOPs and growth. `None`: FLOPs are unknown, and the verdict says so.
    fn layout(&self) -> Option<Layout> {
        None
    }
}

/// The architecture a recipe names: family and its parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum ModelConfig {
    /// Multi-layer perceptron.
    Mlp(MlpConfig),
}

/// Every family, in the order in which lists show them.
pub static MODELS: Registry<ModelConfig> = Registry {
    noun: "model",
    entries: &[
        entry!("mlp", "fully connected layers; none hidden: linear or logistic regression", MlpConfig => ModelConfig::Mlp),
    ],
};

impl ModelConfig {
    /// The shapes, once the data's inputs and the task's outputs are known.
    pub fn layout(&self, inputs: usize, outputs: usize) -> Layout {
        match self {
            Self::Mlp(config) => config.layout(inputs, outputs),
        }
    }

    /// The network with weights drawn for this seed.
    pub fn init(
        &self,
        inputs: usize,
        outputs: usize,
        seed: Seed,
        device: &Device,
    ) -> Result<Model> {
        match self {
            Self::Mlp(config) => config.init(inputs, outputs, seed, device).map(Model::Mlp),
        }
    }

    /// What this architecture cannot be, as a sentence.
    pub fn problem(&self) -> Option<String> {
        match self {
            Self::Mlp(config) => config.problem(),
        }
    }
}

/// A network of a built-in family.
#[derive(Module, Debug)]
pub enum Model {
    /// Multi-layer perceptron.
    Mlp(Mlp),
}

impl Net for Model {
    fn forward(&self, x: &Input, taps: &TapSet) -> Output {
        match self {
            Self::Mlp(net) => net.forward(x, taps),
        }
    }

    fn layout(&self) -> Option<Layout> {
        match self {
            Self::Mlp(net) => net.layout(),
        }
    }
}
