//! µP: the rules against the Python package `mup` (`testdata/reference/parametrization.json`, written by the script beside it), and
//! what they are for: every layer moves as far in a wide network as in a narrow one.

use std::collections::BTreeSet;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use distil::growth::{StartRule, grow};
use distil::model::access::{weights_of, with_weights};
use distil::model::{
    CnnConfig, Input, Layout, MlpConfig, Model, ModelConfig, Mup, Net, ResnetConfig, Steps, TapSet,
    fresh,
};
use distil::optim::adam::Adam;
use distil::optim::adamw::{AdamW, Exclude};
use distil::optim::sgd::Sgd;
use distil::optim::{Gradients, Optimizer, Rule, Slot, State};
use distil::rng::Seed;
use distil::weights::{Array, Weights};
use serde_json::Value;

fn reference() -> Value {
    let text = include_str!("../../../../testdata/reference/parametrization.json");
    serde_json::from_str(text).unwrap()
}

fn numbers(value: &Value) -> Vec<f32> {
    let number = |v: &Value| v.as_f64().unwrap() as f32;
    value.as_array().unwrap().iter().map(number).collect()
}

fn close(a: f64, b: f64, within: f64) -> bool {
    (a - b).abs() <= within * b.abs()
}

#[test]
fn every_parameter_has_the_products_of_the_package() {
    let reference = reference();
    for pair in reference["networks"].as_array().unwrap() {
        let shape: Vec<usize> = numbers(&pair["input"])
            .iter()
            .map(|x| *x as usize)
            .collect();
        let outputs = pair["outputs"].as_u64().unwrap() as usize;
        let layout = |key: &str| -> Layout {
            let config: ModelConfig = serde_json::from_value(pair[key].clone()).unwrap();
            config.layout(&shape, outputs).unwrap()
        };
        let (small, large) = (layout("small"), layout("large"));
        let mup = Mup::of(&small, &large);
        let (sgd, adam) = (mup.paces(Steps::Gradient), mup.paces(Steps::Normalised));
        let parameters = pair["parameters"].as_object().unwrap();
        let paths: BTreeSet<&String> = parameters.keys().collect();
        assert!(sgd.keys().eq(paths), "{}", pair["name"]);
        let mut ones: Weights = parameters
            .keys()
            .map(|path| (path.clone(), Array::new([1], vec![1.0])))
            .collect();
        mup.first(&mut ones);
        for (path, wanted) in parameters {
            let wanted = |key: &str| wanted[key].as_f64().unwrap();
            for (found, wanted) in [
                (f64::from(ones[path].values[0]), wanted("first")),
                (sgd[path].lr, wanted("sgd")),
                (adam[path].lr, wanted("adam")),
                (sgd[path].lr * sgd[path].decay, wanted("decay")),
                (adam[path].lr * adam[path].decay, wanted("decay")),
            ] {
                let name = &pair["name"];
                assert!(
                    close(found, wanted, 1e-6),
                    "{name}, {path}: {found}, {wanted}"
                );
            }
        }
    }
}

fn mlp(hidden: &[usize]) -> ModelConfig {
    ModelConfig::Mlp(MlpConfig {
        hidden: hidden.to_vec(),
        ..MlpConfig::default()
    })
}

fn matrix(values: Vec<f32>, columns: usize, device: &Device) -> Tensor<2> {
    let rows = values.len() / columns;
    Tensor::from_data(TensorData::new(values, [rows, columns]), device)
}

