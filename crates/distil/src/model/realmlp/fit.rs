//! First weights, of which most depend on the training part.

use burn::module::Module;
use burn::tensor::Tensor;

use super::net::RealMlp;
use crate::error::Result;
use crate::model::access::{weights_of, with_weights};
use crate::model::family::First;
use crate::model::layout::{Kind, Layout};
use crate::read_back::read;
use crate::rng::{Seed, Stream};
use crate::weights::{Array, Weights};

/// Training rows it looks at, at most: of wide tables fewer, which then take 256 MB.
pub(super) fn rows(features: usize) -> usize {
    (1 << 15).min((1 << 26) / features.max(1)).max(256)
}

/// Rows of which each first bias is minus a mean, with weights drawn from a simplex.
const SIMPLEX: usize = 5;

/// Weights that no row was looked at for: matrices of N(0, 1/inputs), biases of 0.
pub(super) fn drawn(layout: &Layout, sigma: f32, seed: Seed) -> Weights {
    let mut weights = Weights::new();
    for layer in &layout.layers {
        for (path, shape) in layer.arrays() {
            let count: usize = shape.iter().product();
            let name = path.rsplit('.').next().unwrap_or_default();
            let mut stream = seed.stream(&format!("weights/{path}"), &[]);
            let mut each = |number: &dyn Fn(&mut Stream) -> f32| -> Vec<f32> {
                (0..count).map(|_| number(&mut stream)).collect()
            };
            let values = match (layer.kind, name) {
                (Kind::Scaled, "center") => vec![0.0; count],
                (Kind::Scaled | Kind::Diagonal, _) | (Kind::Dense, "slope") => vec![1.0; count],
                (Kind::Members { .. }, _) => each(&|s| [-1.0, 1.0][s.below(2) as usize]),
                (Kind::Range, "low") => vec![f32::MIN; count],
                (Kind::Range, _) => vec![f32::MAX; count],
                (Kind::Waves { .. }, "frequency") => each(&|s| sigma * s.normal()),
                (Kind::Waves { .. }, "phase") => {
                    each(&|s| s.uniform(-std::f32::consts::PI, std::f32::consts::PI))
                }
                (Kind::Waves { waves, .. }, _) => {
                    let bound = 1.0 / (waves.max(1) as f32).sqrt();
                    each(&|s| s.uniform(-bound, bound))
                }
                (Kind::Embedding, _) => each(&|s| s.normal()),
                (_, "weight") => {
                    let gain = 1.0 / (layer.inputs.max(1) as f32).sqrt();
                    each(&|s| gain * s.normal())
                }
                _ => vec![0.0; count],
            };
            weights.insert(path, Array::new(shape, values));
        }
    }
    weights
}

/// Scales by the rows' quartiles; then, layer by layer, divides each unit's weights by the deviation that its sums have over the
/// rows, and puts its bias where some row between five of them makes it 0 ("he+5").
pub(super) fn fit(net: RealMlp, first: &First, seed: Seed) -> Result<RealMlp> {
    let plain = net.valid();
    let rows = first.rows.flat().inner();
    let mut weights = weights_of(&net);
    let chosen = plain.chosen(&rows);
    let chosen = Array::new(chosen.dims(), read(chosen));
    let (center, factor) = robust(&chosen);
    put(&mut weights, "scaled.center", center);
    put(&mut weights, "scaled.factor", factor);
    if let Some([low, high]) = first
        .range
        .clone()
        .filter(|_| net.layout.layer("range").is_some())
    {
        put(&mut weights, "range.low", low);
        put(&mut weights, "range.high", high);
    }
    let mut plain = with_weights(plain, &weights)?;
    // Of an ensemble's rows each becomes one a member: fewer do.
    let [count, _] = rows.dims();
    let enough = (count / net.layout.members()).max(256).min(count);
    let mut x = plain.read(&rows.narrow(0, 0, enough));
    for (i, layer) in net.layout.computing().enumerate() {
        let path = |name: &str| format!("{}.{name}", layer.path);
        let head = i.checked_sub(net.hidden.len());
        let own = match head.filter(|_| net.layout.members() > 1) {
            Some(member) => plain.of_member(&x, member),
            None => x.clone(),
        };
        let sums = own.matmul(matrix(&weights, &path("weight"), &x));
        let sums = Array::new(sums.dims(), read(sums));
        let deviations = deviations(&sums);
        if let Some(weight) = weights.get_mut(&path("weight")) {
            let each = weight.values.iter_mut().zip(deviations.iter().cycle());
            each.for_each(|(w, deviation)| *w /= deviation);
        }
        let mut stream = seed.stream(&format!("weights/{}", path("bias")), &[1]);
        let bias = between(&sums, &deviations, &mut stream);
        put(&mut weights, &path("bias"), bias);
        plain = with_weights(plain, &weights)?;
        if let Some(hidden) = plain.hidden.get(i) {
            x = hidden.forward(x, None);
        }
    }
    with_weights(net, &weights)
}

