//! `distil run`, `resume`, `report` and `check` on the built-in digits.

use std::fs;

use distil_report::events::Event;
use distil_report::run_json::{RunJson, Status, Tuned};
use distil_report::runs::compare_runs;
use distil_report::text;
use distil_report::{Part, Purpose};
use serde_json::Value;

use crate::harness::Place;
use crate::resume::record_of;

/// A run that takes a moment and has everything a long one has.
const SMOKE: [&str; 3] = ["run", "digits", "--smoke"];

#[test]
fn a_run_ends_in_its_numbers_one_sentence_and_what_next() {
    let place = Place::new();
    let ended = place.distil(&SMOKE);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let run = RunJson::read(&place.path("runs/digits-0001/run.json")).unwrap();
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert!(lines.len() <= 16, "{}", ended.stdout);
    let rows = lines[1..4].iter().map(|line| line.split("  ").next());
    assert!(rows.eq(["flow", "small", "plain"].map(Some)));
    assert!(
        lines[5].starts_with("`small` kept epoch"),
        "{}",
        ended.stdout
    );
    assert!(lines[6].starts_with("One pair, no claim: the flow reached "));
    assert!(!ended.stdout.contains("p = ") && !ended.stdout.contains("interval"));
    assert_eq!(
        &lines[8..],
        [
            "  decide   distil run digits --smoke --seeds 6 --set 'compare.tune.lr=[0.002,0.004,0.008]'",
            "  use      distil predict runs/digits-0001 new.csv",
            "  look     runs/digits-0001/report.html",
            "  bill     distil report runs/digits-0001 --bill",
        ]
    );
    // What is typed as it says is a run.
    let decide = [
        "--seeds",
        "6",
        "--set",
        "compare.tune={lr=[0.002,0.004],widen=0}",
    ];
    let decided = place.distil(&[&SMOKE[..], &decide, &["--quiet"]].concat());
    assert_eq!(decided.code, 0, "{}", decided.stderr);
    assert!(!decided.stdout.contains("  decide "), "{}", decided.stdout);
    let bill = place
        .distil(&["report", "runs/digits-0001", "--bill"])
        .stdout;
    for part in [text::results(&run), text::bill(&run), text::verdict(&run)] {
        assert!(bill.contains(&part), "{part}: {bill}");
    }
    for part in [
        "samples to train on",
        "flow-s1: finished, ",
        "plain-s1: finished, ",
    ] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    for file in [
        "model/model.json",
        "run.json",
        "report.html",
        "metrics.csv",
        "plan.toml",
        "recipe.toml",
    ] {
        assert!(
            place.path("runs/digits-0001").join(file).is_file(),
            "{file}"
        );
    }
}

#[test]
fn a_piped_run_says_at_most_forty_lines_however_long_it_trains() {
    let place = Place::new();
    let sets = [
        "stage.small.model.hidden=[4]",
        "stage.large.model.hidden=[8]",
        "stage.small.train.epochs=60",
    ];
    let sets = sets.iter().flat_map(|set| ["--set", set]);
    let arguments: Vec<&str> = ["run", "digits", "--seeds", "8"]
        .into_iter()
        .chain(sets)
        .collect();
    let ended = place.distil(&arguments);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let lines = ended.stderr.lines().count();
    assert!((12..=40).contains(&lines), "{}", ended.stderr);
    let finished = ended
        .stderr
        .lines()
        .filter(|line| line.contains(": finished, "));
    assert_eq!(
        finished.count(),
        9,
        "the first eight and the sixteenth of 24"
    );
}

#[test]
fn json_prints_the_run_record_and_quiet_prints_nothing_else() {
    let place = Place::new();
    let ended = place.distil(&[&SMOKE[..], &["--json", "--quiet"]].concat());
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let printed: RunJson = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        printed,
        RunJson::read(&place.path("runs/digits-0001/run.json")).unwrap()
    );
    assert_eq!(printed.status, Status::Finished);
    assert_eq!(printed.arms(), ["flow", "small", "plain"]);
}

