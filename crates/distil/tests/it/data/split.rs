use std::collections::BTreeSet;

use distil::data::{Fold, Group, Part, Raw, RawTargets, Split, SplitRule, split};
use distil::rng::Seed;
use distil::sample::SampleId;
use insta::assert_snapshot;
use proptest::prelude::*;

use super::block;

fn raw(labels: Vec<u32>, classes: usize, speakers: usize) -> Raw {
    let codes: Vec<u32> = (0..labels.len())
        .map(|row| ((row + row / 9) % speakers) as u32)
        .collect();
    let members = (0..speakers).map(|i| format!("s{i}")).collect();
    Raw {
        groups: vec![Group {
            name: "speaker".into(),
            members,
            codes,
        }],
        ..block(&[1], labels, classes)
    }
}

fn is_complete(split: &Split, samples: usize) -> bool {
    let mut all = [&split.train[..], &split.validation, &split.test].concat();
    all.sort();
    all == (0..samples as u32).map(SampleId).collect::<Vec<_>>()
        && [&split.train, &split.validation, &split.test]
            .iter()
            .all(|part| part.is_sorted())
}

fn labels() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(0_u32..4, 60..200).prop_map(|mut labels| {
        labels.extend([0, 1, 2, 3].repeat(4));
        labels
    })
}

proptest! {
    #[test]
    fn a_random_split_is_disjoint_complete_and_stratified_within_one(labels in labels(), test in 0.1..0.4, validation in 0.1..0.4, seed: u64) {
        let raw = raw(labels.clone(), 4, 5);
        let rule = SplitRule { test, validation, seed: Seed(seed), ..SplitRule::default() };
        let split = split(&raw, &rule).unwrap();
        prop_assert!(is_complete(&split, labels.len()));
        for class in 0..4 {
            let of = |part: &[SampleId]| part.iter().filter(|id| labels[id.row()] == class).count() as f64;
            let all = labels.iter().filter(|label| **label == class).count() as f64;
            let share = (test * labels.len() as f64).round() / labels.len() as f64;
            prop_assert!((of(&split.test) - share * all).abs() < 1.0);
            // Drawn from what the test part left: two roundings follow each other.
            prop_assert!((of(&split.validation) - validation * all).abs() < 2.5);
        }
    }

    #[test]
    fn groups_are_never_split(samples in 60_usize..200, seed: u64, folded: bool) {
        let raw = raw(vec![0; samples], 1, 6);
        let fold = folded.then_some(Fold { index: 1, of: 3 });
        let split = split(&raw, &SplitRule { group: Some("speaker".into()), seed: Seed(seed), fold, ..SplitRule::default() }).unwrap();
        prop_assert!(is_complete(&split, samples));
        let speakers = |part: &[SampleId]| part.iter().map(|id| raw.groups[0].codes[id.row()]).collect::<BTreeSet<_>>();
        let parts = [speakers(&split.train), speakers(&split.validation), speakers(&split.test)];
        prop_assert_eq!(parts.iter().map(BTreeSet::len).sum::<usize>(), 6);
    }

    #[test]
    fn folds_test_every_sample_once(labels in labels(), seed: u64, of in 2_usize..7, grouped: bool) {
        // Whole groups may hold a whole class, which is refused: one class then.
        let classes = if grouped { vec![0; labels.len()] } else { labels.clone() };
        let raw = raw(classes, if grouped { 1 } else { 4 }, 7);
        let mut tested = vec![0; labels.len()];
        for index in 0..of {
            let group = grouped.then(|| "speaker".to_string());
            let rule = SplitRule { group, seed: Seed(seed), fold: Some(Fold { index, of }), ..SplitRule::default() };
            let split = split(&raw, &rule).unwrap();
            prop_assert!(is_complete(&split, labels.len()));
            if !grouped {
                prop_assert!(split.test.len().abs_diff(labels.len() / of) <= 1);
                for class in 0..4 {
                    let tested = split.test.iter().filter(|id| labels[id.row()] == class).count();
                    let all = labels.iter().filter(|label| **label == class).count();
                    prop_assert!(tested == all / of || tested == all.div_ceil(of));
                }
            }
            split.test.iter().for_each(|id| tested[id.row()] += 1);
        }
        prop_assert!(tested.iter().all(|count| *count == 1));
    }
}

