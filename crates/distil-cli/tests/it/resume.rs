//! A run that is stopped, killed or told to end goes on to the bytes of an unbroken one.

use std::fs;

use distil_report::events::Event;
use rustix::process::Signal;

use serde_json::Value;

use crate::harness::{Ended, Place, Running};

/// Long enough to be killed in, with a checkpoint every ten steps and a policy whose epochs depend on scores.
const RUN: &[&str] = &[
    "run",
    "digits",
    "--no-control",
    "--quiet",
    "--set",
    "run.checkpoint_steps=10",
    "--set",
    "stage.small.train.epochs=20",
    "--set",
    "stage.large.train.epochs=20",
    "--set",
    "stage.small.samples=infobatch",
];
const RUN_FOLDER: &str = "runs/digits-0001";
const FLOW: &str = "flow-s1";

fn model(place: &Place) -> Vec<u8> {
    fs::read(place.path("runs/digits-0001/model/model.safetensors")).unwrap()
}

fn unbroken() -> Vec<u8> {
    let place = Place::new();
    let ended = place.distil(RUN);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    model(&place)
}

/// Starts the run and waits until its log has so many events; true if the large stage had begun by then.
fn until(place: &Place, events: usize) -> (Running, bool) {
    let mut running = place.start(RUN);
    running.wait_for("the log to grow", || {
        place.events(RUN_FOLDER, FLOW).len() >= events
    });
    let large = place
        .events(RUN_FOLDER, FLOW)
        .iter()
        .any(|e| matches!(e, Event::StageStarted(s) if s.stage == "large"));
    (running, large)
}

