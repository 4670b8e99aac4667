//! Each number of a sample as a few learnt waves of it.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use crate::host::{contiguous, on_host, slice, tensor};
use crate::simd::{Lanes, SimdWork, dispatch};
use crate::{Isa, Op};

/// The parameters of [`periodic`], of n numbers, k waves and c outputs each.
#[derive(Debug, Clone)]
pub struct Waves {
    /// How often each wave repeats over a step of 1: `[n, k]`.
    pub frequency: Tensor<2>,
    /// What is added to each wave's angle: `[n, k]`.
    pub phase: Tensor<2>,
    /// What each wave counts: `[n, k, c]`.
    pub weight: Tensor<3>,
    /// `[n, c]`
    pub bias: Tensor<2>,
}

/// Σₖ cos(2π x f + p) w + b of every number by itself (Gorishniy et al. 2022, with phases as Holzmüller et al. 2024 have them).
/// `x` gets no gradient: it is data.
///
/// # Shapes
/// - `x`: `[rows, n]`
/// - output: `[rows, n · c]`, those of a number side by side
pub fn periodic(x: Tensor<2>, waves: Waves) -> Tensor<2> {
    let Waves {
        frequency,
        phase,
        weight,
        bias,
    } = waves;
    let x = x.inner();
    let all = on_host(&x) && on_host(&frequency) && on_host(&phase);
    if !(all && on_host(&weight) && on_host(&bias)) {
        let ([rows, n], [_, _, c]) = (x.dims(), weight.dims());
        let x: Tensor<3> = x.unsqueeze_dim(2);
        let angle = x * frequency.unsqueeze::<3>() * std::f64::consts::TAU + phase.unsqueeze::<3>();
        let waves: Tensor<4> = angle.cos().unsqueeze_dim(3);
        let sum = (waves * weight.unsqueeze::<4>()).sum_dim(2);
        let sum = sum.reshape([rows, n, c]) + bias.unsqueeze::<3>();
        return sum.reshape([rows, n * c]);
    }
    Tensor::from_dispatch(<Dispatch as PeriodicBackend>::periodic(
        x.into_dispatch(),
        frequency.into_dispatch(),
        phase.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
    ))
}

#[backend_extension(Flex, Autodiff)]
trait PeriodicBackend: Backend {
    fn periodic(
        x: FloatTensor<Self>,
        frequency: FloatTensor<Self>,
        phase: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

impl PeriodicBackend for Flex {
    fn periodic(
        x: FlexTensor,
        frequency: FlexTensor,
        phase: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
    ) -> FlexTensor {
        Operands::new(x, frequency, phase, weight).forward(&contiguous(bias))
    }
}

impl<C: CheckpointStrategy> PeriodicBackend for Autodiff<Flex, C> {
    fn periodic(
        x: FloatTensor<Self>,
        frequency: FloatTensor<Self>,
        phase: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let (x, _) = x.into_parts();
        let ((frequency, f), (phase, p)) = (frequency.into_parts(), phase.into_parts());
        let ((weight, w), (bias, b)) = (weight.into_parts(), bias.into_parts());
        let operands = Operands::new(x, frequency, phase, weight);
        let y = operands.forward(&contiguous(bias));
        match PeriodicStep
            .prepare::<C>([f, p, w, b])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prepared) => prepared.finish(operands, y),
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        }
    }
}

#[derive(Debug)]
struct PeriodicStep;

impl Backward<Flex, 4> for PeriodicStep {
    type State = Operands;

    fn backward(self, ops: Ops<Operands, 4>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let dy = contiguous(gradients.consume::<Flex>(&ops.node));
        let found = ops.state.backward(slice(&dy));
        for (node, found) in ops.parents.into_iter().zip(found) {
            if let Some(node) = node {
                gradients.register::<Flex>(node.id, found);
            }
        }
    }
}

/// What the waves are made of, all contiguous.
#[derive(Debug, Clone)]
struct Operands {
    x: FlexTensor,
    frequency: FlexTensor,
    phase: FlexTensor,
    weight: FlexTensor,
    rows: usize,
    numbers: usize,
    waves: usize,
    outputs: usize,
}

