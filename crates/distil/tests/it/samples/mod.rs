//! Samples policies.

use std::collections::BTreeSet;

use distil::data::{SampleTable, Scores};
use distil::rng::Seed;
use distil::sample::SampleId;
use distil::samples::{
    All, Herding, Ids, InfoBatch, KCenter, Policy, Random, Refresh, SAMPLES, Share, Stratified,
};
use distil::weights::Array;
use distil_report::measure::TaskKind;
use insta::assert_snapshot;
use serde_json::Value;

/// Training samples with odd ids, so that an id is not a position.
fn table(classes: Vec<u32>, features: Vec<f32>) -> SampleTable {
    let count = classes.len();
    let ids = (0..count as u32).map(|i| SampleId(2 * i + 1)).collect();
    let width = features.len() / count;
    // The rows between belong to other parts and are never read.
    let others = vec![f32::NAN; width];
    let rows = features.chunks(width).flat_map(|row| [&others, row]);
    let all = rows.flatten().copied().collect();
    let classes = classes.into_iter().flat_map(|class| [u32::MAX, class]);
    SampleTable {
        ids,
        classes: classes.collect(),
        inputs: Array::new([2 * count, width], all).into(),
    }
}

fn plain(count: u32) -> SampleTable {
    table(
        (0..count).map(|i| i % 3).collect(),
        (0..count).map(|i| i as f32).collect(),
    )
}

fn rows(policy: &dyn Policy, table: &SampleTable, epoch: u64, seed: u64) -> Vec<usize> {
    let chosen = policy
        .epoch(epoch, 10, table, &Scores::default(), Seed(seed))
        .unwrap();
    assert!(
        chosen.is_sorted_by_key(|(id, _)| *id) && chosen.iter().all(|(_, weight)| *weight == 1.0)
    );
    chosen
        .iter()
        .map(|(id, _)| table.ids.binary_search(id).unwrap())
        .collect()
}

fn share(share: f64) -> Share {
    Share::new(share).unwrap()
}

#[test]
fn all_is_every_sample_in_every_epoch() {
    assert_eq!(
        rows(&All::default(), &plain(7), 3, 1),
        (0..7).collect::<Vec<_>>()
    );
}

#[test]
fn a_random_subset_is_static_unless_refreshed() {
    let policy = |refresh| Random {
        fraction: Some(share(0.3)),
        refresh,
        ..Random::default()
    };
    let table = plain(100);
    let (fixed, fresh) = (policy(Refresh::Never), policy(Refresh::Epoch));
    assert_eq!(rows(&fixed, &table, 0, 1).len(), 30);
    assert_eq!(rows(&fixed, &table, 0, 1), rows(&fixed, &table, 5, 1));
    assert_ne!(rows(&fixed, &table, 0, 1), rows(&fixed, &table, 0, 2));
    assert_ne!(rows(&fresh, &table, 0, 1), rows(&fresh, &table, 1, 1));
    assert_eq!(rows(&fresh, &table, 1, 1), rows(&fresh, &table, 1, 1));
    assert!(fixed.is_static() && !fresh.is_static());
    let seen: BTreeSet<usize> = (0..40)
        .flat_map(|epoch| rows(&fresh, &table, epoch, 1))
        .collect();
    assert_eq!(
        seen.len(),
        100,
        "a refreshed subset visits everything in time"
    );
    let counted = Random {
        count: std::num::NonZeroUsize::new(500),
        ..Random::default()
    };
    assert_eq!(rows(&counted, &table, 0, 1).len(), 100);
}

#[test]
fn a_random_subset_is_uniform() {
    let policy = Random {
        fraction: Some(share(0.2)),
        refresh: Refresh::Epoch,
        ..Random::default()
    };
    let mut counts = vec![0; 50];
    (0..5000).for_each(|epoch| {
        rows(&policy, &plain(50), epoch, 3)
            .iter()
            .for_each(|row| counts[*row] += 1)
    });
    // 1000 expected, standard deviation √(5000 · 0.2 · 0.8) = 28.
    assert!(
        counts.iter().all(|count| (860..1140).contains(count)),
        "{counts:?}"
    );
}

#[test]
fn a_stratified_subset_has_each_class_s_share_and_every_class() {
    let classes: Vec<u32> = (0..103)
        .map(|i| {
            if i < 60 {
                0
            } else if i < 100 {
                1
            } else {
                2
            }
        })
        .collect();
    let table = table(classes.clone(), vec![0.0; 103]);
    let rows = rows(
        &Stratified {
            fraction: share(0.25),
        },
        &table,
        0,
        1,
    );
    let count = |class| rows.iter().filter(|row| classes[**row] == class).count();
    assert_eq!([count(0), count(1), count(2)], [15, 10, 1]);
    assert!(
        Stratified {
            fraction: share(0.1)
        }
        .check(TaskKind::Regression)
        .is_err()
    );
    let few = super::samples::rows(
        &Stratified {
            fraction: share(0.01),
        },
        &table,
        0,
        1,
    );
    assert_eq!(few.len(), 3);
}

