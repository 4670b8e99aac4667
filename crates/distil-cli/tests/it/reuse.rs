//! A stage that was trained before is not trained again, and nobody can tell by the result.

use std::fs::{self, File};
use std::process::Command;
use std::time::{Duration, SystemTime};

use distil_report::events::Event;

use crate::harness::Place;
use crate::resume::record_of;

const RECIPE: &str = r#"
task = "classification"

[data]
source = "digits"

[train]
epochs = 1
lr = 2e-3

[stage.small]
model = { kind = "mlp", hidden = [8] }
samples = { kind = "random", fraction = 0.5 }

[stage.large]
model = { kind = "mlp", hidden = [16] }
learn = { from = "small", method = "kd", temperature = 2 }

[compare]
arms = ["plain-full"]
"#;

fn run(place: &Place, more: &[&str]) -> String {
    let arguments = [&["run", "./mine.toml", "--jobs", "1"], more].concat();
    let ended = place.distil(&arguments);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    ended.stderr
}

/// The stages of a trial that were not trained in it.
fn reused(place: &Place, run: &str, trial: &str) -> Vec<(String, String)> {
    let events = place.events(run, trial);
    assert_eq!(events.last(), Some(&Event::Finished));
    let reused = events.into_iter().filter_map(|event| match event {
        Event::Reused(reused) => Some((reused.stage, reused.trained_by)),
        _ => None,
    });
    reused.collect()
}

fn by(stage: &str, trial: &str) -> (String, String) {
    (stage.to_string(), trial.to_string())
}

fn model(place: &Place, run: &str) -> Vec<u8> {
    fs::read(place.path(&format!("{run}/model/model.safetensors"))).unwrap()
}

#[test]
fn a_changed_temperature_retrains_only_what_depends_on_it() {
    const HOTTER: [&str; 2] = ["--set", "stage.large.learn.temperature=4"];
    let place = Place::new();
    place.write("mine.toml", RECIPE);
    let said = run(&place, &[]);
    assert!(!said.contains("not trained again"), "{said}");
    let said = run(&place, &HOTTER);
    assert!(
        said.contains("stages were trained the same way before and not trained again"),
        "{said}"
    );
    let second = "runs/mine-0002";
    assert_eq!(
        reused(&place, second, "flow-s1"),
        [by("small", "mine-0001/flow-s1")]
    );
    assert_eq!(
        reused(&place, second, "plain-full-s1"),
        [by("large", "mine-0001/plain-full-s1")]
    );

    run(&place, &[&HOTTER[..], &["--fresh"]].concat());
    let third = "runs/mine-0003";
    assert_eq!(reused(&place, third, "flow-s1"), []);
    assert_eq!(model(&place, second), model(&place, third));
    assert_ne!(model(&place, "runs/mine-0001"), model(&place, third));
    assert_eq!(record_of(&place, second), record_of(&place, third));
}

#[test]
fn a_run_that_is_repeated_trains_nothing_and_has_the_same_record_and_files() {
    let place = Place::new();
    place.write("mine.toml", RECIPE);
    run(&place, &[]);
    run(&place, &[]);
    let (first, second) = ("runs/mine-0001", "runs/mine-0002");
    assert_eq!(reused(&place, second, "flow-s1").len(), 2);
    assert_eq!(model(&place, first), model(&place, second));
    assert_eq!(record_of(&place, first), record_of(&place, second));
    for file in ["test.json", "stages/small/scores.safetensors"] {
        let of = |run: &str| fs::read(place.path(&format!("{run}/trials/flow-s1/{file}"))).unwrap();
        assert_eq!(of(first), of(second), "{file}");
    }
}

#[test]
fn another_seed_is_another_stage_and_a_seed_that_was_run_is_not_run_again() {
    let place = Place::new();
    place.write("mine.toml", RECIPE);
    run(&place, &[]);
    run(&place, &["--seeds", "2"]);
    assert_eq!(reused(&place, "runs/mine-0002", "flow-s1").len(), 2);
    assert_eq!(reused(&place, "runs/mine-0002", "flow-s2"), []);
}

#[test]
fn what_is_damaged_among_the_kept_stages_is_trained_again() {
    let place = Place::new();
    place.write("mine.toml", RECIPE);
    run(&place, &[]);
    for stage in fs::read_dir(place.path("runs/.stages")).unwrap().flatten() {
        let tensors = stage.path().join("end/tensors.safetensors");
        let mut bytes = fs::read(&tensors).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(&tensors, bytes).unwrap();
    }
    run(&place, &[]);
    assert_eq!(reused(&place, "runs/mine-0002", "flow-s1"), []);
    assert_eq!(
        model(&place, "runs/mine-0001"),
        model(&place, "runs/mine-0002")
    );
}

#[test]
fn a_control_takes_the_small_stage_from_the_flow_of_its_own_run() {
    let place = Place::new();
    let recipe = RECIPE.replace("epochs = 1", "epochs = 1\nschedule = \"linear\"");
    place.write("mine.toml", recipe);
    run(&place, &[]);
    assert_eq!(
        reused(&place, "runs/mine-0001", "small-s1"),
        [by("small", "mine-0001/flow-s1")]
    );
}

#[test]
fn clean_removes_the_kept_stages_when_asked_to() {
    let place = Place::new();
    place.write("mine.toml", RECIPE);
    run(&place, &[]);
    let ended = place.distil(&["clean", "runs/mine-0001"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(place.path("runs/.stages").exists());
    let ended = place.distil(&["clean", "--stages", "runs"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(!place.path("runs/.stages").exists());
    run(&place, &[]);
    assert_eq!(reused(&place, "runs/mine-0002", "flow-s1"), []);
}

#[test]
fn a_stage_is_the_same_however_many_threads_trained_it() {
    let place = Place::new();
    place.write("mine.toml", RECIPE);
    run(&place, &["--threads", "1"]);
    run(&place, &["--threads", "2"]);
    assert_eq!(reused(&place, "runs/mine-0002", "flow-s1").len(), 2);
}

#[test]
fn another_build_of_the_program_trains_anew_and_a_copy_of_the_same_does_not() {
    let place = Place::new();
    place.write("mine.toml", RECIPE);
    let program = place.path("distil");
    let built = fs::read(env!("CARGO_BIN_EXE_distil")).unwrap();
    // Loaders take no notice of what stands behind a program.
    let build = |ending: &[u8], changed: SystemTime| {
        let _ = fs::remove_file(&program);
        fs::copy(env!("CARGO_BIN_EXE_distil"), &program).unwrap();
        fs::write(&program, [&built[..], ending].concat()).unwrap();
        let file = File::options().append(true).open(&program).unwrap();
        file.set_modified(changed).unwrap();
    };
    let run = || {
        let mut command = Command::new(&program);
        command.args(["run", "./mine.toml", "--no-control", "--quiet"]);
        command.current_dir(place.path("."));
        assert_eq!(crate::harness::ended(command).code, 0);
    };
    let now = SystemTime::now();
    let stages = |run| reused(&place, run, "flow-s1").len();
    build(b"1", now);
    run();
    assert_eq!(stages("runs/mine-0001"), 0);
    build(b"1", now + Duration::from_secs(60));
    run();
    assert_eq!(
        stages("runs/mine-0002"),
        2,
        "the same program, copied later"
    );
    build(b"2", now);
    run();
    assert_eq!(
        stages("runs/mine-0003"),
        0,
        "another program of the same size and time"
    );
}
