//! A fully connected layer, as heads are.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use distil_kernels::{Activation, linear_act};

use super::layout::{Layer, Layout};

/// `x w + b`
#[derive(Module, Debug)]
pub(super) struct Linear {
    /// `[inputs, outputs]`
    pub weight: Param<Tensor<2>>,
    /// `[outputs]`
    pub bias: Param<Tensor<1>>,
}

impl Linear {
    /// The layer with zeros for weights.
    pub fn empty(layer: &Layer, device: &Device) -> Self {
        Self {
            weight: Param::from_tensor(Tensor::zeros([layer.inputs, layer.outputs], device)),
            bias: Param::from_tensor(Tensor::zeros([layer.outputs], device)),
        }
    }

    /// The last layer of a network, with zeros for weights.
    pub fn head(layout: &Layout, device: &Device) -> Self {
        let none = Layer::dense("head", 0, 0);
        Self::empty(layout.layers.last().unwrap_or(&none), device)
    }

    /// `[rows, inputs]` → `[rows, outputs]`
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        linear_act(x, self.weight.val(), self.bias.val(), Activation::None)
    }
}
