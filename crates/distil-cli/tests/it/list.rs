//! `distil list`.

use crate::harness::Place;

fn list(arguments: &[&str]) -> String {
    let ended = Place::new().distil(&[&["list"], arguments].concat());
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    ended.stdout
}

#[test]
fn every_shipped_recipe_is_listed_with_what_it_does() {
    let shown = list(&[]);
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../recipes")).unwrap() {
        let path = file.unwrap().path();
        let Some(name) = path
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .strip_suffix(".toml")
        else {
            continue;
        };
        let line = shown
            .lines()
            .find(|line| line.split_whitespace().next() == Some(name));
        assert!(
            line.is_some_and(|line| line.split_whitespace().count() > 3),
            "{name}: {shown}"
        );
    }
}

#[test]
fn every_registry_is_listed_with_its_options() {
    insta::assert_snapshot!(list(&["models"]), @"");
    insta::assert_snapshot!(list(&["methods"]), @"");
    insta::assert_snapshot!(list(&["growth"]), @"");
    insta::assert_snapshot!(list(&["samples"]), @"");
    insta::assert_snapshot!(list(&["sources"]), @"");
    insta::assert_snapshot!(list(&["optimizers"]), @"");
    insta::assert_snapshot!(list(&["schedules"]), @"");
    insta::assert_snapshot!(list(&["tasks"]), @"");
}

#[test]
fn every_metric_is_listed_with_its_direction() {
    insta::assert_snapshot!(list(&["metrics"]), @"");
}

#[test]
fn a_folder_without_runs_says_how_to_make_the_first() {
    insta::assert_snapshot!(list(&["runs"]), @"");
}

#[test]
fn a_run_without_a_readable_record_is_listed_as_such() {
    let place = Place::new();
    place.write("runs/a-0001/recipe.toml", "");
    place.write("runs/b-0001/recipe.toml", "");
    place.write("runs/b-0001/run.json", "{\"format\": 1");
    place.write("runs/notes.txt", "");
    let ended = place.distil(&["list", "runs"]);
    assert_eq!(ended.code, 0);
    insta::assert_snapshot!(ended.stdout, @"");
}
