//! Mixup in training, against its formula.

use burn::tensor::{Device, Tensor, TensorData};
use distil::data::epoch_order;
use distil::model::access::weights_of;
use distil::model::{Input, Net, TapSet};
use distil::optim::RULES;
use distil::sample::SampleId;
use distil::task::Classification;
use distil::train::{Length, Settings, Train, train};
use distil_recipe::Problems;
use distil_report::events::Event;

use crate::train::{alone, blobs, mixed, net};

const LR: f64 = 0.5;

/// One step over all samples: the loss is the cross-entropy against λ yᵢ + (1 − λ) yⱼ at λ xᵢ + (1 − λ) xⱼ, and the last bias goes
/// down its gradient, the mean of softmax − label.
#[test]
fn a_step_on_mixed_samples_is_one_on_mixed_inputs_and_mixed_labels() {
    let (task, data) = (Classification::default(), mixed(blobs()));
    let sgd = RULES.resolve(&"sgd".into(), &mut Problems::new());
    let settings = Settings {
        train: &Train {
            batch: data.split.train.len(),
            length: Length::Steps(1),
            lr: LR,
            optimizer: sgd.unwrap(),
            ..Train::default()
        },
        ..Settings::of(&task)
    };
    let mut sink: Vec<Event> = Vec::new();
    let _alone = alone();
    let trained = train(
        net(0.0),
        None,
        &data,
        &data.inputs,
        &settings,
        &mut [],
        &mut sink,
    )
    .unwrap();

    let samples: Vec<(SampleId, f32)> = data.split.train.iter().map(|id| (*id, 1.0)).collect();
    let samples = epoch_order(samples, settings.seed, 0);
    let mix = data
        .augment
        .unwrap()
        .mix(settings.seed, 0, &samples)
        .unwrap();
    assert!((0.5..0.999).contains(&mix.share), "{}", mix.share);
    let (own, other): (Vec<SampleId>, Vec<SampleId>) = samples
        .iter()
        .zip(&mix.partners)
        .map(|(own, other)| (own.0, other.0))
        .unzip();
    let [own_rows, other_rows] = [&own, &other].map(|ids| data.inputs.rows(ids));
    let values = own_rows.values.iter().zip(&other_rows.values);
    let inputs: Vec<f32> = values
        .map(|(own, other)| mix.share * own + (1.0 - mix.share) * other)
        .collect();
    let inputs = Tensor::from_data(
        TensorData::new(inputs, own_rows.shape.clone()),
        &Device::flex(),
    );
    let outputs = net(0.0).forward(&Input::Flat(inputs), &TapSet::default());
    let logits: Vec<f64> = outputs.values.into_data().iter::<f64>().collect();
    let label = |id: SampleId| (id.0 % 3) as usize;
    let share = f64::from(mix.share);
    let (mut loss, mut gradient) = (0.0, [0.0; 3]);
    for (row, logits) in logits.chunks(3).enumerate() {
        let sum: f64 = logits.iter().map(|z| z.exp()).sum();
        let mut wanted = [0.0; 3];
        wanted[label(own[row])] += share;
        wanted[label(other[row])] += 1.0 - share;
        for class in 0..3 {
            let probability = logits[class].exp() / sum;
            loss -= wanted[class] * probability.ln() / own.len() as f64;
            gradient[class] += (probability - wanted[class]) / own.len() as f64;
        }
    }

    let told = sink.iter().rev().find_map(|event| match event {
        Event::Progress(point) => Some(point.loss),
        _ => None,
    });
    assert!(
        (told.unwrap() - loss).abs() < 1e-5 * loss,
        "{told:?} {loss}"
    );
    let (before, after) = (weights_of(&net(0.0)), weights_of(&trained.net));
    let (name, bias) = before.iter().find(|(_, array)| array.shape == [3]).unwrap();
    let values = bias.values.iter().zip(&after[name].values);
    for ((before, after), gradient) in values.zip(gradient) {
        let moved = f64::from(before - after);
        assert!(
            (moved - LR * gradient).abs() < 1e-5,
            "{moved} {}",
            LR * gradient
        );
    }
}
