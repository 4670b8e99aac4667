//! A reference network in f64, independent of Burn: forward for every layout, training for plain ones.

use distil::model::{Activation, Layer, Layout, Norm};
use distil::rng::{Seed, Stream};
use distil::weights::{Array, Weights};

pub type Rows = Vec<Vec<f64>>;

/// A layout with these widths, from inputs to outputs.
pub fn layout(widths: &[usize], activation: Activation, norm: Norm) -> Layout {
    let last = widths.len() - 2;
    let layer = |(i, w): (usize, &[usize])| match i == last {
        true => Layer::dense("head", w[0], w[1]),
        false => Layer {
            norm,
            activation: Some(activation),
            ..Layer::dense(&format!("hidden.{i}"), w[0], w[1])
        },
    };
    Layout::chain(widths.windows(2).enumerate().map(layer).collect())
}

/// Weights as if trained: the family's own, with norms and biases moved away from where they start.
pub fn weights(layout: &Layout, seed: u64) -> Weights {
    let mut weights = distil::model::fresh(layout, Seed(seed));
    let mut stream = Seed(seed).stream("test", &[]);
    for (path, array) in &mut weights {
        for value in &mut array.values {
            *value = match path.rsplit('.').next() {
                Some("weight") => *value * 2.0,
                Some("running_var") => stream.uniform(0.2, 3.0),
                Some("gamma") => stream.uniform(-1.5, 1.5),
                _ => stream.uniform(-0.5, 0.5),
            };
        }
    }
    weights
}

pub fn inputs(rows: usize, columns: usize, seed: u64) -> Rows {
    let mut stream = Seed(seed).stream("inputs", &[]);
    let mut row = || (0..columns).map(|_| f64::from(stream.normal())).collect();
    (0..rows).map(|_| row()).collect()
}

/// x · m
pub fn product(x: &Rows, m: &Array) -> Rows {
    let (_, columns) = m.rows_cols();
    let row = |x: &Vec<f64>| {
        let mut sums = vec![0.0; columns];
        for (i, x) in x.iter().enumerate() {
            let terms = sums.iter_mut().zip(m.row(i));
            terms.for_each(|(sum, w)| *sum += x * f64::from(*w));
        }
        sums
    };
    x.iter().map(row).collect()
}

fn activate(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::Relu => x.max(0.0),
        // Any curve of its shape will do here: both networks use the same one.
        Activation::Gelu => x / (1.0 + (-1.702 * x).exp()),
        Activation::Tanh => x.tanh(),
        Activation::Selu if x > 0.0 => 1.050_701 * x,
        Activation::Selu => 1.050_701 * 1.673_263_2 * x.exp_m1(),
        Activation::Mish => x * x.exp().ln_1p().tanh(),
    }
}

/// The inputs of every layer, and last the outputs. `batch`: batch norm uses the rows' own statistics.
pub fn run(layout: &Layout, weights: &Weights, x: &Rows, batch: bool) -> Vec<Rows> {
    let mut all = vec![x.clone()];
    for layer in &layout.layers {
        let get = |name: &str| &weights[&format!("{}.{name}", layer.path)];
        let mut y = product(&all[all.len() - 1], get("weight"));
        for row in &mut y {
            let bias = row.iter_mut().zip(&get("bias").values);
            bias.for_each(|(y, b)| *y += f64::from(*b));
        }
        normalise(layer, &get, &mut y, batch);
        if let Some(activation) = layer.activation {
            y.iter_mut()
                .flatten()
                .for_each(|y| *y = activate(activation, *y));
        }
        all.push(y);
    }
    all
}

pub fn forward(layout: &Layout, weights: &Weights, x: &Rows) -> Rows {
    run(layout, weights, x, false).pop().unwrap()
}

fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    (
        mean,
        values.map(|v| (v - mean).powi(2)).sum::<f64>() / count,
    )
}

fn normalise<'a>(layer: &Layer, get: &dyn Fn(&str) -> &'a Array, y: &mut Rows, batch: bool) {
    if layer.norm == Norm::None {
        return;
    }
    let unit = |name: &str, i: usize| f64::from(get(name).values[i]);
    let by_unit: Vec<_> = (0..layer.outputs)
        .map(|i| match layer.norm {
            Norm::Batch if !batch => (unit("norm.running_mean", i), unit("norm.running_var", i)),
            _ => moments(y.iter().map(|row| row[i])),
        })
        .collect();
    for row in y {
        let of_row = moments(row.clone().into_iter());
        for (i, y) in row.iter_mut().enumerate() {
            let (mean, variance) = match layer.norm {
                Norm::Layer => of_row,
                _ => by_unit[i],
            };
            let scaled = (*y - mean) / (variance + 1e-5).sqrt();
            *y = scaled * unit("norm.gamma", i) + unit("norm.beta", i);
        }
    }
}

