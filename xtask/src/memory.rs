//! What a run takes of memory, all its processes together, and how fast its trials start.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

pub const USAGE: &str = "usage: cargo xtask memory recipe.toml [arguments of `distil run`]
    runs it with target/release/distil into a folder of its own, and prints the largest sum over its processes of the memory they share
    out (PSS), each one's largest, and the time from a trial's start to its first step";

/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

pub fn run(arguments: &[String]) -> Result<(), String> {
    let Some((recipe, rest)) = arguments.split_first() else {
        return Err(USAGE.into());
    };
    let runs = std::env::temp_dir().join(format!("distil-memory-{}", std::process::id()));
    let began = Instant::now();
    let mut run = Command::new("target/release/distil")
        .args(["run", recipe, "--runs"])
        .arg(&runs)
        .args(rest)
        .stdout(Stdio::null())
        .spawn()
        .map_err(|e| format!("target/release/distil: {e}"))?;
    let parent = run.id();
    let (mut most, mut before, mut at) = (0, 0, Duration::ZERO);
    let mut each: BTreeMap<u32, u64> = BTreeMap::new();
    let mut trials: BTreeMap<PathBuf, (Instant, Option<Duration>)> = BTreeMap::new();
    let done = loop {
        if let Some(status) = run.try_wait().map_err(|e| e.to_string())? {
            break status;
        }
        let of = family(parent);
        let now: Vec<(u32, u64)> = of.iter().filter_map(|p| Some((*p, pss(*p)?))).collect();
        let sum: u64 = now.iter().map(|(_, kib)| kib).sum();
        // A process that ends while the others are looked at leaves them its share: the lesser of two looks counts.
        if sum.min(before) > most {
            (most, at) = (sum.min(before), began.elapsed());
        }
        before = sum;
        for (process, kib) in now {
            let largest = each.entry(process).or_default();
            *largest = kib.max(*largest);
        }
        look_at_trials(&runs, &mut trials);
        sleep(LOOK);
    };
    let _ = fs::remove_dir_all(&runs);
    println!(
        "all: {} MiB at {:.1} s of {:.1} ({done})",
        most >> 10,
        at.as_secs_f64(),
        began.elapsed().as_secs_f64()
    );
    let largest = |of: &mut dyn Iterator<Item = &u64>| of.max().map_or(0, |kib| kib >> 10);
    let trial = each.iter().filter(|(process, _)| **process != parent);
    println!(
        "parent at most {} MiB, a trial at most {} MiB",
        largest(&mut each.get(&parent).into_iter()),
        largest(&mut trial.map(|(_, kib)| kib))
    );
    let mut starts: Vec<f64> = trials
        .values()
        .filter_map(|(_, first)| Some(first.as_ref()?.as_secs_f64()))
        .collect();
    starts.sort_by(f64::total_cmp);
    let starts: Vec<String> = starts.iter().map(|s| format!("{s:.2}")).collect();
    println!("from start to first step, seconds: {}", starts.join(" "));
    match done.success() {
        true => Ok(()),
        false => Err(format!("the run ended with {done}")),
    }
}

/// A process and its children.
fn family(parent: u32) -> Vec<u32> {
    let tasks = format!("/proc/{parent}/task");
    let mut all = vec![parent];
    for task in fs::read_dir(tasks).into_iter().flatten().flatten() {
        let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        all.extend(
            children
                .split_whitespace()
                .filter_map(|p| p.parse::<u32>().ok()),
        );
    }
    all
}

/// What a process takes of memory, in KiB: its own, and its share of what several have.
fn pss(process: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// A trial starts when its order is there, and has begun to train when its log says so.
fn look_at_trials(runs: &Path, trials: &mut BTreeMap<PathBuf, (Instant, Option<Duration>)>) {
    let inside = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten();
    for run in inside(runs) {
        for trial in inside(&run.path().join("trials")) {
            let log = trial.path().join("events.jsonl");
            let (start, first) = trials
                .entry(trial.path())
                .or_insert_with(|| (Instant::now(), None));
            let begun = || fs::read_to_string(log).is_ok_and(|log| log.contains("stage-started"));
            if first.is_none() && begun() {
                *first = Some(start.elapsed());
            }
        }
    }
}
