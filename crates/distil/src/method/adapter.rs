//! Trainable layers between a student's features and a teacher's.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData, module::linear};

use crate::model::{Layer, Layout, fresh};
use crate::rng::Seed;

/// The shape of an adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdapterSpec {
    /// Name, unique within the method: its weights are `adapter.<n>.<name>`.
    pub name: String,
    /// Width of the student's feature.
    pub inputs: usize,
    /// Width of the teacher's feature.
    pub outputs: usize,
}

/// A trainable linear map from a student's feature to a teacher's.
#[derive(Module, Debug)]
pub struct Adapter {
    /// `[inputs, outputs]`
    pub weight: Param<Tensor<2>>,
    /// `[outputs]`
    pub bias: Param<Tensor<1>>,
}

impl AdapterSpec {
    /// A fresh adapter, drawn as a network's linear layer of this path: a pure function of seed and path.
    pub fn init(&self, path: &str, seed: Seed, device: &Device) -> Adapter {
        let layer = Layer::dense(path, self.inputs, self.outputs);
        let mut weights = fresh(&Layout::chain(vec![layer]), seed);
        let mut take = |name: &str| {
            let array = weights
                .remove(&format!("{path}.{name}"))
                .unwrap_or_default();
            TensorData::new(array.values, array.shape)
        };
        Adapter {
            weight: Param::from_tensor(Tensor::from_data(take("weight"), device)),
            bias: Param::from_tensor(Tensor::from_data(take("bias"), device)),
        }
    }

    /// Number of trainable parameters.
    pub fn parameters(&self) -> u64 {
        ((self.inputs + 1) * self.outputs) as u64
    }

    /// FLOPs of one sample's forward pass.
    pub fn flops_forward(&self) -> f64 {
        2.0 * (self.inputs * self.outputs) as f64
    }

    /// FLOPs of one sample's backward pass: the weights' gradient and the feature's.
    pub fn flops_backward(&self) -> f64 {
        2.0 * self.flops_forward()
    }
}

impl Adapter {
    /// `[rows, inputs]` → `[rows, outputs]`
    pub fn forward(&self, feature: Tensor<2>) -> Tensor<2> {
        linear(feature, self.weight.val(), Some(self.bias.val()))
    }
}
