//! The optimiser: a rule, and each parameter's memory by its path.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Bool, Tensor, TensorData};
use burn_flex::{Flex, FlexTensor};

use super::gradients::Gradients;
use super::rule::{Elements, Rule, UpdateParams};
use super::schedule::ramp;
use super::state::Slot;
use crate::model::Pace;
use crate::model::access::Path;
use crate::read_back::read;
use crate::weights::{Array, Weights};

/// Elements from which on an update is shared among threads; below it, handing work over costs more than it saves.
pub const SHARED_FROM: usize = 1 << 17;

/// Updates a module's parameters; remembers moments and ages by path.
#[derive(Debug)]
pub struct Optimizer {
    rule: Box<dyn Rule>,
    memory: BTreeMap<String, Memory>,
    /// Parameters whose rate and decay differ from the rule's.
    paces: BTreeMap<String, Pace>,
    /// What every weight decay is multiplied by now.
    pub decay: f64,
    /// Whether the host's in-place form may be used.
    in_place: bool,
}

impl Optimizer {
    /// An optimiser without memory.
    pub fn new(rule: Box<dyn Rule>) -> Self {
        Self {
            rule,
            memory: BTreeMap::new(),
            paces: BTreeMap::new(),
            decay: 1.0,
            in_place: true,
        }
    }

    /// An optimiser that goes on from `slots`, which must fit the rule and these weights; else the reason,
    /// as a sentence.
    pub fn restore(
        rule: Box<dyn Rule>,
        slots: BTreeMap<String, Slot>,
        weights: &Weights,
    ) -> Result<Self, String> {
        for (path, slot) in &slots {
            fits(rule.as_ref(), path, slot, weights)?;
        }
        let memory = slots
            .into_iter()
            .map(|(path, slot)| (path, Memory::from(slot)));
        Ok(Self {
            rule,
            memory: memory.collect(),
            paces: BTreeMap::new(),
            decay: 1.0,
            in_place: true,
        })
    }

    /// The same with these parameters at a pace of their own.
    pub fn paced(self, paces: BTreeMap<String, Pace>) -> Self {
        Self { paces, ..self }
    }

    /// The memory, for a checkpoint or for growth: [`Self::restore`] goes on from it bit for bit.
    pub fn slots(&self) -> BTreeMap<String, Slot> {
        let slots = self.memory.iter();
        slots.map(|(path, m)| (path.clone(), m.slot())).collect()
    }

    /// One update of every parameter that has a gradient, at learning rate `lr`.
    ///
    /// On the host this happens in place; while a clone of the module is alive, each tensor is copied
    /// first and the clone keeps its values. Bit-equal for any number of threads.
    pub fn update<M: Module>(&mut self, module: M, gradients: Gradients, lr: f64) -> M {
        self.map(module, gradients, lr, None)
    }

    /// The same on a device, as tensor operations that read nothing back: where `go`, `[1]`, is false, weights and moments
    /// stay as they are.
    pub fn update_if<M: Module>(
        &mut self,
        go: &Tensor<1, Bool>,
        module: M,
        gradients: Gradients,
        lr: f64,
    ) -> M {
        self.map(module, gradients, lr, Some(go.clone().bool_not()))
    }

    fn map<M: Module>(
        &mut self,
        module: M,
        gradients: Gradients,
        lr: f64,
        stop: Option<Tensor<1, Bool>>,
    ) -> M {
        let (gradients, factor) = gradients.into_parts();
        module.map(&mut Updater {
            optimizer: self,
            gradients,
            factor,
            lr,
            stop,
            path: Path::default(),
        })
    }

