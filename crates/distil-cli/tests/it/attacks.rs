//! Kills at random moments: whatever is hit, by whichever signal, `resume` comes to the bytes and the record of an unbroken run, every
//! exit code says what happened, and nothing is left behind.
//!
//! The ordinary suite makes a few, of a seed that is printed; `SEED=7` makes the same again. The long form takes hours and prints counts:
//! `KILLS=1000 cargo test --release --workspace --test it -- --ignored --nocapture attacks`.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;

use crate::harness::{Ended, Place};
use crate::resume::record_of;

/// What is run and hit: arguments of `distil`.
const RUNS: [&[&str]; 3] = [
    // Controls, and checkpoints all the time.
    &[
        "run",
        "digits",
        "--smoke",
        "--set",
        "run.checkpoint_steps=5",
        "--fresh",
    ],
    // Tuning, several seeds, folds.
    &[
        "run",
        "digits",
        "--smoke",
        "--seeds",
        "2",
        "--folds",
        "2",
        "--set",
        "compare.tune={ lr = [1e-3, 4e-3], widen = 0 }",
        "--fresh",
    ],
    // Stages are kept.
    &["run", "digits", "--smoke", "--seeds", "2"],
];

pub const RUN: &str = "runs/digits-0001";

/// Who is hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Group,
    Parent,
    Child,
}

/// Numbers that look random.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) % sides as u64) as usize
    }
}

/// An unbroken run: its model, its record, and how long it took.
pub struct Whole {
    model: Vec<u8>,
    record: Value,
    time: Duration,
}

impl Whole {
    /// What was attacked and went on has come to the same, and nothing is left of what was begun.
    pub fn is_reached(&self, place: &Place, about: &str) {
        assert!(model(place) == self.model, "{about}: another model");
        assert_eq!(record_of(place, RUN), self.record, "{about}");
        let files = place.files();
        let left: Vec<_> = files.iter().filter(|f| f.contains("unfinished")).collect();
        assert!(left.is_empty(), "{about}: {left:?}");
    }
}

fn model(place: &Place) -> Vec<u8> {
    fs::read(place.path(&format!("{RUN}/model/model.safetensors"))).unwrap()
}

pub fn whole(arguments: &[&str]) -> Whole {
    let place = Place::new();
    let start = Instant::now();
    let ended = place.distil(&[arguments, &["--quiet"]].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    Whole {
        model: model(&place),
        record: record_of(&place, RUN),
        time: start.elapsed(),
    }
}

/// Every process that works in a folder.
fn at_work(folder: &Path) -> Vec<i32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let folder = folder.canonicalize().unwrap();
    pids.filter(|pid: &i32| {
        fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == folder)
    })
    .collect()
}

/// Starts a verb, hits it after a while, and says how it ended.
fn hit(
    place: &Place,
    mut command: Command,
    target: Target,
    signal: Signal,
    after: Duration,
) -> (i32, String) {
    let log = place.path("stderr");
    let file = fs::File::create(&log).unwrap();
    let mut child = command
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(file)
        .spawn()
        .unwrap();
    let parent = Pid::from_child(&child);
    std::thread::sleep(after);
    // The process may have ended by itself.
    let _ = match target {
        Target::Group => kill_process_group(parent, signal),
        Target::Parent => kill_process(parent, signal),
        Target::Child => {
            let own = parent.as_raw_nonzero().get();
            let others = at_work(&place.path("."));
            let other = others
                .into_iter()
                .find(|pid| *pid != own)
                .and_then(Pid::from_raw);
            other.map_or(Ok(()), |pid| kill_process(pid, signal))
        }
    };
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(
            start.elapsed() < Duration::from_secs(120),
            "it does not end"
        );
        std::thread::sleep(Duration::from_millis(2));
    };
    let code = status
        .code()
        .or_else(|| status.signal().map(|s| 128 + s))
        .unwrap();
    (code, fs::read_to_string(log).unwrap())
}

/// Exit codes that tell what happened.
fn expected(target: Target, signal: Signal) -> &'static [i32] {
    match (target, signal) {
        (Target::Child, Signal::KILL) => &[0, 1],
        // A child that was asked to stop has saved; before it listens, the signal ends it.
        (Target::Child, Signal::TERM) => &[0, 1, 143],
        (Target::Child, _) => &[0, 1, 130],
        (_, Signal::TERM) => &[0, 143],
        (_, Signal::INT) => &[0, 130],
        (_, _) => &[0, 137],
    }
}

/// Makes so many attacks and prints what they came to.
fn attack(seed: u64, kills: usize) {
    println!("SEED={seed} KILLS={kills}");
    let mut dice = Dice(seed);
    let wholes = RUNS.map(whole);
    let mut counts: BTreeMap<(Target, i32, i32), usize> = BTreeMap::new();
    for kill in 0..kills {
        let which = dice.below(RUNS.len());
        let whole = &wholes[which];
        let place = Place::new();
        let mut again = 1 + dice.below(2);
        let mut arguments = [RUNS[which], &["--quiet"]].concat();
        loop {
            let target = [Target::Group, Target::Parent, Target::Child][dice.below(3)];
            let signal = [Signal::TERM, Signal::INT, Signal::KILL][dice.below(3)];
            let after = whole.time.mul_f64(dice.below(1000) as f64 / 1000.0);
            let about = format!(
                "seed {seed}, kill {kill}: {arguments:?}, {target:?} {signal:?} after {after:?}"
            );
            let (code, stderr) = hit(&place, place.command(&arguments), target, signal, after);
            assert!(
                expected(target, signal).contains(&code),
                "{about}: {code}: {stderr}"
            );
            // Whoever can still speak says why.
            let silent = stderr.is_empty() && [1, 3].contains(&code);
            assert!(!silent, "{about}: {code}");
            *counts.entry((target, signal.as_raw(), code)).or_default() += 1;
            if place.path(RUN).exists() {
                arguments = vec!["resume", RUN, "--quiet"];
            }
            again -= 1;
            if again == 0 || code == 0 {
                break;
            }
        }
        let about = format!("seed {seed}, kill {kill}");
        no_orphans(&place, &about);
        let ended = place.distil(&arguments);
        assert_eq!(ended.code, 0, "{about}: {}", ended.stderr);
        whole.is_reached(&place, &about);
        assert!(!place.path("runs/digits-0002").exists(), "{about}");
        assert_eq!(place.distil(&["report", RUN]).stderr, "", "{about}");
    }
    for ((target, signal, code), count) in counts {
        println!("{target:?}, signal {signal}, exit {code}: {count}");
    }
    println!("{kills} runs, 0 different results");
}

/// Goes on with what was attacked, or begins again where no run is left.
pub fn go_on(place: &Place, arguments: &[&str]) -> Ended {
    match place.path(RUN).exists() {
        true => place.distil(&["resume", RUN, "--quiet"]),
        false => place.distil(&[arguments, &["--quiet"]].concat()),
    }
}

/// A killed parent's trials die with it.
pub fn no_orphans(place: &Place, about: &str) {
    let start = Instant::now();
    while !at_work(&place.path(".")).is_empty() {
        assert!(start.elapsed() < Duration::from_secs(5), "{about}: orphans");
        std::thread::sleep(Duration::from_millis(10));
    }
}

pub fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap().as_millis() as u64
}

#[test]
fn killed_at_random_moments_a_run_ends_as_an_unbroken_one() {
    attack(number("SEED", now()), 5);
}

#[test]
#[ignore = "takes hours"]
fn killed_at_very_many_random_moments_a_run_ends_as_an_unbroken_one() {
    attack(number("SEED", now()), number("KILLS", 1000) as usize);
}
