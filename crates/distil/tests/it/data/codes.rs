//! Categories reach a network as codes and become the same features.

use burn::tensor::Device;
use distil::data::{Cells, Column, Features, Inputs, Preprocessing, Scaling};
use distil::model::{Input, Layer, Layout, fresh};
use distil::rng::Seed;
use distil::sample::SampleId;
use distil::train::batch;

fn column(name: &str, cells: Cells) -> Column {
    Column {
        name: name.into(),
        cells,
    }
}

fn towns(codes: &[Option<u32>]) -> Column {
    column(
        "town",
        Cells::Categorical {
            levels: ["a", "b", "c"].map(String::from).to_vec(),
            codes: codes.iter().copied().collect(),
        },
    )
}

fn ids(rows: std::ops::Range<u32>) -> Vec<SampleId> {
    rows.map(SampleId).collect()
}

/// The features of a table fitted on its first three rows.
fn features(columns: Vec<Column>) -> Features {
    let inputs = Inputs::Table(columns);
    let fitted = Preprocessing::fit(&inputs, &ids(0..3), Scaling::Standard).unwrap();
    fitted.apply(inputs).unwrap().inputs
}

fn read(features: &Features) -> (Input, Vec<f32>) {
    let input = batch::inputs(features, &ids(0..5), &Device::flex());
    let flat = input.flat().into_data().iter::<f32>().collect();
    (input, flat)
}

#[test]
fn a_network_reads_codes_and_sees_what_one_hot_features_say() {
    // `c` is unknown to the training rows, which miss a town and a size.
    let town = towns(&[Some(1), Some(0), None, Some(2), Some(1)]);
    let size = Cells::Numeric(vec![1.0, f32::NAN, 4.0, 2.5, f32::NAN].into());
    let age = column("age", Cells::Numeric(vec![3.0, -1.0, 7.0, 0.0, 2.0].into()));
    let seen = features(vec![column("size", size), town, age]);
    let (input, flat) = read(&seen);
    let Input::Coded { numbers, codes, .. } = &input else {
        panic!("{input:?}");
    };
    assert_eq!((numbers.dims(), codes.dims()), ([5, 3], [5, 1]));
    let expected = seen.rows(&ids(0..5));
    assert_eq!(expected.shape, [5, 6]);
    assert_eq!(flat, expected.values);
    let one_hot: Vec<&[f32]> = (0..5).map(|row| &expected.row(row)[2..5]).collect();
    assert_eq!(
        one_hot,
        [
            [0.0, 1.0, 0.0],
            [1.0, 0.0, 0.0],
            [0.0, 0.0, 1.0],
            [0.0; 3],
            [0.0, 1.0, 0.0]
        ]
    );
}

#[test]
fn a_table_of_categories_alone_has_no_numbers_and_one_of_numbers_no_codes() {
    let (input, flat) = read(&features(vec![towns(&[
        Some(0),
        Some(1),
        Some(2),
        None,
        Some(0),
    ])]));
    let Input::Coded { numbers, .. } = &input else {
        panic!("{input:?}");
    };
    assert_eq!(numbers.dims(), [5, 0]);
    assert_eq!(flat[..6], [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    let age = column("age", Cells::Numeric(vec![3.0, -1.0, 7.0, 0.0, 2.0].into()));
    assert!(matches!(read(&features(vec![age])).0, Input::Flat(_)));
}

#[test]
fn an_embedding_has_a_row_for_each_code_and_takes_no_flops() {
    let embedding = Layer::embedding("tokens", 50, 8);
    assert_eq!(
        (embedding.parameters(), embedding.flops_forward()),
        (400, 0.0)
    );
    let layout = Layout::chain(vec![embedding, Layer::dense("head", 8, 3)]);
    assert_eq!((layout.parameters(), layout.flops_forward()), (427, 48.0));
    let weights = fresh(&layout, Seed(1));
    assert_eq!(weights["tokens.weight"].shape, [50, 8]);
    assert!(!weights.contains_key("tokens.bias"));
}
