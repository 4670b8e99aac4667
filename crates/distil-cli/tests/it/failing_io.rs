//! Calls of the operating system that fail: whichever it is, the program says so, and `resume` comes to the bytes and the record of an
//! unbroken run.
//!
//! A disk that is full is a small one in memory, mounted in a namespace of its own, and enlarged before `resume`.
//!
//! `failing_io.c` is preloaded into the program and lets the n-th call that opens, writes, syncs, renames or makes a folder fail, or that
//! and all that follow, as on a disk that is full. The ordinary suite tries a few, of a seed that is printed; the long form tries all:
//! `cargo test --release --workspace --test it -- --ignored --nocapture failing_io`.

use std::collections::BTreeMap;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::attacks::{Dice, RUN, Whole, go_on, now, number, whole};
use crate::harness::{Ended, Place, ended};

const ARGUMENTS: &[&str] = &["run", "digits", "--smoke", "--seeds", "2", "--fresh"];

/// One call that fails.
#[derive(Clone, Copy, Debug)]
struct Point {
    /// Whose calls are counted: the parent's, or each trial's.
    who: &'static str,
    /// Counted from 1.
    at: usize,
    /// Whether all that follow fail as well.
    on: bool,
}

/// What is preloaded, made of the C file of this name, if a C compiler and the GNU library are here.
pub fn preloaded(place: &Place, name: &str) -> Option<PathBuf> {
    let source = format!("{}/tests/it/{name}.c", env!("CARGO_MANIFEST_DIR"));
    let shim = place.path(&format!("{name}.so"));
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&shim);
    let made = cc.arg(source).arg("-ldl").output();
    let made = made.is_ok_and(|output| output.status.success());
    let is_here = made && cfg!(all(target_os = "linux", target_env = "gnu"));
    is_here.then_some(shim)
}

/// Runs the program with a call that fails; what failed, or how many calls there were.
fn failing(place: &Place, arguments: &[&str], shim: &Path, point: Point) -> (Ended, String) {
    let mut command = place.command(&[arguments, &["--quiet"]].concat());
    let log = place.path("failed");
    let _ = fs::remove_file(&log);
    command
        .env("LD_PRELOAD", shim)
        .env("FAIL_WHO", point.who)
        .env("FAIL_AT", point.at.to_string())
        .env("FAIL_LOG", &log);
    if point.on {
        command.env("FAIL_ON", "1");
    }
    let ended = ended(command);
    (ended, fs::read_to_string(log).unwrap_or_default())
}

/// How many calls each of them makes in an unbroken run; the most of any trial.
fn calls(shim: &Path, who: &'static str) -> usize {
    let place = Place::new();
    let none = Point {
        who,
        at: 0,
        on: false,
    };
    let (ended, counts) = failing(&place, ARGUMENTS, shim, none);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    counts
        .lines()
        .map(|line| line.parse().unwrap())
        .max()
        .unwrap()
}

/// One point: what failed, and the exit code.
fn try_one(shim: &Path, point: Point, whole: &Whole) -> (String, i32) {
    let place = Place::new();
    let (hit, failed) = failing(&place, ARGUMENTS, shim, point);
    let about = format!("{point:?}, {failed}: exit {}: {}", hit.code, hit.stderr);
    assert!([0, 1, 2].contains(&hit.code), "{about}");
    // Whoever did not come to the end says why, in words that name what is wrong.
    assert_eq!(hit.code == 0, hit.stderr.is_empty(), "{about}");
    assert!(hit.code == 0 || hit.stderr.contains("error: "), "{about}");
    let on = go_on(&place, ARGUMENTS);
    assert_eq!(on.code, 0, "{about}\nthen {}", on.stderr);
    whole.is_reached(&place, &about);
    (failed, hit.code)
}

