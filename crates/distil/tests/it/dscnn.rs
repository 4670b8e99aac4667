//! The keyword network against PyTorch (`testdata/reference/dscnn.json`, written by the script beside it) and against its paper.

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use distil::growth::{Promise, StartRule, check, grow};
use distil::model::access::with_weights;
use distil::model::{DscnnConfig, Input, Model, ModelConfig, Net, TapSet, fresh};
use distil::optim::{Gradients, State};
use distil::rng::Seed;
use distil::weights::{Array, Weights};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f32> {
    let number = |v: &Value| v.as_f64().unwrap() as f32;
    value.as_array().unwrap().iter().map(number).collect()
}

fn assert_close(found: &[f32], wanted: &Value, what: &str) {
    let wanted = numbers(wanted);
    assert_eq!(found.len(), wanted.len(), "{what}");
    for (found, wanted) in found.iter().zip(wanted) {
        let apart = (found - wanted).abs();
        assert!(
            apart <= 1e-5 * wanted.abs().max(1.0),
            "{what}: {found}, {wanted}"
        );
    }
}

#[test]
fn answers_and_gradients_of_a_keyword_network_are_pytorchs() {
    let text = include_str!("../../../../testdata/reference/dscnn.json");
    let reference: Value = serde_json::from_str(text).unwrap();
    for case in reference["cases"].as_array().unwrap() {
        let config: ModelConfig = serde_json::from_value(case["model"].clone()).unwrap();
        let shape: Vec<usize> = numbers(&case["shape"])
            .iter()
            .map(|x| *x as usize)
            .collect();
        let layout = config.layout(&shape, 3).unwrap();
        let weights: Weights = layout
            .layers
            .iter()
            .flat_map(|layer| layer.arrays())
            .map(|(path, shape)| {
                let values = numbers(&case["weights"][&path]);
                (path, Array::new(shape, values))
            })
            .collect();
        assert_eq!(weights.len(), case["weights"].as_object().unwrap().len());
        let device = Device::flex().autodiff();
        let net = config.init(layout.clone(), Seed(1), &device).unwrap();
        let net = with_weights(net, &weights).unwrap();
        let inputs = |device: &Device| {
            let shape = [4, layout.inputs()];
            let data = TensorData::new(numbers(&case["inputs"]), shape);
            Input::Flat(Tensor::from_data(data, device))
        };
        let answers =
            |net: &Model, device: &Device| net.forward(&inputs(device), &TapSet::default()).values;
        let plain = |values: Tensor<2>| -> Vec<f32> { values.into_data().try_into_vec().unwrap() };
        let evaluated = plain(answers(&net.valid(), &Device::flex()));
        assert_close(&evaluated, &case["evaluated"], "evaluated");
        let trained = answers(&net, &device);
        assert_close(&plain(trained.clone()), &case["trained"], "trained");
        let mut backward = trained.powi_scalar(2).mean().backward();
        let gradients = Gradients::take(&net, &mut backward);
        for (path, wanted) in case["gradients"].as_object().unwrap() {
            let found = gradients.get(path).unwrap().into_data();
            assert_close(&found.try_into_vec::<f32>().unwrap(), wanted, path);
        }
    }
}

fn dscnn(channels: usize, blocks: usize) -> DscnnConfig {
    DscnnConfig {
        channels,
        blocks,
        ..DscnnConfig::default()
    }
}

/// The paper's small, medium and large network, as its authors' program trains them.
fn published() -> [DscnnConfig; 3] {
    let larger = |channels, blocks| DscnnConfig {
        stride: [1, 2],
        halves: true,
        ..dscnn(channels, blocks)
    };
    [dscnn(64, 4), larger(172, 4), larger(276, 5)]
}