    fn step(&mut self, path: String, shape: &[usize], step: Step) -> Tensor<1> {
        let mut pace = self.paces.get(&path).copied().unwrap_or_default();
        pace.decay *= self.decay;
        let memory = self.memory.entry(path).or_default();
        memory.slot.age += 1;
        if let Some(young) = &mut memory.slot.young {
            young.age += 1;
        }
        let group = memory.group(&step, pace, shape.len());
        let (rule, kept) = (self.rule.as_ref(), step.weights.clone());
        match (
            host(step.weights, self.in_place && step.stop.is_none()),
            host(step.gradient.clone(), true),
        ) {
            (Some(mut weights), Some(gradient)) => {
                drop(kept);
                memory.on_host(rule, shape, &mut weights, &gradient, &group);
                Tensor::from_primitive::<Flex>(weights)
            }
            _ => memory.on_device(rule, shape, kept, step.gradient, step.stop, &group),
        }
    }
}

/// One parameter's update as the mapper hands it over, flattened.
struct Step {
    weights: Tensor<1>,
    gradient: Tensor<1>,
    factor: f32,
    lr: f64,
    /// `[1]` on the device: true where nothing may change.
    stop: Option<Tensor<1, Bool>>,
}

/// What old and young elements are updated with.
struct GroupParams {
    old: UpdateParams,
    young: Option<UpdateParams>,
}

/// A parameter's slot, and its moments where they are at work.
#[derive(Debug, Default)]
struct Memory {
    /// Its moments are empty while they live on a device.
    slot: Slot,
    /// The moments on a device, if they live there.
    device: Vec<Tensor<1>>,
    shape: Vec<usize>,
    /// Lengths of the alternating runs of old and young elements, the first one old; empty: all old.
    runs: Vec<usize>,
}

impl From<Slot> for Memory {
    fn from(slot: Slot) -> Self {
        let mask = slot.young.iter().flat_map(|young| &young.mask);
        let (mut runs, mut current) = (Vec::new(), false);
        for &young in mask {
            if runs.is_empty() || young != current {
                if runs.is_empty() && young {
                    runs.push(0);
                }
                runs.push(0);
                current = young;
            }
            if let Some(last) = runs.last_mut() {
                *last += 1;
            }
        }
        Self {
            slot,
            runs,
            ..Self::default()
        }
    }
}

impl Memory {
    fn slot(&self) -> Slot {
        let mut slot = self.slot.clone();
        slot.moments.extend(
            self.device
                .iter()
                .map(|t| Array::new(self.shape.clone(), read(t.clone()))),
        );
        slot
    }

    fn group(&self, step: &Step, pace: Pace, axes: usize) -> GroupParams {
        let lr = step.lr * f64::from(self.slot.lr_factor) * pace.lr;
        let params = |lr: f64, age: u64| UpdateParams {
            lr,
            age,
            gradient: step.factor,
            axes,
            decay: pace.decay as f32,
        };
        GroupParams {
            old: params(lr, self.slot.age),
            young: self.slot.young.as_ref().map(|young| {
                let warm = ramp(young.age - 1, young.warmup);
                params(lr * f64::from(young.lr) * warm, young.age)
            }),
        }
    }

    fn on_host(
        &mut self,
        rule: &dyn Rule,
        shape: &[usize],
        weights: &mut FlexTensor,
        gradient: &FlexTensor,
        group: &GroupParams,
    ) {
        if self.slot.moments.is_empty() {
            self.slot.moments = vec![Array::zeros(shape); rule.moments()];
        }
        let mut moments = self.slot.moments.iter_mut().map(|m| &mut m.values[..]);
        let moments = [(); 2].map(|()| moments.next().unwrap_or_default());
        let mut elements = Elements {
            weights: weights.storage_mut::<f32>(),
            gradient: gradient.as_slice::<f32>().unwrap_or_default(),
            moments,
        };
        let Some(young) = &group.young else {
            return spread(rule, elements, &group.old);
        };
        for (run, params) in self
            .runs
            .iter()
            .zip([&group.old, young].into_iter().cycle())
        {
            let (here, rest) = elements.split(*run);
            spread(rule, here, params);
            elements = rest;
        }
    }