#[test]
fn a_split_depends_on_its_own_seed_alone() {
    let raw = raw([0, 1].repeat(50), 2, 5);
    let with = |seed| {
        split(
            &raw,
            &SplitRule {
                seed: Seed(seed),
                ..SplitRule::default()
            },
        )
        .unwrap()
    };
    assert_eq!(with(0), with(0));
    assert_ne!(with(0), with(1));
}

#[test]
fn the_official_parts_are_kept_and_validation_comes_from_training() {
    let mut raw = raw([0, 1].repeat(50), 2, 5);
    raw.official = Some(
        (0..100)
            .map(|row| if row < 20 { Part::Test } else { Part::Train })
            .collect(),
    );
    let rule = SplitRule {
        official: true,
        validation: 0.1,
        ..SplitRule::default()
    };
    let drawn = split(&raw, &rule).unwrap();
    assert_eq!(drawn.test[..], (0..20).map(SampleId).collect::<Vec<_>>());
    assert_eq!((drawn.train.len(), drawn.validation.len()), (72, 8));
    raw.official = Some(
        (0..100)
            .map(|row| [Part::Test, Part::Validation, Part::Train][row % 3])
            .collect(),
    );
    assert_eq!(split(&raw, &rule).unwrap().validation.len(), 33);
}

#[test]
fn official_parts_that_divide_a_group_are_refused() {
    let mut raw = raw([0, 1].repeat(50), 2, 5);
    let rule = SplitRule {
        official: true,
        group: Some("speaker".into()),
        ..SplitRule::default()
    };
    raw.official = Some(
        (0..100)
            .map(|row| if row < 20 { Part::Test } else { Part::Train })
            .collect(),
    );
    assert_snapshot!(split(&raw, &rule).unwrap_err(), @"data.split.group: the official parts divide groups of `speaker`. Leave out `group`, or name shares or folds instead of the official parts.");
    raw.official = Some(
        raw.groups[0]
            .codes
            .iter()
            .map(|code| if *code == 3 { Part::Test } else { Part::Train })
            .collect(),
    );
    let validation = split(&raw, &rule).unwrap().validation;
    assert!(
        validation
            .iter()
            .all(|id| raw.groups[0].codes[id.row()] == raw.groups[0].codes[validation[0].row()])
    );
}

#[test]
fn a_class_of_one_sample_stays_in_training() {
    let mut labels = [0, 1].repeat(20);
    labels.push(2);
    for seed in 0..50 {
        let split = split(
            &raw(labels.clone(), 3, 5),
            &SplitRule {
                seed: Seed(seed),
                ..SplitRule::default()
            },
        )
        .unwrap();
        assert!(split.train.contains(&SampleId(40)));
    }
}

/// The rule with a division of its own for this seed.
fn own(rule: &SplitRule, seed: u64) -> SplitRule {
    SplitRule {
        own: Some(Seed(seed)),
        ..rule.clone()
    }
}

#[test]
fn a_seed_of_its_own_divides_what_is_not_tested_anew_and_the_test_part_is_fixed() {
    let labels: Vec<u32> = (0..200).map(|row| u32::from(row % 5 == 0)).collect();
    let mut raw = raw(labels.clone(), 2, 8);
    let folds = [None, Some(Fold { index: 1, of: 3 })];
    for (fold, group) in folds
        .into_iter()
        .flat_map(|fold| [(fold, None), (fold, Some("speaker"))])
    {
        let rule = SplitRule {
            fold,
            group: group.map(str::to_owned),
            ..SplitRule::default()
        };
        let shared = split(&raw, &rule).unwrap();
        let parts: Vec<Split> = (1..=6)
            .map(|seed| split(&raw, &own(&rule, seed)).unwrap())
            .collect();
        assert_eq!(parts[2], split(&raw, &own(&rule, 3)).unwrap());
        for other in &parts {
            assert!(is_complete(other, 200));
            assert_eq!(other.test, shared.test);
        }
        let mut different: Vec<_> = parts.iter().map(|part| &part.validation).collect();
        different.push(&shared.validation);
        different.sort();
        different.dedup();
        // Of eight speakers hardly more than five are left to draw from.
        assert!(
            different.len() > if group.is_some() { 2 } else { 6 },
            "{group:?}"
        );
        if group.is_none() {
            for other in &parts {
                assert_eq!(other.validation.len(), shared.validation.len());
                let rare =
                    |part: &[SampleId]| part.iter().filter(|id| labels[id.row()] == 1).count();
                assert!(rare(&other.validation).abs_diff(rare(&shared.validation)) < 2);
            }
        }
    }
    // Given or fixed by time, it is the same for all.
    let parts = [Part::Test, Part::Validation, Part::Train, Part::Train];
    raw.official = Some((0..200).map(|row| parts[row % 4]).collect());
    let given = SplitRule {
        official: true,
        ..SplitRule::default()
    };
    assert!(!given.draws_validation(&raw));
    assert_eq!(
        split(&raw, &own(&given, 4)).unwrap(),
        split(&raw, &given).unwrap()
    );
    // Folds pool the parts.
    let pooled = SplitRule {
        fold: Some(Fold { index: 0, of: 4 }),
        ..given
    };
    assert!(pooled.draws_validation(&raw));
}

