//! Nothing is lost in silence: a trial that was killed, a write that failed, a file that was changed.

use std::fs;
use std::process::Command;

use distil_report::events::Event;
use distil_report::run_json::{RunJson, Status};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::harness::{Ended, Place, ended};
use crate::resume::record_of;

const RUN: &str = "runs/digits-0001";
const TUNE: &str = "compare.tune={ lr = [1e-3, 4e-3], widen = 0 }";

/// The command of a run that tunes so, its small stage long enough that a trial can be caught at work.
pub fn tuned(tune: &str) -> [&str; 8] {
    [
        "run",
        "digits",
        "--quiet",
        "--fresh",
        "--set",
        tune,
        "--set",
        "stage.small.train.epochs=30",
    ]
}

/// Runs `arguments`, and kills one trial once it is at work.
pub fn with_a_trial_killed(place: &Place, arguments: &[&str], trial: &str) -> Ended {
    let mut running = place.start(arguments);
    let process = |place: &Place| {
        place
            .events(RUN, trial)
            .into_iter()
            .find_map(|event| match event {
                Event::Started(started) => Some(started.process.pid),
                _ => None,
            })
    };
    running.wait_for("the trial to begin", || process(place).is_some());
    let pid = Pid::from_raw(process(place).unwrap() as i32).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    running.end()
}

fn record(place: &Place) -> RunJson {
    RunJson::read(&place.path(&format!("{RUN}/run.json"))).unwrap()
}

fn model(place: &Place) -> Vec<u8> {
    fs::read(place.path(&format!("{RUN}/model/model.safetensors"))).unwrap()
}

/// What follows after a trial was lost: `clean` refuses, `resume` comes to the end of an unbroken run.
pub fn goes_on_to_the_end_of_an_unbroken_run(place: &Place, arguments: &[&str]) {
    let cleaned = place.distil(&["clean", RUN]);
    assert_eq!(cleaned.code, 2, "{}", cleaned.stderr);
    assert!(place.path(&format!("{RUN}/trials")).exists());
    let resumed = place.distil(&["resume", RUN, "--quiet"]);
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
    let whole = Place::new();
    assert_eq!(whole.distil(arguments).code, 0);
    assert_eq!(record_of(place, RUN), record_of(&whole, RUN));
    assert!(model(place) == model(&whole));
    assert_eq!(place.distil(&["eval", RUN]).stderr, "");
    assert_eq!(place.distil(&["clean", RUN]).code, 0);
}

#[test]
fn while_a_candidate_is_lost_nothing_is_chosen_and_the_run_has_not_finished() {
    let place = Place::new();
    let arguments = tuned(TUNE);
    let ended = with_a_trial_killed(&place, &arguments, "flow-s1~lr=0.001");
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    insta::assert_snapshot!(ended.stderr, @"error: trial flow-s1~lr=0.001: it was killed. `distil resume` goes on from its last checkpoint.");
    assert_eq!(record(&place).status, Status::Failed);
    assert_eq!(record(&place).tuned[0].chosen, None);
    assert!(!place.path(&format!("{RUN}/model")).exists());
    goes_on_to_the_end_of_an_unbroken_run(&place, &arguments);
}

#[test]
fn a_lost_control_is_told_and_leaves_a_run_that_can_go_on() {
    let place = Place::new();
    let arguments = ["run", "digits", "--quiet", "--fresh", "--json"];
    let ended = with_a_trial_killed(&place, &arguments, "plain-s1");
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    insta::assert_snapshot!(ended.stderr, @"error: runs/digits-0001: not every trial finished: trial plain-s1: it was killed. `distil resume` goes on from its last checkpoint.");
    assert_eq!(record(&place).status, Status::Failed);
    assert!(place.path(&format!("{RUN}/model/model.json")).exists());
    goes_on_to_the_end_of_an_unbroken_run(&place, &arguments);
}

#[test]
fn a_model_of_another_trial_than_the_result_is_told_and_resume_mends_it() {
    let place = Place::new();
    let smoke = ["run", "digits", "--smoke", "--quiet", "--no-control"];
    assert_eq!(
        place.distil(&[&smoke[..], &["--set", TUNE]].concat()).code,
        0
    );
    let other = ["--set", "stage.large.train.lr=3e-3", "--runs", "other"];
    assert_eq!(place.distil(&[&smoke[..], &other].concat()).code, 0);
    let whole = model(&place);
    for entry in fs::read_dir(place.path("other/digits-0001/model"))
        .unwrap()
        .flatten()
    {
        let name = entry.file_name().into_string().unwrap();
        place.write(
            &format!("{RUN}/model/{name}"),
            fs::read(entry.path()).unwrap(),
        );
    }
    assert!(model(&place) != whole);
    for verb in ["eval", "report"] {
        let told = place.distil(&[verb, RUN]);
        let chosen = record(&place).trials[0].id.clone();
        let why = format!("the model is that of flow-s1, and the result in run.json is {chosen}");
        assert!(told.stderr.contains(&why), "{verb}: {}", told.stderr);
        assert!(
            told.stderr.contains("`distil resume"),
            "{verb}: {}",
            told.stderr
        );
    }
    let resumed = place.distil(&["resume", RUN]);
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
    assert!(
        resumed
            .stderr
            .contains("model was that of flow-s1; now it is"),
        "{}",
        resumed.stderr
    );
    assert!(model(&place) == whole);
    assert_eq!(place.distil(&["report", RUN]).stderr, "");
}

