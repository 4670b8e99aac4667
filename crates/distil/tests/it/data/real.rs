//! Real data; skipped, with a line that says so, where it is absent.

use std::path::Path;
use std::time::Instant;

use distil::data::source::{Csv, Fsdd, Gaussian, Parquet, Source};
use distil::data::{
    Dataset, Fold, Inputs, Preprocessing, Raw, RowHashes, Scaling, SplitRule, Targets, View, split,
};
use distil_report::measure::TaskKind;

use super::shared;

fn california() -> Option<(Csv, Raw)> {
    let path = shared("california-housing.csv")?;
    let options = serde_json::json!({ "path": path, "target": "median_house_value" });
    let source: Csv = serde_json::from_value(options).unwrap();
    let raw = source.read(Path::new(""), TaskKind::Regression).unwrap();
    Some((source, raw))
}

#[test]
#[ignore = "a measurement: cargo test --release --workspace --test it -- --ignored --nocapture what_row_hashes_cost"]
fn what_row_hashes_cost() {
    let Some((_, raw)) = california() else { return };
    let mut rounds: Vec<f64> = (0..20)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(RowHashes::of(&raw).repeated());
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    println!(
        "{} rows, milliseconds: median {:.2}, range {:.2} to {:.2}",
        raw.len(),
        rounds[10],
        rounds[0],
        rounds[19]
    );
}

#[test]
fn california_is_read_split_and_prepared() {
    let Some((source, raw)) = california() else {
        return;
    };
    let split = split(&raw, &SplitRule::default()).unwrap();
    let data = Dataset::prepare(raw, split, source.scale).unwrap();
    let columns = data.preprocessing.features();
    assert_eq!(data.len(), 20_640);
    assert_eq!(columns.len(), 8 + 1 + 5, "{columns:?}");
    assert!(columns.contains(&"total_bedrooms is missing".to_string()));
    assert!((0..data.len()).all(|row| data.inputs.row(row).iter().all(|x| x.is_finite())));
    let indicator = columns
        .iter()
        .position(|name| name == "total_bedrooms is missing")
        .unwrap();
    let missing: f32 = (0..data.len())
        .map(|row| data.inputs.row(row)[indicator])
        .sum();
    assert_eq!(missing, 207.0);
    let Targets::Values { values, scale, .. } = &data.targets else {
        panic!()
    };
    let dollars = scale.to_units(&values.values);
    assert!((dollars[0] - 452_600.0).abs() < 1.0, "{}", dollars[0]);
}

#[test]
fn the_spoken_digits_are_read_and_split_by_speaker() {
    let Some(path) = shared("fsdd") else { return };
    let source: Fsdd = serde_json::from_value(serde_json::json!({ "path": path })).unwrap();
    let raw = source
        .read(Path::new(""), TaskKind::Classification)
        .unwrap();
    assert_eq!((raw.len(), raw.groups[0].members.len()), (3000, 6));
    let official = split(
        &raw,
        &SplitRule {
            official: true,
            ..SplitRule::default()
        },
    )
    .unwrap();
    assert_eq!(
        (
            official.train.len(),
            official.validation.len(),
            official.test.len()
        ),
        (2295, 405, 300)
    );
    for index in 0..6 {
        let rule = SplitRule {
            group: Some("speaker".into()),
            fold: Some(Fold { index, of: 6 }),
            ..SplitRule::default()
        };
        let parts = split(&raw, &rule).unwrap();
        assert_eq!(
            (parts.train.len(), parts.validation.len(), parts.test.len()),
            (2000, 500, 500)
        );
    }
    let data = Dataset::prepare(raw, official, source.scale).unwrap();
    let view = View::Pool(vec![2, 5]).fit(data.fine(&[])).unwrap();
    assert_eq!(
        (data.shape.as_slice(), view.shape.as_slice()),
        ([20, 50].as_slice(), [10, 10].as_slice())
    );
    assert!((0..data.len()).all(|row| data.inputs.row(row).iter().all(|x| x.is_finite())));
}

#[test]
fn cifar_is_decoded_into_one_block_of_bytes() {
    let Some(path) = shared("cifar10-jpeg") else {
        return;
    };
    let source: Parquet = serde_json::from_value(serde_json::json!({ "path": path })).unwrap();
    let raw = source
        .read(Path::new(""), TaskKind::Classification)
        .unwrap();
    let Inputs::Bytes { shape, values } = &raw.inputs else {
        panic!()
    };
    assert_eq!(
        (shape.as_slice(), values.len()),
        ([32, 32, 3].as_slice(), 184_320_000)
    );
    let split = split(
        &raw,
        &SplitRule {
            official: true,
            validation: 0.1,
            ..SplitRule::default()
        },
    )
    .unwrap();
    assert_eq!(
        (split.train.len(), split.validation.len(), split.test.len()),
        (45_000, 5_000, 10_000)
    );
    let data = Dataset::prepare(raw, split, source.scale).unwrap();
    let Preprocessing::Block { shift, scale, .. } = &data.preprocessing else {
        panic!()
    };
    // The channels' means and deviations of CIFAR-10 as the literature has them, of 255.
    for (found, known) in shift.iter().zip([125.3, 123.0, 113.9]) {
        assert!((found - known).abs() < 1.0, "{shift:?}");
    }
    for (found, known) in scale.iter().zip([63.0, 62.1, 66.7]) {
        assert!((found - known).abs() < 1.0, "{scale:?}");
    }
    assert_eq!(
        data.targets.names()[..3],
        ["airplane", "automobile", "bird"]
    );
}

#[test]
fn the_nearest_class_mean_says_how_hard_the_generated_clusters_are() {
    let raw = Gaussian::default()
        .read(Path::new(""), TaskKind::Classification)
        .unwrap();
    assert!(matches!(&raw.inputs, Inputs::Block { shape, .. } if shape == &[20, 50]));
    let split = split(
        &raw,
        &SplitRule {
            official: true,
            ..SplitRule::default()
        },
    )
    .unwrap();
    assert_eq!(
        (split.train.len(), split.validation.len(), split.test.len()),
        (3000, 500, 2000)
    );
    let data = Dataset::prepare(raw, split, Scaling::None).unwrap();
    let labels = data.targets.classes().unwrap();
    let mut means = vec![vec![0.0_f32; 1000]; 10];
    for id in data.split.train.iter() {
        let mean = &mut means[labels[id.row()] as usize];
        mean.iter_mut()
            .zip(data.inputs.row(id.row()))
            .for_each(|(m, x)| *m += x / 300.0);
    }
    let score = |x: &[f32], m: &[f32]| {
        x.iter()
            .zip(m)
            .map(|(x, m)| x * m - m * m / 2.0)
            .sum::<f32>()
    };
    let right = data.split.test.iter().filter(|id| {
        let x = data.inputs.row(id.row());
        let best = (0..10)
            .max_by(|a, b| score(&x, &means[*a]).total_cmp(&score(&x, &means[*b])))
            .unwrap();
        best as u32 == labels[id.row()]
    });
    let accuracy = right.count() as f32 / 2000.0;
    assert!((0.6..0.95).contains(&accuracy), "{accuracy}");
}
