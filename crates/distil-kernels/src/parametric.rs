//! Smooth activations that each unit bends by a slope of its own.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{Distribution, Tensor};
use burn_flex::FlexTensor;

use crate::exp::exp;
use crate::host::{contiguous, into_vec, on_host, slice, tensor};
use crate::simd::{Lanes, SimdWork, dispatch};
use crate::{Isa, Op};

/// A smooth activation f.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Smooth {
    /// λ x for x > 0, else λ α (eˣ − 1) (Klambauer et al. 2017).
    Selu,
    /// x tanh(ln(1 + eˣ)) (Misra 2020).
    Mish,
}

/// SELU's α and λ.
const ALPHA: f32 = 1.673_263_2;
const LAMBDA: f32 = 1.050_701;

/// From here on mish(x) is x in 32 bits, and beyond eˣ would lose what it is needed for.
const MISH_END: f32 = 20.0;

/// Which units of which rows answer nothing in one pass of training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropped {
    /// Their share, in [0, 1); what is left is divided by 1 − share.
    pub share: f64,
    /// Chooses them; another for each layer and pass.
    pub seed: u64,
}

/// x + (f(x) − x) · slope: at a slope of 1 the activation, at 0 nothing; then dropout.
///
/// # Shapes
/// - `x`: `[rows, units]`, `slope`: `[units]`
/// - output: `[rows, units]`
pub fn parametric_act(
    x: Tensor<2>,
    slope: Tensor<1>,
    smooth: Smooth,
    dropped: Option<Dropped>,
) -> Tensor<2> {
    if !(on_host(&x) && on_host(&slope)) {
        let f = smooth.of(x.clone());
        let y = x.clone() + (f - x) * slope.unsqueeze::<2>();
        return match dropped {
            None => y,
            Some(dropped) => {
                // Chosen by the device's own generator.
                let kept = Distribution::Bernoulli(1.0 - dropped.share);
                let kept = y.random_like(kept);
                y * kept / (1.0 - dropped.share)
            }
        };
    }
    Tensor::from_dispatch(<Dispatch as ParametricBackend>::parametric_act(
        x.into_dispatch(),
        slope.into_dispatch(),
        Bend { smooth, dropped },
    ))
}

/// What is done to each sum.
#[derive(Debug, Clone, Copy)]
struct Bend {
    smooth: Smooth,
    dropped: Option<Dropped>,
}

impl Smooth {
    /// f as tensor operations.
    fn of(self, x: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Selu => {
                let below = (x.clone().clamp_max(0.0).exp() - 1.0) * f64::from(ALPHA);
                (x.clamp_min(0.0) + below) * f64::from(LAMBDA)
            }
            Self::Mish => {
                let u = x.clone().clamp_max(f64::from(MISH_END)).exp();
                let n = u.clone() * (u + 2.0);
                x * (n.clone() / (n + 2.0))
            }
        }
    }

    /// f(x) and f′(x).
    #[inline(always)]
    fn with_slope(self, x: f32) -> (f32, f32) {
        match self {
            Self::Selu => {
                let e = exp(x.min(0.0));
                match x > 0.0 {
                    true => (LAMBDA * x, LAMBDA),
                    false => (LAMBDA * ALPHA * (e - 1.0), LAMBDA * ALPHA * e),
                }
            }
            Self::Mish => {
                let u = exp(x.min(MISH_END));
                let n = u * (u + 2.0);
                let t = n / (n + 2.0);
                // tanh(ln(1 + u)) = n/(n+2), and du/dx = u.
                let dt = 4.0 * u * (u + 1.0) / ((n + 2.0) * (n + 2.0));
                (x * t, t + x * dt)
            }
        }
    }
}

impl Bend {
    /// The factor of the answer in this place.
    fn mask(self) -> Mask {
        match self.dropped {
            None => Mask {
                below: 0,
                seed: [0; 2],
                kept: 1.0,
            },
            Some(Dropped { share, seed }) => Mask {
                below: (share * 4_294_967_296.0) as u32,
                seed: [seed as u32, (seed >> 32) as u32],
                kept: (1.0 / (1.0 - share)) as f32,
            },
        }
    }
}

/// Which places are dropped, by a hash of the place.
#[derive(Debug, Clone, Copy)]
struct Mask {
    below: u32,
    seed: [u32; 2],
    kept: f32,
}

impl Mask {
    #[inline(always)]
    fn at(self, place: u32) -> f32 {
        let hash = mixed(mixed(place ^ self.seed[0]).wrapping_add(self.seed[1]));
        match hash < self.below {
            true => 0.0,
            false => self.kept,
        }
    }
}

/// MurmurHash3's last step, which is a permutation (Appleby 2011).
#[inline(always)]
fn mixed(mut h: u32) -> u32 {
    h = (h ^ (h >> 16)).wrapping_mul(0x85eb_ca6b);
    h = (h ^ (h >> 13)).wrapping_mul(0xc2b2_ae35);
    h ^ (h >> 16)
}

