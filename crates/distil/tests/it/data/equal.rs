//! Equal samples and the hashes of rows.

use std::collections::HashMap;

use distil::data::{
    Cells, Column, EqualRule, Fold, Inputs, Raw, RawTargets, RowHashes, Split, SplitRule, split,
};
use distil::rng::Seed;
use distil::sample::SampleId;
use proptest::prelude::*;

use super::block;

/// Rows of which each stands `copies` times, of four classes.
fn repeated(different: usize, copies: usize) -> Raw {
    let rows: Vec<usize> = (0..different * copies).map(|row| row % different).collect();
    let labels = (0..different).map(|row| (row % 4) as u32).collect();
    block(&[3], labels, 4).keep(&rows)
}

fn rule(seed: u64, fold: Option<Fold>) -> SplitRule {
    SplitRule {
        seed: Seed(seed),
        fold,
        ..SplitRule::default()
    }
}

fn parts(split: &Split) -> HashMap<SampleId, usize> {
    let parts = [&split.train, &split.validation, &split.test];
    let parts = parts.into_iter().enumerate();
    parts
        .flat_map(|(part, ids)| ids.iter().map(move |id| (*id, part)))
        .collect()
}

proptest! {
    #[test]
    fn equal_samples_are_in_one_part_and_the_parts_keep_their_sizes(different in 40_usize..80, copies in 2_usize..7, seed: u64, folded: bool) {
        let raw = repeated(different, copies);
        let fold = folded.then_some(Fold { index: 1, of: 4 });
        let split = split(&raw, &rule(seed, fold)).unwrap();
        let part = parts(&split);
        prop_assert_eq!(part.len(), raw.len());
        for row in 0..raw.len() {
            prop_assert_eq!(part[&SampleId(row as u32)], part[&SampleId((row % different) as u32)]);
        }
        let share = if folded { 0.25 } else { 0.2 };
        // Whole sets move, in each of four classes.
        prop_assert!((split.test.len() as f64 - share * raw.len() as f64).abs() <= 4.0 * copies as f64);
    }

    #[test]
    fn without_equal_samples_the_rule_makes_no_difference(labels in prop::collection::vec(0_u32..4, 60..120), seed: u64, folded: bool) {
        let labels = [labels, [0, 1, 2, 3].repeat(4)].concat();
        let raw = block(&[3], labels, 4);
        let together = rule(seed, folded.then_some(Fold { index: 2, of: 5 }));
        let apart = SplitRule { equal: EqualRule::Apart, ..together.clone() };
        prop_assert_eq!(split(&raw, &together).unwrap(), split(&raw, &apart).unwrap());
    }
}

#[test]
fn where_few_values_are_possible_equality_is_chance_and_changes_nothing() {
    let labels: Vec<u32> = (0..80).map(|row| row % 2).collect();
    let levels = |count: u32| {
        let codes = (0..80).map(|row| Some((row * 7 / 3) % count)).collect();
        Cells::Categorical {
            levels: (0..count).map(|level| format!("{level}")).collect(),
            codes,
        }
    };
    let table = |counts: [u32; 2]| {
        let columns = [("a", counts[0]), ("b", counts[1])].map(|(name, count)| Column {
            name: name.into(),
            cells: levels(count),
        });
        let names = vec!["no".into(), "yes".into()];
        let targets = RawTargets::Classes {
            names,
            labels: labels.clone().into(),
        };
        Raw::new(
            Inputs::Table(columns.to_vec()),
            Some(targets),
            String::new(),
        )
    };
    let apart = SplitRule {
        equal: EqualRule::Apart,
        ..SplitRule::default()
    };
    // 72 combinations for 80 rows; then 80.
    let few = table([8, 9]);
    assert_eq!(
        split(&few, &SplitRule::default()).unwrap(),
        split(&few, &apart).unwrap()
    );
    let enough = table([8, 10]);
    assert_ne!(
        split(&enough, &SplitRule::default()).unwrap(),
        split(&enough, &apart).unwrap()
    );
}

#[test]
fn a_model_that_does_not_name_the_rule_was_split_without_it() {
    let apart = SplitRule {
        equal: EqualRule::Apart,
        ..SplitRule::default()
    };
    let text = serde_json::to_string(&apart).unwrap();
    assert!(!text.contains("equal"), "{text}");
    assert_eq!(serde_json::from_str::<SplitRule>(&text).unwrap(), apart);
    let together = serde_json::to_string(&SplitRule::default()).unwrap();
    assert!(together.contains(r#""equal":"together""#), "{together}");
}

fn hashes(raw: &Raw) -> Vec<u64> {
    RowHashes::of(raw).hashes.into_vec()
}

fn numbers(columns: &[(&str, Vec<f32>)]) -> Raw {
    let column = |(name, values): &(&str, Vec<f32>)| Column {
        name: (*name).into(),
        cells: Cells::Numeric(values.clone().into()),
    };
    let columns = columns.iter().map(column).collect();
    Raw::new(Inputs::Table(columns), None, String::new())
}

#[test]
fn a_row_has_one_hash_whatever_the_order_of_columns_and_others_beside_them() {
    let a = numbers(&[("x", vec![0.1, -0.0]), ("y", vec![2.0, f32::NAN])]);
    let b = numbers(&[
        ("y", vec![f32::NAN, 2.0]),
        ("z", vec![7.0, 8.0]),
        ("x", vec![0.0, 0.1]),
    ]);
    let columns = ["x".to_string(), "y".to_string()];
    let of_b = RowHashes::over(&b, &columns).unwrap().hashes;
    assert_eq!(hashes(&a), [of_b[1], of_b[0]]);
    assert_ne!(of_b[0], of_b[1]);
    assert_eq!(RowHashes::over(&a, &["q".to_string()]), None);
    // The same numbers under other names are others.
    let swapped = numbers(&[("y", vec![0.1, -0.0]), ("x", vec![2.0, f32::NAN])]);
    assert_ne!(hashes(&a), hashes(&swapped));
}

#[test]
fn numbers_that_32_bits_cannot_tell_apart_are_two() {
    let days = [2_459_000.51, 2_459_000.52];
    let single: Vec<f32> = days.iter().map(|day| *day as f32).collect();
    let mut raw = numbers(&[("day", single.clone())]);
    assert_eq!(single[0], single[1]);
    assert_eq!(hashes(&raw)[0], hashes(&raw)[1]);
    raw.wide.insert("day".into(), days.to_vec().into());
    assert_ne!(hashes(&raw)[0], hashes(&raw)[1]);
    // A number of few digits is the same in either form.
    raw.wide.insert("day".into(), vec![0.1, 0.2].into());
    let few = numbers(&[("day", vec![0.1, 0.2])]);
    assert_eq!(hashes(&raw), hashes(&few));
}

#[test]
fn whole_numbers_of_a_byte_are_pixels() {
    let values: Vec<u8> = (0..24).map(|x| x * 10).collect();
    let floats = values.iter().map(|x| f32::from(*x)).collect();
    let shape = vec![3, 4];
    let block = Inputs::Block {
        shape: shape.clone(),
        values: floats,
    };
    let bytes = Inputs::Bytes {
        shape,
        values: values.into(),
    };
    let raw = |inputs| Raw::new(inputs, None, String::new());
    assert_eq!(hashes(&raw(block)), hashes(&raw(bytes)));
}
