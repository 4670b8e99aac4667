//! All trials of a run stand on the same recipe, options, data and files: what has changed since it began is refused.

use std::fs;

use crate::harness::{Ended, Place};
use crate::resume::record_of;

const RECIPE: &str = "\
task = \"classification\"

[data]
source = \"csv\"
path = \"data.csv\"
target = \"y\"

[stage.small]
model = { kind = \"mlp\", hidden = [8] }
train = { epochs = 60 }

[stage.large]
model = { kind = \"mlp\", hidden = [24] }
start = \"small\"
train = { epochs = 20 }
";

const RUN: &str = "runs/recipe-0001";

/// The same columns on each day, and another rule on each.
fn table(day: u64) -> String {
    let mut text = "a,b,y\n".to_owned();
    let mut state = day;
    let mut draw = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1 << 24)
    };
    for _ in 0..200 {
        let (a, b) = (draw(), draw());
        let y = if day == 1 { a > b } else { draw() > 0.5 };
        text += &format!("{a:.4},{b:.4},{}\n", ["no", "yes"][usize::from(y)]);
    }
    text
}

fn monday() -> Place {
    let place = Place::new();
    place.write("recipe.toml", RECIPE);
    place.write("data.csv", table(1));
    place
}

const ARGUMENTS: [&str; 9] = [
    "run",
    "./recipe.toml",
    "--quiet",
    "--seeds",
    "3",
    "--jobs",
    "1",
    "--fresh",
    "--threads=1",
];

/// The trials in the order in which they run, one after another.
const TRIALS: [&str; 9] = [
    "flow-s1", "small-s1", "plain-s1", "flow-s2", "small-s2", "plain-s2", "flow-s3", "small-s3",
    "plain-s3",
];

fn events(place: &Place) -> usize {
    TRIALS
        .map(|trial| place.events(RUN, trial).len())
        .iter()
        .sum()
}

fn resume(place: &Place) -> Ended {
    place.distil(&["resume", RUN, "--quiet"])
}

fn assert_refused(ended: &Ended, code: i32, place: &str) {
    assert_eq!(ended.code, code, "{}", ended.stderr);
    for part in [
        place,
        "it has changed since the run began",
        "Restore it",
        "`distil run`",
    ] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
}

/// Replaces the data at so many moments of a run, every other time after a kill; the number of refusals. Restored, each run ends as an
/// unbroken one does.
fn refusals(moments: usize) -> usize {
    let whole = monday();
    assert_eq!(whole.distil(&ARGUMENTS).code, 0);
    // The last trial reads the data once: what comes after that is no moment of the run.
    let last = whole.events(RUN, TRIALS[8]).len() + whole.events(RUN, TRIALS[7]).len();
    let until = events(&whole) - last;
    let mut refused = 0;
    for moment in 0..moments {
        let place = monday();
        let mut running = place.start(&ARGUMENTS);
        running.wait_for("the run to get there", || {
            place.path(RUN).exists() && events(&place) >= until * moment / moments
        });
        let killed = moment % 2 == 1;
        if killed {
            running.kill();
        }
        // As a whole, as nightly jobs do.
        let tuesday = place.write("new.csv", table(2));
        fs::rename(tuesday, place.path("data.csv")).unwrap();
        let ended = if killed {
            resume(&place)
        } else {
            running.end()
        };
        assert_refused(&ended, if killed { 2 } else { 1 }, "data.csv");
        refused += 1;
        place.write("data.csv", table(1));
        let ended = resume(&place);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        assert_eq!(record_of(&place, RUN), record_of(&whole, RUN), "{moment}");
    }
    refused
}

#[test]
fn data_replaced_while_a_run_is_under_way_or_stopped_are_refused() {
    assert_eq!(refusals(4), 4);
}

#[test]
#[ignore = "takes minutes"]
fn data_replaced_at_forty_moments_are_refused_forty_times() {
    let refused = refusals(40);
    println!("40 moments, {refused} refusals");
    assert_eq!(refused, 40);
}

#[test]
fn data_that_can_no_longer_be_read_end_the_run_with_the_choice() {
    let place = monday();
    assert_eq!(
        place
            .distil(&[&ARGUMENTS[..], &["--no-control"]].concat())
            .code,
        0
    );
    place.write("data.csv", "a,b\n1,2\n");
    let ended = resume(&place);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    for part in ["what the run began with has changed", "Restore it"] {
        assert!(ended.stderr.contains(part), "{}", ended.stderr);
    }
}