/// Largest difference between two outputs per row, as a share of max(1, largest output of the row).
pub fn difference(a: &Rows, b: &Rows) -> f64 {
    let row = |(a, b): (&Vec<f64>, &Vec<f64>)| {
        let largest = a.iter().fold(1.0_f64, |m, v| m.max(v.abs()));
        let differences = a.iter().zip(b).map(|(a, b)| (a - b).abs());
        differences.fold(0.0, f64::max) / largest
    };
    a.iter().zip(b).map(row).fold(0.0, f64::max)
}

#[derive(Clone, Copy, PartialEq)]
pub enum Step {
    Sgd(f64),
    Adam(f64),
}

/// Trains a relu network without norms towards a fixed random function of its inputs by mean squared error.
pub fn train(
    layout: &Layout,
    weights: &mut Weights,
    goal: &dyn Fn(&Rows) -> Rows,
    steps: u64,
    step: Step,
) {
    let mut memory: std::collections::BTreeMap<String, (Vec<f64>, Vec<f64>)> = Default::default();
    for t in 1..=steps {
        let x = inputs(32, layout.inputs(), 1_000 + t);
        for (path, gradient) in gradients(layout, weights, &x, &goal(&x)) {
            let (m, v) = memory
                .entry(path.clone())
                .or_insert_with(|| (vec![0.0; gradient.len()], vec![0.0; gradient.len()]));
            let values = &mut weights.get_mut(&path).unwrap().values;
            for (i, g) in gradient.into_iter().enumerate() {
                let change = match step {
                    Step::Sgd(lr) => lr * g,
                    Step::Adam(lr) => {
                        m[i] = 0.9 * m[i] + 0.1 * g;
                        v[i] = 0.999 * v[i] + 0.001 * g * g;
                        let (m, v) = (
                            m[i] / (1.0 - 0.9_f64.powf(t as f64)),
                            v[i] / (1.0 - 0.999_f64.powf(t as f64)),
                        );
                        lr * m / (v.sqrt() + 1e-8)
                    }
                };
                values[i] -= change as f32;
            }
        }
    }
}

fn gradients(layout: &Layout, weights: &Weights, x: &Rows, y: &Rows) -> Vec<(String, Vec<f64>)> {
    let all = run(layout, weights, x, false);
    let count = (x.len() * layout.outputs()) as f64;
    let outputs = all[all.len() - 1].iter().zip(y);
    let error = |(f, y): (&Vec<f64>, &Vec<f64>)| {
        f.iter()
            .zip(y)
            .map(|(f, y)| 2.0 * (f - y) / count)
            .collect()
    };
    let mut delta: Rows = outputs.map(error).collect();
    let mut found = Vec::new();
    for (i, layer) in layout.layers.iter().enumerate().rev() {
        let weight = &weights[&format!("{}.weight", layer.path)];
        let mut of_weight = vec![0.0; layer.inputs * layer.outputs];
        let mut of_bias = vec![0.0; layer.outputs];
        for (x, delta) in all[i].iter().zip(&delta) {
            for (o, d) in delta.iter().enumerate() {
                of_bias[o] += d;
                (0..layer.inputs).for_each(|k| of_weight[k * layer.outputs + o] += x[k] * d);
            }
        }
        found.push((format!("{}.weight", layer.path), of_weight));
        found.push((format!("{}.bias", layer.path), of_bias));
        let back = |(x, delta): (&Vec<f64>, &Vec<f64>)| {
            let input = |k: usize| {
                let sum: f64 = delta
                    .iter()
                    .zip(weight.row(k))
                    .map(|(d, w)| d * f64::from(*w))
                    .sum();
                // The derivative of relu at its own output.
                if x[k] > 0.0 { sum } else { 0.0 }
            };
            (0..layer.inputs).map(input).collect()
        };
        delta = all[i].iter().zip(&delta).map(back).collect();
    }
    found
}

/// A view that averages `ratio` neighbours: `[columns · ratio, columns]`.
pub fn pool(columns: usize, ratio: usize) -> Array {
    let cell = |i: usize| {
        if i / columns / ratio == i % columns {
            1.0 / ratio as f32
        } else {
            0.0
        }
    };
    Array::new(
        [columns * ratio, columns],
        (0..columns * columns * ratio).map(cell).collect(),
    )
}

/// A dense random view.
pub fn mix(rows: usize, columns: usize, stream: &mut Stream) -> Array {
    let scale = 1.0 / (rows as f32).sqrt();
    Array::new(
        [rows, columns],
        (0..rows * columns)
            .map(|_| scale * stream.normal())
            .collect(),
    )
}
