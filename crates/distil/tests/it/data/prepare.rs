use distil::data::{
    Cells, Column, Dataset, FittedTargets, Inputs, Picture, Preprocessing, Raw, RawTargets,
    Scaling, Split, SplitRule, Targets, split,
};
use distil::sample::SampleId;
use distil_report::measure::TaskKind;
use insta::assert_snapshot;

use super::block;

fn ids(rows: std::ops::Range<u32>) -> Vec<SampleId> {
    rows.map(SampleId).collect()
}

fn text(cells: &[Option<&str>]) -> Cells {
    let mut levels: Vec<String> = cells
        .iter()
        .flatten()
        .map(|cell| (*cell).to_string())
        .collect();
    levels.sort();
    levels.dedup();
    let code = |cell: &str| levels.iter().position(|level| level == cell).unwrap() as u32;
    let codes = cells.iter().map(|cell| cell.map(code)).collect();
    Cells::Categorical { levels, codes }
}

fn table(columns: Vec<(&str, Cells)>) -> Inputs {
    Inputs::Table(
        columns
            .into_iter()
            .map(|(name, cells)| Column {
                name: name.into(),
                cells,
            })
            .collect(),
    )
}

const NAN: f32 = f32::NAN;

#[test]
fn the_scaler_never_sees_the_test_part() {
    let inputs = |last: f32, town: &'static str| {
        table(vec![
            (
                "rooms",
                Cells::Numeric(vec![1.0, 2.0, NAN, 9.0, last].into()),
            ),
            (
                "town",
                text(&[Some("a"), Some("b"), Some("a"), None, Some(town)]),
            ),
        ])
    };
    let fit = |inputs: &Inputs| Preprocessing::fit(inputs, &ids(0..4), Scaling::Standard).unwrap();
    assert_eq!(fit(&inputs(5.0, "a")), fit(&inputs(1e6, "z")));

    let block = |last: f32| Inputs::Block {
        shape: vec![2],
        values: vec![1.0, 5.0, 3.0, 4.0, last, -last].into(),
    };
    for scaling in [Scaling::Standard, Scaling::Global] {
        let fit = |inputs: &Inputs| Preprocessing::fit(inputs, &ids(0..2), scaling).unwrap();
        assert_eq!(fit(&block(0.0)), fit(&block(1e6)));
        assert_ne!(
            fit(&block(0.0)),
            Preprocessing::fit(&block(0.0), &ids(0..3), scaling).unwrap()
        );
    }
}

#[test]
fn the_scale_of_values_never_sees_the_test_part() {
    let values = |last: f32| RawTargets::Values {
        names: vec!["y".into()],
        values: vec![1.0, 3.0, last],
    };
    let fit = |last| FittedTargets::fit(&values(last), &ids(0..2));
    assert_eq!(fit(0.0), fit(1e6));
    let scale = fit(0.0).scale.unwrap();
    assert_eq!((scale.mean, scale.std), (vec![2.0], vec![1.0]));
}

#[test]
fn standardised_features_have_mean_zero_and_deviation_one_in_training() {
    let raw = block(&[3], vec![0; 50], 1);
    let fitted = Preprocessing::fit(&raw.inputs, &ids(10..50), Scaling::Standard).unwrap();
    let features = fitted.apply(raw.inputs.clone()).unwrap().inputs;
    for column in 0..3 {
        let values: Vec<f32> = (10..50).map(|row| features.row(row)[column]).collect();
        let mean = values.iter().sum::<f32>() / 40.0;
        let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / 40.0;
        assert!(mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-4);
    }
}

#[test]
fn a_table_becomes_medians_indicators_and_one_hot_features() {
    let inputs = table(vec![
        ("rooms", Cells::Numeric(vec![1.0, NAN, 3.0, 8.0].into())),
        ("town", text(&[Some("b"), Some("a"), None, Some("b")])),
        ("same", Cells::Numeric(vec![4.0; 4].into())),
    ]);
    let fitted = Preprocessing::fit(&inputs, &ids(0..4), Scaling::None).unwrap();
    assert_eq!(
        fitted.features(),
        [
            "rooms",
            "rooms is missing",
            "town = a",
            "town = b",
            "town is missing",
            "same"
        ]
    );
    assert_eq!(
        fitted.columns(),
        ["rooms", "rooms", "town", "town", "town", "same"]
    );
    let prepared = fitted.apply(inputs.clone()).unwrap();
    assert_eq!(prepared.inputs.row(0), [1.0, 0.0, 0.0, 1.0, 0.0, 4.0]);
    assert_eq!(prepared.inputs.row(1), [3.0, 1.0, 1.0, 0.0, 0.0, 4.0]);
    assert_eq!(prepared.inputs.row(2), [3.0, 0.0, 0.0, 0.0, 1.0, 4.0]);
    assert!(prepared.unknown.is_empty() && prepared.missing.is_empty());
    let standard = Preprocessing::fit(&inputs, &ids(0..4), Scaling::Standard).unwrap();
    assert_eq!(
        standard.apply(inputs).unwrap().inputs.row(0)[5],
        0.0,
        "a constant column is zero, not NaN"
    );
}