fn subset(name: &str) -> (SampleTable, Value) {
    let vectors: Value = serde_json::from_str(include_str!(
        "../../../../../testdata/reference/data/vectors.json"
    ))
    .unwrap();
    let subset = &vectors["subset"];
    let features: Vec<Vec<f32>> = serde_json::from_value(subset["features"].clone()).unwrap();
    let classes = serde_json::from_value(subset["classes"].clone()).unwrap();
    assert_eq!(subset["fraction"], 0.25);
    (table(classes, features.concat()), subset[name].clone())
}

fn sorted(rows: Value) -> Vec<usize> {
    let mut rows: Vec<usize> = serde_json::from_value(rows).unwrap();
    rows.sort_unstable();
    rows
}

#[test]
fn k_center_agrees_with_numpy() {
    let (table, expected) = subset("k_center");
    assert_eq!(
        rows(
            &KCenter {
                fraction: share(0.25)
            },
            &table,
            0,
            1
        ),
        sorted(expected)
    );
}

#[test]
fn k_center_takes_the_middle_then_the_far_ends() {
    let line = table(vec![0; 7], vec![0.0, 1.0, 5.0, 5.5, 6.0, 10.0, 10.0]);
    let take = |count: f64| {
        rows(
            &KCenter {
                fraction: share(count / 7.0),
            },
            &line,
            0,
            1,
        )
    };
    assert_eq!(take(1.0), [3], "the mean is 5.36");
    assert_eq!(take(2.0), [0, 3]);
    assert_eq!(
        take(3.0),
        [0, 3, 5],
        "of two equally far samples the smaller id"
    );
    let same = table(vec![0; 4], vec![1.0; 4]);
    assert_eq!(
        rows(
            &KCenter {
                fraction: share(1.0)
            },
            &same,
            0,
            1
        ),
        [0, 1, 2, 3],
        "copies are taken once each"
    );
}

#[test]
fn herding_agrees_with_numpy() {
    let (table, expected) = subset("herding");
    let policy = |per_class| Herding {
        fraction: share(0.25),
        per_class,
    };
    assert_eq!(rows(&policy(false), &table, 0, 1), sorted(expected));
    let (_, expected) = subset("herding_per_class");
    let herds: Vec<Vec<usize>> = serde_json::from_value(expected).unwrap();
    assert_eq!(
        rows(&policy(true), &table, 0, 1),
        sorted(serde_json::json!(herds.concat()))
    );
}

#[test]
fn herding_takes_what_brings_the_mean_nearest_not_farthest() {
    // Mean 3. First 3 itself; then wanted 6 − 3 = 3: 4; then 9 − 7 = 2: 2.
    let line = table(vec![0; 5], vec![0.0, 2.0, 3.0, 4.0, 6.0]);
    let take = |count: f64| {
        rows(
            &Herding {
                fraction: share(count / 5.0),
                per_class: true,
            },
            &line,
            0,
            1,
        )
    };
    assert_eq!(take(1.0), [2]);
    assert_eq!(take(2.0), [1, 2]);
    assert_eq!(take(3.0), [1, 2, 3]);
}

#[test]
fn infobatch_gives_every_sample_an_expected_weight_of_one() {
    let table = plain(40);
    let mut scores = Scores {
        loss: vec![f32::NAN; 80],
    };
    table
        .ids
        .iter()
        .zip(0..)
        .for_each(|(id, i)| scores.loss[id.row()] = if i == 39 { f32::NAN } else { i as f32 });
    let policy = InfoBatch::default();
    let (draws, mut weights) = (4000, vec![0.0; 40]);
    for seed in 0..draws {
        for (id, weight) in policy.epoch(3, 100, &table, &scores, Seed(seed)).unwrap() {
            weights[id.row() / 2] += f64::from(weight) / draws as f64;
        }
    }
    // A dropped or doubled sample has deviation 1: 5 standard errors are 0.08.
    assert!(
        weights.iter().all(|weight| (weight - 1.0).abs() < 0.08),
        "{weights:?}"
    );
    // The mean of 0 to 38 is 19: samples from there on, and the one not seen yet, are never touched.
    assert!(
        weights[19..]
            .iter()
            .all(|weight| (weight - 1.0).abs() < 1e-9),
        "{weights:?}"
    );
    let kept = policy.epoch(3, 100, &table, &scores, Seed(1)).unwrap();
    assert!(
        kept.iter()
            .all(|(id, weight)| *weight == if id.row() / 2 < 19 { 2.0 } else { 1.0 })
    );
    assert!(kept.len() < 40 && policy.weights_samples() && !policy.is_static());
}

