//! Augmentation of training batches.

use burn::tensor::Device;
use distil::data::{Augment, Features, View};
use distil::model::{Family, MlpConfig, Net, TapSet};
use distil::rng::Seed;
use distil::sample::SampleId;
use distil::train::batch;
use distil::train::{Frozen, Teacher};
use distil_recipe::recipe::AugmentTable;
use insta::assert_snapshot;

use super::block;

fn table(shift: u64, flip: bool, cutout: u64) -> AugmentTable {
    AugmentTable {
        shift: shift.into(),
        flip: flip.into(),
        cutout: cutout.into(),
        ..AugmentTable::default()
    }
}

/// Twelve pictures of 6 × 8 pixels and two channels, and their ids.
fn pictures() -> (Features, Vec<SampleId>) {
    let distil::data::Inputs::Block { shape, values } = block(&[6, 8, 2], vec![0; 12], 1).inputs
    else {
        panic!()
    };
    let width = shape.iter().product::<usize>();
    let array = distil::weights::Array::new([12, width], values.into_vec());
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

/// The rule that mixes as well.
fn mixing() -> Augment {
    let table = AugmentTable {
        mixup: 0.4.into(),
        ..table(2, true, 3)
    };
    Augment::new(&table, &[6, 8, 2]).unwrap()
}

#[test]
fn a_mixed_picture_is_its_share_of_the_varied_picture_and_the_rest_of_its_varied_partner() {
    let (features, ids) = pictures();
    let samples: Vec<_> = ids.iter().map(|id| (*id, 1.0)).collect();
    let mix = mixing().mix(Seed(1), 7, &samples).unwrap();
    let partners: Vec<SampleId> = mix.partners.iter().map(|p| p.0).collect();
    let varied = mixing().epoch(Seed(1), 3);
    let mixed = features.varied(&ids, &varied.clone().mixed(mix.share, partners.clone()));
    let (own, theirs) = (
        features.varied(&ids, &varied),
        features.varied(&partners, &varied),
    );
    assert_ne!(mixed, own);
    for ((mixed, own), theirs) in mixed.values.iter().zip(&own.values).zip(&theirs.values) {
        let wanted = f64::from(mix.share) * f64::from(*own)
            + (1.0 - f64::from(mix.share)) * f64::from(*theirs);
        assert!((f64::from(*mixed) - wanted).abs() < 1e-6);
    }
}

#[test]
fn shares_and_partners_depend_on_seed_and_step_and_every_sample_is_a_partner_once() {
    let samples: Vec<_> = (0..12).map(|id| (SampleId(id), id as f32)).collect();
    let mix = |seed, step| mixing().mix(Seed(seed), step, &samples).unwrap();
    assert_eq!(mix(1, 7), mix(1, 7));
    for other in [mix(1, 8), mix(2, 7)] {
        assert!(other.share != mix(1, 7).share && other.partners != mix(1, 7).partners);
    }
    for step in 0..200 {
        let mut mix = mix(1, step);
        assert!((0.5..=1.0).contains(&mix.share));
        mix.partners.sort_by_key(|partner| partner.0);
        assert_eq!(mix.partners, samples);
    }
    assert_eq!(rule().mix(Seed(1), 7, &samples), None);
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
    let partners = ids.iter().rev().copied().collect();
    let augmentation = mixing().epoch(Seed(1), 0).mixed(0.75, partners);
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
    let bytes = Features::bytes(bytes, 96, &[100.0], &[50.0]);
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
    let net = config
        .init(config.layout(&[96], 3).unwrap(), Seed(1), &device)
        .unwrap();
    let mut teacher = Frozen::new("teacher", &net, features.clone(), &device);
    assert_eq!(teacher.remember(&ids), 12);
    let partners = ids.iter().rev().copied().collect();
    let augmentation = mixing().epoch(Seed(1), 0).mixed(0.75, partners);
    let (answers, passes) = teacher
        .outputs(&ids, Some(&augmentation), &TapSet::default())
        .unwrap();
    assert_eq!(passes, 12);
    let seen = batch::training(&features, &ids, Some(&augmentation), &device);
    let own = net.forward(&seen, &TapSet::default()).values;
    assert_eq!(answers.values.into_data(), own.into_data());
    let (remembered, passes) = teacher.outputs(&ids, None, &TapSet::default()).unwrap();
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
    assert_snapshot!(refuse(table(4, true, 0), &[64]), @"data.augment: a sample of shape [64] is no picture. Remove `augment`, or keep only `mixup` in it.");
    assert_snapshot!(refuse(table(8, true, 0), &[8, 9]), @"data.augment: `shift = 8` leaves nothing of 8 × 9 pixels. Use a smaller number.");
    assert_snapshot!(refuse(table(0, true, 20), &[8, 9, 3]), @"data.augment: `cutout = 20` leaves nothing of 8 × 9 pixels. Use a smaller number.");
    let mixup = |mixup: f64| AugmentTable {
        mixup: mixup.into(),
        ..table(0, false, 0)
    };
    assert!(Augment::new(&mixup(0.2), &[64]).is_ok());
    assert_snapshot!(refuse(mixup(-0.2), &[64]), @"data.augment.mixup: `mixup = -0.2` is no alpha of Beta(alpha, alpha). Use a number from 0.001 to 1000, for example 0.2, or 0 for none.");
    assert!(Augment::new(&mixup(f64::NAN), &[64]).is_err());
}