#[test]
fn no_division_of_a_seeds_own_leaves_a_class_out_of_training() {
    // Three speakers: one is tested, and of the others only one has both classes.
    for first in 0..30 {
        let labels: Vec<u32> = (0..90)
            .map(|row| u32::from(row >= 30 && row % 2 == 0))
            .collect();
        let mut raw = raw(labels.clone(), 2, 3);
        raw.groups[0].codes = (0..90).map(|row| row / 30).collect();
        let rule = SplitRule {
            group: Some("speaker".into()),
            seed: Seed(first),
            ..SplitRule::default()
        };
        let Ok(shared) = split(&raw, &rule) else {
            continue;
        };
        for seed in 1..=6 {
            let other = split(&raw, &own(&rule, seed)).unwrap();
            assert_eq!(other.test, shared.test);
            assert!(other.train.iter().any(|id| labels[id.row()] == 1));
        }
    }
}

#[test]
fn a_rule_that_says_nothing_of_a_seeds_own_division_is_the_rule_of_before() {
    let rule: SplitRule = serde_json::from_str(
        r#"{"official":false,"test":0.2,"validation":0.15,"group":null,"stratify":true,"seed":0,"fold":null}"#,
    )
    .unwrap();
    assert_eq!(rule.own, None);
    assert!(!serde_json::to_string(&rule).unwrap().contains("own"));
    let named = serde_json::to_string(&own(&rule, 7)).unwrap();
    assert_eq!(
        serde_json::from_str::<SplitRule>(&named).unwrap().own,
        Some(Seed(7))
    );
}