#[test]
fn infobatch_uses_all_samples_first_and_at_the_end() {
    let table = plain(40);
    let scores = Scores {
        loss: (0..80).map(|i| i as f32).collect(),
    };
    let count = |epoch, scores: &Scores| {
        InfoBatch::default()
            .epoch(epoch, 20, &table, scores, Seed(1))
            .unwrap()
            .len()
    };
    assert_eq!(count(0, &Scores::default()), 40);
    assert!((0..17).all(|epoch| count(epoch, &scores) < 40));
    assert!((17..20).all(|epoch| count(epoch, &scores) == 40));
    assert_ne!(
        InfoBatch::default()
            .epoch(1, 20, &table, &scores, Seed(1))
            .unwrap(),
        InfoBatch::default()
            .epoch(2, 20, &table, &scores, Seed(1))
            .unwrap()
    );
    assert!(
        InfoBatch {
            r: 1.0,
            ..InfoBatch::default()
        }
        .check(TaskKind::Classification)
        .is_err()
    );
}

fn listed(name: &str, bytes: &[u8], table: &SampleTable) -> Result<Vec<usize>, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), bytes).unwrap();
    let mut policy = Ids::new(name.into());
    let clean = |error: distil::Error| {
        error
            .to_string()
            .replace(&format!("{}/", folder.path().display()), "")
    };
    policy.open(folder.path()).map_err(clean)?;
    policy
        .epoch(0, 10, table, &Scores::default(), Seed(1))
        .map_err(clean)?;
    Ok(rows(&policy, table, 0, 1))
}

#[test]
fn a_list_of_ids_is_read_from_text_json_and_numpy() {
    let table = plain(6);
    assert_eq!(
        listed("ids.txt", b"# chosen by hand\n11\n1 # first\n\n5\n", &table).unwrap(),
        [0, 2, 5]
    );
    assert_eq!(
        listed("ids.json", b"[11, 1, 5]", &table).unwrap(),
        [0, 2, 5]
    );
    let mut npy =
        b"\x93NUMPY\x01\x00\x76\x00{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }"
            .to_vec();
    npy.resize(127, b' ');
    npy.push(b'\n');
    npy.extend([5_i64, 1].iter().flat_map(|x| x.to_le_bytes()));
    assert_eq!(listed("ids.npy", &npy, &table).unwrap(), [0, 2]);
}

#[test]
fn a_list_that_cannot_be_used_says_why() {
    let say = |name: &str, bytes: &[u8]| listed(name, bytes, &plain(6)).unwrap_err();
    assert_snapshot!(say("ids.txt", b"1\nthree\n"), @"ids.txt, line 2: `three` is not a row. Write one row a line, counted from 0.");
    assert_snapshot!(say("ids.txt", b"1\n5\n1\n"), @"ids.txt: row 1 is listed twice. List each row once.");
    assert_snapshot!(say("ids.txt", b"# nothing\n"), @"ids.txt: no row is listed. List at least one row, counted from 0.");
    assert_snapshot!(say("ids.txt", b"1\n2\n"), @"ids.txt: row 2 is not in the training part. List rows of the training part only, counted from 0 in the source.");
    assert_snapshot!(say("ids.json", b"[1, -5]"), @"ids.json: not a JSON array of rows (invalid value: integer `-5`, expected u32 at line 1 column 6). Write for example [0, 17, 23].");
    assert_snapshot!(say("ids.txt", b""), @"ids.txt: the file is empty (0 bytes). Fetch or write it again.");
}

#[test]
fn every_policy_is_found_by_its_name_and_checks_its_options() {
    use distil_recipe::{Problems, RecipeText, parse};
    assert_eq!(
        SAMPLES.names().collect::<Vec<_>>(),
        [
            "all",
            "random",
            "stratified",
            "k-center",
            "herding",
            "ids",
            "infobatch"
        ]
    );
    let resolve = |samples: &str| {
        let text = format!(
            "task = \"classification\"\ndata = \"digits\"\n[stage.s]\nmodel = \"mlp\"\nsamples = {samples}\n"
        );
        let (recipe, _) = parse(&RecipeText::new("r.toml", text));
        let mut problems = Problems::new();
        let policy = SAMPLES.resolve(&recipe.unwrap().stages[0].samples, &mut problems);
        let first = problems
            .as_slice()
            .first()
            .map(|problem| problem.message.clone());
        policy
            .map(|policy| format!("{:?}", policy.value))
            .ok_or(first.unwrap_or_default())
    };
    assert_snapshot!(resolve("\"all\"").unwrap(), @"All");
    assert_snapshot!(resolve("{ kind = \"random\", fraction = 0.5, refresh = \"epoch\" }").unwrap(), @"Random { fraction: Some(Share(0.5)), count: None, refresh: Epoch }");
    assert_snapshot!(resolve("{ kind = \"infobatch\", r = 0.3 }").unwrap(), @"InfoBatch { r: 0.3, anneal: Share(0.125) }");
    assert_snapshot!(resolve("{ kind = \"ids\", file = \"ids.txt\" }").unwrap(), @r#"Ids { file: "ids.txt", listed: None }"#);
    assert_snapshot!(resolve("\"stratified\"").unwrap_err(), @"`fraction` is missing");
    assert_snapshot!(resolve("{ kind = \"k-center\", fraction = 1.5 }").unwrap_err(), @"`fraction` must be a share above 0 and at most 1, not 1.5");
    assert!(Random::default().check(TaskKind::Classification).is_err());
}
