//! Names are parts of paths: none leads out of the folder of runs, and no two become one.

use std::collections::BTreeSet;

use distil_recipe::name::is_name;
use distil_report::run_json::RunJson;

use crate::harness::Place;

/// A recipe that trains in a moment, and its table.
fn quick(place: &Place, recipe: &str) {
    let rows: String = (0..60)
        .map(|row| format!("{},{}\n", row % 7, if row % 7 > 3 { "b" } else { "a" }))
        .collect();
    place.write("table.csv", format!("size,kind\n{rows}"));
    let text = "\
task = \"classification\"
data = { source = \"csv\", path = \"table.csv\", target = \"kind\" }
stage.net = { model = { kind = \"mlp\", hidden = [4] }, train = { epochs = 1 } }
";
    place.write(recipe, text);
}

#[test]
fn a_recipe_of_any_file_name_runs_and_stays_in_the_folder_of_runs() {
    for file in [
        "données.toml",
        "donne\u{301}es.toml",
        "房价.toml",
        "房价 2.toml",
        "-x.toml",
        "..toml",
        "a b\nc.toml",
        "x=1,2.toml",
    ] {
        let place = Place::new();
        quick(&place, file);
        let ended = place.distil(&["run", &format!("./{file}"), "-q"]);
        assert_eq!(ended.code, 0, "{file}: {}", ended.stderr);
        let before: Vec<String> = place.files();
        let runs: BTreeSet<&str> = before
            .iter()
            .filter(|name| *name != file && *name != "table.csv")
            .map(|name| {
                name.strip_prefix("runs/")
                    .unwrap()
                    .split('/')
                    .next()
                    .unwrap()
            })
            .filter(|name| *name != ".stages")
            .collect();
        assert_eq!(runs.len(), 1, "{runs:?}");
        let run = runs.into_iter().next().unwrap();
        assert!(run.ends_with("-0001") && is_name(run), "{run}");
        let ended = place.distil(&["resume", &format!("runs/{run}"), "-q"]);
        assert_eq!(ended.code, 0, "{file}: {}", ended.stderr);
    }
}

#[test]
fn a_name_that_leads_elsewhere_is_refused_before_anything_is_written() {
    let place = Place::new();
    quick(&place, "r.toml");
    let before = place.files();
    for set in [
        "name=\"../../evil\"",
        "name=\"/tmp/evil\"",
        "name=\"\"",
        "name=\"a\\nb\"",
        "stage.\"../../x\".like=\"net\"",
        "compare.arm.\"../x\"={ stage = { net = { train = { lr = 0.1 } } } }",
        "name=\"../a\",\"../b\"",
    ] {
        let ended = place.distil(&["run", "./r.toml", "-q", "--set", set]);
        assert_eq!(ended.code, 2, "{set}: {}{}", ended.stdout, ended.stderr);
        assert!(
            ended.stderr.contains("cannot be named"),
            "{set}: {}",
            ended.stderr
        );
        assert_eq!(place.files(), before, "{set}");
    }
}

#[test]
fn values_of_a_sweep_that_read_alike_are_trials_of_their_own() {
    let place = Place::new();
    quick(&place, "r.toml");
    let table = place.read("table.csv");
    place.write("a:b.csv", &table);
    place.write("a_b.csv", table.replace(",a", ",c"));
    let set = "data.path=\"a:b.csv\",\"a_b.csv\"";
    let ended = place.distil(&["run", "./r.toml", "-q", "--set", set]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let run = RunJson::read(&place.path("runs/r-0001/run.json")).unwrap();
    let arms: Vec<&str> = run
        .trials
        .iter()
        .map(|trial| trial.id.arm.as_str())
        .collect();
    assert_eq!(
        arms,
        ["flow", "data.path=\"a:b.csv\"", "data.path=\"a_b.csv\""]
    );
    let trials: BTreeSet<String> = place
        .files()
        .iter()
        .filter_map(|file| {
            Some(
                file.strip_prefix("runs/r-0001/trials/")?
                    .split('/')
                    .next()?
                    .to_owned(),
            )
        })
        .collect();
    assert_eq!(trials.len(), 3, "{trials:?}");
}
