//! Losses on a softmax, with their gradients in closed form.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor};
use burn_flex::{Flex, FlexTensor};

use crate::exp::exp_of_negative;
use crate::host::{contiguous, on_host, slice, tensor};
use crate::{Isa, Op, with_gradient};

/// How labels become shares of the classes.
#[derive(Debug, Clone)]
pub struct CrossEntropy {
    /// The label's own share, 1 − ε.
    pub keep: f64,
    /// The share of every class, ε / K, added to the label's own.
    pub spread: f64,
    /// The weight of each class, `[classes]`; none: all 1.
    pub weights: Option<Tensor<1>>,
}

/// −Σₖ wₖ cₖ log qₖ per row, `[rows]`: q = softmax(logits), c the label's shares of the classes, w the classes' weights.
///
/// # Shapes
/// - `logits`: `[rows, classes]`, `labels`: `[rows]`, each below the number of classes
pub fn cross_entropy(
    logits: Tensor<2>,
    labels: &Tensor<1, Int>,
    shares: &CrossEntropy,
) -> Tensor<1> {
    let [rows, classes] = logits.dims();
    let plain = logits.clone().inner();
    if let Some(z) = host(&plain) {
        let labels: Vec<i64> = labels.to_data().iter().collect();
        let weights: Option<Vec<f64>> = shares
            .weights
            .as_ref()
            .map(|w| w.to_data().iter().collect());
        let weight = |class: usize| weights.as_ref().map_or(1.0, |w| w[class]);
        let (keep, spread) = (shares.keep, shares.spread);
        let q = Softmax::of(slice(&z), classes, 1.0);
        let (value, gradient) = each_row(&q, |row, log_q, q, gradient| {
            let label = labels[row] as usize;
            let own = keep * weight(label);
            let (mut loss, mut total) = (-own * log_q(label), own);
            if spread != 0.0 {
                for k in 0..classes {
                    loss -= spread * weight(k) * log_q(k);
                    total += spread * weight(k);
                }
            }
            for (k, (gradient, q)) in gradient.iter_mut().zip(q).enumerate() {
                let own = if k == label { own } else { 0.0 };
                *gradient = (total * q - spread * weight(k) - own) as f32;
            }
            loss
        });
        return with_gradient(logits, value, gradient);
    }
    let log_q = log_softmax(plain, 1);
    let at = labels.clone().reshape([rows, 1]);
    let own = Tensor::full([rows, 1], shares.keep, (&log_q.device(), log_q.dtype()));
    let shares_of = Tensor::full(
        [rows, classes],
        shares.spread,
        (&log_q.device(), log_q.dtype()),
    );
    let mut c = shares_of.scatter(1, at, own, burn::tensor::IndexingUpdateOp::Add);
    if let Some(weights) = &shares.weights {
        c = c.mul(weights.clone().inner().cast(log_q.dtype()).unsqueeze());
    }
    let value = log_q.clone().mul(c.clone()).sum_dim(1).neg();
    let gradient = log_q.exp().mul(c.clone().sum_dim(1)).sub(c);
    with_gradient(logits, value.reshape([rows]), gradient)
}

/// What [`soften`] compares two softened distributions by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Soft {
    /// Σₖ pₖ (log pₖ − log qₖ), the Kullback-Leibler divergence.
    Divergence,
    /// −Σₖ pₖ log qₖ, larger by the entropy of p; its gradient is the same.
    CrossEntropy,
}