    fn on_device(
        &mut self,
        rule: &dyn Rule,
        shape: &[usize],
        weights: Tensor<1>,
        gradient: Tensor<1>,
        stop: Option<Tensor<1, Bool>>,
        group: &GroupParams,
    ) -> Tensor<1> {
        let device = weights.device();
        if self.device.is_empty() {
            self.shape = shape.to_vec();
            let moments = std::mem::take(&mut self.slot.moments).into_iter();
            self.device = moments
                .map(|m| Tensor::from_data(TensorData::new(m.values, [weights.dims()[0]]), &device))
                .collect();
            self.device
                .resize_with(rule.moments(), || weights.zeros_like());
        }
        let before = self.device.clone();
        let (mut updated, mut after) = rule.tensors(
            weights.clone(),
            gradient.clone(),
            before.clone(),
            &group.old,
        );
        if let (Some(params), Some(young)) = (&group.young, &self.slot.young) {
            let mask = TensorData::new(young.mask.clone(), [young.mask.len()]);
            let mask = Tensor::<1, Bool>::from_data(mask, &device);
            let (other, _) = rule.tensors(weights.clone(), gradient, before.clone(), params);
            updated = updated.mask_where(mask, other);
        }
        if let Some(stop) = stop {
            let stop: Tensor<1, Bool> = stop.expand([weights.dims()[0]]);
            updated = updated.mask_where(stop.clone(), weights);
            let pairs = after.into_iter().zip(before);
            after = pairs
                .map(|(new, old)| new.mask_where(stop.clone(), old))
                .collect();
        }
        self.device = after;
        updated
    }
}

/// The tensor as the host's own, contiguous and f32, if it is there.
fn host(tensor: Tensor<1>, wanted: bool) -> Option<FlexTensor> {
    let flex = wanted.then(|| tensor.try_into_primitive::<Flex>().ok())??;
    let whole = flex.as_slice::<f32>()?.len() == flex.storage::<f32>().len();
    Some(if whole { flex } else { flex.to_contiguous() })
}

/// Runs the rule over the elements, on all threads if they are many.
fn spread(rule: &dyn Rule, elements: Elements<'_>, params: &UpdateParams) {
    let threads = match elements.weights.len() {
        few if few < SHARED_FROM => 1,
        _ => rayon::current_num_threads(),
    };
    among(threads, rule, elements, params);
}

/// Runs the rule on so many threads, each with one run of the elements.
fn among(threads: usize, rule: &dyn Rule, elements: Elements<'_>, params: &UpdateParams) {
    if threads == 1 {
        return rule.host(elements, params);
    }
    let (one, others) = (threads / 2, threads - threads / 2);
    let count = elements.weights.len() * one / threads;
    let (first, second) = elements.split(count);
    rayon::join(
        || among(one, rule, first, params),
        || among(others, rule, second, params),
    );
}

fn fits(rule: &dyn Rule, path: &str, slot: &Slot, weights: &Weights) -> Result<(), String> {
    let Some(weight) = weights.get(path) else {
        return Err(format!(
            "the optimiser remembers `{path}`, which the model does not have"
        ));
    };
    let moments = slot.moments.len();
    if moments != 0 && moments != rule.moments() {
        return Err(format!(
            "the optimiser remembers {moments} moments of `{path}`, but this one keeps {}",
            rule.moments()
        ));
    }
    let shapes = slot.moments.iter().all(|m| m.shape == weight.shape);
    let mask = slot.young.as_ref();
    if shapes && mask.is_none_or(|young| young.mask.len() == weight.values.len()) {
        Ok(())
    } else {
        Err(format!(
            "the optimiser's memory of `{path}` has another shape than the parameter"
        ))
    }
}

struct Updater<'a> {
    optimizer: &'a mut Optimizer,
    gradients: BTreeMap<String, Tensor<1>>,
    factor: f32,
    lr: f64,
    stop: Option<Tensor<1, Bool>>,
    path: Path,
}

