//! Networks: what a stage trains. One file per family, one line in `families!`.

pub mod access;
mod blend;
mod cnn;
mod dscnn;
mod family;
mod fresh;
mod layout;
mod linear;
mod mlp;
mod mobilenet;
mod mup;
mod one_hot;
mod output;
mod patches;
mod picture;
mod realmlp;
mod resnet;

pub use blend::Blend;
pub use cnn::{Cnn, CnnConfig};
pub use dscnn::{Dscnn, DscnnConfig};
pub use family::{Family, First, PyTorch};
pub use fresh::fresh;
pub use layout::{Activation, Kind, Layer, Layout, Norm, Place};
pub use mlp::{Mlp, MlpConfig};
pub use mobilenet::{Mobilenet, MobilenetConfig};
pub use mup::{Mup, Pace, Steps};
pub use one_hot::OneHot;
pub use output::{Feature, Input, Output, TapSet};
pub use realmlp::{RealMlp, RealMlpConfig};
pub use resnet::{Resnet, ResnetConfig};

use burn::module::{Module, ModuleDisplay};
use burn::tensor::Device;
use distil_recipe::{Registry, entry};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use std::collections::BTreeMap;

use family::families;

use crate::data::ColumnFeatures;
use crate::error::Result;
use crate::rng::Seed;

/// A network Distil can train: the built-in families and a user's own Burn module.
pub trait Net: Module + ModuleDisplay {
    /// Outputs for a batch, and the features named in `taps`.
    ///
    /// # Shapes
    /// - `x`: `[rows, features]` for flat inputs
    /// - output: `[rows, outputs]` (logits, or standardised values for regression); of an ensemble in training
    ///   `[rows · members, outputs]`, a sample's members in a row, for each of them learns by itself
    fn forward(&self, x: &Input, taps: &TapSet) -> Output;

    /// The shapes, for FLOPs and growth. `None`: FLOPs are unknown, and the verdict says so.
    fn layout(&self) -> Option<Layout> {
        None
    }

    /// Tells it before each pass of training what share of its steps is done, in [0, 1], and what its chance may be drawn with.
    fn at(&mut self, _done: f64, _seed: u64) {}
}

families! {
    "mlp", "fully connected layers; none hidden: linear or logistic regression" => Mlp(MlpConfig);
    "cnn", "blocks of 3×3 convolutions with batch norm, each pooled at its end; for pictures" => Cnn(CnnConfig);
    "resnet", "residual network of 6n + 2 layers for small pictures, narrow or wide" => Resnet(ResnetConfig);
    "mobilenet", "inverted residuals with depthwise convolutions, for small pictures" => Mobilenet(MobilenetConfig);
    "realmlp", "multi-layer perceptron for tables with tuned defaults (Holzmüller et al. 2024)" => RealMlp(RealMlpConfig);
    "dscnn", "depthwise-separable convolutions, for keywords in sound (Zhang et al. 2017)" => Dscnn(DscnnConfig);
}
