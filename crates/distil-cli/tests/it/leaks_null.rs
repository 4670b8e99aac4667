//! The null: labels drawn at random, with a given model or with rows that stand several times. Nothing can be learned, so a run is
//! refused, or at most 5 of 40 claim something.
//!
//! Takes minutes, on all cores, and prints its counts: `cargo test --release --workspace --test it -- --ignored --nocapture leaks_null`; `RUNS=8` is shorter.

use std::sync::atomic::{AtomicU64, Ordering};

use distil_report::run_json::RunJson;

use crate::harness::{Ended, Place};
use crate::leaks::{DATA, Random, after_first, csv, run_second};

const SIX_TUNED_SEEDS: [&str; 4] = [
    "--seeds",
    "6",
    "--set",
    "compare.tune={ lr = [1e-4, 1e-3] }",
];

/// Whether a run was refused, or else whether it claims something.
fn outcome(place: &Place, ended: &Ended, run: &str) -> Option<bool> {
    if ended.code == 2 {
        return None;
    }
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let run = RunJson::read(&place.path(run)).unwrap();
    let claims = |word: &str| ["saves", "costs"].contains(&word);
    Some(run.comparisons.iter().any(|c| claims(c.verdict.word())))
}

fn with_given(seed: u64, values: usize, other: Option<u64>, data: &str) -> Option<bool> {
    let columns = if values < 10 { 3 } else { 4 };
    let place = after_first(&csv(&Random(seed).rows(120, columns, values)));
    if let Some(other) = other {
        place.write("data.csv", csv(&Random(other).rows(120, columns, values)));
    }
    let ended = run_second(&place, data, "", &SIX_TUNED_SEEDS);
    outcome(&place, &ended, "runs/second-0001/run.json")
}

fn repeated(seed: u64, more: &[&str]) -> Option<bool> {
    let different = Random(seed).rows(30, 6, 1000);
    let rows: Vec<String> = (0..180)
        .map(|row| different[row * 7 % 30].clone())
        .collect();
    let place = Place::new();
    place.write("data.csv", csv(&rows));
    let recipe = format!(
        "{DATA}\n[stage.small]\nmodel = {{ kind = \"mlp\", hidden = [8] }}\ntrain = {{ epochs = 20 }}\n\n\
         [stage.large]\nmodel = {{ kind = \"mlp\", hidden = [32] }}\nstart = \"small\"\ntrain = {{ epochs = 20 }}\n"
    );
    place.write("second.toml", recipe);
    let ended = place.distil(
        &[
            &["run", "./second.toml", "--quiet"],
            &SIX_TUNED_SEEDS[..],
            more,
        ]
        .concat(),
    );
    outcome(&place, &ended, "runs/second-0001/run.json")
}

/// What so many runs came to, as many at a time as there are cores.
fn outcomes(runs: u64, run: fn(u64) -> Option<bool>) -> Vec<Option<bool>> {
    let next = AtomicU64::new(0);
    let cores = std::thread::available_parallelism().unwrap().get();
    let work = || {
        std::iter::from_fn(|| {
            let at = next.fetch_add(1, Ordering::Relaxed);
            (at < runs).then(|| run(100 + at))
        })
        .collect::<Vec<_>>()
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let done = workers.into_iter().map(|worker| worker.join().unwrap());
        done.flatten().collect()
    })
}

#[test]
#[ignore = "takes minutes"]
fn random_labels_are_refused_or_rarely_claim_something() {
    let runs: u64 = std::env::var("RUNS").map_or(40, |runs| runs.parse().unwrap());
    type Run = fn(u64) -> Option<bool>;
    let all: [(&str, bool, Run); 6] = [
        ("a given model of another split", true, |seed| {
            with_given(seed, 1000, None, "split = { seed = 1 }")
        }),
        ("a given model of the same split", false, |seed| {
            with_given(seed, 1000, None, "")
        }),
        ("a given model of other rows", false, |seed| {
            with_given(seed, 1000, Some(seed + 1000), "")
        }),
        ("a given model of a table of few values", false, |seed| {
            with_given(seed, 3, Some(seed + 1000), "")
        }),
        ("rows that stand six times", false, |seed| {
            repeated(seed, &[])
        }),
        ("the same in folds", false, |seed| {
            repeated(seed, &["--folds", "3"])
        }),
    ];
    for (what, must_refuse, run) in all {
        let outcomes = outcomes(runs, run);
        let refused = outcomes.iter().filter(|outcome| outcome.is_none()).count() as u64;
        let claims = outcomes
            .iter()
            .filter(|outcome| **outcome == Some(true))
            .count() as u64;
        println!("{what}: {runs} runs, {refused} refused, {claims} with a claim");
        assert_eq!(refused, if must_refuse { runs } else { 0 }, "{what}");
        assert!(8 * claims <= runs, "{what}: {claims} of {runs}");
    }
}