impl Operands {
    fn new(x: FlexTensor, frequency: FlexTensor, phase: FlexTensor, weight: FlexTensor) -> Self {
        let rows = x.layout().shape()[0];
        let shape = weight.layout().shape();
        let (numbers, waves, outputs) = (shape[0], shape[1], shape[2]);
        Self {
            x: contiguous(x),
            frequency: contiguous(frequency),
            phase: contiguous(phase),
            weight: contiguous(weight),
            rows,
            numbers,
            waves,
            outputs,
        }
    }

    /// Each number's waves and weights, by number.
    fn of(&self, number: usize) -> [&[f32]; 3] {
        let (k, c) = (self.waves, self.outputs);
        [
            &slice(&self.frequency)[number * k..][..k],
            &slice(&self.phase)[number * k..][..k],
            &slice(&self.weight)[number * k * c..][..k * c],
        ]
    }

    fn forward(&self, bias: &FlexTensor) -> FlexTensor {
        Op::Periodic.ran();
        let (n, c) = (self.numbers, self.outputs);
        let mut y = Vec::with_capacity(self.rows * n * c);
        (0..self.rows).for_each(|_| y.extend_from_slice(slice(bias)));
        dispatch(Isa::current(), Forwards(self, &mut y));
        tensor(y, [self.rows, n * c])
    }

    /// The gradients of frequency, phase, weight and bias from the output's.
    fn backward(&self, dy: &[f32]) -> [FlexTensor; 4] {
        Op::PeriodicBackward.ran();
        let (n, k, c) = (self.numbers, self.waves, self.outputs);
        let mut df = vec![0.0_f32; n * k];
        let mut dp = vec![0.0_f32; n * k];
        let mut dw = vec![0.0_f32; n * k * c];
        let mut db = vec![0.0_f32; n * c];
        let sums = [&mut df[..], &mut dp[..], &mut dw[..], &mut db[..]];
        dispatch(Isa::current(), Backwards(self, dy, sums));
        [
            tensor(df, [n, k]),
            tensor(dp, [n, k]),
            tensor(dw, [n, k, c]),
            tensor(db, [n, c]),
        ]
    }
}

/// Operands, and the output, which holds biases at first.
struct Forwards<'a>(&'a Operands, &'a mut [f32]);

/// Operands, the output's gradient, and the gradients of frequency, phase, weight and bias, zeros at first.
struct Backwards<'a>(&'a Operands, &'a [f32], [&'a mut [f32]; 4]);

// Loops over so many rows or waves at a time are vectors; each sum is made in the order of its terms, whatever their width.
const LANES: usize = 16;

impl SimdWork for Forwards<'_> {
    type Output = ();

    /// Of each number by blocks of rows: a wave is one of them all.
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let Self(of, y) = self;
        let (n, c, x) = (of.numbers, of.outputs, slice(&of.x));
        let mut sums = vec![[0.0; LANES]; c];
        for number in 0..n {
            let [frequency, phase, weight] = of.of(number);
            for start in (0..of.rows).step_by(LANES) {
                let rows = start..of.rows.min(start + LANES);
                let mut numbers = [0.0; LANES];
                for (lane, row) in rows.clone().enumerate() {
                    numbers[lane] = x[row * n + number];
                    let y = &y[(row * n + number) * c..][..c];
                    sums.iter_mut().zip(y).for_each(|(sum, y)| sum[lane] = *y);
                }
                let waves = frequency.iter().zip(phase).zip(weight.chunks_exact(c));
                for ((f, p), weight) in waves {
                    let mut cosines = [0.0; LANES];
                    for (cosine, x) in cosines.iter_mut().zip(&numbers) {
                        *cosine = turn(x * f + p * PER_TURN).0;
                    }
                    for (sums, w) in sums.iter_mut().zip(weight) {
                        let terms = sums.iter_mut().zip(&cosines);
                        terms.for_each(|(sum, cosine)| *sum += cosine * w);
                    }
                }
                for (lane, row) in rows.enumerate() {
                    let y = &mut y[(row * n + number) * c..][..c];
                    y.iter_mut().zip(&sums).for_each(|(y, sum)| *y = sum[lane]);
                }
            }
        }
    }
}

/// Of some waves of a number, side by side: what they are made of, and the sums of their gradients.
#[derive(Default)]
struct Side {
    frequency: [f32; LANES],
    /// In turns.
    phase: [f32; LANES],
    df: [f32; LANES],
    dp: [f32; LANES],
}