fn put(weights: &mut Weights, path: &str, values: Vec<f32>) {
    weights.insert(path.to_string(), Array::new([values.len()], values));
}

fn matrix(weights: &Weights, path: &str, like: &Tensor<2>) -> Tensor<2> {
    let array = weights
        .get(path)
        .cloned()
        .unwrap_or_else(|| Array::zeros([0, 0]));
    let (rows, columns) = array.rows_cols();
    let data = burn::tensor::TensorData::new(array.values, [rows, columns]);
    Tensor::from_data(data, &like.device())
}

/// Each column's median, and 1 ÷ its interquartile range; where that is 0, 2 ÷ its whole range; where that is 0, too, 0.
pub(super) fn robust(rows: &Array) -> (Vec<f32>, Vec<f32>) {
    let (count, columns) = rows.rows_cols();
    let of = |column: usize| {
        let mut values: Vec<f32> = (0..count).map(|row| rows.row(row)[column]).collect();
        values.sort_unstable_by(f32::total_cmp);
        let [first, median, third] = [0.25, 0.5, 0.75].map(|share| quantile(&values, share));
        let (least, most) = (quantile(&values, 0.0), quantile(&values, 1.0));
        let spread = match third - first {
            0.0 => 0.5 * (most - least),
            quartiles => quartiles,
        };
        let factor = if spread == 0.0 { 0.0 } else { 1.0 / spread };
        (median as f32, factor as f32)
    };
    (0..columns).map(of).unzip()
}

/// The quantile of sorted values, between two of them linearly.
fn quantile(sorted: &[f32], share: f64) -> f64 {
    let at = share * sorted.len().saturating_sub(1) as f64;
    let value = |at: f64| sorted.get(at as usize).map_or(0.0, |x| f64::from(*x));
    let (below, above) = (value(at.floor()), value(at.ceil()));
    below + (at - at.floor()) * (above - below)
}

/// The deviation of each column, or 1 where it is none.
fn deviations(sums: &Array) -> Vec<f32> {
    let (count, columns) = sums.rows_cols();
    let (mut mean, mut square) = (vec![0.0_f64; columns], vec![0.0_f64; columns]);
    for row in 0..count {
        for ((x, mean), square) in sums.row(row).iter().zip(&mut mean).zip(&mut square) {
            *mean += f64::from(*x) / count as f64;
            *square += f64::from(*x).powi(2) / count as f64;
        }
    }
    let each = mean.iter().zip(square);
    each.map(
        |(mean, square)| match (square - mean * mean).max(0.0).sqrt() {
            deviation if deviation > 1e-12 => deviation as f32,
            _ => 1.0,
        },
    )
    .collect()
}

/// Minus a mean of a few rows' sums, by unit, each with its own rows and weights.
fn between(sums: &Array, deviations: &[f32], stream: &mut Stream) -> Vec<f32> {
    let (count, _) = sums.rows_cols();
    let unit = |(unit, deviation): (usize, &f32)| {
        let (mut sum, mut all) = (0.0, 0.0);
        for _ in 0..SIMPLEX {
            let row = stream.below(count as u64) as usize;
            // Exponential numbers over their sum lie evenly on a simplex.
            let weight = -(1.0 - f64::from(stream.uniform(0.0, 1.0))).max(1e-12).ln();
            let value = if count == 0 { 0.0 } else { sums.row(row)[unit] };
            sum += weight * f64::from(value);
            all += weight;
        }
        -(sum / all / f64::from(*deviation)) as f32
    };
    deviations.iter().enumerate().map(unit).collect()
}
