//! `width = "copy"`: copies of units that share their outgoing weights unevenly (after Net2Net, Chen et al. 2016).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Joint, Parameter, Width};
use crate::rng::Stream;

/// Every new unit copies the incoming weights, bias and norm of an old unit drawn uniformly. Each outgoing weight of
/// the old unit is split among it and its copies in shares drawn from U(0.5, 1.5) and normalised, element by
/// element: exact for every activation. Even shares would give all copies the same gradient for ever.
///
/// Noise is added to the outgoing weights of one copy and taken from those of the next, so that it too leaves
/// the function alone (± pairs, HyperCloning, Samragh et al. 2024).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Copies {}

impl Width for Copies {
    fn copies(&self) -> bool {
        true
    }

    fn widen(&self, joint: Joint<'_>) {
        let Joint {
            before,
            after,
            units,
            noise,
            stream,
            ..
        } = joint;
        let old = before.first().map_or(units, |layer| layer.shape().1);
        let drawn = (old..units).map(|_| stream.below(old as u64) as usize);
        let origin: Vec<usize> = (0..old).chain(drawn).collect();

        for before in before {
            let (inputs, _) = before.shape();
            let values = before.weight.value.values.clone();
            let row = |[tap, input]: [usize; 2]| tap * inputs + input;
            before.weight.enlarge(inputs, units, |at, unit| {
                values[row(at) * old + origin[unit]]
            });
            for parameter in before.units.values_mut() {
                let values = parameter.value.values.clone();
                parameter.enlarge(1, units, |_, unit| values[origin[unit]]);
            }
        }
        for after in after {
            share(&mut after.weight, units, &origin, noise, stream);
        }
    }
}

/// Gives a layer that reads the units more inputs, and splits the weights of copied ones.
fn share(weight: &mut Parameter, units: usize, origin: &[usize], noise: f32, stream: &mut Stream) {
    let ((old, outputs), taps) = (weight.shape(), weight.taps());
    let whole = weight.value.clone();
    let deviation = noise * root_mean_square(&whole.values);
    weight.enlarge(units, outputs, |_, _| 0.0);
    for unit in 0..old {
        let copies: Vec<usize> = (unit..units).filter(|c| origin[*c] == unit).collect();
        if copies.len() < 2 {
            continue;
        }
        for tap in 0..taps {
            for (output, value) in whole.row(tap * old + unit).iter().enumerate() {
                let parts = split(*value, copies.len(), deviation, stream);
                for (copy, part) in copies.iter().zip(parts) {
                    weight.value.values[(tap * units + copy) * outputs + output] = part;
                }
            }
        }
    }
}

/// Uneven parts of a weight: their sum is the weight.
fn split(weight: f32, count: usize, deviation: f32, stream: &mut Stream) -> Vec<f32> {
    let shares: Vec<f64> = (0..count)
        .map(|_| f64::from(stream.uniform(0.5, 1.5)))
        .collect();
    let sum: f64 = shares.iter().sum();
    let part = |share: f64| f64::from(weight) * share / sum;
    let mut parts: Vec<f64> = shares.into_iter().map(part).collect();
    if deviation > 0.0 {
        for pair in parts.chunks_exact_mut(2) {
            let noise = f64::from(deviation * stream.normal());
            pair[0] += noise;
            pair[1] -= noise;
        }
    }
    parts.into_iter().map(|part| part as f32).collect()
}

fn root_mean_square(values: &[f32]) -> f32 {
    let squares: f64 = values.iter().map(|v| f64::from(*v).powi(2)).sum();
    (squares / values.len().max(1) as f64).sqrt() as f32
}
