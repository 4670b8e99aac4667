//! Augmentation of training batches.

use burn::tensor::Device;
use distil::data::{Augment, Features, View};
use distil::model::{MlpConfig, Net, TapSet};
use distil::rng::Seed;
use distil::sample::SampleId;
use distil::teacher::{Frozen, Teacher};
use distil::train::batch;
use distil_recipe::recipe::AugmentTable;
use insta::assert_snapshot;

use super::block;

fn table(shift: u64, flip: bool, cutout: u64) -> AugmentTable {
    AugmentTable {
        shift: shift.into(),
        flip: flip.into(),
        cutout: cutout.into(),
    }
}

/// Twelve pictures of 6 × 8 pixels and two channels, and their ids.
fn pictures() -> (Features, Vec<SampleId>) {
    let distil::data::Inputs::Block { shape, values } = block(&[6, 8, 2], vec![0; 12], 1).inputs
    else {
        panic!()
    };
    let width = shape.iter().product::<usize>();
    let array = distil::weights::Array::new([12, width], values);
    (array.into(), (0..12).map(SampleId).collect())
}

fn rule() -> Augment {
    Augment::new(&table(2, true, 3), &[6, 8, 2]).unwrap()
}

#[test]
fn a_varied_picture_depends_on_seed_epoch_and_sample_alone() {
    let (features, ids) = pictures();
    let varied =
        |ids: &[SampleId], seed, epoch| features.varied(ids, &rule().epoch(Seed(seed), epoch));
    let all = varied(&ids, 1, 3);
    assert_eq!(varied(&ids, 1, 3), all);
    assert_ne!(varied(&ids, 1, 4), all);
    assert_ne!(varied(&ids, 2, 3), all);
    assert_eq!(varied(&[SampleId(7), SampleId(2)], 1, 3).row(1), all.row(2));
    assert_ne!(features.rows(&ids), all);
    let still = Augment::new(&table(0, false, 0), &[6, 8, 2]).unwrap();
    assert_eq!(
        features.varied(&ids, &still.epoch(Seed(1), 3)),
        features.rows(&ids)
    );
}

#[test]
fn a_view_sees_the_varied_finest_form() {
    let (features, ids) = pictures();
    let view = View::Pool(vec![2, 2]);
    let fine = distil::data::Fine {
        shape: &[6, 8, 2],
        columns: &[],
        inputs: &features,
        train: &ids,
    };
    let view = view.fit(fine).unwrap();
    let augmentation = rule().epoch(Seed(1), 0);
    let varied = features.varied(&ids, &augmentation);
    let viewed = view.see(&features).varied(&ids, &augmentation);
    assert_eq!(viewed, view.see(&varied.into()).rows(&ids));
}

#[test]
fn bytes_and_numbers_vary_alike() {
    let bytes: Vec<u8> = (0..12 * 96).map(|i| (i * 7 % 256) as u8).collect();
    let numbers = bytes
        .iter()
        .map(|x| (f32::from(*x) - 100.0) / 50.0)
        .collect();
    let numbers = Features::from(distil::weights::Array::new([12, 96], numbers));
    let bytes = Features::bytes(std::sync::Arc::new(bytes), 96, &[100.0], &[50.0]);
    let ids: Vec<SampleId> = (0..12).map(SampleId).collect();
    let augmentation = rule().epoch(Seed(1), 0);
    assert_eq!(
        bytes.varied(&ids, &augmentation),
        numbers.varied(&ids, &augmentation)
    );
}

#[test]
fn a_teacher_answers_to_the_varied_picture_its_student_sees_whatever_it_remembers() {
    let (features, ids) = pictures();
    let device = Device::flex();
    let config = MlpConfig {
        hidden: vec![5],
        ..MlpConfig::default()
    };
    let net = config.init(96, 3, Seed(1), &device).unwrap();
    let mut teacher = Frozen::new("teacher", &net, features.clone(), &device);
    assert_eq!(teacher.remember(&ids), 12);
    let augmentation = rule().epoch(Seed(1), 0);
    let (answers, passes) = teacher.outputs(&ids, Some(&augmentation), &TapSet::default());
    assert_eq!(passes, 12);
    let seen = batch::training(&features, &ids, Some(&augmentation), &device);
    let own = net.forward(&seen, &TapSet::default()).values;
    assert_eq!(answers.values.into_data(), own.into_data());
    let (remembered, passes) = teacher.outputs(&ids, None, &TapSet::default());
    assert_eq!(passes, 0);
    let still = batch::training(&features, &ids, None, &device);
    let own = net.forward(&still, &TapSet::default()).values.into_data();
    let pairs = remembered.values.into_data();
    for (a, b) in pairs.iter::<f32>().zip(own.iter::<f32>()) {
        assert!((a - b).abs() < 1e-6, "{a} {b}");
    }
}

#[test]
fn augmentation_that_does_not_fit_the_samples_says_why() {
    let refuse = |table, shape: &[usize]| Augment::new(&table, shape).unwrap_err().to_string();
    assert_snapshot!(refuse(table(4, true, 0), &[64]), @"data.augment: a sample of shape [64] is no picture. Remove `augment`.");
    assert_snapshot!(refuse(table(8, true, 0), &[8, 9]), @"data.augment: `shift = 8` leaves nothing of 8 × 9 pixels. Use a smaller number.");
    assert_snapshot!(refuse(table(0, true, 20), &[8, 9, 3]), @"data.augment: `cutout = 20` leaves nothing of 8 × 9 pixels. Use a smaller number.");
}
