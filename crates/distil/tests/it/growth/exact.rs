use burn::tensor::{Device, Tensor, TensorData};
use distil::growth::{Promise, StartRule, grow};
use distil::model::{
    Activation, Family, Input, MlpConfig, Net, Norm, TapSet, access::with_weights, fresh,
};
use distil::rng::Seed;
use distil::weights::Weights;
use proptest::prelude::*;

use super::host::{
    Step, difference, forward, inputs, layout, mix, pool, product, run, train, weights,
};
use super::{copies, grown, state};

const TOLERANCE: f64 = 1e-5;

/// The source's small network after some hundred Adam steps.
fn trained(widths: &[usize]) -> Weights {
    let layout = layout(widths, Activation::Relu, Norm::None);
    let mut weights = fresh(&layout, Seed(3));
    let teacher = super::host::weights(&layout, 4);
    let goal = |x: &_| forward(&layout, &teacher, x);
    train(&layout, &mut weights, &goal, 200, Step::Adam(3e-3));
    weights
}

#[test]
fn the_sources_networks_agree_after_training_for_both_width_rules() {
    let from = layout(&[100, 50, 10], Activation::Relu, Norm::None);
    let to = layout(&[1000, 500, 100, 10], Activation::Relu, Norm::None);
    let small = trained(&[100, 50, 10]);
    let (view, x) = (pool(100, 10), inputs(64, 1000, 5));
    let expected = forward(&from, &small, &product(&x, &view));
    let noisy = StartRule {
        noise: 0.5,
        ..copies()
    };
    for rule in [StartRule::default(), copies(), noisy] {
        let large = grown(&small, &from, &to, Some(&view), &rule);
        assert_eq!(large.promise, Promise::Exact);
        let found = difference(&expected, &forward(&to, &large.state.weights, &x));
        assert!(found <= TOLERANCE, "{rule:?}: {found:e}");
    }
}

