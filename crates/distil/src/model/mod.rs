//! Networks: what a stage trains. One file per family.

pub mod access;
mod cnn;
mod fresh;
mod layout;
mod linear;
mod mlp;
mod mobilenet;
mod output;
mod picture;
mod resnet;

pub use cnn::{Cnn, CnnConfig};
pub use fresh::fresh;
pub use layout::{Activation, Kind, Layer, Layout, Norm, Place};
pub use mlp::{Mlp, MlpConfig};
pub use mobilenet::{Mobilenet, MobilenetConfig};
pub use output::{Feature, Input, Output, TapSet};
pub use resnet::{Resnet, ResnetConfig};

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
    /// Plain convolutional network.
    Cnn(CnnConfig),
    /// Residual network.
    Resnet(ResnetConfig),
    /// Network of inverted residuals.
    Mobilenet(MobilenetConfig),
}

/// Every family, in the order in which lists show them.
pub static MODELS: Registry<ModelConfig> = Registry {
    noun: "model",
    entries: &[
        entry!("mlp", "fully connected layers; none hidden: linear or logistic regression", MlpConfig => ModelConfig::Mlp),
        entry!("cnn", "blocks of 3×3 convolutions with batch norm, each pooled at its end; for pictures", CnnConfig => ModelConfig::Cnn),
        entry!("resnet", "residual network of 6n + 2 layers for small pictures, narrow or wide", ResnetConfig => ModelConfig::Resnet),
        entry!("mobilenet", "inverted residuals with depthwise convolutions, for small pictures", MobilenetConfig => ModelConfig::Mobilenet),
    ],
};

impl ModelConfig {
    /// The shapes, for samples of this shape and so many outputs; else why the family cannot read them, as a sentence.
    pub fn layout(&self, input: &[usize], outputs: usize) -> std::result::Result<Layout, String> {
        match self {
            Self::Mlp(config) => Ok(config.layout(input.iter().product(), outputs)),
            Self::Cnn(config) => config.layout(input, outputs),
            Self::Resnet(config) => config.layout(input, outputs),
            Self::Mobilenet(config) => config.layout(input, outputs),
        }
    }

    /// The network of this configuration's [`Self::layout`] with weights drawn for this seed.
    pub fn init(&self, layout: Layout, seed: Seed, device: &Device) -> Result<Model> {
        match self {
            Self::Mlp(config) => {
                let net = config.init(layout.inputs(), layout.outputs(), seed, device);
                net.map(Model::Mlp)
            }
            Self::Cnn(config) => config.init(layout, seed, device).map(Model::Cnn),
            Self::Resnet(config) => config.init(layout, seed, device).map(Model::Resnet),
            Self::Mobilenet(config) => config.init(layout, seed, device).map(Model::Mobilenet),
        }
    }

    /// What this architecture cannot be, as a sentence.
    pub fn problem(&self) -> Option<String> {
        match self {
            Self::Mlp(config) => config.problem(),
            Self::Cnn(config) => config.problem(),
            Self::Resnet(config) => config.problem(),
            Self::Mobilenet(config) => config.problem(),
        }
    }
}

/// A network of a built-in family.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)]
pub enum Model {
    /// Multi-layer perceptron.
    Mlp(Mlp),
    /// Plain convolutional network.
    Cnn(Cnn),
    /// Residual network.
    Resnet(Resnet),
    /// Network of inverted residuals.
    Mobilenet(Mobilenet),
}

impl Model {
    /// The shapes.
    pub fn shapes(&self) -> &Layout {
        match self {
            Self::Mlp(net) => net.shapes(),
            Self::Cnn(net) => net.shapes(),
            Self::Resnet(net) => net.shapes(),
            Self::Mobilenet(net) => net.shapes(),
        }
    }
}

impl Net for Model {
    fn forward(&self, x: &Input, taps: &TapSet) -> Output {
        match self {
            Self::Mlp(net) => net.forward(x, taps),
            Self::Cnn(net) => net.forward(x, taps),
            Self::Resnet(net) => net.forward(x, taps),
            Self::Mobilenet(net) => net.forward(x, taps),
        }
    }

    fn layout(&self) -> Option<Layout> {
        Some(self.shapes().clone())
    }
}
