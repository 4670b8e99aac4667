//! The convolutional families: shapes, training, growth, export.

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use distil::growth::{Copies, Promise, StartRule, check, grow};
use distil::model::access::{weights_of, with_weights};
use distil::model::{
    CnnConfig, DscnnConfig, Input, Layout, MobilenetConfig, Model, ModelConfig, Net, ResnetConfig,
    TapSet, fresh,
};
use distil::optim::adam::Adam;
use distil::optim::{Gradients, Optimizer, State};
use distil::rng::Seed;
use distil::weights::Weights;
use distil_kernels::Op;

const PICTURE: [usize; 3] = [9, 8, 2];
const CLASSES: usize = 5;

fn cnn(channels: &[usize], convs: usize) -> ModelConfig {
    ModelConfig::Cnn(CnnConfig {
        channels: channels.to_vec(),
        convs,
    })
}

fn resnet(depth: usize, width: f64) -> ModelConfig {
    ModelConfig::Resnet(ResnetConfig { depth, width })
}

fn mobilenet(channels: &[usize], blocks: usize, expansion: usize) -> ModelConfig {
    ModelConfig::Mobilenet(MobilenetConfig {
        channels: channels.to_vec(),
        blocks,
        expansion,
    })
}

fn dscnn(channels: usize, blocks: usize) -> ModelConfig {
    ModelConfig::Dscnn(DscnnConfig {
        channels,
        blocks,
        kernel: [4, 5],
        stride: [1, 2],
        halves: true,
    })
}

fn pictures(rows: usize, shape: [usize; 3], device: &Device) -> Input {
    let width: usize = shape.iter().product();
    let mut stream = Seed(7).stream("pictures", &[rows as u64]);
    let values: Vec<f32> = (0..rows * width).map(|_| stream.normal()).collect();
    Input::Flat(Tensor::from_data(
        TensorData::new(values, [rows, width]),
        device,
    ))
}

fn answers(net: &Model, x: &Input) -> Vec<f32> {
    let values = net.forward(x, &TapSet::default()).values;
    values.into_data().try_into_vec().unwrap()
}

/// Weights as if trained: norms and statistics moved away from where they start.
fn trained(layout: &Layout) -> Weights {
    let mut weights = fresh(layout, Seed(3));
    let mut stream = Seed(3).stream("test", &[]);
    for (path, array) in &mut weights {
        for value in &mut array.values {
            *value = match path.rsplit('.').next() {
                Some("weight") => *value,
                Some("running_var") => stream.uniform(0.3, 2.0),
                Some("gamma") => stream.uniform(-1.5, 1.5),
                _ => stream.uniform(-0.5, 0.5),
            };
        }
    }
    weights
}

fn with(config: &ModelConfig, weights: &Weights) -> Model {
    let layout = config.layout(&PICTURE, CLASSES).unwrap();
    let net = config.init(layout, Seed(1), &Device::flex()).unwrap();
    with_weights(net, weights).unwrap()
}

fn rules() -> [StartRule; 2] {
    let copies = StartRule {
        width: Box::new(Copies {}),
        ..StartRule::default()
    };
    [StartRule::default(), copies]
}

fn pairs() -> [(ModelConfig, ModelConfig); 5] {
    [
        (cnn(&[4, 6], 1), cnn(&[7, 13], 3)),
        (resnet(8, 0.25), resnet(20, 0.5)),
        (resnet(14, 0.3), resnet(14, 1.0)),
        (mobilenet(&[4, 6], 1, 2), mobilenet(&[7, 9], 3, 3)),
        (dscnn(4, 1), dscnn(7, 3)),
    ]
}

#[test]
fn a_grown_network_answers_as_the_small_one_in_evaluation() {
    let x = pictures(6, PICTURE, &Device::flex());
    for (small, large) in pairs() {
        let (from, to) = (
            small.layout(&PICTURE, CLASSES).unwrap(),
            large.layout(&PICTURE, CLASSES).unwrap(),
        );
        let state = State {
            weights: trained(&from),
            ..State::default()
        };
        let before = answers(&with(&small, &state.weights), &x);
        for rule in rules() {
            let first = fresh(&to, Seed(9));
            let grown = grow(&state, &from, &to, None, &rule, &first, Seed(9)).unwrap();
            assert_eq!(grown.promise, Promise::Exact);
            let after = answers(&with(&large, &grown.state.weights), &x);
            let largest = before.iter().fold(1.0_f32, |m, v| m.max(v.abs()));
            let apart = before.iter().zip(&after).map(|(a, b)| (a - b).abs());
            let apart = apart.fold(0.0, f32::max);
            assert!(
                apart <= 1e-5 * largest,
                "{large:?}, {rule:?}: {apart:e} of {largest}"
            );
        }
    }
}