#[test]
fn a_network_trains_as_the_package_trains_it() {
    let reference = reference();
    let layout = |hidden: &[usize]| mlp(hidden).layout(&[6], 3).unwrap();
    let (small, large) = (layout(&[4, 6]), layout(&[24, 18]));
    let mup = Mup::of(&small, &large);
    let device = Device::flex().autodiff();
    let first: Weights = large
        .layers
        .iter()
        .flat_map(|layer| layer.arrays())
        .map(|(path, shape)| {
            let values = numbers(&reference["first"][&path]);
            (path, Array::new(shape, values))
        })
        .collect();
    let inputs = Input::Flat(matrix(numbers(&reference["inputs"]), 6, &device));
    let target = matrix(numbers(&reference["target"]), 3, &device);
    for run in reference["training"].as_array().unwrap() {
        let name = run["optimizer"].as_str().unwrap();
        let (lr, decay) = (run["lr"].as_f64().unwrap(), run["decay"].as_f64().unwrap());
        let rule: Box<dyn Rule> = match name {
            "sgd" => Box::new(Sgd {
                momentum: 0.9,
                weight_decay: decay as f32,
                ..Sgd::default()
            }),
            "adam" => Box::new(Adam::default()),
            _ => Box::new(AdamW {
                weight_decay: decay as f32,
                exclude: Exclude::Nothing,
                ..AdamW::default()
            }),
        };
        let paces = mup.paces(rule.steps().unwrap());
        let mut optimizer = Optimizer::new(rule).paced(paces);
        let net = mlp(&[24, 18])
            .init(large.clone(), Seed(1), &device)
            .unwrap();
        let mut net = with_weights(net, &first).unwrap();
        for (step, wanted) in run["losses"].as_array().unwrap().iter().enumerate() {
            let outputs = net.forward(&inputs, &TapSet::default()).values;
            let loss = (outputs - target.clone()).powi_scalar(2).mean();
            let (found, wanted) = (
                f64::from(loss.clone().into_scalar::<f32>()),
                wanted.as_f64().unwrap(),
            );
            assert!(
                close(found, wanted, 1e-4),
                "{name}, step {step}: {found}, {wanted}"
            );
            let gradients = Gradients::take(&net, &mut loss.backward());
            net = optimizer.update(net, gradients, lr);
        }
        let outputs = net.forward(&inputs, &TapSet::default()).values;
        let found: Vec<f32> = outputs.into_data().try_into_vec().unwrap();
        for (found, wanted) in found.iter().zip(numbers(&run["outputs"])) {
            assert!((found - wanted).abs() < 2e-4, "{name}: {found}, {wanted}");
        }
    }
}

/// Pictures of 8 × 8: a bump somewhere near the place of the class, and noise. With one-hot labels.
fn bumps(rows: usize, seed: u64) -> (Vec<f32>, Vec<f32>) {
    let mut stream = Seed(seed).stream("bumps", &[]);
    let (mut pictures, mut labels) = (Vec::new(), vec![0.0; rows * CLASSES]);
    for row in 0..rows {
        let class = row % CLASSES;
        labels[row * CLASSES + class] = 1.0;
        let near = |at: usize, stream: &mut distil::rng::Stream| at as f32 * 1.6 + stream.normal();
        let (y, x) = (
            near(class / 3 + 1, &mut stream),
            near(class % 3 + 1, &mut stream),
        );
        for place in 0..64 {
            let (dy, dx) = ((place / 8) as f32 - y, (place % 8) as f32 - x);
            pictures.push(3.0 * (-(dy * dy + dx * dx) / 4.0).exp() - 1.0 + 0.3 * stream.normal());
        }
    }
    (pictures, labels)
}

const CLASSES: usize = 10;

/// Mean |change| since the start, on 64 samples, of each hidden activation and of the outputs, by step; the mean of these seeds.
fn changes(
    [config, base]: [&ModelConfig; 2],
    shape: &[usize],
    mup: bool,
    (rule, lr): (&dyn Rule, f64),
    seeds: u64,
) -> Vec<Vec<f64>> {
    const ROWS: usize = 64;
    let device = Device::flex().autodiff();
    let layout = config.layout(shape, CLASSES).unwrap();
    let taps = TapSet(layout.taps());
    let mut sums = vec![vec![0.0; taps.0.len() + 1]; 5];
    for seed in 1..=seeds {
        let probe = Input::Flat(matrix(bumps(ROWS, 1000 + seed).0, 64, &device));
        let mut weights = fresh(&layout, Seed(seed));
        let mut optimizer = Optimizer::new(rule.clone_rule());
        if mup {
            let mup = Mup::of(&base.layout(shape, CLASSES).unwrap(), &layout);
            mup.first(&mut weights);
            optimizer = optimizer.paced(mup.paces(rule.steps().unwrap()));
        }
        let net = config.init(layout.clone(), Seed(seed), &device).unwrap();
        let mut net = with_weights(net, &weights).unwrap();
        let seen = |net: &Model| -> Vec<Vec<f32>> {
            let output = net.forward(&probe, &taps);
            let hidden = output.taps.into_iter().map(|tap| tap.values);
            let all = hidden.chain([output.values]);
            all.map(|values| values.into_data().try_into_vec().unwrap())
                .collect()
        };
        let start = seen(&net);
        for (at, step) in sums.iter_mut().enumerate() {
            let (pictures, labels) = bumps(ROWS, 10 * seed + at as u64);
            let x = Input::Flat(matrix(pictures, 64, &device));
            let outputs = net.forward(&x, &TapSet::default()).values;
            let log = burn::tensor::activation::log_softmax(outputs, 1);
            let loss = (log * matrix(labels, CLASSES, &device)).sum() / -(ROWS as f32);
            let gradients = Gradients::take(&net, &mut loss.backward());
            net = optimizer.update(net, gradients, lr);
            for (sum, (after, before)) in step.iter_mut().zip(seen(&net).iter().zip(&start)) {
                let pairs = after.iter().zip(before);
                let moved: f64 = pairs.map(|(a, b)| f64::from((a - b).abs())).sum();
                *sum += moved / after.len() as f64;
            }
        }
    }
    sums
}

