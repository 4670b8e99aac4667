//! The gradients of one update, by path: norms, clipping, accumulation.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;
use burn_flex::Flex;
use distil_kernels::Isa;
use rayon::prelude::*;

use crate::model::access::Path;
use crate::read_back::read;

/// Gradients by parameter path, flattened, and a factor they are all to be multiplied with.
#[derive(Debug)]
pub struct Gradients {
    by_path: BTreeMap<String, Tensor<1>>,
    factor: f64,
}

/// Euclidean norms of gradients.
#[derive(Debug, Clone, PartialEq)]
pub struct Norms {
    /// By parameter path.
    pub by_path: BTreeMap<String, f64>,
    /// Over all parameters.
    pub total: f64,
}

impl Norms {
    /// Whether every element of every gradient is finite.
    pub fn finite(&self) -> bool {
        self.total.is_finite()
    }
}

impl Gradients {
    /// Moves the gradients of `module`'s parameters out of a backward pass. Parameters the loss does not
    /// depend on have none, and an update leaves them alone.
    pub fn take<M: Module>(module: &M, from: &mut burn::tensor::Gradients) -> Self {
        let mut taker = Taker {
            path: Path::default(),
            from,
            by_path: BTreeMap::new(),
        };
        module.visit(&mut taker);
        Self {
            by_path: taker.by_path,
            factor: 1.0,
        }
    }

    /// Whether every element of every gradient is finite: [`Norms::finite`] for a fraction of what norms take.
    pub fn finite(&self) -> bool {
        let tensors = self.by_path.values();
        let mut found = tensors.map(|tensor| on_host(tensor, all_finite));
        match found.find(|finite| *finite != Some(true)) {
            Some(None) => self.norms().finite(),
            found => found.is_none(),
        }
    }

    /// Norms by path and in all, accumulated in f64 in the order of the paths: the same for any number
    /// of threads. Not finite if, and on the host only if, an element is not finite.
    pub fn norms(&self) -> Norms {
        let mut total = 0.0;
        let mut by_path = BTreeMap::new();
        for (path, tensor) in &self.by_path {
            let squares = on_host(tensor, sum_of_squares).unwrap_or_else(|| {
                let squares = tensor.clone() * tensor.clone();
                read(squares.sum()).iter().map(|s| f64::from(*s)).sum()
            });
            total += squares;
            by_path.insert(path.clone(), squares.sqrt() * self.factor);
        }
        Norms {
            by_path,
            total: total.sqrt() * self.factor,
        }
    }

    /// The same where nothing may be read back: the paths, and `[paths + 1]` on the device, the norm of each and the norm in
    /// all, accumulated in f32. Not finite if an element is not finite, and if a norm is above 1.8e19.
    pub fn norms_on_device(&self) -> Option<(Vec<String>, Tensor<1>)> {
        let squares = |tensor: &Tensor<1>| (tensor.clone() * tensor.clone()).sum();
        let squares: Vec<Tensor<1>> = self.by_path.values().map(squares).collect();
        if squares.is_empty() {
            return None;
        }
        let squares = Tensor::cat(squares, 0);
        let norms = Tensor::cat(vec![squares.clone(), squares.sum()], 0).sqrt() * self.factor;
        Some((self.by_path.keys().cloned().collect(), norms))
    }

    /// Multiplies all gradients by `factor`, `[1]`.
    pub fn scale_on_device(&mut self, factor: &Tensor<1>) {
        for tensor in self.by_path.values_mut() {
            *tensor = tensor.clone() * factor.clone();
        }
    }

    /// Shrinks all gradients alike so that their norm in all is at most `max`, given their norms now.
    /// The factor is min(1, max / (total + 1e-6)), as PyTorch's `clip_grad_norm_` has it.
    pub fn clip(&mut self, norms: &Norms, max: f64) {
        self.factor *= (max / (norms.total + 1e-6)).min(1.0);
    }

    /// The flattened gradient of a parameter, its factor applied.
    pub fn get(&self, path: &str) -> Option<Tensor<1>> {
        let gradient = self.by_path.get(path)?.clone();
        Some(gradient * self.factor)
    }

    pub(super) fn into_parts(self) -> (BTreeMap<String, Tensor<1>>, f32) {
        (self.by_path, self.factor as f32)
    }

