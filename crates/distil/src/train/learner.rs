//! What the optimiser changes: the network and the adapters its methods train beside it.

use std::collections::BTreeMap;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};

use crate::method::{Adapter, AdapterSpec};
use crate::model::Net;
use crate::optim::State;
use crate::rng::Seed;

/// A network and its adapters.
#[derive(Module, Debug)]
pub struct Learner<N: Net> {
    /// The network; its parameters are `net.<path>`.
    pub net: N,
    /// The adapters of all terms in order; their parameters are `adapters.<i>.weight` and `.bias`.
    pub adapters: Vec<Adapter>,
}

/// Adapters with weights drawn from U(−1/√inputs, 1/√inputs), each array from its own stream.
pub fn adapters(specs: &[AdapterSpec], seed: Seed, device: &Device) -> Vec<Adapter> {
    let make = |(i, spec): (usize, &AdapterSpec)| {
        let bound = 1.0 / (spec.inputs.max(1) as f32).sqrt();
        let draw = |name: &str, count: usize| {
            let mut stream = seed.stream(&format!("adapter/{i}/{name}"), &[]);
            (0..count)
                .map(|_| stream.uniform(-bound, bound))
                .collect::<Vec<f32>>()
        };
        let weight = TensorData::new(
            draw("weight", spec.inputs * spec.outputs),
            [spec.inputs, spec.outputs],
        );
        let bias = TensorData::new(draw("bias", spec.outputs), [spec.outputs]);
        Adapter {
            weight: Param::from_tensor(Tensor::from_data(weight, device)),
            bias: Param::from_tensor(Tensor::from_data(bias, device)),
        }
    };
    specs.iter().enumerate().map(make).collect()
}

/// The network's part of a learner's state, under the network's own paths.
pub fn net_state(learner: &State) -> State {
    fn own<T: Clone>(all: &BTreeMap<String, T>) -> BTreeMap<String, T> {
        all.iter()
            .filter_map(|(path, x)| Some((path.strip_prefix("net.")?.to_string(), x.clone())))
            .collect()
    }
    State {
        weights: own(&learner.weights),
        slots: own(&learner.slots),
    }
}

/// What is known of a network's parameters under the learner's paths.
pub fn of_net<T: Clone>(net: &BTreeMap<String, T>) -> BTreeMap<String, T> {
    net.iter()
        .map(|(path, known)| (format!("net.{path}"), known.clone()))
        .collect()
}