#[test]
fn a_width_ratio_that_is_no_integer_is_exact_too() {
    let from = layout(&[12, 10, 10, 3], Activation::Relu, Norm::None);
    let to = layout(&[12, 23, 23, 3], Activation::Relu, Norm::None);
    let small = trained(&[12, 10, 10, 3]);
    let x = inputs(64, 12, 6);
    for rule in [StartRule::default(), copies()] {
        let large = grown(&small, &from, &to, None, &rule);
        let found = difference(
            &forward(&from, &small, &x),
            &forward(&to, &large.state.weights, &x),
        );
        assert!(found <= TOLERANCE, "{rule:?}: {found:e}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_promised_exact_is_exact(
        small in proptest::collection::vec(1usize..8, 0..4),
        more in proptest::collection::vec(0usize..12, 0..6),
        ends in (1usize..8, 1usize..4),
        activation in prop_oneof![Just(Activation::Relu), Just(Activation::Gelu), Just(Activation::Tanh)],
        norm in prop_oneof![Just(Norm::None), Just(Norm::Batch)],
        through_view in any::<bool>(),
        copy in any::<bool>(),
        seed in 0u64..1000,
    ) {
        let (read, outputs) = ends;
        // Layers are inserted for relu alone; the others only grow wider.
        let depth = if activation == Activation::Relu { small.len().max(more.len()) } else { small.len() };
        let last = small.last().copied().unwrap_or(2 * outputs);
        let wide = (0..depth).map(|i| small.get(i).unwrap_or(&last) + more.get(i).unwrap_or(&0));
        let finest = if through_view { read + 5 } else { read };
        let from: Vec<usize> = [read].into_iter().chain(small.clone()).chain([outputs]).collect();
        let to: Vec<usize> = [finest].into_iter().chain(wide).chain([outputs]).collect();
        let (from, to) = (layout(&from, activation, norm), layout(&to, activation, norm));

        let view = through_view.then(|| mix(finest, read, &mut Seed(seed).stream("view", &[])));
        let rule = if copy { StartRule { noise: 0.3, ..copies() } } else { StartRule::default() };
        let weights = weights(&from, seed);
        let large = grown(&weights, &from, &to, view.as_ref(), &rule);
        prop_assert_eq!(large.promise, Promise::Exact);
        let x = inputs(16, finest, seed);
        let seen = view.as_ref().map_or(x.clone(), |p| product(&x, p));
        let found = difference(&forward(&from, &weights, &seen), &forward(&to, &large.state.weights, &x));
        prop_assert!(found <= TOLERANCE, "{found:e}");
    }
}

#[test]
fn an_inserted_batch_norm_is_close_in_training_mode_too() {
    let from = layout(&[20, 16, 4], Activation::Relu, Norm::Batch);
    let to = layout(&[20, 16, 16, 16, 4], Activation::Relu, Norm::Batch);
    let small = weights(&from, 2);
    let large = grown(&small, &from, &to, None, &StartRule::default())
        .state
        .weights;
    let x = inputs(512, 20, 3);
    let before = run(&from, &small, &x, true).pop().unwrap();
    let after = run(&to, &large, &x, true).pop().unwrap();
    let found = difference(&before, &after);
    assert!(found < 0.1, "{found}");
    let mut plain = large;
    for (path, array) in &mut plain {
        let inserted = path.starts_with("hidden.1.norm") || path.starts_with("hidden.2.norm");
        match path.rsplit('.').next() {
            Some("gamma" | "running_var") if inserted => array.values.fill(1.0),
            Some("beta" | "running_mean") if inserted => array.values.fill(0.0),
            _ => {}
        }
    }
    let unprepared = difference(&before, &run(&to, &plain, &x, true).pop().unwrap());
    assert!(unprepared > 5.0 * found, "{unprepared} {found}");
}

#[test]
fn growth_through_layer_norm_promises_nothing_because_it_mixes_units() {
    let from = layout(&[6, 8, 3], Activation::Relu, Norm::Layer);
    let x = inputs(16, 6, 1);
    let small = weights(&from, 1);
    for widths in [&[6, 20, 3][..], &[6, 8, 8, 3]] {
        let to = layout(widths, Activation::Relu, Norm::Layer);
        let large = grown(&small, &from, &to, None, &StartRule::default());
        assert_eq!(large.promise, Promise::Nothing);
        let found = difference(
            &forward(&from, &small, &x),
            &forward(&to, &large.state.weights, &x),
        );
        assert!(found > 1e-2, "{found:e}");
    }
    let wider_view = layout(&[12, 8, 3], Activation::Relu, Norm::Layer);
    let view = pool(6, 2);
    let large = grown(
        &small,
        &from,
        &wider_view,
        Some(&view),
        &StartRule::default(),
    );
    assert_eq!(large.promise, Promise::Exact);
    let x = inputs(16, 12, 1);
    let seen = forward(&from, &small, &product(&x, &view));
    assert!(difference(&seen, &forward(&wider_view, &large.state.weights, &x)) <= TOLERANCE);
}

#[test]
fn shrinking_mixes_every_trained_number_with_the_fresh_one_and_promises_nothing() {
    let from = layout(&[5, 4, 2], Activation::Relu, Norm::Batch);
    let to = layout(&[5, 9, 7, 2], Activation::Relu, Norm::Batch);
    let small = weights(&from, 1);
    let whole = grown(&small, &from, &to, None, &StartRule::default())
        .state
        .weights;
    let rule = StartRule {
        shrink: 0.6,
        ..StartRule::default()
    };
    let shrunk = grown(&small, &from, &to, None, &rule);
    assert_eq!(shrunk.promise, Promise::Nothing);
    let fresh = fresh(&to, Seed(9));
    for (path, array) in &shrunk.state.weights {
        let statistic = path.contains("running");
        for (i, found) in array.values.iter().enumerate() {
            let (whole, fresh) = (whole[path].values[i], fresh[path].values[i]);
            let expected = if statistic {
                whole
            } else {
                0.6 * whole + 0.4 * fresh
            };
            assert!((found - expected).abs() < 1e-6, "{path} {i}");
        }
    }
}

#[test]
fn growth_is_a_pure_function_of_its_arguments() {
    let from = layout(&[5, 4, 2], Activation::Relu, Norm::None);
    let to = layout(&[5, 9, 7, 2], Activation::Relu, Norm::None);
    let small = state(&weights(&from, 1));
    let draw = |seed| {
        let fresh = fresh(&to, Seed(9));
        grow(&small, &from, &to, None, &copies(), &fresh, Seed(seed))
            .unwrap()
            .state
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
}

#[test]
fn the_real_network_computes_what_the_small_one_did() {
    let (small, large) = (
        MlpConfig {
            hidden: vec![50],
            ..MlpConfig::default()
        },
        MlpConfig {
            hidden: vec![500, 100],
            ..MlpConfig::default()
        },
    );
    let (from, to) = (
        small.layout(&[100], 10).unwrap(),
        large.layout(&[1000], 10).unwrap(),
    );
    let weights = trained(&[100, 50, 10]);
    let (view, x) = (pool(100, 10), inputs(32, 1000, 8));
    let device = Device::default();
    let tensor = |rows: &super::host::Rows| {
        let values: Vec<f32> = rows.iter().flatten().map(|v| *v as f32).collect();
        Input::Flat(Tensor::from_data(
            TensorData::new(values, [rows.len(), rows[0].len()]),
            &device,
        ))
    };
    let outputs = |config: &MlpConfig, inputs: usize, weights: &Weights, x: &super::host::Rows| {
        let net = config
            .init(config.layout(&[inputs], 10).unwrap(), Seed(1), &device)
            .unwrap();
        let net = with_weights(net, weights).unwrap();
        let values = net
            .forward(&tensor(x), &TapSet::default())
            .values
            .into_data();
        let values: Vec<f64> = values.iter::<f64>().collect();
        values
            .chunks(10)
            .map(<[f64]>::to_vec)
            .collect::<super::host::Rows>()
    };
    let before = outputs(&small, 100, &weights, &product(&x, &view));
    for rule in [StartRule::default(), copies()] {
        let grown = grown(&weights, &from, &to, Some(&view), &rule);
        let after = outputs(&large, 1000, &grown.state.weights, &x);
        let found = difference(&before, &after);
        assert!(found <= TOLERANCE, "{rule:?}: {found:e}");
    }
}