impl ModuleMapper for Updater<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.path.exit(container);
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let path = self.path.dotted();
        let Some(gradient) = self.gradients.remove(&path) else {
            return param;
        };
        let (id, tensor, mapper) = param.consume();
        let shape = tensor.dims();
        let weights = tensor.inner().reshape([shape.iter().product::<usize>()]);
        let step = Step {
            weights,
            gradient,
            factor: self.factor,
            lr: self.lr,
            stop: self.stop.clone(),
        };
        let updated = self.optimizer.step(path, &shape, step).reshape(shape);
        let tensor = Tensor::from_inner(updated).require_grad();
        Param::from_mapped_value(id, tensor, mapper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::Young;
    use crate::optim::{adam::Adam, adamw::AdamW, sgd::Sgd};

    fn rules() -> Vec<Box<dyn Rule>> {
        let nesterov = Sgd {
            momentum: 0.9,
            nesterov: true,
            weight_decay: 0.01,
        };
        let decayed = Adam {
            weight_decay: 0.01,
            ..Adam::default()
        };
        vec![
            Box::new(Sgd::default()),
            Box::new(nesterov),
            Box::new(decayed),
            Box::new(AdamW::default()),
        ]
    }

    /// Ten updates of six elements, two of them young, with or without the in-place form.
    fn run(rule: Box<dyn Rule>, in_place: bool) -> (Vec<f32>, BTreeMap<String, Slot>) {
        let device = crate::device::cpu();
        let mask = vec![false, true, true, false, false, true];
        let young = Young {
            mask,
            age: 0,
            lr: 1.3,
            warmup: 4,
        };
        let slot = Slot {
            age: 100,
            moments: vec![Array::new([2, 3], vec![0.1; 6]); rule.moments()],
            young: Some(young),
            lr_factor: 0.5,
        };
        let weights = Weights::from([("w".to_string(), Array::zeros([2, 3]))]);
        let slots = BTreeMap::from([("w".to_string(), slot)]);
        let mut optimizer = Optimizer::restore(rule, slots, &weights).unwrap();
        optimizer.in_place = in_place;
        let values = [0.5_f32, -1.0, 2.0, 0.1, -0.2, 0.3];
        let mut weights = Tensor::<1>::from_data(values, &device);
        for step in 0..10 {
            let gradient = Tensor::from_data(values.map(|v| v * step as f32 - 1.0), &device);
            let step = Step {
                weights,
                gradient,
                factor: 0.7,
                lr: 0.01,
                stop: None,
            };
            weights = optimizer.step("w".to_string(), &[2, 3], step);
        }
        (
            weights.into_data().try_into_vec().unwrap(),
            optimizer.slots(),
        )
    }

    #[test]
    fn tensor_operations_and_the_in_place_form_agree() {
        for (first, second) in rules().into_iter().zip(rules()) {
            let name = format!("{first:?}");
            let (host, host_slots) = run(first, true);
            let (tensors, tensor_slots) = run(second, false);
            let close = |a: &[f32], b: &[f32]| {
                let pairs = a.iter().zip(b);
                pairs.clone().count() == a.len()
                    && pairs
                        .into_iter()
                        .all(|(a, b)| (a - b).abs() <= 1e-6 * a.abs().max(1e-3))
            };
            assert!(close(&host, &tensors), "{name}: {host:?} {tensors:?}");
            let (a, b) = (&host_slots["w"], &tensor_slots["w"]);
            assert_eq!((a.age, &a.young), (b.age, &b.young), "{name}");
            assert_eq!((a.age, a.moments.len()), (110, b.moments.len()), "{name}");
            for (a, b) in a.moments.iter().zip(&b.moments) {
                assert_eq!(a.shape, b.shape);
                assert!(close(&a.values, &b.values), "{name}: {a:?} {b:?}");
            }
        }
    }

    #[test]
    fn runs_alternate_and_start_old() {
        let young = |mask: &[bool]| Slot {
            young: Some(Young {
                mask: mask.to_vec(),
                age: 0,
                lr: 1.0,
                warmup: 0,
            }),
            ..Slot::default()
        };
        let runs = |mask: &[bool]| Memory::from(young(mask)).runs;
        assert_eq!(runs(&[false, false, true, false]), [2, 1, 1]);
        assert_eq!(runs(&[true, true]), [0, 2]);
        assert!(runs(&[]).is_empty());
    }
}