fn attack(points: impl Fn(&[(&'static str, usize)]) -> Vec<Point>) {
    let place = Place::new();
    let Some(shim) = preloaded(&place, "failing_io") else {
        println!("SKIPPED: no C compiler, or no GNU library, to let calls fail with");
        return;
    };
    let whole = whole(ARGUMENTS);
    let counted = ["parent", "trial"].map(|who| (who, calls(&shim, who)));
    println!("calls: {counted:?}");
    let mut counts: BTreeMap<(&str, String, i32), usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    let points = points(&counted);
    for point in &points {
        let tried = catch_unwind(|| try_one(&shim, *point, &whole));
        let Ok((failed, code)) = tried else {
            wrong.push(*point);
            continue;
        };
        // Every trial that fails names its call.
        let first = ["open", "write", "fsync", "rename", "mkdir"]
            .into_iter()
            .find(|call| failed.starts_with(call));
        let first = first.unwrap_or("none").to_string();
        *counts.entry((point.who, first, code)).or_default() += 1;
    }
    for ((who, call, code), count) in counts {
        println!("{who}, {call}, exit {code}: {count}");
    }
    println!("{} points, {} went wrong", points.len(), wrong.len());
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn whichever_call_fails_it_is_told_and_the_run_goes_on() {
    let seed = number("SEED", now());
    println!("SEED={seed}");
    attack(|counted| {
        let mut dice = Dice(seed);
        let point = |_| {
            let (who, calls) = counted[dice.below(counted.len())];
            Point {
                who,
                at: 1 + dice.below(calls),
                on: dice.below(2) == 1,
            }
        };
        (0..6).map(point).collect()
    });
}

#[test]
#[ignore = "takes half an hour"]
fn whichever_of_all_calls_fails_it_is_told_and_the_run_goes_on() {
    attack(|counted| {
        let all = counted.iter().flat_map(|(who, calls)| {
            (1..=*calls).flat_map(move |at| [false, true].map(|on| Point { who, at, on }))
        });
        all.collect()
    });
}

/// Runs on a disk of `KB` kilobytes, enlarges it, goes on, and copies what came of it into the place.
const FULL_DISK: &str = r#"
mkdir disk && mount -t tmpfs -o size="$KB"k tmpfs disk || exit 99
cd disk
"$@" --quiet 2>../first
echo $? >../code
mount -o remount,size=1g . || exit 98
if [ -e "$RUN" ]; then "$1" resume "$RUN" --quiet 2>../second; else "$@" --quiet 2>../second; fi
echo $? >>../code
cp -r runs ..
"#;

#[test]
fn on_a_disk_that_is_full_the_run_says_so_and_goes_on_when_there_is_room() {
    let whole = whole(ARGUMENTS);
    let seed = number("SEED", now());
    println!("SEED={seed}");
    let mut dice = Dice(seed);
    // An unbroken run takes some 700 kB.
    for kilobytes in [
        4,
        16 + dice.below(100),
        100 + dice.below(400),
        400 + dice.below(400),
    ] {
        let place = Place::new();
        let program = place.command(ARGUMENTS);
        let mut command = Command::new("unshare");
        command
            .args([
                "--user",
                "--map-root-user",
                "--mount",
                "sh",
                "-c",
                FULL_DISK,
                "sh",
            ])
            .arg(program.get_program())
            .args(program.get_args())
            .current_dir(place.path("."))
            .env("KB", kilobytes.to_string())
            .env("RUN", RUN);
        let done = command.output();
        if !done.as_ref().is_ok_and(|done| done.status.success()) {
            println!("SKIPPED: no disk can be mounted here: {done:?}");
            return;
        }
        let codes = place.read("code");
        let about = format!(
            "{kilobytes} kB, exits {codes:?}: {}{}",
            place.read("first"),
            place.read("second")
        );
        println!("{about}");
        assert!(
            ["0\n0\n", "1\n0\n", "2\n0\n"].contains(&codes.as_str()),
            "{about}"
        );
        assert_eq!(
            codes.starts_with('0'),
            place.read("first").is_empty(),
            "{about}"
        );
        whole.is_reached(&place, &about);
    }
}
