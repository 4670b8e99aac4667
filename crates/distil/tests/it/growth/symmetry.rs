use distil::growth::StartRule;
use distil::model::{Activation, Layout, Norm, fresh};
use distil::rng::Seed;
use distil::weights::{Array, Weights};

use super::host::{Rows, Step, forward, inputs, layout, run, train, weights};
use super::{copies, grown};

const INPUTS: usize = 12;
const OLD: usize = 4;
const NEW: usize = 8;

fn layouts() -> (Layout, Layout) {
    (
        layout(&[INPUTS, OLD, 3], Activation::Relu, Norm::None),
        layout(&[INPUTS, NEW, 3], Activation::Relu, Norm::None),
    )
}

/// Something to learn that neither network computes yet.
fn goal(x: &Rows) -> Rows {
    let teacher = layout(&[INPUTS, 12, 12, 3], Activation::Tanh, Norm::None);
    forward(&teacher, &weights(&teacher, 77), x)
}

/// Unit j + 4 copies unit j and takes half of its outgoing weights: Net2Net without noise.
fn even_copies(small: &Weights) -> Weights {
    let twice = |path: &str| {
        let (rows, _) = small[path].rows_cols();
        let values = (0..rows)
            .flat_map(|r| [small[path].row(r); 2].concat())
            .collect::<Vec<_>>();
        let shape = if small[path].shape.len() == 1 {
            vec![NEW]
        } else {
            vec![rows, NEW]
        };
        Array::new(shape, values)
    };
    let halves = small["head.weight"].values.iter().map(|w| w / 2.0);
    let halves: Vec<f32> = halves.collect();
    let mut large = small.clone();
    large.insert("hidden.0.weight".into(), twice("hidden.0.weight"));
    large.insert("hidden.0.bias".into(), twice("hidden.0.bias"));
    large.insert(
        "head.weight".into(),
        Array::new([NEW, 3], [&halves[..], &halves].concat()),
    );
    large
}

fn column(weights: &Weights, unit: usize) -> Vec<f64> {
    let weight = &weights["hidden.0.weight"];
    (0..INPUTS)
        .map(|row| f64::from(weight.row(row)[unit]))
        .collect()
}

/// Largest distance between units that started as copies of each other, relative to their length.
fn distance(start: &Weights, end: &Weights) -> f64 {
    let mut largest = 0.0_f64;
    for a in 0..NEW {
        for b in (a + 1..NEW).filter(|b| column(start, a) == column(start, *b)) {
            let (a, b) = (column(end, a), column(end, b));
            let apart: f64 = a.iter().zip(&b).map(|(a, b)| (a - b).powi(2)).sum();
            largest = largest.max((apart / a.iter().map(|a| a * a).sum::<f64>()).sqrt());
        }
    }
    largest
}

#[test]
fn even_copies_would_stay_identical_and_uneven_ones_part() {
    let (from, to) = layouts();
    let mut small = fresh(&from, Seed(1));
    train(&from, &mut small, &goal, 200, Step::Adam(3e-3));
    for step in [Step::Sgd(0.05), Step::Adam(3e-3)] {
        let even = even_copies(&small);
        let mut after = even.clone();
        train(&to, &mut after, &goal, 100, step);
        assert_ne!(even, after);
        assert_eq!(distance(&even, &after), 0.0, "even copies");

        let uneven = grown(&small, &from, &to, None, &copies()).state.weights;
        let mut after = uneven.clone();
        train(&to, &mut after, &goal, 100, step);
        let apart = distance(&uneven, &after);
        println!("relative distance of uneven copies after 100 steps: {apart:.3}");
        assert!(apart > 1e-3, "{apart}");
    }
}