#[test]
fn every_arm_chooses_from_the_same_settings_and_those_that_diverge_are_no_failure() {
    let place = Place::new();
    let tune = "compare.tune={ lr = [1e-9, 1e-3, 4e-3, 1e30], widen = 0 }";
    let ended = place.distil(&[&SMOKE[..], &["--seeds", "2", "--set", tune, "--quiet"]].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let run = RunJson::read(&place.path("runs/digits-0001/run.json")).unwrap();
    assert_eq!(run.status, Status::Finished);
    let arms: Vec<(&str, usize)> = run
        .tuned
        .iter()
        .map(|t| (t.arm.as_str(), t.trials))
        .collect();
    let each = [("flow", 4), ("small", 4), ("plain", 4)];
    assert_eq!(arms, [each, each].concat());
    for tuned in &run.tuned {
        let best = tuned
            .tried
            .iter()
            .filter(|tried| tried.validation.is_some());
        let best = best
            .map(|tried| tried.settings.as_str())
            .collect::<Vec<_>>();
        assert_eq!(best, ["lr=1e-9", "lr=0.001", "lr=0.004"], "{tuned:?}");
        assert!(best.contains(&tuned.chosen.as_deref().unwrap()));
    }
    assert_eq!(
        run.trials.len(),
        6,
        "three arms with two seeds are compared"
    );
    for trial in &run.trials {
        let of = |tuned: &&Tuned| tuned.arm == trial.id.arm && tuned.seed == Some(trial.id.seed);
        let mut own = run.tuned.iter().filter(of);
        assert!(own.all(|tuned| tuned.chosen == trial.id.settings));
    }
    assert!(place.path("runs/digits-0001/model/model.json").is_file());
    assert!(
        run.comparisons
            .iter()
            .all(|c| c.verdict.word() != "baseline-untuned")
    );
}

const TUNE: &str = "compare.tune={ lr = [1e-3, 4e-3], widen = 0 }";

/// The stages that a log's events measure on the test part.
fn tested(events: &[Event]) -> Vec<&str> {
    let tested = events.iter().filter_map(|event| match event {
        Event::Evaluated(evaluated) if evaluated.part == Part::Test => Some(&*evaluated.stage),
        _ => None,
    });
    tested.collect()
}

#[test]
fn of_the_settings_to_tune_only_the_chosen_one_is_measured_on_the_test_part() {
    let place = Place::new();
    let ended = place.distil(&[&SMOKE[..], &["--seeds", "2", "--set", TUNE]].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let run = RunJson::read(&place.path("runs/digits-0001/run.json")).unwrap();
    let chosen = |arm: &str, seed: u64| {
        let mut tuned = run.tuned.iter();
        let tuned = tuned.find(|tuned| tuned.arm == arm && tuned.seed == Some(seed));
        tuned.unwrap().chosen.clone()
    };
    let mut candidates = 0;
    let trials = fs::read_dir(place.path("runs/digits-0001/trials")).unwrap();
    for trial in trials.flatten() {
        let folder = trial.file_name().into_string().unwrap();
        let events = place.events("runs/digits-0001", &folder);
        let Event::Started(started) = &events[0] else {
            panic!("{:?}", events[0]);
        };
        let name = started.id.to_string();
        let is_chosen = started.id.settings == chosen(&started.id.arm, started.id.seed);
        let tests = tested(&events);
        let mut once = tests.clone();
        once.dedup();
        assert_eq!(once, tests, "{name}: each stage once");
        assert_eq!(tests.is_empty(), !is_chosen, "{name}");
        for file in ["test.json", "model"] {
            assert_eq!(trial.path().join(file).exists(), is_chosen, "{name}");
        }
        let printed = ended
            .stderr
            .lines()
            .filter(|line| line.starts_with(&format!("{name} ")))
            .filter(|line| line.contains("test samples"));
        assert_eq!(printed.count(), 0, "{name}");
        let finished = format!("{name}: finished, ");
        let finished = ended.stderr.lines().filter(|l| l.starts_with(&finished));
        let on_test = finished.filter(|line| !line.contains("on validation"));
        // The first trials have a line each.
        assert!(on_test.count() <= usize::from(is_chosen), "{name}");
        candidates += usize::from(!is_chosen);
    }
    assert_eq!(
        candidates, 6,
        "an arm leaves one of two values, with each of two seeds"
    );
    assert!(run.trials.iter().all(|trial| trial.is_tested()));
    assert!(run.trials.iter().all(|trial| trial.resumes == 0));
    let kept = place.files();
    let kept = kept.iter().filter(|file| file.contains(".stages/"));
    for log in kept.filter(|file| file.ends_with("events.jsonl")) {
        let events = distil_report::events::read(&place.path(log)).unwrap();
        assert!(tested(&events).is_empty(), "{log}");
    }
}

/// A flow that has chosen its settings, alone: its record, and the folder of the chosen trial.
fn tuned_flow() -> (Place, Value, String) {
    let place = Place::new();
    let arguments = [&SMOKE[..], &["--no-control", "--quiet", "--set", TUNE]].concat();
    assert_eq!(place.distil(&arguments).code, 0);
    let whole = record_of(&place, "runs/digits-0001");
    let run = RunJson::read(&place.path("runs/digits-0001/run.json")).unwrap();
    let trial = place.trial("runs/digits-0001", &run.trials[0].id.to_string());
    (place, whole, trial)
}

/// Where the line after the one that holds this place begins.
fn line_after(text: &str, at: usize) -> usize {
    at + text[at..].find('\n').unwrap() + 1
}

#[test]
fn a_run_stopped_before_a_choice_is_tested_reads_the_test_part_when_it_goes_on() {
    let (place, whole, trial) = tuned_flow();
    let log = format!("{trial}/events.jsonl");
    let text = place.read(&log);
    // As it was killed: after it had been trained, and in the midst of being tested.
    let trained = line_after(&text, text.find("\"finished\"").unwrap());
    let tested = line_after(&text, trained);
    for end in [trained, tested] {
        place.write(&log, &text[..end]);
        fs::remove_dir_all(place.path("runs/digits-0001/model")).unwrap();
        let ended = place.distil(&["resume", "runs/digits-0001", "--quiet"]);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        assert_eq!(record_of(&place, "runs/digits-0001"), whole);
    }
}

#[test]
fn a_chosen_trial_that_dies_while_it_is_tested_fails_the_run_and_resume_tests_it() {
    let (place, whole, trial) = tuned_flow();
    let text = place.read(&format!("{trial}/events.jsonl"));
    let trained = line_after(&text, text.find("\"finished\"").unwrap());
    place.write(&format!("{trial}/events.jsonl"), &text[..trained]);
    fs::remove_dir_all(place.path("runs/digits-0001/model")).unwrap();
    // A folder in the place of a file that it writes.
    fs::remove_file(place.path(&format!("{trial}/test.json"))).unwrap();
    place.write(&format!("{trial}/test.json/x"), "");
    let ended = place.distil(&["resume", "runs/digits-0001", "--quiet"]);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let run = RunJson::read(&place.path("runs/digits-0001/run.json")).unwrap();
    assert_eq!(run.status, Status::Failed);
    assert!(!place.path("runs/digits-0001/model").exists());
    fs::remove_dir_all(place.path(&format!("{trial}/test.json"))).unwrap();
    let ended = place.distil(&["resume", "runs/digits-0001", "--quiet"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(record_of(&place, "runs/digits-0001"), whole);
}

#[test]
fn clean_keeps_what_a_finished_run_is_for_and_refuses_one_that_could_go_on() {
    let place = Place::new();
    assert_eq!(place.distil(&[&SMOKE[..], &["--quiet"]].concat()).code, 0);
    let kept = [
        "model/model.safetensors",
        "run.json",
        "report.html",
        "metrics.csv",
        "recipe.toml",
    ];
    let read =
        || kept.map(|name| std::fs::read(place.path("runs/digits-0001").join(name)).unwrap());
    let before = read();
    let ended = place.distil(&["clean", "runs/digits-0001"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(!place.path("runs/digits-0001/trials").exists());
    assert_eq!(read(), before);
    for verb in ["resume", "report"] {
        let ended = place.distil(&[verb, "runs/digits-0001"]);
        assert_ne!(ended.code, 0);
        assert!(
            ended.stderr.contains("trials of this run were removed"),
            "{}",
            ended.stderr
        );
    }
    assert_eq!(read(), before);
    assert_eq!(place.distil(&["list", "runs"]).stdout.lines().count(), 2);

    assert_eq!(place.distil(&[&SMOKE[..], &["--quiet"]].concat()).code, 0);
    let record = place
        .read("runs/digits-0002/run.json")
        .replacen("finished", "stopped", 1);
    place.write("runs/digits-0002/run.json", record);
    let ended = place.distil(&["clean", "runs/digits-0002"]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("not finished"), "{}", ended.stderr);
    assert!(place.path("runs/digits-0002/trials").exists());
}

#[test]
fn two_runs_are_set_side_by_side() {
    let place = Place::new();
    for set in ["stage.large.train.lr=4e-3", "stage.large.train.lr=1e-3"] {
        let arguments = [&SMOKE[..], &["--quiet", "--no-control", "--set", set]].concat();
        assert_eq!(place.distil(&arguments).code, 0);
    }
    let before = place.files();
    let runs = ["report", "runs/digits-0001", "runs/digits-0002"];
    let ended = place.distil(&runs);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let [one, other] = ["0001", "0002"]
        .map(|n| RunJson::read(&place.path(&format!("runs/digits-{n}/run.json"))).unwrap());
    assert_ne!(one.plan, other.plan);
    assert_eq!(
        ended.stdout.trim(),
        compare_runs(&one, &other).text().trim()
    );
    let markdown = place.distil(&[&runs[..], &["--markdown"]].concat());
    assert_eq!(
        markdown.stdout.trim(),
        compare_runs(&one, &other).markdown().trim()
    );
    assert_eq!(place.files(), before, "nothing is written");
}

#[test]
fn the_curve_adds_plain_training_at_shares_of_its_budget() {
    let place = Place::new();
    let ended = place.distil(&[&SMOKE[..], &["--curve", "--quiet"]].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let run = RunJson::read(&place.path("runs/digits-0001/run.json")).unwrap();
    let steps = |arm: &str| {
        let trial = run.trials.iter().find(|trial| trial.id.arm == arm).unwrap();
        trial.result().unwrap().steps
    };
    for (arm, share) in [("plain-25", 0.25), ("plain-50", 0.5), ("plain-75", 0.75)] {
        let exact = steps("plain-full") as f64 * share;
        assert!((steps(arm) as f64 - exact).abs() <= 0.5, "{arm}");
    }
}

#[test]
fn every_run_gets_a_folder_of_its_own_and_is_listed() {
    let place = Place::new();
    for more in [&[][..], &["--no-control"]] {
        let arguments = [&SMOKE[..], &["--runs", "mine", "--quiet"], more].concat();
        assert_eq!(place.distil(&arguments).code, 0);
    }
    let listed = place.distil(&["list", "runs", "mine"]).stdout;
    let rows: Vec<Vec<&str>> = listed
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(rows[0][..4], ["digits-0001", "digits", "finished", "3"]);
    assert_eq!(rows[1][..4], ["digits-0002", "digits", "finished", "1"]);
    assert_ne!(rows[0].last(), Some(&"not-compared"));
    assert_eq!(rows[1].last(), Some(&"not-compared"));
}

#[test]
fn a_swept_value_makes_an_arm_of_each() {
    let place = Place::new();
    let sweep = [
        "--set",
        "stage.large.train.lr=1e-3,3e-3",
        "--json",
        "--quiet",
    ];
    let ended = place.distil(&[&SMOKE[..], &sweep].concat());
    let run: RunJson = serde_json::from_str(&ended.stdout).unwrap();
    let swept: Vec<&str> = run
        .arms()
        .into_iter()
        .filter(|arm| arm.contains('='))
        .collect();
    assert_eq!(
        swept,
        ["stage.large.train.lr=1e-3", "stage.large.train.lr=3e-3"]
    );
}

#[test]
fn a_path_in_a_recipe_file_starts_at_the_current_folder() {
    let place = Place::new();
    place.write("folder/mine.toml", "task = \"classification\"\ndata = { source = \"npy\", path = \"x.npz\" }\n[stage.a]\nmodel = \"mlp\"\n");
    let ended = place.distil(&["run", "folder/mine.toml"]);
    assert_eq!(ended.code, 2);
    let said = ended
        .stderr
        .replace(&place.path("").display().to_string(), "…/");
    insta::assert_snapshot!(said, @"error: …/x.npz: there is no such file or folder. Check the path; a relative path starts at the current folder.");
    assert_eq!(place.files(), ["folder/mine.toml"]);
}

#[test]
fn every_problem_of_a_recipe_is_shown_at_its_place() {
    let place = Place::new();
    place.write("mine.toml", "task = \"classification\"\ndata = \"digits\"\n[stage.a]\nmodel = { kind = \"mlp\", hiden = [5] }\ntrain = { lr = \"fast\" }\n");
    let ended = place.distil(&["run", "mine.toml"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
    insta::assert_snapshot!(ended.stderr, @r#"
    error: unknown key `hiden`
     --> mine.toml:4:25
      |
    4 | model = { kind = "mlp", hiden = [5] }
      |                         ^^^^^
      |
      = note: the keys here are hidden, activation, dropout, norm
      = help: did you mean `hidden`?

    error: `lr` must be a number, not the string "fast"
     --> mine.toml:5:16
      |
    5 | train = { lr = "fast" }
      |                ^^^^^^
    "#);
    assert_eq!(place.files(), ["mine.toml"]);
}

#[test]
fn a_report_is_written_anew_or_printed_as_markdown() {
    let place = Place::new();
    assert_eq!(place.distil(&[&SMOKE[..], &["--quiet"]].concat()).code, 0);
    let page = place.read("runs/digits-0001/report.html");
    std::fs::remove_file(place.path("runs/digits-0001/report.html")).unwrap();
    let ended = place.distil(&["report", "runs/digits-0001"]);
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (0, "Report: runs/digits-0001/report.html\n")
    );
    assert_eq!(place.read("runs/digits-0001/report.html"), page);
    let markdown = place
        .distil(&["report", "runs/digits-0001", "--markdown"])
        .stdout;
    assert!(markdown.starts_with("# digits\n"), "{markdown}");
}

#[test]
fn check_shows_plan_and_data_and_writes_nothing() {
    let place = Place::new();
    let ended = place.distil(&["check", "digits", "--data"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    for part in [
        "mlp 64-64-10",
        "share",
        "about",
        "memory",
        "10 classes",
        "64 features",
    ] {
        assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
    }
    let sweep = place.distil(&["check", "digits", "--set", "run.seed=1,2"]);
    assert_eq!(sweep.code, 2);
    insta::assert_snapshot!(sweep.stderr, @r#"error: --set run.seed=1,2: the comma makes a sweep, 2 values, each an arm; one value with a comma is written in quotes: --set 'run.seed="1,2"'. Give one value: a check shows one plan."#);
    assert!(place.files().is_empty());
}

#[test]
fn check_without_a_recipe_shows_the_machine() {
    let shown = Place::new().distil(&["check"]).stdout;
    for part in ["Distil", "cores", "memory", "FLOPs per second"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn an_arm_that_changes_the_recipe_has_seconds_of_its_own() {
    let place = Place::new();
    let ended = place.distil(&[
        "run",
        "digits",
        "--smoke",
        "--quiet",
        "--set",
        "stage.large.model.hidden=[64, 64],[512, 512]",
    ]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let run = RunJson::read(&place.path("runs/digits-0001/run.json")).unwrap();
    let own: Vec<&str> = run.arm_calibrations.keys().map(String::as_str).collect();
    let [narrow, wide] = ["[64", "[512"].map(|first| {
        own.iter()
            .find(|arm| arm.contains(first))
            .unwrap_or_else(|| panic!("{first}: {own:?}"))
    });
    let seconds = |arm: &str| {
        let of_arm = run.calibration_of(arm);
        of_arm.seconds("large", Purpose::Train, 1_000).unwrap()
    };
    // 301,000 weights against 9,000: the rates cannot be those of one network.
    assert!(seconds(wide) > 2.0 * seconds(narrow));
    assert_eq!(run.calibration_of("plain"), &run.calibration);
    for trial in &run.trials {
        assert!(
            trial.bill.equalised().reference_seconds.is_some(),
            "{}",
            trial.id
        );
    }
}

#[test]
fn an_arm_that_cannot_be_planned_is_named_before_anything_is_written() {
    let place = Place::new();
    let ended = place.distil(&[
        "run",
        "digits",
        "--smoke",
        "--set",
        "stage.large.model.hidden=[512, 128],[64, 32]",
    ]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    for part in [
        "arm `stage.large.model.hidden=[64, 32]`",
        "growth does not remove units",
    ] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    assert!(!place.path("runs").exists());
}

#[test]
fn fifty_runs_are_listed_compared_and_cleaned() {
    let place = Place::new();
    let ended = place.distil(&[&SMOKE[..], &["--no-control", "--quiet"]].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let files = place.files();
    for number in 2..=50 {
        for file in files
            .iter()
            .filter(|file| file.starts_with("runs/digits-0001/"))
        {
            if place.path(file).is_file() {
                let bytes = std::fs::read(place.path(file)).unwrap();
                place.write(&file.replace("0001", &format!("{number:04}")), bytes);
            }
        }
    }
    let listed = place.distil(&["list", "runs"]);
    assert_eq!(listed.code, 0, "{}", listed.stderr);
    assert_eq!(listed.stdout.matches("digits-00").count(), 50);
    let compared = place.distil(&["report", "runs/digits-0007", "runs/digits-0050"]);
    assert_eq!(compared.code, 0, "{}", compared.stderr);
    assert!(
        compared.stdout.contains("accuracy on the test part"),
        "{}",
        compared.stdout
    );
    let all: Vec<String> = (1..=50).map(|n| format!("runs/digits-{n:04}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let cleaned = place.distil(&[&["clean"], &all[..]].concat());
    assert_eq!(cleaned.code, 0, "{}", cleaned.stderr);
    assert_eq!(cleaned.stdout.lines().count(), 50);
    for run in all {
        assert!(!place.path(&format!("{run}/trials")).exists());
        assert!(
            place
                .path(&format!("{run}/model/model.safetensors"))
                .exists()
        );
    }
    assert_eq!(place.distil(&["list", "runs"]).stdout, listed.stdout);
}

#[test]
fn an_own_arm_that_fails_is_no_failure_of_the_run_whatever_it_is_called() {
    let place = Place::new();
    place.write(
        "mine.toml",
        r#"task = "classification"
data = "digits"

[train]
steps = 20

[stage.model]
model = { kind = "mlp", hidden = [8] }

[compare]
arms = ["flow-x"]

[compare.arm.flow-x]
stage.model.train.lr = 1e30
"#,
    );
    let ended = place.distil(&["run", "./mine.toml"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let said = "trial flow-x-s1 failed, the result is kept: ";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    let run = RunJson::read(&place.path("runs/mine-0001/run.json")).unwrap();
    let ends: Vec<_> = run
        .trials
        .iter()
        .map(|trial| (trial.id.arm.as_str(), trial.status))
        .collect();
    assert_eq!(
        ends,
        [("flow", Status::Finished), ("flow-x", Status::Diverged)]
    );
    assert_eq!(run.status, Status::Finished);
}