/// T² times the student's distance from the teacher per row, `[rows]`, with p = softmax(teacher / T) and
/// q = softmax(student / T). Its gradient with respect to the student is T (q − p); the teacher is a constant.
///
/// # Shapes
/// - `student`, `teacher`: `[rows, classes]`, logits
pub fn soften(student: Tensor<2>, teacher: Tensor<2>, temperature: f64, by: Soft) -> Tensor<1> {
    let [rows, classes] = student.dims();
    let (plain, teacher) = (student.clone().inner(), teacher.inner());
    if let (Some(z), Some(of)) = (host(&plain), host(&teacher)) {
        let t = temperature;
        let (p, q) = (
            Softmax::of(slice(&of), classes, t),
            Softmax::of(slice(&z), classes, t),
        );
        let (value, gradient) = each_row(&q, |row, log_q, q, gradient| {
            let (log_p, p) = p.row(row);
            let mut loss = 0.0;
            for (k, gradient) in gradient.iter_mut().enumerate() {
                *gradient = (t * (q[k] - p[k])) as f32;
                loss += match by {
                    Soft::Divergence => p[k] * (log_p(k) - log_q(k)),
                    Soft::CrossEntropy => -p[k] * log_q(k),
                };
            }
            t * t * loss
        });
        return with_gradient(student, value, gradient);
    }
    let log_softened = |z: Tensor<2>| log_softmax(z.mul_scalar(1.0 / temperature), 1);
    let (log_q, log_p) = (log_softened(plain), log_softened(teacher));
    let (q, p) = (log_q.clone().exp(), log_p.clone().exp());
    let surplus = q.sub(p.clone());
    let value = match by {
        Soft::Divergence => log_p.sub(log_q).mul(p).add(surplus.clone()),
        Soft::CrossEntropy => log_q.mul(p).neg(),
    };
    let value = value
        .sum_dim(1)
        .reshape([rows])
        .mul_scalar(temperature * temperature);
    with_gradient(student, value, surplus.mul_scalar(temperature))
}

/// softmax(z / T), in f64: T² enlarges the rounding of what is left of log p − log q.
struct Softmax {
    classes: usize,
    /// z / T less the row's largest, `[rows, classes]`.
    shifted: Vec<f64>,
    /// The logarithms of the sums of their exponentials, `[rows]`.
    log_sums: Vec<f64>,
    /// `[rows, classes]`
    shares: Vec<f64>,
}

impl Softmax {
    fn of(z: &[f32], classes: usize, temperature: f64) -> Self {
        let mut shifted = vec![0.0; z.len()];
        let mut shares = Vec::new();
        let mut log_sums = Vec::with_capacity(z.len() / classes.max(1));
        let by = temperature.recip();
        Isa::current().run(|| {
            let rows = z.chunks_exact(classes.max(1));
            for (shifted, z) in shifted.chunks_exact_mut(classes.max(1)).zip(rows) {
                let largest = z.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b));
                for (shifted, z) in shifted.iter_mut().zip(z) {
                    *shifted = (f64::from(*z) - f64::from(largest)) * by;
                }
            }
            shares.extend_from_slice(&shifted);
            exp_of_negative(&mut shares);
            for row in shares.chunks_exact_mut(classes.max(1)) {
                let sum: f64 = row.iter().sum();
                row.iter_mut().for_each(|x| *x /= sum);
                log_sums.push(sum.ln());
            }
        });
        Self {
            classes,
            shifted,
            log_sums,
            shares,
        }
    }

    /// The logarithms of a row's shares, and the shares.
    fn row(&self, row: usize) -> (impl Fn(usize) -> f64, &[f64]) {
        let here = row * self.classes..(row + 1) * self.classes;
        let (shifted, log_sum) = (&self.shifted[here.clone()], self.log_sums[row]);
        (move |k: usize| shifted[k] - log_sum, &self.shares[here])
    }
}

/// The losses `[rows]` that `loss` gives from (row, log q, q), and the gradients `[rows, classes]` that it writes.
fn each_row(
    q: &Softmax,
    loss: impl Fn(usize, &dyn Fn(usize) -> f64, &[f64], &mut [f32]) -> f64,
) -> (Tensor<1>, Tensor<2>) {
    Op::Softmax.ran();
    let (rows, classes) = (q.log_sums.len(), q.classes);
    let mut gradient = vec![0.0; rows * classes];
    let values = gradient
        .chunks_exact_mut(classes.max(1))
        .enumerate()
        .map(|(row, gradient)| {
            let (log_q, q) = q.row(row);
            loss(row, &log_q, q, gradient) as f32
        })
        .collect();
    (
        Tensor::from_primitive::<Flex>(tensor(values, [rows])),
        Tensor::from_primitive::<Flex>(tensor(gradient, [rows, classes])),
    )
}

/// The tensor as the host's own, contiguous and f32, if it is there.
fn host(plain: &Tensor<2>) -> Option<FlexTensor> {
    let here = on_host(plain).then(|| plain.clone().try_into_primitive::<Flex>());
    here?.ok().map(contiguous)
}
