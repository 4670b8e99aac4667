use std::sync::Arc;

use distil::data::{Feature, Features, Fine, View, ViewMatrix};
use distil::rng::Seed;
use distil::sample::SampleId;
use distil::weights::Array;
use insta::assert_snapshot;
use serde_json::Value;

fn floats(value: &Value) -> Vec<f32> {
    let rows = value.as_array().unwrap().iter();
    rows.flat_map(|row| row.as_array().unwrap())
        .map(|x| x.as_f64().unwrap() as f32)
        .collect()
}

/// Every sample.
fn all(features: &Features) -> Array {
    let ids: Vec<SampleId> = (0..features.len() as u32).map(SampleId).collect();
    features.rows(&ids)
}

/// A view of random samples of this shape, the first 30 of 40 being the training part.
fn matrix(view: &View, shape: &[usize]) -> ViewMatrix {
    let width = shape.iter().product();
    let mut stream = Seed(3).stream("test.view", &[]);
    let inputs = Array::new(
        [40, width],
        (0..40 * width).map(|_| stream.normal()).collect(),
    )
    .into();
    let train: Vec<SampleId> = (0..30).map(SampleId).collect();
    view.fit(Fine {
        shape,
        columns: &[],
        inputs: &inputs,
        train: &train,
    })
    .unwrap()
}

#[test]
fn every_view_agrees_with_numpy() {
    let vectors: Value = serde_json::from_str(include_str!(
        "../../../../../testdata/reference/data/vectors.json"
    ))
    .unwrap();
    let values = floats(&vectors["inputs"]);
    let inputs = Features::from(Array::new([values.len() / 24, 24], values));
    let train: Vec<SampleId> = vectors["train"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| SampleId(row.as_u64().unwrap() as u32))
        .collect();
    let mut train = train;
    train.sort();
    let cases = vectors["views"].as_array().unwrap();
    assert_eq!(cases.len(), 7);
    for case in cases {
        let view: View = serde_json::from_value(case["view"].clone()).unwrap();
        let fine = Fine {
            shape: &[4, 6],
            columns: &[],
            inputs: &inputs,
            train: &train,
        };
        let coarse = view.fit(fine).unwrap().see(&inputs);
        let coarse = all(&coarse);
        let expected = floats(&case["coarse"]);
        assert_eq!(coarse.values.len(), expected.len(), "{view:?}");
        for (a, b) in coarse.values.iter().zip(&expected) {
            assert!((a - b).abs() < 1e-5, "{view:?}: {a} {b}");
        }
    }
}

#[test]
fn the_shape_of_a_view_is_known_without_data() {
    let shape = |view: View| view.shape(&[20, 50], &[]).unwrap();
    assert_eq!(shape(View::Pool(vec![2, 5])), [10, 10]);
    assert_eq!(shape(View::Pool(vec![4])), [5, 50]);
    assert_eq!(shape(View::Stride(vec![5, 2])), [4, 25]);
    assert_eq!(shape(View::Resize([3, 7])), [3, 7]);
    assert_eq!(shape(View::First(100)), [100]);
    assert_eq!(shape(View::Full), [20, 50]);
}

#[test]
fn a_column_by_name_is_all_features_made_of_it() {
    let columns: Vec<String> = ["age", "town", "town", "rooms"].map(String::from).into();
    let view = View::Columns(vec![Feature::Name("town".into()), Feature::Number(0)]);
    let inputs = Features::from(Array::new([1, 4], vec![10.0, 11.0, 12.0, 13.0]));
    let matrix = view
        .fit(Fine {
            shape: &[4],
            columns: &columns,
            inputs: &inputs,
            train: &[],
        })
        .unwrap();
    assert_eq!(matrix.see(&inputs).row(0), [11.0, 12.0, 10.0]);
}

#[test]
fn the_pca_never_sees_the_test_part() {
    let values: Vec<f32> = (0..200).map(|i| ((i * i) as f32 * 0.37).sin()).collect();
    let train: Vec<SampleId> = (0..30).map(SampleId).collect();
    let fit = |inputs: &Array| {
        View::Pca(3)
            .fit(Fine {
                shape: &[5],
                columns: &[],
                inputs: &inputs.clone().into(),
                train: &train,
            })
            .unwrap()
    };
    let inputs = Array::new([40, 5], values);
    let mut changed = inputs.clone();
    changed.values[30 * 5..]
        .iter_mut()
        .for_each(|x| *x = 100.0 - *x);
    assert_eq!(fit(&inputs), fit(&changed));
    changed.values[0] += 1.0;
    assert_ne!(fit(&inputs), fit(&changed));
}