#[test]
fn recipe_options_given_models_and_lists_of_samples_may_not_change_either() {
    let place = monday();
    assert_eq!(
        place
            .distil(&[&ARGUMENTS[..], &["--no-control"]].concat())
            .code,
        0
    );
    let model = |name: &str| {
        for file in fs::read_dir(place.path("runs/recipe-0001/model"))
            .unwrap()
            .flatten()
        {
            let bytes = fs::read(file.path()).unwrap();
            place.write(
                &format!("{name}/{}", file.file_name().to_string_lossy()),
                bytes,
            );
        }
    };
    model("given");
    let head = RECIPE.split("[stage").next().unwrap();
    let run = "runs/second-0001";
    place.write(
        "second.toml",
        format!(
            "{head}[stage.expert]\nmodel = {{ file = \"given\", overlap = \"known\" }}\n\n\
             [stage.large]\nmodel = {{ kind = \"mlp\", hidden = [8] }}\nlearn = \"expert\"\n\
             samples = {{ kind = \"ids\", file = \"ids.txt\" }}\ntrain = {{ epochs = 2 }}\n"
        ),
    );
    // A list names rows of the training part alone.
    let listed = |row: &usize| {
        place.write("ids.txt", format!("{row}\n"));
        place.distil(&["check", "./second.toml"]).code == 0
    };
    let rows: Vec<usize> = (0..200).filter(listed).take(20).collect();
    let text: String = rows.iter().map(|row| format!("{row}\n")).collect();
    place.write("ids.txt", &text);
    let ended = place.distil(&["run", "./second.toml", "--quiet", "--no-control"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let whole = record_of(&place, run);
    let go_on = || place.distil(&["resume", run, "--quiet"]);
    for (file, other, named) in [
        (format!("{run}/recipe.toml"), None, "recipe.toml of the run"),
        (
            format!("{run}/options.json"),
            Some(("\"seeds\": 1", "\"seeds\": 2")),
            "options.json of the run",
        ),
        (
            "given/model.json".into(),
            Some(("\"small\"", "\"smell\"")),
            "given",
        ),
        ("ids.txt".into(), Some(("\n", " # the first\n#")), "ids.txt"),
    ] {
        let text = place.read(&file);
        let changed = match other {
            Some((old, new)) => text.replacen(old, new, 1),
            None => format!("{text}# a remark\n"),
        };
        assert_ne!(text, changed, "{file}");
        place.write(&file, changed);
        let ended = go_on();
        assert_eq!(ended.code, 2, "{file}: {}", ended.stderr);
        assert!(ended.stderr.contains(named), "{file}: {}", ended.stderr);
        assert!(
            ended.stderr.contains("Restore it"),
            "{file}: {}",
            ended.stderr
        );
        place.write(&file, text);
    }
    // Where the run's paths start is no part of it.
    let options = place.read(&format!("{run}/options.json"));
    let base = place.path("").display().to_string();
    place.write(
        &format!("{run}/options.json"),
        options.replace(base.trim_end_matches('/'), &format!("{base}./")),
    );
    let ended = go_on();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(record_of(&place, run), whole);
}

#[test]
fn a_trial_of_another_run_is_not_taken_for_one_of_its_own() {
    let place = monday();
    let one = [&ARGUMENTS[..3], &["--no-control"]].concat();
    assert_eq!(place.distil(&one).code, 0);
    place.write("data.csv", table(2));
    assert_eq!(place.distil(&one).code, 0);
    let trial = "trials/flow-s1/events.jsonl";
    place.write(
        &format!("{RUN}/{trial}"),
        place.read(&format!("runs/recipe-0002/{trial}")),
    );
    place.write("data.csv", table(1));
    for (verb, code) in [("resume", 1), ("report", 2)] {
        let ended = place.distil(&[verb, RUN]);
        assert_eq!(ended.code, code, "{}", ended.stderr);
        assert!(
            ended
                .stderr
                .contains("trained on other data, or with other settings"),
            "{}",
            ended.stderr
        );
    }
}