#[test]
fn copies_of_channels_part_ways_in_training() {
    let (small, large) = (cnn(&[4], 1), cnn(&[8], 1));
    let (from, to) = (
        small.layout(&PICTURE, CLASSES).unwrap(),
        large.layout(&PICTURE, CLASSES).unwrap(),
    );
    let state = State {
        weights: trained(&from),
        ..State::default()
    };
    let [_, copies] = rules();
    let grown = grow(
        &state,
        &from,
        &to,
        None,
        &copies,
        &fresh(&to, Seed(9)),
        Seed(9),
    )
    .unwrap();
    let path = "block.0.conv.0.weight";
    let columns = |weights: &Weights| -> Vec<Vec<f32>> {
        let array = &weights[path];
        let (rows, units) = array.rows_cols();
        let column = |c: usize| (0..rows).map(|r| array.values[r * units + c]).collect();
        (0..units).map(column).collect()
    };
    let before = columns(&grown.state.weights);
    let copied: Vec<(usize, usize)> = (4..8)
        .map(|c| {
            (
                c,
                before[..4]
                    .iter()
                    .position(|old| *old == before[c])
                    .unwrap(),
            )
        })
        .collect();

    let device = Device::flex().autodiff();
    let net = large.init(to, Seed(1), &device).unwrap();
    let net = with_weights(net, &grown.state.weights).unwrap();
    let outputs = net.forward(&pictures(32, PICTURE, &device), &TapSet::default());
    let loss = outputs.values.powi_scalar(2).mean();
    let gradients = Gradients::take(&net, &mut loss.backward());
    let net = Optimizer::new(Box::new(Adam::default())).update(net, gradients, 0.01);
    let after = columns(&weights_of(&net));
    for (copy, old) in copied {
        assert_ne!(after[copy], after[old], "channels {copy} and {old}");
    }
}

#[test]
fn smaller_pictures_of_the_same_channels_promise_nothing_but_grow() {
    let config = cnn(&[4], 1);
    let layout = |side: usize| config.layout(&[side, side, 1], CLASSES).unwrap();
    let (from, to) = (layout(4), layout(8));
    let promise = check(&from, &to, Some([64, 16]), &StartRule::default());
    assert_eq!(promise, Ok(Promise::Nothing));
    let state = State {
        weights: trained(&from),
        ..State::default()
    };
    let rule = StartRule::default();
    let grown = grow(
        &state,
        &from,
        &to,
        None,
        &rule,
        &fresh(&to, Seed(1)),
        Seed(1),
    )
    .unwrap();
    assert_eq!(grown.state.weights, state.weights);
}

#[test]
fn what_cannot_grow_is_refused_with_a_remedy() {
    let rule = StartRule::default();
    let layout = |config: &ModelConfig| config.layout(&PICTURE, CLASSES).unwrap();
    let refusal = |small: &ModelConfig, large: &ModelConfig| {
        check(&layout(small), &layout(large), None, &rule).unwrap_err()
    };
    let mlp = ModelConfig::Mlp(distil::model::MlpConfig::default());
    insta::assert_snapshot!(refusal(&mlp, &cnn(&[4], 1)), @"the small model is fully connected and the large one convolutional: a model grows within its family; give both the same `kind`, or let the large one `learn` from the small one");
    insta::assert_snapshot!(refusal(&cnn(&[4], 1), &cnn(&[4, 4], 1)), @"growth inserts identities and residual branches, and `block.1.conv.0` of the large model is neither; give the small model as many blocks, or stages of blocks, that change the picture's size");
    insta::assert_snapshot!(refusal(&resnet(14, 1.0), &resnet(8, 1.0)), @"growth does not remove layers: the small model has `stage.0.block.1.first`, and the large one has not; give the large model the same `kind` and at least as many layers");
    insta::assert_snapshot!(refusal(&resnet(8, 1.0), &resnet(8, 0.5)), @"growth does not remove units: `stem` has 8 in the large model and has to carry 16; give it at least 16");
}

#[test]
fn data_that_are_no_pictures_are_refused_with_a_remedy() {
    insta::assert_snapshot!(cnn(&[4], 1).layout(&[14], 2).unwrap_err(), @"a convolutional network reads pictures, height × width × channels, and a sample here has the shape [14]; use `mlp`, or data of pictures without a view that flattens them");
    insta::assert_snapshot!(cnn(&[4, 4, 4, 4], 1).layout(&[8, 8], 2).unwrap_err(), @"4 blocks halve the picture 4 times, and one of 8 × 8 can be halved 3 times; give `channels` at most 3 numbers");
}

#[test]
fn every_block_has_a_tap_and_every_layer_runs_fused() {
    let device = Device::flex().autodiff();
    for config in [
        cnn(&[4, 6], 2),
        resnet(8, 0.25),
        mobilenet(&[4, 6], 2, 2),
        dscnn(4, 2),
    ] {
        let layout = config.layout(&PICTURE, CLASSES).unwrap();
        let net = config.init(layout.clone(), Seed(1), &device).unwrap();
        let taps = TapSet(layout.taps());
        assert_eq!(taps.0[0], "block.0");
        let before = Op::ConvBlock.count();
        let output = net.forward(&pictures(3, PICTURE, &device), &taps);
        assert_eq!(
            Op::ConvBlock.count() - before,
            layout.layers.len() as u64 - 1
        );
        assert_eq!(output.taps.len(), taps.0.len());
        for feature in &output.taps {
            let width = layout.tap_width(&feature.tap).unwrap();
            assert_eq!(feature.values.dims(), [3, width], "{}", feature.tap);
        }
        assert_eq!(output.values.dims(), [3, CLASSES]);
    }
}

#[test]
fn running_statistics_follow_the_batches() {
    let device = Device::flex().autodiff();
    let config = cnn(&[4], 1);
    let layout = config.layout(&PICTURE, CLASSES).unwrap();
    let net = config.init(layout, Seed(1), &device).unwrap();
    let x = pictures(64, PICTURE, &device);
    for _ in 0..200 {
        net.forward(&x, &TapSet::default());
    }
    // The same batch again and again: in the end evaluation normalises as training does.
    let training = net.forward(&x, &TapSet::default()).values.into_data();
    let training: Vec<f32> = training.try_into_vec().unwrap();
    let evaluation = answers(&net.valid(), &pictures(64, PICTURE, &Device::flex()));
    for (a, b) in training.iter().zip(&evaluation) {
        assert!((a - b).abs() < 1e-4, "{a} and {b}");
    }
}