#[test]
fn between_two_views_the_small_is_a_map_of_the_large() {
    let shape = [4, 6];
    let pairs = [
        (View::Pool(vec![2, 3]), View::Full),
        (View::Pca(3), View::Full),
        (View::Pool(vec![4, 6]), View::Pool(vec![2, 3])),
        (View::First(5), View::First(12)),
        (View::Pca(2), View::Pca(6)),
        (View::Stride(vec![4, 6]), View::Stride(vec![2, 3])),
    ];
    let mut stream = Seed(9).stream("test.between", &[]);
    let fine = Array::new([10, 24], (0..240).map(|_| stream.normal()).collect()).into();
    for (small, large) in pairs {
        let (small, large) = (matrix(&small, &shape), matrix(&large, &shape));
        let between = ViewMatrix::between(&small, &large).unwrap();
        let through = ViewMatrix {
            shape: small.shape.clone(),
            matrix: Some(Arc::new(between.into())),
        }
        .see(&all(&large.see(&fine)).into());
        for (a, b) in all(&through)
            .values
            .iter()
            .zip(&all(&small.see(&fine)).values)
        {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
    }
}

#[test]
fn there_is_no_map_between_equal_views_nor_where_the_large_one_lost_what_the_small_one_reads() {
    let shape = [4, 6];
    let none = |small: View, large: View| {
        ViewMatrix::between(&matrix(&small, &shape), &matrix(&large, &shape)).is_none()
    };
    assert!(none(View::Full, View::Pool(vec![2, 3])));
    assert!(none(View::Full, View::Full) && none(View::Resize([3, 4]), View::Resize([3, 4])));
    assert!(none(View::First(12), View::First(5)));
    assert!(none(View::Pool(vec![2, 2]), View::Pool(vec![2, 3])));
    assert!(none(View::Stride(vec![2, 3]), View::Pool(vec![2, 3])));
    assert!(ViewMatrix::between(&matrix(&View::Full, &[4]), &matrix(&View::Full, &[5])).is_none());
}

#[test]
fn a_view_that_does_not_fit_says_why() {
    let columns: Vec<String> = vec!["age".into()];
    let say = |view: View| view.shape(&[20, 50], &columns).unwrap_err().to_string();
    assert_snapshot!(say(View::Pool(vec![3, 5])), @"view: 3 does not fit into the axis of length 20 of shape [20, 50] a whole number of times. `distil check --data` shows the shape of a sample.");
    assert_snapshot!(say(View::Pool(vec![2, 5, 1])), @"view: [2, 5, 1] names 3 axes, a sample of shape [20, 50] has 2. `distil check --data` shows the shape of a sample.");
    assert_snapshot!(say(View::Stride(vec![0])), @"view: 0 does not fit into the axis of length 20 of shape [20, 50] a whole number of times. `distil check --data` shows the shape of a sample.");
    assert_snapshot!(say(View::Resize([30, 5])), @"view: a sample of shape [20, 50] cannot be brought to [30, 5]. `distil check --data` shows the shape of a sample.");
    assert_snapshot!(say(View::First(1001)), @"view: a sample has 1000 numbers, so 1001 numbers cannot be taken of it. `distil check --data` shows the shape of a sample.");
    assert_snapshot!(say(View::Columns(vec![Feature::Name("rooms".into())])), @"view: there is no column `rooms`. `distil check --data` shows the shape of a sample.");
    assert_snapshot!(say(View::Columns(vec![Feature::Number(1000)])), @"view: a sample has 1000 numbers, there is no number 1000. `distil check --data` shows the shape of a sample.");
    let inputs = Array::zeros([3, 4]).into();
    let fine = Fine {
        shape: &[4],
        columns: &[],
        inputs: &inputs,
        train: &[SampleId(0), SampleId(1)],
    };
    assert_snapshot!(View::Pca(2).fit(fine).unwrap_err(), @"view: 2 principal components need more than 2 training samples. Use fewer components.");
}

#[test]
fn a_recipe_s_view_is_the_same_view() {
    use distil_recipe::recipe::{self, Column};
    let view = recipe::View::Columns(vec![
        Column::Name("age".into()).into(),
        Column::Number(3).into(),
    ]);
    assert_eq!(
        View::from(&view),
        View::Columns(vec![Feature::Name("age".into()), Feature::Number(3)])
    );
    assert_eq!(
        View::from(&recipe::View::Pool(vec![2, 5].into())),
        View::Pool(vec![2, 5])
    );
    assert_eq!(View::from(&recipe::View::Pca(7.into())), View::Pca(7));
}

#[test]
fn a_view_of_a_large_picture_takes_no_more_memory_than_its_pixels() {
    // As a whole its matrix would take 5.6 GB.
    let shape = [224, 224, 3];
    let view = View::Pool(vec![4, 4]).of_shape(&shape, &[]).unwrap();
    let view = view.unwrap();
    assert_eq!(view.shape, [56, 56, 3]);
    let pixels = (0..150_528).map(|place| (place % 3) as f32).collect();
    let seen = view.see(&Array::new([1, 150_528], pixels).into());
    assert_eq!(seen.row(0)[..6], [0.0, 1.0, 2.0, 0.0, 1.0, 2.0]);
}