fn resumed(place: &Place) -> Ended {
    let ended = place.distil(&["resume", RUN_FOLDER, "--quiet"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    ended
}

#[test]
fn killed_at_ten_moments_a_run_ends_with_the_bytes_of_an_unbroken_one() {
    let whole = unbroken();
    let (mut after_a_checkpoint, mut in_the_large_stage) = (0, 0);
    // Some at fixed places, so that the counts below hold on a machine of any speed; the kill itself is not timed.
    for events in [2, 9, 40, 77, 120, 180, 240, 300, 380, 430] {
        let place = Place::new();
        let (mut running, large) = until(&place, events);
        running.kill();
        let log = place.events(RUN_FOLDER, FLOW);
        after_a_checkpoint += usize::from(log.iter().any(|e| matches!(e, Event::Checkpointed(_))));
        in_the_large_stage += usize::from(large);
        resumed(&place);
        assert!(model(&place) == whole, "killed after {events} events");
        assert!(
            !place.files().iter().any(|file| file.contains("unfinished")),
            "{:?}",
            place.files()
        );
    }
    assert!(
        after_a_checkpoint >= 6 && in_the_large_stage >= 2,
        "{after_a_checkpoint} {in_the_large_stage}"
    );
}

#[test]
fn a_resumed_run_bills_what_an_unbroken_one_does() {
    let bill = |place: &Place| {
        let run: serde_json::Value =
            serde_json::from_str(&place.read("runs/digits-0001/run.json")).unwrap();
        let rows = run["trials"][0]["bill"].as_array().unwrap().clone();
        let row = |r: &serde_json::Value| {
            (
                r["stage"].clone(),
                r["purpose"].clone(),
                r["flops"].clone(),
                r["samples"].clone(),
            )
        };
        rows.iter().map(row).collect::<Vec<_>>()
    };
    let (whole, broken) = (Place::new(), Place::new());
    assert_eq!(whole.distil(RUN).code, 0);
    until(&broken, 300).0.kill();
    resumed(&broken);
    assert_eq!(bill(&broken), bill(&whole));
}

#[test]
fn told_to_end_a_run_saves_says_how_to_go_on_and_exits_as_the_shell_expects() {
    let whole = unbroken();
    for (signal, code) in [
        (Signal::TERM, 143),
        (Signal::INT, 130),
        (Signal::HUP, 129),
        (Signal::USR1, 138),
        (Signal::USR2, 140),
    ] {
        // Whoever runs the tests may have it ignored.
        if ignored(signal) {
            println!("SKIPPED {signal:?}");
            continue;
        }
        let place = Place::new();
        let (mut running, _) = until(&place, 150);
        running.signal(signal);
        let ended = running.end();
        assert_eq!(ended.code, code, "{}", ended.stderr);
        assert!(ended.stderr.contains("distil resume"), "{}", ended.stderr);
        assert!(
            place
                .read("runs/digits-0001/run.json")
                .contains("\"status\": \"stopped\"")
        );
        resumed(&place);
        assert!(model(&place) == whole, "after signal {code}");
    }
}

fn ignored(signal: Signal) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let mask = status.lines().find_map(|l| l.strip_prefix("SigIgn:"));
    let mask = u64::from_str_radix(mask.unwrap().trim(), 16).unwrap();
    mask & (1 << (signal.as_raw() - 1)) != 0
}

#[test]
fn a_hangup_that_was_ignored_from_the_start_ends_nothing() {
    let place = Place::new();
    let mut command = std::process::Command::new("bash");
    let program = env!("CARGO_BIN_EXE_distil");
    // As `nohup` does.
    let line = format!(
        "trap '' HUP; {program} run digits --no-control --quiet & pid=$!; \
         until [ -e {RUN_FOLDER}/trials/{FLOW}/events.jsonl ]; do sleep 0.02; done; kill -HUP $pid; wait $pid"
    );
    command.arg("-c").arg(line).current_dir(place.path(""));
    let ended = crate::harness::ended(command);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
}

#[test]
fn a_second_process_is_kept_out_of_a_run_at_work() {
    let place = Place::new();
    let mut running = place.start(&[RUN, &["--set", "stage.small.train.epochs=2000"]].concat());
    running.wait_for("the run to begin", || {
        place.events(RUN_FOLDER, FLOW).len() >= 10
    });
    let second = place.distil(&["resume", RUN_FOLDER]);
    assert_eq!(second.code, 1);
    insta::assert_snapshot!(second.stderr, @"error: runs/digits-0001: another process is at work in this folder. Wait for it, or stop it first.");
    running.kill();
}

/// run.json without what a clock says, what was typed and how often the run was interrupted.
pub fn record_of(place: &Place, run: &str) -> Value {
    let mut record: Value = serde_json::from_str(&place.read(&format!("{run}/run.json"))).unwrap();
    without_times(&mut record);
    record
}

fn without_times(value: &mut Value) {
    let of_a_clock = |key: &str| {
        key.contains("second")
            || [
                "host",
                "calibration",
                "arm_calibrations",
                "resumes",
                "curve",
                "began",
                "command",
            ]
            .contains(&key)
    };
    match value {
        Value::Object(entries) => {
            entries.retain(|key, _| !of_a_clock(key));
            entries.values_mut().for_each(without_times);
        }
        Value::Array(items) => {
            // A trial killed between its rehearsal and its beginning does not say what the rehearsal took.
            items.retain(|item| item.get("purpose").is_none_or(|it| it != "calibrate"));
            items.iter_mut().for_each(without_times);
        }
        _ => {}
    }
}

#[test]
fn killed_ten_times_a_comparison_ends_with_the_record_of_an_unbroken_one() {
    let arguments = [
        "run",
        "digits",
        "--smoke",
        "--seeds",
        "2",
        "--folds",
        "2",
        "--set",
        "compare.tune={ lr = [1e-3, 4e-3], widen = 0 }",
        "--quiet",
    ];
    let whole = Place::new();
    assert_eq!(whole.distil(&arguments).code, 0);
    let trials = |place: &Place| {
        fs::read_dir(place.path("runs/digits-0001/trials")).map_or(0, Iterator::count)
    };
    assert_eq!(
        trials(&whole),
        24,
        "three arms, two seeds, two folds, two settings"
    );

    let place = Place::new();
    let mut running = place.start(&arguments);
    for kill in 1..=10 {
        // Trials that were at work are found with half of their events.
        running.wait_for("more trials", || trials(&place) >= 2 * kill);
        running.kill();
        running = place.start(&["resume", RUN_FOLDER, "--quiet"]);
    }
    let ended = running.end();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(record_of(&place, RUN_FOLDER), record_of(&whole, RUN_FOLDER));
}