#[backend_extension(Flex, Autodiff)]
trait ParametricBackend: Backend {
    fn parametric_act(
        x: FloatTensor<Self>,
        slope: FloatTensor<Self>,
        bend: Bend,
    ) -> FloatTensor<Self>;
}

impl ParametricBackend for Flex {
    fn parametric_act(x: FlexTensor, slope: FlexTensor, bend: Bend) -> FlexTensor {
        forward(&contiguous(x), &contiguous(slope), bend)
    }
}

impl<C: CheckpointStrategy> ParametricBackend for Autodiff<Flex, C> {
    fn parametric_act(
        x: FloatTensor<Self>,
        slope: FloatTensor<Self>,
        bend: Bend,
    ) -> FloatTensor<Self> {
        let ((x, x_node), (slope, slope_node)) = (x.into_parts(), slope.into_parts());
        let (x, slope) = (contiguous(x), contiguous(slope));
        let y = forward(&x, &slope, bend);
        let prepared = ParametricStep.prepare::<C>([x_node, slope_node]);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((x, slope, bend), y),
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        }
    }
}

#[derive(Debug)]
struct ParametricStep;

impl Backward<Flex, 2> for ParametricStep {
    /// The operands.
    type State = (FlexTensor, FlexTensor, Bend);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        Op::ParametricBackward.ran();
        let dy = contiguous(gradients.consume::<Flex>(&ops.node));
        let (x, slope, bend) = ops.state;
        let shape = x.layout().shape().clone();
        let mut dx = into_vec(dy);
        let mut dslope = vec![0.0; shape[1]];
        let work = Backwards {
            dx: &mut dx,
            dslope: &mut dslope,
            x: slice(&x),
            slope: slice(&slope),
            mask: bend.mask(),
        };
        match bend.smooth {
            Smooth::Selu => dispatch(Isa::current(), Of::<_, false>(work)),
            Smooth::Mish => dispatch(Isa::current(), Of::<_, true>(work)),
        }
        let [x, slope] = ops.parents;
        if let Some(node) = x {
            gradients.register::<Flex>(node.id, tensor(dx, shape.clone()));
        }
        if let Some(node) = slope {
            gradients.register::<Flex>(node.id, tensor(dslope, [shape[1]]));
        }
    }
}

fn forward(x: &FlexTensor, slope: &FlexTensor, bend: Bend) -> FlexTensor {
    Op::Parametric.ran();
    let mut y = vec![0.0; slice(x).len()];
    let work = Forwards {
        y: &mut y,
        x: slice(x),
        slope: slice(slope),
        mask: bend.mask(),
    };
    match bend.smooth {
        Smooth::Selu => dispatch(Isa::current(), Of::<_, false>(work)),
        Smooth::Mish => dispatch(Isa::current(), Of::<_, true>(work)),
    }
    tensor(y, x.layout().shape().clone())
}

/// Work with one activation: whether it is mish is known when it is compiled. (A closure in its place is not always inlined where
/// the instruction set is known, and is scalar code then.)
struct Of<W, const MISH: bool>(W);

struct Forwards<'a> {
    y: &'a mut [f32],
    x: &'a [f32],
    slope: &'a [f32],
    mask: Mask,
}

struct Backwards<'a> {
    /// At first the gradient of the output.
    dx: &'a mut [f32],
    dslope: &'a mut [f32],
    x: &'a [f32],
    slope: &'a [f32],
    mask: Mask,
}

/// f(x) and f′(x).
#[inline(always)]
fn smooth<const MISH: bool>(x: f32) -> (f32, f32) {
    match MISH {
        true => Smooth::Mish.with_slope(x),
        false => Smooth::Selu.with_slope(x),
    }
}

impl<const MISH: bool> SimdWork for Of<Forwards<'_>, MISH> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let Forwards { y, x, slope, mask } = self.0;
        let units = slope.len().max(1);
        for (row, (y, x)) in y
            .chunks_exact_mut(units)
            .zip(x.chunks_exact(units))
            .enumerate()
        {
            let first = (row * units) as u32;
            for (unit, ((y, x), slope)) in y.iter_mut().zip(x).zip(slope).enumerate() {
                let bent = x + (smooth::<MISH>(*x).0 - x) * slope;
                *y = bent * mask.at(first.wrapping_add(unit as u32));
            }
        }
    }
}

impl<const MISH: bool> SimdWork for Of<Backwards<'_>, MISH> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let Backwards {
            dx,
            dslope,
            x,
            slope,
            mask,
        } = self.0;
        let units = slope.len().max(1);
        let dslope = &mut dslope[..slope.len()];
        for (row, (dx, x)) in dx
            .chunks_exact_mut(units)
            .zip(x.chunks_exact(units))
            .enumerate()
        {
            let first = (row * units) as u32;
            let units = dx.iter_mut().zip(x).zip(slope.iter().zip(&mut *dslope));
            for (unit, ((d, x), (slope, sum))) in units.enumerate() {
                let (f, df) = smooth::<MISH>(*x);
                let g = *d * mask.at(first.wrapping_add(unit as u32));
                *sum += g * (f - x);
                *d = g * (1.0 + (df - 1.0) * slope);
            }
        }
    }
}
