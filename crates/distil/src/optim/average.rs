//! An exponential moving average of the weights over the steps (Polyak & Juditsky 1992).

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;
use burn_flex::Flex;
use distil_kernels::Isa;

use crate::model::access::Path;
use crate::read_back::read;
use crate::weights::{Array, Weights};

/// The average after t updates: Σᵢ dᵗ⁻ⁱ wᵢ / Σᵢ dᵗ⁻ⁱ over i = 1…t.
///
/// The first update is a copy and the initial weights have no say, so there is no start-up bias to
/// correct: āₜ = āₜ₋₁ + (1−d)/(1−dᵗ) · (wₜ − āₜ₋₁).
#[derive(Debug, Clone)]
pub struct Average {
    decay: f64,
    steps: u64,
    /// The average, on the host.
    weights: Weights,
    /// The average on a device, with its shape: of a stage that reads seldom.
    tensors: BTreeMap<String, (Vec<usize>, Tensor<1>)>,
}

impl Average {
    /// An empty average with this decay per step, in [0, 1); 0 is the last weights.
    pub fn new(decay: f64) -> Self {
        Self::restore(decay, 0, Weights::new())
    }

    /// An average that goes on from a checkpoint.
    pub fn restore(decay: f64, steps: u64, weights: Weights) -> Self {
        Self {
            decay,
            steps,
            weights,
            tensors: BTreeMap::new(),
        }
    }

    /// Updates averaged so far, for a checkpoint.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The average by path, buffers included; empty before the first update.
    pub fn weights(&self) -> Weights {
        let mut weights = self.weights.clone();
        for (path, (shape, tensor)) in &self.tensors {
            weights.insert(
                path.clone(),
                Array::new(shape.clone(), read(tensor.clone())),
            );
        }
        weights
    }

    /// Takes a module's weights in. For a module with running statistics hand over `module.valid()`,
    /// which includes their last update, and drop it before the next step.
    pub fn update<M: Module>(&mut self, module: &M) {
        self.take_in(module, false);
    }

    /// The same on a device, as tensor operations that read nothing back.
    pub fn update_on_device<M: Module>(&mut self, module: &M) {
        self.take_in(module, true);
    }

    fn take_in<M: Module>(&mut self, module: &M, on_device: bool) {
        self.steps += 1;
        let passed = self.decay.powf(self.steps as f64);
        let rate = ((1.0 - self.decay) / (1.0 - passed)) as f32;
        module.visit(&mut Averager {
            path: Path::default(),
            rate,
            on_device,
            average: self,
        });
    }
}

impl Average {
    fn blend_on_device<const D: usize>(&mut self, path: String, weights: Tensor<D>, rate: f32) {
        let shape = weights.dims();
        let weights = weights.reshape([shape.iter().product::<usize>()]);
        // What a checkpoint held moves to the device.
        let held = match self.weights.remove(&path) {
            Some(array) => Some(Tensor::from_floats(
                array.values.as_slice(),
                &weights.device(),
            )),
            None => self.tensors.remove(&path).map(|(_, tensor)| tensor),
        };
        let blended = match held {
            Some(average) if rate != 1.0 => average.clone() + (weights - average) * rate,
            _ => weights,
        };
        self.tensors.insert(path, (shape.to_vec(), blended));
    }
}

struct Averager<'a> {
    path: Path,
    rate: f32,
    on_device: bool,
    average: &'a mut Average,
}

impl ModuleVisitor for Averager<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.path.exit(container);
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val().inner();
        let shape = tensor.dims();
        let path = self.path.dotted();
        if self.on_device {
            return self.average.blend_on_device(path, tensor, self.rate);
        }
        let average = self.average.weights.entry(path);
        let average = average.or_insert_with(|| Array::zeros(shape));
        match tensor.clone().try_into_primitive::<Flex>() {
            Ok(flex) if flex.as_slice::<f32>().is_some() => {
                let values = flex.as_slice::<f32>().unwrap_or_default();
                blend(&mut average.values, values, self.rate);
            }
            _ => blend(&mut average.values, &read(tensor), self.rate),
        }
    }
}

/// ā ← ā + rate · (w − ā); exact copy at rate 1.
fn blend(average: &mut [f32], weights: &[f32], rate: f32) {
    if rate == 1.0 {
        average.copy_from_slice(weights);
        return;
    }
    Isa::current().run(|| {
        for (a, w) in average.iter_mut().zip(weights) {
            *a += rate * (w - *a);
        }
    });
}