    fn scale(self) -> impl Iterator<Item = (String, Tensor<1>)> {
        let factor = self.factor;
        self.by_path
            .into_iter()
            .map(move |(path, tensor)| (path, tensor * factor))
    }
}

/// Sums the gradients of micro-batches into those of one batch: the mean over all their rows.
///
/// Each micro-batch's loss is the mean over its own rows, so its gradient counts by its rows. A last
/// window with fewer micro-batches, or a last micro-batch with fewer rows, is thereby right as it is.
#[derive(Debug, Default)]
pub struct Accumulator {
    sum: Option<Gradients>,
    rows: f64,
}

impl Accumulator {
    /// Adds the gradients of the mean loss over `rows` rows.
    pub fn add(&mut self, mut gradients: Gradients, rows: usize) {
        gradients.factor *= rows as f64;
        self.rows += rows as f64;
        let Some(sum) = self.sum.take() else {
            self.sum = Some(gradients);
            return;
        };
        let mut by_path: BTreeMap<_, _> = sum.scale().collect();
        for (path, tensor) in gradients.scale() {
            let tensor = match by_path.remove(&path) {
                Some(before) => before + tensor,
                None => tensor,
            };
            by_path.insert(path, tensor);
        }
        self.sum = Some(Gradients {
            by_path,
            factor: 1.0,
        });
    }

    /// The gradients of the mean loss over all rows added since the last call; `None` if there were none.
    /// A single micro-batch comes back untouched.
    pub fn take(&mut self) -> Option<Gradients> {
        let rows = std::mem::take(&mut self.rows);
        let mut sum = self.sum.take()?;
        sum.factor /= rows;
        Some(sum)
    }
}

struct Taker<'a> {
    path: Path,
    from: &'a mut burn::tensor::Gradients,
    by_path: BTreeMap<String, Tensor<1>>,
}

impl ModuleVisitor for Taker<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.path.exit(container);
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = param.grad_remove(self.from) {
            let count = gradient.shape().num_elements();
            self.by_path
                .insert(self.path.dotted(), gradient.reshape([count]));
        }
    }
}

/// Elements that are looked at together; more are in such parts, on several threads.
const PART: usize = 1 << 17;

/// What is asked of numbers that lie on the host; none where they do not.
fn on_host<T>(tensor: &Tensor<1>, of: impl FnOnce(&[f32]) -> T) -> Option<T> {
    match tensor.clone().try_into_primitive::<Flex>() {
        Ok(flex) => flex.as_slice::<f32>().map(of),
        Err(_) => None,
    }
}

/// Whether all are finite.
fn all_finite(values: &[f32]) -> bool {
    match values.len() {
        few if few <= PART => part_is_finite(values),
        _ => values.par_chunks(PART).all(part_is_finite),
    }
}

/// The same, by the largest exponent: that of what is not finite is all ones.
fn part_is_finite(values: &[f32]) -> bool {
    const EXPONENT: u32 = 0xff << 23;
    let largest = Isa::current().run(|| {
        let mut largest = [0_u32; 32];
        let (chunks, rest) = values.as_chunks::<32>();
        for chunk in chunks {
            largest = std::array::from_fn(|i| largest[i].max(chunk[i].to_bits() & EXPONENT));
        }
        let rest = rest.iter().map(|x| x.to_bits() & EXPONENT);
        rest.chain(largest).max().unwrap_or_default()
    });
    largest < EXPONENT
}

/// Σ x² in f64, the same for any number of threads.
fn sum_of_squares(values: &[f32]) -> f64 {
    match values.len() {
        few if few <= PART => sum_of_part(values),
        _ => {
            let parts = values.par_chunks(PART).map(sum_of_part);
            parts.collect::<Vec<_>>().iter().sum()
        }
    }
}

/// Σ x² with 32 fixed partial sums, so that every processor adds in the same order.
fn sum_of_part(values: &[f32]) -> f64 {
    let partial = Isa::current().run(|| {
        let mut partial = [0.0_f64; 32];
        let (chunks, rest) = values.as_chunks::<32>();
        for chunk in chunks {
            // By index: this form becomes vector code; zipped iterators run at half its speed.
            partial = std::array::from_fn(|i| partial[i] + f64::from(chunk[i]).powi(2));
        }
        for (sum, x) in partial.iter_mut().zip(rest) {
            *sum += f64::from(*x) * f64::from(*x);
        }
        partial
    });
    partial.iter().sum()
}
