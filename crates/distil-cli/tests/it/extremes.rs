//! Every number of a recipe with values that nobody means: a message and exit 2, or a run; no panic, no hang, no abort.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::Place;

/// Two stages, so that there is something to start and to learn from, on pictures that are made in a moment.
const RECIPE: &str = "\
result = \"large\"
task = \"classification\"
[data]
source = \"digits\"
[stage.small]
model = { kind = \"mlp\", hidden = [4] }
[stage.large]
model = { kind = \"mlp\", hidden = [4] }
[train]
epochs = 1
";

const WHOLE: [&str; 6] = [
    "0",
    "-1",
    "1",
    "1000000000",
    "1000000000000",
    "9223372036854775807",
];
const REAL: [&str; 6] = ["0", "-1e300", "1e-300", "1e300", "nan", "inf"];

/// Where the choices of a registry stand in the recipe, with what their table needs besides.
fn place_of(definition: &str) -> Option<(&'static str, &'static str)> {
    Some(match definition {
        "split" => ("data.split", ""),
        "augment" => ("data.augment", ""),
        "start" => ("stage.large.start", "from = \"small\", "),
        "train" => ("stage.large.train", ""),
        "compare" => ("compare", ""),
        "run" => ("run", ""),
        "task" => ("task", ""),
        "samples" => ("stage.small.samples", ""),
        "optimizer" => ("train.optimizer", ""),
        "schedule" => ("train.schedule", ""),
        "model" => ("stage.large.model", ""),
        "data" => ("data", "path = \"absent\", "),
        "term" => ("stage.large.learn", "from = \"small\", "),
        "View" => ("stage.large.view", ""),
        _ => return None,
    })
}

/// `--set` arguments for every number below this schema; `inside` is the table so far, up to its end.
fn arguments(schema: &Value, path: &str, inside: &str, out: &mut Vec<String>) {
    for choices in ["oneOf", "anyOf", "allOf"] {
        for choice in schema[choices].as_array().into_iter().flatten() {
            arguments(choice, path, inside, out);
        }
    }
    let Some(properties) = schema["properties"].as_object() else {
        return;
    };
    let kind = properties.iter().find_map(|(key, value)| {
        let name = value["enum"][0].as_str().or(value["const"].as_str())?;
        ["kind", "source", "method"]
            .contains(&key.as_str())
            .then(|| format!("{key} = \"{name}\", "))
    });
    let inside = format!("{inside}{}", kind.unwrap_or_default());
    let inside = match properties.contains_key("path") {
        true => inside,
        false => inside.replace("path = \"absent\", ", ""),
    };
    for (key, value) in properties {
        for (number, list) in [(value, false), (&value["items"], true)] {
            let values = match number["type"].as_str() {
                Some("integer") => &WHOLE,
                Some("number") => &REAL,
                _ => continue,
            };
            for extreme in values {
                let extreme = if list {
                    format!("[{extreme}, {extreme}]")
                } else {
                    (*extreme).to_owned()
                };
                out.push(format!("{path}={{ {inside}{key} = {extreme} }}"));
            }
        }
        if key == "new" {
            let mut below = Vec::new();
            arguments(value, "", "", &mut below);
            let tables = below.iter().filter_map(|table| table.strip_prefix('='));
            out.extend(tables.map(|table| format!("{path}={{ {inside}{key} = {table} }}")));
        }
    }
}

/// How the program ends, or that it does not within its time; it may have no more than so much memory.
fn ends(place: &Place, verb: &[&str]) -> (Option<i32>, String) {
    let program = place.command(&[]);
    let errors = tempfile::NamedTempFile::new().unwrap();
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "ulimit -v 12000000; exec \"$0\" \"$@\""])
        .arg(program.get_program())
        .args(verb)
        .current_dir(place.path(""))
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(errors.reopen().unwrap());
    let mut child = limited.spawn().unwrap();
    let begun = Instant::now();
    let code = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if begun.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            child.wait().unwrap();
            break None;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    (code, std::fs::read_to_string(errors.path()).unwrap())
}

#[test]
fn every_number_of_a_recipe_may_be_anything_and_the_program_still_answers() {
    let place = Place::new();
    place.write("r.toml", RECIPE);
    let schema: Value = serde_json::from_str(&place.distil(&["schema"]).stdout).unwrap();
    let mut all = Vec::new();
    for (definition, schema) in schema["definitions"].as_object().unwrap() {
        if let Some((path, inside)) = place_of(definition) {
            arguments(schema, path, inside, &mut all);
        }
    }
    assert!(all.len() > 300, "{}", all.len());
    let mut wrong = Vec::new();
    let mut ran = 0;
    for set in &all {
        let (code, said) = ends(&place, &["check", "./r.toml", "--set", set]);
        match code {
            Some(2) if said.contains("error") => {}
            Some(0) => {
                let run = [
                    "run",
                    "./r.toml",
                    "-q",
                    "--smoke",
                    "--no-control",
                    "--fresh",
                    "--set",
                    set,
                ];
                let (code, said) = ends(&place, &run);
                ran += 1;
                // A number may be allowed, and training with it diverge.
                let answered =
                    matches!(code, Some(0 | 3)) || (code == Some(2) && said.contains("error"));
                if !answered || said.contains("panicked") {
                    wrong.push(format!("run {set}: {code:?} {said}"));
                }
            }
            _ => wrong.push(format!("check {set}: {code:?} {said}")),
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} ({ran} ran)\n{}",
        wrong.len(),
        all.len(),
        wrong.join("\n")
    );
}

#[test]
fn what_is_asked_for_beyond_all_measure_is_refused_with_the_measure() {
    let place = Place::new();
    place.write("r.toml", RECIPE);
    for (set, said) in [
        (
            "stage.large.model={ kind = \"mlp\", hidden = [1000000000000] }",
            "this machine has",
        ),
        (
            "stage.large.model={ kind = \"mlp\", hidden = [9223372036854775807, 9223372036854775807] }",
            "this machine has",
        ),
        (
            "stage.large.model={ kind = \"resnet\", depth = 6000000002 }",
            "10000 layers",
        ),
        (
            "data={ source = \"gaussian\", samples = 1000000000000 }",
            "this machine has",
        ),
        ("run.threads=1000000000", "1 to 1024"),
        ("run.checkpoint_seconds=1e300", "0 to 1e9"),
        ("train.epochs=1000000000000000000", "1 to 1000000"),
    ] {
        let (code, told) = ends(&place, &["run", "./r.toml", "--set", set]);
        assert_eq!(code, Some(2), "{set}: {told}");
        assert!(told.contains(said), "{set}: {told}");
    }
    for arguments in [
        ["--seeds", "18446744073709551615"],
        ["--folds", "18446744073709551615"],
        ["--jobs", "1000000000"],
        ["--threads", "1000000000"],
    ] {
        let verb = ["run", "./r.toml", arguments[0], arguments[1]];
        let (code, told) = ends(&place, &verb);
        assert_eq!(code, Some(2), "{arguments:?}: {told}");
        assert!(told.contains("at most"), "{told}");
    }
    assert_eq!(place.files(), ["r.toml"], "nothing is written");
}