#[test]
fn new_cells_nobody_saw_in_training_are_zeros_or_medians_and_counted() {
    let train = table(vec![
        ("rooms", Cells::Numeric(vec![1.0, 3.0].into())),
        ("town", text(&[Some("a"), Some("b")])),
    ]);
    let fitted = Preprocessing::fit(&train, &ids(0..2), Scaling::None).unwrap();
    let new = table(vec![
        ("extra", Cells::Numeric(vec![0.0; 3].into())),
        ("town", text(&[Some("z"), Some("b"), None])),
        ("rooms", Cells::Numeric(vec![NAN, 7.0, NAN].into())),
    ]);
    let prepared = fitted.apply(new).unwrap();
    assert_eq!(
        prepared.inputs.rows(&ids(0..3)).values,
        [2.0, 0.0, 0.0, 7.0, 0.0, 1.0, 2.0, 0.0, 0.0]
    );
    let count = |guesses: &[distil::data::Guess]| {
        guesses
            .iter()
            .map(|g| (g.column.clone(), g.cells, g.row))
            .collect::<Vec<_>>()
    };
    assert_eq!(count(&prepared.unknown), [("town".to_string(), 1, 0)]);
    assert_eq!(
        count(&prepared.missing),
        [("rooms".to_string(), 2, 0), ("town".to_string(), 1, 2)]
    );
}

#[test]
fn preprocessing_survives_json_to_the_last_bit() {
    let raw = block(&[3, 2], vec![0; 20], 1);
    let fitted = Preprocessing::fit(&raw.inputs, &ids(0..20), Scaling::Standard).unwrap();
    let again: Preprocessing =
        serde_json::from_str(&serde_json::to_string(&fitted).unwrap()).unwrap();
    assert_eq!(
        again.apply(raw.inputs.clone()).unwrap(),
        fitted.apply(raw.inputs.clone()).unwrap()
    );
    assert_eq!(again.features(), ["0,0", "0,1", "1,0", "1,1", "2,0", "2,1"]);
}

