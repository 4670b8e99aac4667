//! The multi-layer perceptron: `linear → norm → activation → dropout` per hidden layer, then a linear head.

use burn::module::{Module, Param};
use burn::nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig, LayerNorm, LayerNormConfig};
use burn::tensor::activation::{gelu, relu, tanh};
use burn::tensor::{Device, Tensor};
use distil_kernels::{Smooth, linear_act, parametric_act};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Net;
use super::access::with_weights;
use super::family::{Family, PyTorch};
use super::fresh::fresh;
use super::layout::{Activation, Layer, Layout, Norm, listed, too_deep};
use super::linear::Linear;
use super::output::{Feature, Input, Output, TapSet};
use crate::error::Result;
use crate::memory::numbers;
use crate::rng::Seed;

/// `model = { kind = "mlp", hidden = [500, 100] }`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub struct MlpConfig {
    /// Widths of the hidden layers; none makes linear or logistic regression.
    pub hidden: Vec<usize>,
    /// Activation of the hidden layers.
    pub activation: Activation,
    /// Share of hidden units dropped in training, in [0, 1).
    pub dropout: f64,
    /// Normalisation of the hidden layers.
    pub norm: Norm,
}

impl Family for MlpConfig {
    type Net = Mlp;

    fn problem(&self) -> Option<String> {
        if self.hidden.contains(&0) {
            return Some("a hidden layer needs at least one unit".into());
        }
        if let Some(problem) = too_deep(&[self.hidden.len()]) {
            return Some(problem);
        }
        (!(0.0..1.0).contains(&self.dropout))
            .then(|| format!("dropout is {}, but must lie in [0, 1)", self.dropout))
    }

    /// Samples of any shape: their numbers in a row.
    fn layout(&self, input: &[usize], outputs: usize) -> std::result::Result<Layout, String> {
        let mut widths = vec![numbers(input)];
        widths.extend(&self.hidden);
        let hidden = widths.windows(2).enumerate().map(|(i, w)| Layer {
            norm: self.norm,
            activation: Some(self.activation),
            ..Layer::dense(&format!("hidden.{i}"), w[0], w[1])
        });
        let head = Layer::dense("head", widths[widths.len() - 1], outputs);
        Ok(Layout::chain(hidden.chain([head]).collect()))
    }

    fn init(&self, layout: Layout, seed: Seed, device: &Device) -> Result<Mlp> {
        let weights = fresh(&layout, seed);
        with_weights(self.empty(layout, device), &weights)
    }

    fn describe(&self, layout: &Layout) -> String {
        let outputs = layout.layers.iter().map(|layer| layer.outputs);
        let widths: Vec<_> = std::iter::once(layout.inputs()).chain(outputs).collect();
        format!("mlp {}", listed(&widths))
    }

    fn export_config(&self) -> Map<String, Value> {
        let norm = match self.norm {
            Norm::None => Value::Null,
            norm => json!(norm),
        };
        let members = [
            ("hidden_sizes", json!(self.hidden)),
            ("hidden_act", json!(self.activation)),
            ("hidden_norm", norm),
            ("hidden_dropout_prob", json!(self.dropout)),
        ];
        let named = |(name, value): (&str, Value)| (name.to_owned(), value);
        members.map(named).into_iter().collect()
    }

    /// The norms are a list of their own: `norm.0.weight` follows `hidden.0`.
    fn export_name(&self, layer: &str, parameter: &str) -> String {
        let norm = layer
            .strip_prefix("hidden.")
            .zip(parameter.strip_prefix("norm."));
        match norm {
            Some((place, parameter)) => format!("norm.{place}.{parameter}"),
            None => format!("{layer}.{parameter}"),
        }
    }

    fn pytorch(&self) -> PyTorch {
        PyTorch {
            class: "DistilMlp",
            source: PYTORCH.into(),
        }
    }
}

const PYTORCH: &str = "\
from torch import nn