/// The coordinate check (Yang et al. 2022, appendix D.1): the largest change ÷ the smallest over the widths, of the worst step and
/// hidden layer, at most 1.5 under µP; without it, outputs included, 3 or more.
fn check(family: &dyn Fn(usize) -> ModelConfig, widths: &[usize], shape: &[usize], seeds: u64) {
    let spread = |mup: bool, rule: (&dyn Rule, f64)| -> f64 {
        let base = family(widths[0]);
        let of = |width: &usize| changes([&family(*width), &base], shape, mup, rule, seeds);
        let all: Vec<_> = widths.iter().map(of).collect();
        let seen = all[0][0].len() - usize::from(mup);
        let cells = (0..5).flat_map(|step| (0..seen).map(move |layer| (step, layer)));
        let apart = |(step, layer): (usize, usize)| {
            let changes = || all.iter().map(|changes| changes[step][layer]);
            changes().fold(0.0, f64::max) / changes().fold(f64::INFINITY, f64::min)
        };
        cells.map(apart).fold(1.0, f64::max)
    };
    let rules: [(&dyn Rule, f64); 2] = [(&Adam::default(), 1e-3), (&Sgd::default(), 0.05)];
    for rule in rules {
        let (flat, standard) = (spread(true, rule), spread(false, rule));
        let said = format!("{flat:.2} with µP, {standard:.2} without: {:?}", rule.0);
        assert!(flat <= 1.5 && standard >= 3.0, "{said}");
        println!("{said}");
    }
}

#[test]
fn the_hidden_layers_of_wide_perceptrons_move_as_far_as_those_of_narrow_ones() {
    check(&|width| mlp(&[width, width]), &[32, 128, 1024], &[64], 3);
}

#[test]
#[ignore = "a minute"]
fn so_do_the_blocks_of_convolutions() {
    let cnn = |width: usize| {
        ModelConfig::Cnn(CnnConfig {
            channels: vec![width, 2 * width],
            convs: 1,
        })
    };
    check(&cnn, &[8, 32, 128], &[8, 8, 1], 5);
}

#[test]
#[ignore = "minutes"]
fn so_do_those_of_residual_networks() {
    let resnet = |width: usize| {
        ModelConfig::Resnet(ResnetConfig {
            depth: 8,
            width: width as f64 / 16.0,
        })
    };
    check(&resnet, &[8, 32, 128], &[8, 8, 1], 6);
}

#[test]
fn growth_is_exact_and_no_rate_is_corrected_twice() {
    let layout = |hidden: &[usize]| mlp(hidden).layout(&[6], 3).unwrap();
    let (from, to) = (layout(&[4]), layout(&[16, 8]));
    let mup = Mup::of(&from, &to);
    let mut drawn = fresh(&to, Seed(5));
    mup.first(&mut drawn);
    let weights = fresh(&from, Seed(4));
    let slots = weights.iter().map(|(path, array)| {
        let moments = vec![array.clone(); 2];
        let slot = Slot {
            age: 9,
            moments,
            ..Slot::default()
        };
        (path.clone(), slot)
    });
    let small = State {
        slots: slots.collect(),
        weights: weights.clone(),
    };
    let rule = StartRule {
        keep: true,
        mup: true,
        ..StartRule::default()
    };
    let grown = grow(&small, &from, &to, None, &rule, &drawn, Seed(5)).unwrap();
    assert!(grown.state.slots.values().all(|slot| slot.lr_factor == 1.0));
    let device = Device::flex();
    let answers = |config: &ModelConfig, layout: &Layout, weights: &Weights| -> Vec<f32> {
        let net = config.init(layout.clone(), Seed(1), &device).unwrap();
        let net = with_weights(net, weights).unwrap();
        let mut stream = Seed(2).stream("samples", &[]);
        let x = (0..60).map(|_| stream.normal()).collect();
        let x = Input::Flat(matrix(x, 6, &device));
        net.forward(&x, &TapSet::default())
            .values
            .into_data()
            .try_into_vec()
            .unwrap()
    };
    let before = answers(&mlp(&[4]), &from, &weights);
    let after = answers(&mlp(&[16, 8]), &to, &grown.state.weights);
    for (before, after) in before.iter().zip(&after) {
        assert!((before - after).abs() < 1e-6, "{before}, {after}");
    }
    assert!(weights_of(&mlp(&[4]).init(from, Seed(4), &device).unwrap().valid()) == weights);
}