#[test]
fn a_split_that_cannot_be_says_why() {
    let say = |raw: &Raw, rule: SplitRule| split(raw, &rule).unwrap_err().to_string();
    let data = raw([0, 1].repeat(50), 2, 5);
    let rule = SplitRule::default();
    assert_snapshot!(say(&data, SplitRule { test: 0.8, validation: 0.2, ..rule.clone() }), @"data.split: test = 0.8 and validation = 0.2 leave nothing to train on. Use shares between 0 and 1 whose sum is below 1.");
    assert_snapshot!(say(&data, SplitRule { official: true, ..rule.clone() }), @"data.split: this data has no official split. Name shares instead, for example `split = { test = 0.2, validation = 0.1 }`.");
    assert_snapshot!(say(&data, SplitRule { group: Some("site".into()), ..rule.clone() }), @"data.split.group: there is no group `site`. The data is grouped by `speaker`.");
    assert_snapshot!(say(&block(&[1], vec![0, 1], 2), SplitRule { group: Some("site".into()), ..rule.clone() }), @r#"data.split.group: there is no group `site`. This data has no groups; a table names its own with `groups = ["column"]`."#);
    assert_snapshot!(say(&data, SplitRule { group: Some("speaker".into()), fold: Some(Fold { index: 0, of: 6 }), ..rule.clone() }), @"data.split.group: `speaker` has 5 groups, too few for 6 folds. Bring more groups, use fewer folds, or split without `group`.");
    assert_snapshot!(say(&data, SplitRule { fold: Some(Fold { index: 5, of: 5 }), ..rule.clone() }), @"folds: fold 5 of 5 does not exist. Use at least 2 folds, counted from 0.");
    assert_snapshot!(say(&raw([0, 1].repeat(50), 3, 5), rule.clone()), @"data.split: class `class 2` has no sample in the training part. Bring samples of it, leave its rows out, or split with `stratify = true` and without `group`.");
    assert_snapshot!(say(&raw(vec![0, 1, 0, 1], 2, 2), SplitRule { group: Some("speaker".into()), ..rule.clone() }), @"data.split.group: `speaker` has 2 groups, too few for three parts. Bring more groups, use fewer folds, or split without `group`.");
    assert_snapshot!(say(&raw(vec![0, 1, 0], 2, 2), rule), @"data.split: the validation part of 3 samples is empty. Give each part a larger share, or bring more data.");
}

fn numbers(values: Vec<f32>) -> Raw {
    let mut data = block(&[1], vec![0; values.len()], 1);
    data.targets = Some(RawTargets::Values {
        names: vec!["y".into()],
        values,
    });
    data
}

/// 500 normal numbers, in their order or in any.
fn normal_numbers(sorted: bool) -> Vec<f32> {
    let mut values = vec![0.0; 500];
    Seed(3).stream("test.numbers", &[]).normals(&mut values);
    if sorted {
        values.sort_by(f32::total_cmp);
    }
    values
}

#[test]
fn every_part_and_fold_has_its_share_of_each_tenth_of_the_numbers() {
    for sorted in [false, true] {
        let values = normal_numbers(sorted);
        let raw = numbers(values.clone());
        let mut ascending = values.clone();
        ascending.sort_by(f32::total_cmp);
        for seed in 0..20 {
            for fold in [None, Some(Fold { index: 1, of: 5 })] {
                let rule = SplitRule {
                    seed: Seed(seed),
                    fold,
                    ..SplitRule::default()
                };
                let drawn = split(&raw, &rule).unwrap();
                assert!(is_complete(&drawn, 500));
                for tenth in ascending.chunks(50) {
                    let of = |part: &[SampleId]| {
                        let inside = |id: &&SampleId| tenth.contains(&values[id.row()]);
                        part.iter().filter(inside).count()
                    };
                    assert_eq!(of(&drawn.test), 10);
                    // 75 of 400: 7.5 of each tenth.
                    assert!((7..=8).contains(&of(&drawn.validation)));
                }
            }
        }
    }
}

#[test]
fn the_means_of_folds_of_numbers_lie_far_closer_together_than_those_of_random_folds() {
    let values = normal_numbers(false);
    let raw = numbers(values.clone());
    let spread = |stratify| {
        let mut squares = 0.0;
        for seed in 0..20 {
            for index in 0..5 {
                let rule = SplitRule {
                    stratify,
                    seed: Seed(seed),
                    fold: Some(Fold { index, of: 5 }),
                    ..SplitRule::default()
                };
                let test = split(&raw, &rule).unwrap().test;
                let sum: f32 = test.iter().map(|id| values[id.row()]).sum();
                let all: f32 = values.iter().sum();
                squares += (sum / 100.0 - all / 500.0).powi(2);
            }
        }
        (squares / 100.0).sqrt()
    };
    let (strata, random) = (spread(true), spread(false));
    // √(1/100 · 400/499) is what drawing 100 of 500 standard normal numbers gives.
    assert!((0.08..0.1).contains(&random), "{random}");
    assert!(strata < 0.35 * random, "{strata} {random}");
}

#[test]
fn numbers_that_are_all_alike_are_split_as_any() {
    let data = numbers(vec![1.0; 100]);
    let split = split(&data, &SplitRule::default()).unwrap();
    assert_eq!(
        (split.train.len(), split.validation.len(), split.test.len()),
        (65, 15, 20)
    );
}

#[test]
fn rare_classes_stay_in_training_in_every_part_and_fold() {
    let mut labels = [0, 1].repeat(20);
    labels.extend([2, 3, 3]);
    labels.extend([4; 12]);
    let raw = raw(labels.clone(), 5, 5);
    let rules = (0..30).flat_map(|seed| {
        let fold = (0..5).map(|index| Some(Fold { index, of: 5 }));
        let rule = move |fold| SplitRule {
            seed: Seed(seed),
            fold,
            stratify: seed % 2 == 0,
            rare: 3,
            ..SplitRule::default()
        };
        fold.chain([None]).map(rule)
    });
    let mut tested = [0; 5];
    for rule in rules {
        let split = split(&raw, &rule).unwrap();
        for id in split.test.iter().chain(split.validation.iter()) {
            assert!(![2, 3].contains(&labels[id.row()]), "{rule:?}");
        }
        split
            .test
            .iter()
            .for_each(|id| tested[labels[id.row()] as usize] += 1);
        assert_eq!(
            split.train.len() + split.validation.len() + split.test.len(),
            55
        );
    }
    assert!(tested[4] > 0, "other classes are tested");
    let numbers = SplitRule {
        rare: 2,
        ..SplitRule::default()
    };
    assert_snapshot!(split(&self::numbers(normal_numbers(false)), &numbers).unwrap_err(), @"data.split.rare: `rare` is for classes, and this target has none. Remove it.");
}
