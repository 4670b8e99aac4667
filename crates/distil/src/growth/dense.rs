//! One layer on its way from the small network to the large one.

use std::collections::BTreeMap;

use super::parameter::Parameter;
use crate::model::{Kind, Layer};
use crate::optim::Slot;
use crate::weights::{Array, Weights};

/// The parameters of a layer: its matrix, and the vectors that have one number per unit.
#[derive(Debug, Clone)]
pub struct Dense {
    /// `[taps · inputs, units]`
    pub weight: Parameter,
    /// Bias and norm, as far as there are any, by the rest of their path: `bias`, `norm.gamma`, …; each `[units]`.
    pub units: BTreeMap<String, Parameter>,
}

impl Dense {
    /// The layer of this shape out of a network's weights; else what is missing, as a sentence.
    pub fn read(
        weights: &Weights,
        slots: &BTreeMap<String, Slot>,
        layer: &Layer,
    ) -> Result<Self, String> {
        let prefix = format!("{}.", layer.path);
        let of_layer = weights.iter().filter_map(|(path, array)| {
            let name = path.strip_prefix(&prefix)?;
            let parameter = Parameter::old(array.clone(), slots.get(path));
            Some((name.to_string(), parameter))
        });
        let mut units: BTreeMap<_, _> = of_layer.collect();
        let weight = units.remove("weight");
        let weight = weight.ok_or_else(|| format!("the weights have no `{prefix}weight`"))?;
        let weight = weight.tapped(layer.taps());
        let fits = units.contains_key("bias") == (layer.kind == Kind::Dense)
            && weight.value.shape == [layer.rows(), layer.outputs]
            && units.values().all(|p| p.value.shape == [layer.outputs]);
        if fits {
            Ok(Self { weight, units })
        } else {
            Err(format!(
                "the weights of `{}` do not have the shapes of its layout, {} inputs and {} outputs",
                layer.path, layer.inputs, layer.outputs
            ))
        }
    }

    /// A layer that growth makes; `weight`: `[taps · inputs, units]`.
    pub fn young(weight: Array, taps: usize, bias: Option<Vec<f32>>) -> Self {
        let bias = bias.map(|b| Parameter::young(Array::new([b.len()], b)));
        Self {
            weight: Parameter::young(weight).tapped(taps),
            units: bias.map(|b| ("bias".to_string(), b)).into_iter().collect(),
        }
    }

    /// The same layer with all elements young.
    pub fn made(&self) -> Self {
        let young = |p: &Parameter| Parameter::young(p.value.clone());
        let taps = self.weight.taps();
        let units = self.units.iter().map(|(name, p)| (name.clone(), young(p)));
        Self {
            weight: young(&self.weight).tapped(taps),
            units: units.collect(),
        }
    }

    /// Inputs and units; a depthwise layer has one input.
    pub fn shape(&self) -> (usize, usize) {
        self.weight.shape()
    }
}

/// Whether a unit's number is a running statistic, which no optimiser touches.
pub fn is_statistic(name: &str) -> bool {
    name.starts_with("norm.running_")
}
