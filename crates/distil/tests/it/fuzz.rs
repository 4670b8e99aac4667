//! What the fuzzer reads, replayed: every input that ever failed, every seed, and some hundred damaged ones.

#[path = "../../../../fuzz/targets.rs"]
mod targets;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use targets::{TARGETS, Target};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn seeds(target: &Target) -> Vec<Vec<u8>> {
    let seeds = (target.seeds)(&root().join("testdata"));
    assert!(!seeds.is_empty(), "{}", target.name);
    seeds
}

/// Runs a target; what it panics of, or how long it took, is said with the input.
fn survives(target: &Target, input: &[u8], name: &str) {
    let begun = Instant::now();
    let run = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    if run.is_err() {
        let kept = std::env::temp_dir().join(format!("{}-failed", target.name));
        fs::write(&kept, input).unwrap();
        panic!(
            "{}, {name}: panicked; the input is {}",
            target.name,
            kept.display()
        );
    }
    let took = begun.elapsed();
    assert!(
        took < Duration::from_secs(10),
        "{}, {name}: {took:?}",
        target.name
    );
}

#[test]
fn every_input_that_ever_failed_is_answered() {
    let mut replayed = 0;
    for folder in fs::read_dir(root().join("fuzz/corpus")).unwrap() {
        let folder = folder.unwrap();
        let name = folder.file_name();
        let target = TARGETS.iter().find(|target| *target.name == *name);
        let target = target.unwrap_or_else(|| panic!("no target {name:?}"));
        for input in fs::read_dir(folder.path()).unwrap() {
            let path = input.unwrap().path();
            survives(
                target,
                &fs::read(&path).unwrap(),
                &path.display().to_string(),
            );
            replayed += 1;
        }
    }
    assert!(replayed >= 2);
}

#[test]
fn every_seed_of_the_twenty_targets_is_answered() {
    assert_eq!(TARGETS.len(), 20);
    for target in TARGETS {
        for (at, seed) in seeds(target).iter().enumerate() {
            survives(target, seed, &format!("seed {at}"));
        }
    }
}

/// A number of a sequence that one seed makes (splitmix64).
fn next(state: &mut u64) -> usize {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) as usize
}

fn damage(bytes: &mut Vec<u8>, state: &mut u64) {
    if bytes.is_empty() {
        return;
    }
    let at = next(state) % bytes.len();
    match next(state) % 6 {
        0 => bytes.truncate(at),
        1 => bytes[at] ^= 1 << (next(state) % 8),
        2 => bytes[at] = [0, 0x7f, 0x80, 0xff][next(state) % 4],
        3 => {
            let end = bytes.len().min(at + 8);
            bytes[at..end].fill([0, 0xff][next(state) % 2]);
        }
        4 => {
            let end = bytes.len().min(at + 1 + next(state) % 32);
            let piece = bytes[at..end].to_vec();
            bytes.splice(at..at, piece);
        }
        _ => drop(bytes.drain(at..bytes.len().min(at + 1 + next(state) % 16))),
    }
}

/// `SEED=7` and `DAMAGED=100000` choose others.
#[test]
fn damaged_seeds_are_answered() {
    let number = |name: &str, usual| {
        let given = std::env::var(name).ok();
        given.map_or(usual, |text| text.parse().unwrap())
    };
    let (seed, count) = (number("SEED", 1), number("DAMAGED", 60));
    println!("SEED={seed} DAMAGED={count}");
    for target in TARGETS {
        let seeds = seeds(target);
        let mut state = seed;
        for at in 0..count {
            let mut input = seeds[next(&mut state) % seeds.len()].clone();
            for _ in 0..=next(&mut state) % 3 {
                damage(&mut input, &mut state);
            }
            survives(target, &input, &format!("SEED={seed}, input {at}"));
        }
    }
}
