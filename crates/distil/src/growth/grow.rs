//! Growth itself.

use std::collections::{BTreeMap, BTreeSet};

use super::check::check;
use super::dense::{Dense, is_statistic};
use super::{Joint, Promise, StartRule};
use crate::model::{Kind, Layer, Layout, Place};
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
    let read_fresh =
        |layer: &Layer| Ok((layer.path.clone(), Dense::read(drawn, &no_memory, layer)?));
    let fresh: Layers = to
        .computing()
        .map(read_fresh)
        .collect::<Result<_, String>>()?;
    let read = |layer: &Layer| {
        let dense = Dense::read(&small.weights, &small.slots, layer)?;
        Ok((layer.path.clone(), dense))
    };
    let mut layers: Layers = from.computing().map(read).collect::<Result<_, String>>()?;

    let first = from
        .layers
        .first()
        .filter(|layer| layer.kind == Kind::Dense);
    if let (Some(view), Some(first)) = (view, first.and_then(|l| layers.get_mut(&l.path))) {
        let seen = product(view, &first.weight.value);
        first.weight.replace(seen);
    }
    let whole = insert(&mut layers, from, to, rule, &fresh);
    for axis in 1..=to.axes() {
        widen(&mut layers, to, axis, &whole, rule, &fresh, seed);
    }
    if rule.shrink < 1.0 {
        for (path, layer) in &mut layers {
            shrink(layer, &fresh[path], rule.shrink);
        }
    }
    let mut state = state(layers, rule, is_adam(small) && !rule.mup);
    // What prepares the sample is the same in both.
    let preparing = to.layers.iter().filter(|layer| layer.prepares());
    for (path, _) in preparing.flat_map(Layer::arrays) {
        let array = small.weights.get(&path);
        let array = array.ok_or_else(|| format!("the weights have no `{path}`"))?;
        state.weights.insert(path.clone(), array.clone());
        if let Some(slot) = small.slots.get(&path).filter(|_| rule.keep) {
            state.slots.insert(path, slot.clone());
        }
    }
    Ok(Grown { state, promise })
}

/// Layers by their path.
type Layers = BTreeMap<String, Dense>;

/// Gives the small network the layers it lacks; answers the paths of those that have their full size already.
fn insert(
    layers: &mut Layers,
    from: &Layout,
    to: &Layout,
    rule: &StartRule,
    fresh: &Layers,
) -> BTreeSet<String> {
    let mut whole = BTreeSet::new();
    if let ([_], [first, _, ..]) = (from.layers.as_slice(), to.layers.as_slice())
        && let Some(head) = layers.remove(&from.layers[0].path)
    {
        let [hidden, head] = rule.depth.split(&head, first.norm);
        layers.insert(first.path.clone(), hidden);
        layers.insert(from.layers[0].path.clone(), head);
    }
    // The layers whose answers inserted ones hand on, by axis.
    let mut sources: BTreeMap<usize, &str> = BTreeMap::new();
    for layer in to.computing() {
        if layers.contains_key(&layer.path) {
            sources.insert(layer.writes, &layer.path);
            continue;
        }
        let inserted = match layer.place {
            Place::Chain => {
                let source = sources.get(&layer.reads).copied();
                sources.extend(source.map(|source| (layer.writes, source)));
                source
                    .and_then(|source| layers.get(source))
                    .map(|source| rule.depth.insert(source, layer))
            }
            Place::Fixed | Place::Branch | Place::BranchEnd => {
                whole.insert(layer.path.clone());
                let mut inserted = fresh[&layer.path].made();
                if layer.place == Place::BranchEnd {
                    // γ = 0, β = 0: the branch answers 0 (Goyal et al. 2017).
                    for name in ["norm.gamma", "norm.beta"] {
                        if let Some(vector) = inserted.units.get_mut(name) {
                            vector.value.values.fill(0.0);
                        }
                    }
                }
                Some(inserted)
            }
        };
        if let Some(inserted) = inserted {
            layers.insert(layer.path.clone(), inserted);
        }
    }
    whole
}

/// Gives an axis its units. Layers in `whole` have all of theirs.
fn widen(
    layers: &mut Layers,
    to: &Layout,
    axis: usize,
    whole: &BTreeSet<String>,
    rule: &StartRule,
    fresh: &Layers,
    seed: Seed,
) {
    let grows = |layer: &&Layer| !whole.contains(&layer.path);
    let writes: Vec<&Layer> = to
        .layers
        .iter()
        .filter(|l| l.writes == axis)
        .filter(grows)
        .collect();
    let reads = |layer: &&Layer| layer.reads == axis && !layer.is_depthwise();
    let reads: Vec<&Layer> = to.layers.iter().filter(reads).filter(grows).collect();
    let Some(units) = writes.first().map(|layer| layer.outputs) else {
        return;
    };
    let mut take = |of: &[&Layer]| -> Vec<(String, Dense)> {
        of.iter()
            .filter_map(|layer| layers.remove_entry(&layer.path))
            .collect()
    };
    let (mut before, mut after) = (take(&writes), take(&reads));
    if before.iter().any(|(_, layer)| layer.shape().1 < units) {
        rule.width.widen(Joint {
            fresh: before.iter().map(|(path, _)| &fresh[path]).collect(),
            before: before.iter_mut().map(|(_, layer)| layer).collect(),
            after: after.iter_mut().map(|(_, layer)| layer).collect(),
            units,
            noise: rule.noise,
            stream: &mut seed.stream("growth/width", &[axis as u64 - 1]),
        });
    }
    layers.extend(before.into_iter().chain(after));
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

fn state(layers: Layers, rule: &StartRule, adam: bool) -> State {
    let mut state = State::default();
    for (layer_path, layer) in layers {
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
                state.slots.insert(format!("{layer_path}.{name}"), slot);
            }
        }
        let weight = ("weight".to_string(), layer.weight);
        for (name, parameter) in layer.units.into_iter().chain([weight]) {
            let path = format!("{layer_path}.{name}");
            state.weights.insert(path, parameter.value);
        }
    }
    state
}
