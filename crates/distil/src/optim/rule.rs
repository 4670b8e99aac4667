//! What an update rule is: the arithmetic of one step on one group of elements.

use burn::tensor::Tensor;

use crate::model::Steps;

/// The circumstances of one update, equal for all elements of a group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UpdateParams {
    /// Learning rate of this group at this step.
    pub lr: f64,
    /// Updates the group has seen, this one included: at least 1.
    pub age: u64,
    /// Factor on the gradient (clipping, accumulation).
    pub gradient: f32,
    /// Axes of the parameter; biases and norms have one.
    pub axes: usize,
    /// Factor on the weight decay.
    pub decay: f32,
}

/// Elements of one parameter that are updated alike. All slices have one length, unused moments none.
#[derive(Debug)]
pub struct Elements<'a> {
    /// The parameter, updated in place.
    pub weights: &'a mut [f32],
    /// Its gradient, before [`UpdateParams::gradient`].
    pub gradient: &'a [f32],
    /// The moments, updated in place.
    pub moments: [&'a mut [f32]; 2],
}

impl<'a> Elements<'a> {
    /// The first `count` elements and the rest.
    pub fn split(self, count: usize) -> (Elements<'a>, Elements<'a>) {
        let (weights, weights_rest) = self.weights.split_at_mut(count);
        let (gradient, gradient_rest) = self.gradient.split_at(count);
        let halves = self
            .moments
            .map(|moment| moment.split_at_mut(count.min(moment.len())));
        let [(first, first_rest), (second, second_rest)] = halves;
        let head = Elements {
            weights,
            gradient,
            moments: [first, second],
        };
        let rest = Elements {
            weights: weights_rest,
            gradient: gradient_rest,
            moments: [first_rest, second_rest],
        };
        (head, rest)
    }
}

/// An update rule. Both forms compute the same; they differ by rounding only.
///
/// Every element depends on its own gradient and moments alone, so results are the same for any
/// split of the elements among threads.
pub trait Rule: std::fmt::Debug + Send + Sync {
    /// Whether the settings are in range; else the reason, as a sentence without its full stop.
    fn check(&self) -> Result<(), String>;

    /// The learning rate where a recipe names none.
    fn default_lr(&self) -> f64;

    /// How long its steps are; else why settings do not carry over from one width to another, as a sentence.
    fn steps(&self) -> Result<Steps, String>;

    /// A copy of the settings.
    fn clone_rule(&self) -> Box<dyn Rule>;

    /// Moments kept per parameter: 0, 1 or 2.
    fn moments(&self) -> usize;

    /// One update in place, on the host.
    fn host(&self, elements: Elements<'_>, params: &UpdateParams);

    /// One update as tensor operations, on any device: the new weights and moments.
    fn tensors(
        &self,
        weights: Tensor<1>,
        gradient: Tensor<1>,
        moments: Vec<Tensor<1>>,
        params: &UpdateParams,
    ) -> (Tensor<1>, Vec<Tensor<1>>);
}

/// 2⁻¹⁰⁰, some 8e-31: times a learning rate of 1e-7 it is still a normal number.
const LEAST: f32 = f32::from_bits(27 << 23);

/// A first moment, or 0 where it is so small that no weight is moved by it: divided by an epsilon of 1e-8 it is below 1e-22. The
/// moments of units that no longer answer shrink by 0.9 a step and would soon be, or make of themselves in an update, numbers below
/// the smallest normal one, over which many processors take a hundred times as long; there 0.9 of the smallest is rounded to itself.
#[inline(always)]
pub(super) fn first_moment(moment: f32) -> f32 {
    match moment.abs() < LEAST {
        true => 0.0,
        false => moment,
    }
}

/// A second moment, or 0 where it is below the smallest normal number.
#[inline(always)]
pub(super) fn second_moment(moment: f32) -> f32 {
    match moment < f32::MIN_POSITIVE {
        true => 0.0,
        false => moment,
    }
}

/// Whether a weight decay is in range; else the reason, as a sentence.
pub(super) fn check_decay(weight_decay: f32) -> Result<(), String> {
    if weight_decay >= 0.0 && weight_decay.is_finite() {
        Ok(())
    } else {
        Err("`weight_decay` must be a number of at least 0".into())
    }
}