impl SimdWork for Backwards<'_> {
    type Output = ();

    /// Of each number by blocks of waves, row after row.
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let Self(of, dy, [df, dp, dw, db]) = self;
        let (n, k, c, x) = (of.numbers, of.waves, of.outputs, slice(&of.x));
        // Weights and their gradients, by output.
        let mut outputs = vec![([0.0; LANES], [0.0; LANES]); c];
        for number in 0..n {
            let [frequency, phase, weight] = of.of(number);
            let db = &mut db[number * c..][..c];
            for row in 0..of.rows {
                let dy = &dy[(row * n + number) * c..][..c];
                db.iter_mut().zip(dy).for_each(|(sum, d)| *sum += d);
            }
            for start in (0..k).step_by(LANES) {
                let waves = start..k.min(start + LANES);
                let mut side = Side::default();
                outputs.fill(([0.0; LANES], [0.0; LANES]));
                for (lane, wave) in waves.clone().enumerate() {
                    side.frequency[lane] = frequency[wave];
                    side.phase[lane] = phase[wave] * PER_TURN;
                    let weight = &weight[wave * c..][..c];
                    outputs
                        .iter_mut()
                        .zip(weight)
                        .for_each(|((of, _), w)| of[lane] = *w);
                }
                for row in 0..of.rows {
                    let dy = &dy[(row * n + number) * c..][..c];
                    side.add(x[row * n + number], dy, &mut outputs);
                }
                for (lane, wave) in waves.enumerate() {
                    df[number * k + wave] = side.df[lane];
                    dp[number * k + wave] = side.dp[lane];
                    let dw = &mut dw[(number * k + wave) * c..][..c];
                    dw.iter_mut()
                        .zip(&outputs)
                        .for_each(|(dw, (_, of))| *dw = of[lane]);
                }
            }
        }
    }
}

impl Side {
    /// Adds what a row's number and the gradients of its outputs add to those of the waves.
    #[inline(always)]
    fn add(&mut self, x: f32, dy: &[f32], outputs: &mut [([f32; LANES], [f32; LANES])]) {
        let (mut cosines, mut sines) = ([0.0; LANES], [0.0; LANES]);
        for lane in 0..LANES {
            (cosines[lane], sines[lane]) = turn(x * self.frequency[lane] + self.phase[lane]);
        }
        let mut dangle = [0.0; LANES];
        for ((weight, dw), d) in outputs.iter_mut().zip(dy) {
            for lane in 0..LANES {
                dw[lane] += d * cosines[lane];
                dangle[lane] -= d * weight[lane] * sines[lane];
            }
        }
        let sums = self.dp.iter_mut().zip(&mut self.df);
        for ((dp, df), dangle) in sums.zip(dangle) {
            *dp += dangle;
            *df += dangle * x * std::f32::consts::TAU;
        }
    }
}

/// Turns in a radian.
const PER_TURN: f32 = 1.0 / std::f32::consts::TAU;

/// Cosine and sine of so many turns, each to within 1e-6.
#[inline(always)]
fn turn(turns: f32) -> (f32, f32) {
    let half = turns - turns.round_ties_even();
    // Of half the angle, π · half in [−π/2, π/2], by Taylor's polynomials: their remainders are below 1e-7 there.
    let z = half * std::f32::consts::PI;
    let q = z * z;
    let sine = z
        * (1.0
            + q * (-1.0 / 6.0
                + q * (1.0 / 120.0
                    + q * (-1.0 / 5040.0 + q * (1.0 / 362_880.0 - q / 39_916_800.0)))));
    let cosine = 1.0
        + q * (-0.5
            + q * (1.0 / 24.0
                + q * (-1.0 / 720.0
                    + q * (1.0 / 40_320.0 + q * (-1.0 / 3_628_800.0 + q / 479_001_600.0)))));
    (1.0 - 2.0 * sine * sine, 2.0 * sine * cosine)
}

#[cfg(test)]
mod tests {
    use super::turn;

    #[test]
    fn a_turn_is_cosine_and_sine() {
        for i in -40_000..40_000 {
            let turns = i as f32 * 1e-4;
            let angle = f64::from(turns) * std::f64::consts::TAU;
            let (cosine, sine) = turn(turns);
            assert!((f64::from(cosine) - angle.cos()).abs() < 1e-6, "{turns}");
            assert!((f64::from(sine) - angle.sin()).abs() < 1e-6, "{turns}");
        }
    }
}
