//! The pure shapes of a network: parameters, FLOPs, taps. No tensors.

use serde::{Deserialize, Serialize};

/// Element-wise non-linearity.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, Default,
)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// max(0, x): idempotent, so depth grows by an identity layer exactly.
    #[default]
    Relu,
    /// x Φ(x), exact (erf) form (Hendrycks & Gimpel 2016).
    Gelu,
    /// tanh x.
    Tanh,
}

/// Normalisation after a linear layer, before its activation.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, Default,
)]
#[serde(rename_all = "lowercase")]
pub enum Norm {
    /// None.
    #[default]
    None,
    /// Batch normalisation (Ioffe & Szegedy 2015).
    Batch,
    /// Layer normalisation (Ba, Kiros & Hinton 2016).
    Layer,
}

/// One fully connected layer: `linear → norm → activation → dropout`; the head has none of the three.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// The path of its parameters, for example `hidden.0` or `head`: weights are `<path>.weight`
    /// `[inputs, outputs]` and `<path>.bias` `[outputs]`; norms add `<path>.norm.gamma`, `.beta`
    /// (and for batch norm `.norm.running_mean`, `.norm.running_var`), all `[outputs]`.
    pub path: String,
    /// Inputs.
    pub inputs: usize,
    /// Outputs.
    pub outputs: usize,
    /// The normalisation after it.
    pub norm: Norm,
    /// The activation after it; `None` for the head.
    pub activation: Option<Activation>,
}

/// The layers of a fully connected network, input first, head last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Layout {
    /// The layers in order.
    pub layers: Vec<Layer>,
}

impl Layout {
    /// Number of trainable parameters.
    pub fn parameters(&self) -> u64 {
        let count = |l: &Layer| {
            let norm = if l.norm == Norm::None {
                0
            } else {
                2 * l.outputs
            };
            (l.inputs * l.outputs + l.outputs + norm) as u64
        };
        self.layers.iter().map(count).sum()
    }

    /// FLOPs of one sample's forward pass: 2 · inputs · outputs per layer (element-wise work is not
    /// counted, as in PyTorch's `FlopCounterMode`).
    pub fn flops_forward(&self) -> f64 {
        self.layers
            .iter()
            .map(|l| 2.0 * (l.inputs * l.outputs) as f64)
            .sum()
    }

    /// FLOPs of one sample's backward pass: twice the forward, but once for the first layer, whose
    /// input needs no gradient.
    pub fn flops_backward(&self) -> f64 {
        let first = self
            .layers
            .first()
            .map_or(0.0, |l| 2.0 * (l.inputs * l.outputs) as f64);
        2.0 * self.flops_forward() - first
    }

    /// The names of the features a method may ask for: the hidden layers' paths.
    pub fn taps(&self) -> Vec<String> {
        self.layers
            .iter()
            .filter(|l| l.activation.is_some())
            .map(|l| l.path.clone())
            .collect()
    }

    /// Width of a tap's feature.
    pub fn tap_width(&self, tap: &str) -> Option<usize> {
        self.layers
            .iter()
            .find(|l| l.activation.is_some() && l.path == tap)
            .map(|l| l.outputs)
    }

    /// Number of inputs of the first layer.
    pub fn inputs(&self) -> usize {
        self.layers.first().map_or(0, |l| l.inputs)
    }

    /// Number of outputs of the head.
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |l| l.outputs)
    }
}