#[test]
fn the_published_networks_take_the_published_operations() {
    // 10 cepstra × 49 frames, 12 words. Places of the first convolution and of the blocks, as its steps leave them.
    let places = [(5 * 25, 5 * 25), (10 * 25, 5 * 13), (10 * 25, 5 * 13)];
    let millions = [5.4, 19.8, 56.9];
    for ((config, (first, rest)), published) in published().into_iter().zip(places).zip(millions) {
        let layout = ModelConfig::Dscnn(config.clone())
            .layout(&[10, 49], 12)
            .unwrap();
        let (c, b) = (config.channels, config.blocks);
        let weights = 40 * c + b * (9 * c + c * c) + 12 * c;
        let norms = 2 * c * (1 + 2 * b);
        assert_eq!(layout.parameters(), (weights + norms + 12) as u64);
        let flops = 2 * (first * 40 * c + rest * b * (9 * c + c * c) + 12 * c);
        assert_eq!(layout.flops_forward(), flops as f64);
        // The first layer's input needs no gradient.
        let backward = 2 * flops - 2 * first * 40 * c;
        assert_eq!(layout.flops_backward(), backward as f64);
        // The paper counts what follows the products, too.
        let apart = layout.flops_forward() / 1e6 / published;
        assert!((0.98..1.0).contains(&apart), "{published}: {apart}");
    }
}

#[test]
fn a_keyword_network_grows_wider_and_deeper_but_not_to_another_size_of_picture() {
    let [small, medium, large] = published().map(ModelConfig::Dscnn);
    let layout = |config: &ModelConfig| config.layout(&[10, 49], 12).unwrap();
    let rule = StartRule::default();
    let promised =
        |from: &ModelConfig, to: &ModelConfig| check(&layout(from), &layout(to), None, &rule);
    assert_eq!(promised(&medium, &large), Ok(Promise::Exact));
    insta::assert_snapshot!(promised(&small, &medium).unwrap_err(), @"`stem` has another stride in the large model than in the small one; give both the same");
    insta::assert_snapshot!(promised(&large, &medium).unwrap_err(), @"growth does not remove layers: the small model has `block.4.depthwise`, and the large one has not; give the large model the same `kind` and at least as many layers");
    let deeper = ModelConfig::Dscnn(dscnn(64, 5));
    let weights = fresh(&layout(&small), Seed(3));
    let state = State {
        weights: weights.clone(),
        ..State::default()
    };
    let first = fresh(&layout(&deeper), Seed(9));
    let (from, to) = (layout(&small), layout(&deeper));
    let grown = grow(&state, &from, &to, None, &rule, &first, Seed(9)).unwrap();
    // An inserted depthwise kernel is one at its middle.
    let inserted = &grown.state.weights["block.4.depthwise.weight"];
    for (at, value) in inserted.values.iter().enumerate() {
        assert_eq!(*value, if at / 64 == 4 { 1.0 } else { 0.0 });
    }
}

#[test]
fn what_a_keyword_network_cannot_be_is_said() {
    let said = |config: DscnnConfig| ModelConfig::Dscnn(config).problem().unwrap_or_default();
    insta::assert_snapshot!(said(dscnn(0, 4)), @"channels and blocks must be at least 1");
    insta::assert_snapshot!(said(dscnn(64, 0)), @"channels and blocks must be at least 1");
    insta::assert_snapshot!(said(DscnnConfig { stride: [2, 11], ..dscnn(64, 4) }), @"stride is [2, 11] and kernel [4, 10], but a step must be at least 1 and at most the kernel's side, or numbers are never read");
    insta::assert_snapshot!(said(DscnnConfig { kernel: [0, 10], ..dscnn(64, 4) }), @"stride is [2, 2] and kernel [0, 10], but a step must be at least 1 and at most the kernel's side, or numbers are never read");
    insta::assert_snapshot!(said(dscnn(64, 6000)), @"a network of 12000 layers is not drawn up; a network has at most 10000 layers");
    let laid = |shape: &[usize]| {
        ModelConfig::Dscnn(dscnn(64, 4))
            .layout(shape, 2)
            .unwrap_err()
    };
    insta::assert_snapshot!(laid(&[8, 8]), @"the first kernel has 4 × 10 numbers and a sample 8 × 8: what lies beyond is never trained; give `kernel = [4, 8]`");
    insta::assert_snapshot!(laid(&[64]), @"a convolutional network reads pictures, height × width × channels, and a sample here has the shape [64]; use `mlp`, or data of pictures without a view that flattens them");
}
