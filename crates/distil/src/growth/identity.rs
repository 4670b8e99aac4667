//! `depth = "identity"`: inserted layers hand on what they read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::dense::Dense;
use super::parameter::Parameter;
use super::{Depth, linear};
use crate::model::{Activation, Layer, Norm};
use crate::weights::Array;

/// Inserted layers have the identity matrix, or Dirac kernels, and no bias (Net2Net's deeper net, Chen et al. 2016). Exact for relu
/// alone, as relu(relu(x)) = relu(x). A small model without hidden layers first becomes one with a single hidden
/// layer, f = relu(f) − relu(−f), of twice as many units as it has outputs.
///
/// An inserted batch norm gets the statistics that rectified normal numbers have behind the norm
/// before it, and γ, β that undo them: exact in evaluation mode, and close in training mode.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {}

impl Depth for Identity {
    fn refuses(&self, activation: Activation) -> Option<String> {
        let name = match activation {
            Activation::Relu => return None,
            Activation::Gelu => "gelu",
            Activation::Tanh => "tanh",
            Activation::Selu => "selu",
            Activation::Mish => "mish",
        };
        Some(format!(
            "a layer inserted as an identity hands on what it reads for `relu` only: {name}({name}(x)) is \
             not {name}(x)"
        ))
    }

    fn insert(&self, before: &Dense, like: &Layer) -> Dense {
        let ((_, units), taps) = (before.shape(), like.taps());
        // One at the middle tap from each unit to itself: an identity matrix, or a Dirac kernel.
        let inputs = if like.is_depthwise() { 1 } else { units };
        let middle = taps / 2 * inputs;
        let mut weight = Array::zeros([taps * inputs, units]);
        for unit in 0..units {
            weight.values[(middle + unit % inputs) * units + unit] = 1.0;
        }
        let bias = before.units.contains_key("bias").then(|| vec![0.0; units]);
        let mut inserted = Dense::young(weight, taps, bias);
        if like.bent {
            // At a slope of 0 an activation does nothing.
            let slope = Parameter::young(Array::zeros([units]));
            inserted.units.insert("slope".to_string(), slope);
        }
        give_norm(&mut inserted, like.norm, Some(before));
        inserted
    }

    fn split(&self, head: &Dense, norm: Norm) -> [Dense; 2] {
        let [mut hidden, head] = linear::split(head);
        give_norm(&mut hidden, norm, None);
        [hidden, head]
    }
}

/// Adds a norm that does nothing in evaluation mode. `before` is the layer that it reads, through a relu.
fn give_norm(layer: &mut Dense, norm: Norm, before: Option<&Dense>) {
    let (_, units) = layer.shape();
    let get = |name: &str, unit: usize| {
        let parameter = before?.units.get(name)?;
        Some(f64::from(parameter.value.values[unit]))
    };
    let statistics =
        (0..units).map(
            |unit| match (get("norm.gamma", unit), get("norm.beta", unit)) {
                (Some(gamma), Some(beta)) => rectified(beta, gamma.abs()),
                _ => (0.0, 1.0),
            },
        );
    let (mean, variance): (Vec<f64>, Vec<f64>) = statistics.unzip();
    let scale = variance.iter().map(|v| (v + BATCH_NORM_EPSILON).sqrt());
    let scale: Vec<f64> = scale.collect();
    let vectors = match norm {
        Norm::None => vec![],
        Norm::Layer => vec![
            ("norm.gamma", vec![1.0; units]),
            ("norm.beta", vec![0.0; units]),
        ],
        Norm::Batch => vec![
            ("norm.gamma", scale),
            ("norm.beta", mean.clone()),
            ("norm.running_mean", mean),
            ("norm.running_var", variance),
        ],
    };
    for (name, values) in vectors {
        let values = values.into_iter().map(|v| v as f32).collect();
        let parameter = Parameter::young(Array::new([units], values));
        layer.units.insert(name.to_string(), parameter);
    }
}

/// What Burn's batch norm adds to the variance.
const BATCH_NORM_EPSILON: f64 = 1e-5;

/// Mean and variance of max(0, x) for normal x. Φ is Page's (1977) approximation, good to 2e-4.
fn rectified(mean: f64, deviation: f64) -> (f64, f64) {
    if deviation == 0.0 {
        return (mean.max(0.0), 0.0);
    }
    let z = mean / deviation;
    let below = 1.0 / (1.0 + (-1.5976 * z - 0.070_56 * z.powi(3)).exp());
    let density = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
    let first = mean * below + deviation * density;
    let second = (mean * mean + deviation * deviation) * below + mean * deviation * density;
    (first, (second - first * first).max(0.0))
}