#[test]
fn a_run_that_stopped_before_it_had_trials_goes_on_and_is_no_cleaned_one() {
    let place = Place::new();
    let arguments = ["run", "digits", "--smoke", "--quiet"];
    assert_eq!(place.distil(&arguments).code, 0);
    let (whole, bytes) = (record_of(&place, RUN), model(&place));
    let mut record: serde_json::Value =
        serde_json::from_str(&place.read(&format!("{RUN}/run.json"))).unwrap();
    for status in ["stopped", "failed"] {
        for folder in ["trials", "model"] {
            fs::remove_dir_all(place.path(&format!("{RUN}/{folder}"))).unwrap();
        }
        record["status"] = json!(status);
        record["trials"] = json!([]);
        record["comparisons"] = json!([]);
        place.write(&format!("{RUN}/run.json"), record.to_string());
        let resumed = place.distil(&["resume", RUN, "--quiet"]);
        assert_eq!(resumed.code, 0, "{status}: {}", resumed.stderr);
        assert_eq!(record_of(&place, RUN), whole);
        assert!(model(&place) == bytes);
    }
}

#[test]
fn a_run_folder_that_cannot_be_written_is_not_there() {
    // Of the four files of a new run, each limit lets some be written and not others.
    for kibibytes in [0, 1] {
        for runs in ["runs", "old"] {
            let place = Place::new();
            place.write("old/kept", "");
            let mut command = Command::new("bash");
            let program = env!("CARGO_BIN_EXE_distil");
            let line = format!(
                "ulimit -f {kibibytes}; exec {program} run digits --smoke --quiet --runs {runs}"
            );
            command.arg("-c").arg(line).current_dir(place.path(""));
            let ended = ended(command);
            assert_eq!(ended.code, 2, "{kibibytes}: {}", ended.stderr);
            for part in ["File too large", "ulimit -f"] {
                assert!(ended.stderr.contains(part), "{}", ended.stderr);
            }
            assert_eq!(place.files(), ["old/kept"]);
            assert!(!place.path("runs").exists());
        }
    }
}

#[test]
fn a_kept_stage_whose_losses_were_edited_is_trained_anew() {
    let place = Place::new();
    let arguments = ["run", "digits", "--smoke", "--quiet", "--no-control"];
    assert_eq!(place.distil(&arguments).code, 0);
    let mut edited = 0;
    for file in place.files() {
        if file.starts_with("runs/.stages/") && file.ends_with("events.jsonl") {
            let text = place.read(&file).replace("\"loss\":", "\"loss\":77");
            place.write(&file, text);
            edited += 1;
        }
    }
    assert_eq!(edited, 2);
    for (run, reused) in [("runs/digits-0002", 0), ("runs/digits-0003", 2)] {
        assert_eq!(place.distil(&arguments).code, 0);
        let events = place.events(run, "flow-s1");
        let of = events.iter().filter(|e| matches!(e, Event::Reused(_)));
        assert_eq!(of.count(), reused, "{run}");
        assert!(
            !place
                .read(&format!("{run}/trials/flow-s1/events.jsonl"))
                .contains("\"loss\":77")
        );
    }
}

#[test]
fn what_killed_processes_left_goes_wherever_it_is() {
    let place = Place::new();
    let arguments = ["run", "digits", "--smoke", "--quiet", "--no-control"];
    assert_eq!(place.distil(&arguments).code, 0);
    // No process has a number beyond the kernel's limit of 2^22.
    let left = [
        "runs/.digits.999999999.unfinished/recipe.toml",
        "runs/.stages/key.999999999.unfinished/events.jsonl",
        "runs/.stages/key/events.jsonl.999999999.unfinished",
    ];
    for file in left {
        place.write(file, "");
    }
    let of_a_run = [
        "runs/digits-0001/run.json.7.unfinished",
        "runs/digits-0001/trials/flow-s1/order.json.7.unfinished",
        "runs/digits-0001/trials/flow-s1/stages/large/scores.safetensors.7.unfinished",
        "runs/digits-0001/trials/flow-s1/model.7.unfinished/model.json",
    ];
    for file in of_a_run {
        place.write(file, "");
    }
    assert_eq!(place.distil(&["resume", RUN, "--quiet"]).code, 0);
    assert_eq!(place.distil(&arguments).code, 0);
    let files = place.files();
    let left: Vec<_> = files
        .iter()
        .filter(|file| file.contains("unfinished"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}
