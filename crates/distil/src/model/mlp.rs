//! The multi-layer perceptron: `linear → norm → activation → dropout` per hidden layer, then a linear head.

use burn::module::{Module, Param};
use burn::nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig, LayerNorm, LayerNormConfig};
use burn::tensor::activation::{gelu, relu, tanh};
use burn::tensor::{Device, Tensor};
use distil_kernels::linear_act;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Net;
use super::access::with_weights;
use super::layout::{Activation, Layer, Layout, Norm};
use super::output::{Feature, Input, Output, TapSet};
use crate::error::Result;
use crate::rng::Seed;
use crate::weights::{Array, Weights};

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

impl MlpConfig {
    /// What this architecture cannot be, as a sentence.
    pub fn problem(&self) -> Option<String> {
        if self.hidden.contains(&0) {
            return Some("a hidden layer needs at least one unit".into());
        }
        (!(0.0..1.0).contains(&self.dropout))
            .then(|| format!("dropout is {}, but must lie in [0, 1)", self.dropout))
    }

    /// The shapes, once the data's inputs and the task's outputs are known.
    pub fn layout(&self, inputs: usize, outputs: usize) -> Layout {
        let mut widths = vec![inputs];
        widths.extend(&self.hidden);
        let hidden = widths.windows(2).enumerate().map(|(i, w)| Layer {
            path: format!("hidden.{i}"),
            inputs: w[0],
            outputs: w[1],
            norm: self.norm,
            activation: Some(self.activation),
        });
        let head = Layer {
            path: "head".into(),
            inputs: widths[widths.len() - 1],
            outputs,
            norm: Norm::None,
            activation: None,
        };
        Layout {
            layers: hidden.chain([head]).collect(),
        }
    }

    /// The network with weights drawn for this seed.
    pub fn init(&self, inputs: usize, outputs: usize, seed: Seed, device: &Device) -> Result<Mlp> {
        let layout = self.layout(inputs, outputs);
        let weights = fresh(&layout, seed);
        with_weights(self.empty(layout, device), &weights)
    }

    fn empty(&self, layout: Layout, device: &Device) -> Mlp {
        let linear = |l: &Layer| Linear {
            weight: Param::from_tensor(Tensor::zeros([l.inputs, l.outputs], device)),
            bias: Param::from_tensor(Tensor::zeros([l.outputs], device)),
        };
        let hidden = layout
            .layers
            .iter()
            .filter(|l| l.activation.is_some())
            .map(|l| {
                let Linear { weight, bias } = linear(l);
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
        let (hidden, head) = (hidden.collect(), layout.layers.last().map(linear));
        let head = head.unwrap_or_else(|| {
            linear(&Layer {
                path: String::new(),
                inputs: 0,
                outputs: 0,
                norm: Norm::None,
                activation: None,
            })
        });
        Mlp {
            hidden,
            head,
            layout,
        }
    }
}

/// Initial weights of a layout, each array drawn from its own stream: weights and biases from
/// U(−1/√inputs, 1/√inputs) (PyTorch's default for linear layers), norms at the identity.
pub fn fresh(layout: &Layout, seed: Seed) -> Weights {
    let mut weights = Weights::new();
    for layer in &layout.layers {
        let bound = 1.0 / (layer.inputs.max(1) as f32).sqrt();
        let mut draw = |name: &str, shape: Vec<usize>| {
            let path = format!("{}.{name}", layer.path);
            let mut stream = seed.stream(&format!("weights/{path}"), &[]);
            let values = (0..shape.iter().product())
                .map(|_| stream.uniform(-bound, bound))
                .collect();
            weights.insert(path, Array::new(shape, values));
        };
        draw("weight", vec![layer.inputs, layer.outputs]);
        draw("bias", vec![layer.outputs]);
        let constants: &[(&str, f32)] = match layer.norm {
            Norm::None => &[],
            Norm::Batch => &[
                ("gamma", 1.0),
                ("beta", 0.0),
                ("running_mean", 0.0),
                ("running_var", 1.0),
            ],
            Norm::Layer => &[("gamma", 1.0), ("beta", 0.0)],
        };
        for (name, value) in constants {
            let array = Array::new([layer.outputs], vec![*value; layer.outputs]);
            weights.insert(format!("{}.norm.{name}", layer.path), array);
        }
    }
    weights
}

#[derive(Module, Debug)]
struct Linear {
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
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
    layout: Layout,
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
        let (weight, bias) = (self.head.weight.val(), self.head.bias.val());
        let values = linear_act(x, weight, bias, distil_kernels::Activation::None);
        Output {
            values,
            taps: features,
        }
    }

    fn layout(&self) -> Option<Layout> {
        Some(self.layout.clone())
    }
}