#[test]
fn shares_are_uneven_and_add_up_to_the_weight_they_split() {
    let (from, to) = layouts();
    let small = weights(&from, 5);
    let large = grown(&small, &from, &to, None, &copies()).state.weights;
    let (before, after) = (&small["head.weight"], &large["head.weight"]);
    for unit in 0..OLD {
        let same = (0..NEW).filter(|other| column(&large, *other) == column(&large, unit));
        let same: Vec<usize> = same.collect();
        for output in 0..3 {
            let parts: Vec<f32> = same.iter().map(|u| after.row(*u)[output]).collect();
            let whole = before.row(unit)[output];
            assert!((parts.iter().sum::<f32>() - whole).abs() < 1e-6);
            for part in &parts {
                let share = part / whole * parts.len() as f32;
                assert!((1.0 / 3.0..3.0).contains(&share), "{share}");
                assert!(parts.len() == 1 || (share - 1.0).abs() > 1e-6);
            }
        }
    }
}

/// exp of the entropy of the units' normalised covariance spectrum (after Roy & Vetterli 2007), each unit scaled by
/// its outgoing weights: the number of directions in which the layer speaks to the next one.
fn effective_rank(layout: &Layout, weights: &Weights, x: &Rows) -> f64 {
    let hidden = &run(layout, weights, x, false)[1];
    let out = &weights["head.weight"];
    let voice = |unit: usize| -> Vec<f64> {
        let loud = out
            .row(unit)
            .iter()
            .map(|w| f64::from(*w).powi(2))
            .sum::<f64>()
            .sqrt();
        let mean = hidden.iter().map(|row| row[unit]).sum::<f64>() / x.len() as f64;
        hidden.iter().map(|row| (row[unit] - mean) * loud).collect()
    };
    let voices: Rows = (0..hidden[0].len()).map(voice).collect();
    let dot = |a: &Vec<f64>, b: &Vec<f64>| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let covariance = voices
        .iter()
        .map(|a| voices.iter().map(|b| dot(a, b)).collect());
    let spectrum = eigenvalues(covariance.collect());
    let sum: f64 = spectrum.iter().sum();
    let shares = spectrum
        .iter()
        .map(|v| v / sum)
        .filter(|share| *share > 1e-12);
    shares.map(|share| -share * share.ln()).sum::<f64>().exp()
}

/// Eigenvalues of a symmetric matrix (Jacobi's rotations).
fn eigenvalues(mut m: Rows) -> Vec<f64> {
    let n = m.len();
    for (p, q) in (0..20 * n * n)
        .map(|i| (i / n % n, i % n))
        .filter(|(p, q)| p < q)
    {
        let angle = 0.5 * (2.0 * m[p][q]).atan2(m[q][q] - m[p][p]);
        let (s, c) = angle.sin_cos();
        for row in &mut m {
            (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
        }
        let rotate = |(p, q): (&mut f64, &mut f64)| (*p, *q) = (c * *p - s * *q, s * *p + c * *q);
        let (upper, lower) = m.split_at_mut(q);
        upper[p].iter_mut().zip(&mut lower[0]).for_each(rotate);
    }
    (0..n).map(|i| m[i][i].max(0.0)).collect()
}

#[test]
fn new_units_are_silent_at_first_and_carry_signal_after_fifty_steps() {
    let (from, to) = layouts();
    let mut small = fresh(&from, Seed(1));
    train(&from, &mut small, &goal, 200, Step::Adam(3e-3));
    let x = inputs(256, INPUTS, 2);
    let mut large = grown(&small, &from, &to, None, &StartRule::default())
        .state
        .weights;
    let outgoing = |weights: &Weights| {
        let of_new = weights["head.weight"].values[OLD * 3..].iter();
        of_new.map(|w| w.abs()).fold(f32::INFINITY, f32::min)
    };
    let before = effective_rank(&from, &small, &x);
    assert_eq!(outgoing(&large), 0.0);
    assert!((effective_rank(&to, &large, &x) - before).abs() < 1e-6);
    train(&to, &mut large, &goal, 50, Step::Adam(3e-3));
    assert!(outgoing(&large) > 0.0);
    let after = effective_rank(&to, &large, &x);
    println!("effective rank of the hidden layer: {before:.2} small, {after:.2} after 50 steps");
    assert!(after > before + 0.1, "{before} {after}");
}
