//! Optimisers, gradients, averages: the promises a training loop relies on.

mod average;
mod gradients;
mod optimizer;
mod reference;
mod speed;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use distil::optim::Gradients;

/// A module whose loss is Σ parameter · coefficient, so that its gradients are the coefficients.
#[derive(Module, Debug)]
pub struct Linear {
    pub weight: Param<Tensor<2>>,
    pub bias: Param<Tensor<1>>,
}

impl Linear {
    pub fn new(shape: [usize; 2], value: impl Fn(usize) -> f32) -> Self {
        let device = Device::default().autodiff();
        let [rows, columns] = shape;
        let weight: Vec<f32> = (0..rows * columns).map(&value).collect();
        let bias: Vec<f32> = (0..columns).map(&value).collect();
        Self {
            weight: Param::from_tensor(Tensor::<1>::from_data(&weight[..], &device).reshape(shape)),
            bias: Param::from_tensor(Tensor::from_data(&bias[..], &device)),
        }
    }

    /// The gradients `value(i)` for every element i of both parameters.
    pub fn gradients(&self, value: impl Fn(usize) -> f32) -> Gradients {
        let wanted = Self::new(self.weight.dims(), value).valid();
        let loss = (self.weight.val() * wanted.weight.val()).sum()
            + (self.bias.val() * wanted.bias.val()).sum();
        Gradients::take(self, &mut loss.backward())
    }

    pub fn values(&self) -> Vec<f32> {
        let values = |tensor: Tensor<1>| tensor.into_data().try_into_vec::<f32>().unwrap();
        let weight = values(self.weight.val().inner().flatten(0, 1));
        [weight, values(self.bias.val().inner())].concat()
    }
}

/// A number in [-1, 1) that looks random and depends on `i` and `salt` only.
pub fn noise(i: usize, salt: usize) -> f32 {
    let mixed = (i * 7919 + salt * 104_729 + 12_345) as u32;
    let mixed = mixed.wrapping_mul(2_654_435_761) >> 8;
    mixed as f32 / 8_388_608.0 - 1.0
}
