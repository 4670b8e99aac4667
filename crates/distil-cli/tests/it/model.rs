//! A model folder answers elsewhere as it did in its run.

use serde_json::Value;

use crate::harness::Place;

#[test]
fn eval_from_another_folder_gives_the_runs_test_metrics_to_every_digit() {
    let (place, elsewhere) = (Place::new(), Place::new());
    let ended = place.distil(&["run", "digits", "--no-control", "--quiet"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let run: Value = serde_json::from_str(&place.read("runs/digits-0001/run.json")).unwrap();
    let stages = run["trials"][0]["stages"].as_array().unwrap();
    let model = place.path("runs/digits-0001/model").display().to_string();
    let evaluated = elsewhere.distil(&["eval", &model, "--json"]);
    assert_eq!(evaluated.code, 0, "{}", evaluated.stderr);
    let evaluated: Value = serde_json::from_str(&evaluated.stdout).unwrap();
    assert_eq!(evaluated["metrics"], stages.last().unwrap()["test"]);
}
