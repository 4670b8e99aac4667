//! Growth itself.

use std::collections::BTreeMap;
use std::fmt;

use super::check::{check, hidden};
use super::dense::{Dense, is_statistic};
use super::{Joint, Promise, StartRule};
use crate::model::{Layout, Norm};
use crate::optim::State;
use crate::rng::Seed;
use crate::weights::{Array, Weights};

/// A large model's first state.
#[derive(Debug, Clone)]
pub struct Grown {
    /// Weights and optimiser memory under the large model's paths.
    pub state: State,
    /// What holds between the two models' functions.
    pub promise: Promise,
    /// What became of each layer, in order.
    pub changes: Vec<Change>,
}

/// What became of one layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The layer of the large model.
    pub path: String,
    /// Inputs and units of the small model's layer; `None` if the layer was inserted.
    pub before: Option<(usize, usize)>,
    /// Inputs and units now.
    pub after: (usize, usize),
    /// Elements of its parameters that growth made or replaced.
    pub young: usize,
    /// Elements of its parameters.
    pub elements: usize,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (inputs, units) = self.after;
        write!(f, "{}: ", self.path)?;
        match self.before {
            Some(before) => write!(f, "{} × {} → {inputs} × {units}", before.0, before.1)?,
            None => write!(f, "inserted, {inputs} × {units}")?,
        }
        write!(f, ", {} of {} elements new", self.young, self.elements)
    }
}

/// Makes a large model's first state out of a small model's: weights with the promised function, and the
/// optimiser's memory.
///
/// `view` is P `[large inputs, small inputs]` with x_small = x_large · P; `drawn` are the large family's own
/// initial weights, from which new units and shrinking draw. A pure function of its arguments.
///
/// # Errors
/// A sentence without its full stop, if [`check`] refuses or the weights do not have their layout's shapes.
pub fn grow(
    small: &State,
    from: &Layout,
    to: &Layout,
    view: Option<&Array>,
    rule: &StartRule,
    drawn: &Weights,
    seed: Seed,
) -> Result<Grown, String> {
    let promise = check(from, to, view.map(|p| p.rows_cols().into()), rule)?;
    let no_memory = BTreeMap::new();
    let fresh = to.layers.iter();
    let fresh: Vec<Dense> = fresh
        .map(|layer| Dense::read(drawn, &no_memory, layer))
        .collect::<Result<_, _>>()?;
    let read = |layer| Dense::read(&small.weights, &small.slots, layer);
    let mut layers: Vec<Dense> = from.layers.iter().map(read).collect::<Result<_, _>>()?;

    if let (Some(view), Some(first)) = (view, layers.first_mut()) {
        let seen = product(view, &first.weight.value);
        first.weight.replace(seen);
    }
    let large = hidden(to);
    let norm = large.first().map_or(Norm::None, |l| l.norm);
    let inserted = large.len() - hidden(from).len();
    rule.depth.deepen(&mut layers, inserted, norm);
    for (i, layer) in large.iter().enumerate() {
        let (before, after) = layers.split_at_mut(i + 1);
        rule.width.widen(Joint {
            before: &mut before[i],
            after: &mut after[0],
            units: layer.outputs,
            fresh: &fresh[i],
            noise: rule.noise,
            stream: &mut seed.stream("growth/width", &[i as u64]),
        });
    }
    if rule.shrink < 1.0 {
        for (layer, fresh) in layers.iter_mut().zip(&fresh) {
            shrink(layer, fresh, rule.shrink);
        }
    }
    Ok(Grown {
        changes: changes(&layers, from, to),
        state: state(layers, to, rule, is_adam(small)),
        promise,
    })
}

/// P·W, accumulated in f64.
fn product(view: &Array, weight: &Array) -> Array {
    let ((inputs, _), (_, units)) = (view.rows_cols(), weight.rows_cols());
    let mut values = Vec::with_capacity(inputs * units);
    for input in 0..inputs {
        let mut sums = vec![0.0_f64; units];
        let parts = view.row(input).iter().enumerate();
        for (seen, part) in parts.filter(|(_, part)| **part != 0.0) {
            for (sum, weight) in sums.iter_mut().zip(weight.row(seen)) {
                *sum += f64::from(*part) * f64::from(*weight);
            }
        }
        values.extend(sums.into_iter().map(|sum| sum as f32));
    }
    Array::new([inputs, units], values)
}

/// W ← λ·W + (1−λ)·fresh for everything an optimiser touches (shrink and perturb, Ash & Adams 2020).
fn shrink(layer: &mut Dense, fresh: &Dense, share: f32) {
    let mix = |values: &mut [f32], fresh: &[f32]| {
        for (value, fresh) in values.iter_mut().zip(fresh) {
            *value = share * *value + (1.0 - share) * fresh;
        }
    };
    mix(&mut layer.weight.value.values, &fresh.weight.value.values);
    for (name, parameter) in &mut layer.units {
        if let Some(fresh) = fresh.units.get(name).filter(|_| !is_statistic(name)) {
            mix(&mut parameter.value.values, &fresh.value.values);
        }
    }
}

/// Adam and its kin keep two moments.
fn is_adam(small: &State) -> bool {
    small.slots.values().any(|slot| slot.moments.len() == 2)
}

fn state(layers: Vec<Dense>, to: &Layout, rule: &StartRule, adam: bool) -> State {
    let mut state = State::default();
    for (layer, shape) in layers.into_iter().zip(&to.layers) {
        let weight = layer
            .weight
            .slot(rule.keep, adam, rule.new_lr, rule.new_warmup);
        let slots = BTreeMap::from([("weight".to_string(), weight)]);
        let vectors = layer.units.iter().filter(|(name, _)| !is_statistic(name));
        // A vector has no inputs, so its learning rate needs no correction.
        let vectors = vectors.map(|(name, p)| {
            let slot = p.slot(rule.keep, adam, rule.new_lr, rule.new_warmup);
            (name.clone(), slot)
        });
        for (name, slot) in slots.into_iter().chain(vectors) {
            if let Some(slot) = slot {
                state.slots.insert(format!("{}.{name}", shape.path), slot);
            }
        }
        let weight = ("weight".to_string(), layer.weight);
        for (name, parameter) in layer.units.into_iter().chain([weight]) {
            let path = format!("{}.{name}", shape.path);
            state.weights.insert(path, parameter.value);
        }
    }
    state
}

fn changes(layers: &[Dense], from: &Layout, to: &Layout) -> Vec<Change> {
    let (small, last) = (hidden(from).len(), hidden(to).len());
    let before = |i: usize| {
        let place = if i == last { small } else { i };
        let carried = i == last || i < small;
        let layer = from.layers.get(place).filter(|_| carried)?;
        Some((layer.inputs, layer.outputs))
    };
    let change = |(i, layer): (usize, &Dense)| {
        let vectors = layer.units.iter().filter(|(name, _)| !is_statistic(name));
        let parameters = || {
            [&layer.weight]
                .into_iter()
                .chain(vectors.clone().map(|(_, p)| p))
        };
        Change {
            path: to.layers[i].path.clone(),
            before: before(i),
            after: layer.shape(),
            young: parameters().map(|p| p.young_count()).sum(),
            elements: parameters().map(|p| p.value.values.len()).sum(),
        }
    };
    layers.iter().enumerate().map(change).collect()
}