class DistilMlp(nn.Module):
    def __init__(self, config):
        super().__init__()
        sizes = [config[\"input_size\"], *config[\"hidden_sizes\"]]
        norm = {\"batch\": nn.BatchNorm1d, \"layer\": nn.LayerNorm}.get(config[\"hidden_norm\"])
        if \"view_size\" in config:
            self.view = nn.Linear(*config[\"view_size\"], bias=False)
        self.hidden = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))
        self.norm = nn.ModuleList(norm(o) for o in sizes[1:] if norm)
        self.head = nn.Linear(sizes[-1], config[\"output_size\"])
        self.act = {\"relu\": nn.ReLU, \"gelu\": nn.GELU, \"tanh\": nn.Tanh, \"selu\": nn.SELU, \"mish\": nn.Mish}[config[\"hidden_act\"]]()

    def forward(self, x):
        x = self.view(x) if hasattr(self, \"view\") else x
        for i, layer in enumerate(self.hidden):
            x = layer(x)
            x = self.act(self.norm[i](x) if self.norm else x)
        return self.head(x)
";

impl MlpConfig {
    fn empty(&self, layout: Layout, device: &Device) -> Mlp {
        let hidden = layout
            .layers
            .iter()
            .filter(|l| l.activation.is_some())
            .map(|l| {
                let Linear { weight, bias } = Linear::empty(l, device);
                let norm = match self.norm {
                    Norm::None => None,
                    Norm::Batch => Some(NormLayer::Batch(
                        BatchNormConfig::new(l.outputs).init(device),
                    )),
                    Norm::Layer => Some(NormLayer::Layer(
                        LayerNormConfig::new(l.outputs).init(device),
                    )),
                };
                let dropout = (self.dropout > 0.0).then(|| DropoutConfig::new(self.dropout).init());
                Hidden {
                    weight,
                    bias,
                    norm,
                    dropout,
                    activation: self.activation,
                }
            });
        let hidden = hidden.collect();
        let head = Linear::head(&layout, device);
        Mlp {
            hidden,
            head,
            layout,
        }
    }
}

#[derive(Module, Debug)]
struct Hidden {
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
    norm: Option<NormLayer>,
    dropout: Option<Dropout>,
    #[module(skip)]
    activation: Activation,
}

#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)]
enum NormLayer {
    Batch(BatchNorm),
    Layer(LayerNorm),
}

/// A multi-layer perceptron; its parameters are named as its [`Layout`] says.
#[derive(Module, Debug)]
pub struct Mlp {
    hidden: Vec<Hidden>,
    head: Linear,
    #[module(skip)]
    pub(super) layout: Layout,
}

/// The activation itself, of every unit.
fn smooth(x: Tensor<2>, smooth: Smooth) -> Tensor<2> {
    let [_, units] = x.dims();
    let slope = Tensor::ones([units], &x.device());
    parametric_act(x, slope, smooth, None)
}

impl Net for Mlp {
    fn forward(&self, x: &Input, taps: &TapSet) -> Output {
        let mut x = x.flat();
        let mut features = Vec::new();
        for (i, layer) in self.hidden.iter().enumerate() {
            let fused = match (&layer.norm, layer.activation) {
                (None, Activation::Relu) => distil_kernels::Activation::Relu,
                _ => distil_kernels::Activation::None,
            };
            x = linear_act(x, layer.weight.val(), layer.bias.val(), fused);
            x = match &layer.norm {
                None => x,
                Some(NormLayer::Batch(norm)) => norm.forward(x),
                Some(NormLayer::Layer(norm)) => norm.forward(x),
            };
            x = match layer.activation {
                Activation::Relu if layer.norm.is_none() => x,
                Activation::Relu => relu(x),
                Activation::Gelu => gelu(x),
                Activation::Tanh => tanh(x),
                Activation::Selu => smooth(x, Smooth::Selu),
                Activation::Mish => smooth(x, Smooth::Mish),
            };
            let tap = format!("hidden.{i}");
            if taps.wants(&tap) {
                features.push(Feature {
                    tap,
                    values: x.clone(),
                });
            }
            if let Some(dropout) = &layer.dropout {
                x = dropout.forward(x);
            }
        }
        Output {
            values: self.head.forward(x),
            taps: features,
        }
    }

    fn layout(&self) -> Option<Layout> {
        Some(self.layout.clone())
    }
}