#[test]
fn preprocessing_that_cannot_be_says_why() {
    let numbers = table(vec![("rooms", Cells::Numeric(vec![1.0, 3.0].into()))]);
    let words = table(vec![("rooms", text(&[Some("many"), None]))]);
    let fitted = Preprocessing::fit(&numbers, &ids(0..2), Scaling::None).unwrap();
    let grid = block(&[2, 2], vec![0; 3], 1).inputs;
    let fitted_grid = Preprocessing::fit(&grid, &ids(0..3), Scaling::None).unwrap();
    assert_snapshot!(fitted.apply(words).unwrap_err(), @"data: column `rooms` holds text, the model reads numbers there. Bring the column to the form it had in training.");
    assert_snapshot!(fitted.apply(table(vec![("room", Cells::Numeric(vec![1.0].into()))])).unwrap_err(), @"data: the column `rooms` is missing; there are room. Add the column the model was trained on; its cells may be empty.");
    assert_snapshot!(fitted.apply(grid.clone()).unwrap_err(), @"data: the model reads a table and this is none, or the reverse. Give it data of the kind it was trained on.");
    assert_snapshot!(fitted_grid.apply(block(&[4], vec![0; 3], 1).inputs).unwrap_err(), @"data: a sample has shape [4], the model reads [2, 2]. Bring the samples to the shape the model was trained on.");
    let empty = table(vec![("rooms", Cells::Numeric(vec![NAN, 3.0].into()))]);
    assert_snapshot!(Preprocessing::fit(&empty, &ids(0..1), Scaling::Standard).unwrap_err(), @r#"data: no training sample has a value in column `rooms`. Leave it out with `ignore = ["rooms"]`."#);
    assert_snapshot!(Preprocessing::fit(&numbers, &ids(0..2), Scaling::Range(2.0)).unwrap_err(), @r#"data.scale: the columns of a table differ in range. Use `scale = "standard"` or `scale = "none"`."#);
    assert_snapshot!(Preprocessing::fit(&grid, &ids(0..2), Scaling::Range(0.0)).unwrap_err(), @"data.scale: the range 0 is not a positive number. Name the largest value the inputs can have.");
}

#[test]
fn targets_of_new_data_follow_the_model_s_names_and_scale() {
    let model = FittedTargets {
        kind: TaskKind::Classification,
        names: vec!["cat".into(), "dog".into(), "owl".into()],
        scale: None,
    };
    let new = |names: [&str; 2]| RawTargets::Classes {
        names: names.map(String::from).into(),
        labels: vec![0, 1, 1].into(),
    };
    let Targets::Classes { labels, names } = model.apply(new(["dog", "owl"])).unwrap() else {
        panic!()
    };
    assert_eq!((labels, names.len()), (vec![1, 2, 2].into(), 3));
    assert_snapshot!(model.apply(new(["dog", "emu"])).unwrap_err(), @"targets: class `emu` is not one of the model's classes (cat, dog, owl). Leave its rows out, or train a model that knows the class.");

    let values = |name: &str| RawTargets::Values {
        names: vec![name.into()],
        values: vec![10.0, 20.0, 30.0],
    };
    let fitted = FittedTargets::fit(&values("y"), &ids(0..3));
    let Targets::Values {
        values: standard,
        scale,
        ..
    } = fitted.apply(values("y")).unwrap()
    else {
        panic!()
    };
    assert!(standard.values.iter().sum::<f32>().abs() < 1e-6);
    assert_eq!(scale.to_units(&standard.values), [10.0, 20.0, 30.0]);
    assert_snapshot!(fitted.apply(values("z")).unwrap_err(), @"targets: the data's targets are z, the model's are y. Name the same target columns in the same order.");
}

#[test]
fn a_dataset_is_made_from_arrays_in_memory() {
    let labels: Vec<u32> = (0..40).map(|row| row % 2).collect();
    let inputs: Vec<f32> = (0..160).map(|i| i as f32).collect();
    let data = Dataset::from_arrays(
        inputs.clone(),
        &[2, 2],
        labels.clone(),
        &SplitRule::default(),
    )
    .unwrap();
    assert_eq!(
        (data.len(), data.shape.as_slice(), data.targets.outputs()),
        (40, [2, 2].as_slice(), 2)
    );
    assert_eq!(data.split.test.len(), 8);
    let table = data.table(&data.inputs);
    assert_eq!(table.ids, data.split.train);
    assert!(
        table
            .ids
            .iter()
            .all(|id| id.0 % 2 == table.classes[id.row()])
    );
    assert_eq!(table.features().row(1), data.inputs.row(table.ids[1].row()));

    let rule = SplitRule::default();
    assert_snapshot!(Dataset::from_arrays(inputs.clone(), &[3], labels.clone(), &rule).unwrap_err(), @"inputs: 160 numbers are not 40 samples of shape [3]. Give one label per sample and the shape of one sample.");
    let mut holed = inputs;
    holed[9] = NAN;
    assert_snapshot!(Dataset::from_arrays(holed, &[2, 2], labels, &rule).unwrap_err(), @"inputs: sample 2 holds NaN at place 1. Fill in or leave out what is not a finite number.");
}

#[test]
fn pixels_are_the_raw_picture_whatever_the_scaling() {
    let inputs = Inputs::Block {
        shape: vec![1, 3],
        values: vec![0.0, 8.0, 16.0, 16.0, 4.0, 2.0].into(),
    };
    let targets = RawTargets::Classes {
        names: vec!["a".into(), "b".into()],
        labels: vec![0, 1].into(),
    };
    let picture = Picture {
        height: 1,
        width: 3,
        channels: 1,
        full: 16.0,
    };
    let raw = Raw {
        picture: Some(picture),
        ..Raw::new(inputs, Some(targets), String::new())
    };
    for scaling in [
        Scaling::None,
        Scaling::Range(16.0),
        Scaling::Standard,
        Scaling::Global,
    ] {
        let split = Split {
            train: ids(0..2).into(),
            ..Split::default()
        };
        let data = Dataset::prepare(raw.clone(), split, scaling).unwrap();
        assert_eq!(data.pixels(SampleId(0)).unwrap(), [0, 128, 255]);
    }
}

#[test]
fn thinned_data_keeps_every_class_in_its_share() {
    let labels: Vec<u32> = (0..1001)
        .map(|row| {
            if row == 500 {
                2
            } else {
                u32::from(row % 4 == 0)
            }
        })
        .collect();
    let thin = block(&[2], labels, 3).thinned(100);
    let Some(RawTargets::Classes { labels, .. }) = &thin.targets else {
        panic!()
    };
    let count = |class| labels.iter().filter(|label| **label == class).count();
    assert_eq!([count(0), count(1), count(2)], [75, 25, 1]);
    assert_eq!(thin.clone().thinned(200), thin);
}

#[test]
fn kept_rows_keep_everything_that_belongs_to_them() {
    let raw = block(&[2], (0..10).map(|row| row % 2).collect(), 2);
    let kept = raw.keep(&[7, 2]);
    let (Inputs::Block { values: all, .. }, Inputs::Block { values: few, .. }) =
        (&raw.inputs, &kept.inputs)
    else {
        panic!()
    };
    assert_eq!(few[..2], all[14..16]);
    assert_eq!(
        kept.targets,
        Some(RawTargets::Classes {
            names: vec!["class 0".into(), "class 1".into()],
            labels: vec![1, 0].into()
        })
    );
    assert_ne!(kept.hash, raw.hash);
    assert!(split(&kept, &SplitRule::default()).is_err());
}
