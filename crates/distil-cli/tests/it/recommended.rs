//! Where the verdict is for another arm's model than the flow's, the run keeps that one too, and names it.

use std::fs;

use distil_report::compare::Verdict;
use distil_report::run_json::RunJson;

use crate::harness::Place;
use crate::resume::record_of;

const RUN: &str = "runs/grown-0001";

/// The large network grows out of the small one and learns nothing more, and plain training learns nothing at all.
const GROWN: &str = r#"
task = "classification"
data = { source = "gaussian", samples = 600, shape = [4, 4], pool = [2, 2] }

[stage.small]
model = { kind = "mlp", hidden = [8] }
train = { epochs = 4, lr = 4e-3 }

[stage.large]
model = { kind = "mlp", hidden = [32] }
start = { from = "small" }
train = { epochs = 2, lr = 1e-9 }
"#;

fn record(place: &Place) -> RunJson {
    RunJson::read(&place.path(&format!("{RUN}/run.json"))).unwrap()
}

fn weights(place: &Place, folder: &str) -> Vec<u8> {
    fs::read(place.path(&format!("{folder}/model.safetensors"))).unwrap()
}

#[test]
fn the_model_that_the_verdict_recommends_is_kept_beside_the_flows_and_named() {
    let place = Place::new();
    place.write("grown.toml", GROWN);
    let ended = place.distil(&["run", "./grown.toml", "--fresh"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let run = record(&place);
    let of = |arm: &str| run.comparisons.iter().find(|c| c.against == arm).unwrap();
    assert_eq!(
        of("small").verdict,
        Verdict::SmallSuffices,
        "{}",
        ended.stdout
    );
    let small = run.recommended.as_ref().map(ToString::to_string);
    assert_eq!(small.as_deref(), Some("small-s1"));
    for said in [
        "Model: runs/grown-0001/recommended is that of the small model alone, which the verdict recommends; runs/grown-0001/model is the flow's.",
        "  use      distil predict runs/grown-0001/recommended",
    ] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
    let page = place.read(&format!("{RUN}/report.html"));
    assert!(page.contains("distil predict runs/grown-0001/recommended"));

    let recommended = format!("{RUN}/recommended");
    let kept = weights(&place, &recommended);
    assert!(kept == weights(&place, &format!("{}/model", place.trial(RUN, "small-s1"))));
    assert!(
        kept != weights(&place, &format!("{RUN}/model")),
        "the flow's stays the flow's"
    );
    assert_eq!(place.distil(&["eval", &recommended]).stderr, "");

    // Another model in its place is told, and resumed.
    let flow = format!("{RUN}/model");
    for entry in fs::read_dir(place.path(&flow)).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        place.write(
            &format!("{recommended}/{name}"),
            fs::read(entry.path()).unwrap(),
        );
    }
    let why = "recommended: the model is that of flow-s1, and what the verdict recommends in run.json is small-s1";
    for told in [
        place.distil(&["eval", &recommended]),
        place.distil(&["report", RUN]),
    ] {
        assert!(told.stderr.contains(why), "{}", told.stderr);
    }
    fs::remove_dir_all(place.path(&recommended)).unwrap();
    let told = place.distil(&["report", RUN]).stderr;
    assert!(
        told.contains("recommended: the model of small-s1 is missing"),
        "{told}"
    );
    let whole = record_of(&place, RUN);
    assert_eq!(place.distil(&["resume", RUN]).code, 0);
    assert!(kept == weights(&place, &recommended));
    assert_eq!(record_of(&place, RUN), whole);

    assert_eq!(place.distil(&["clean", RUN]).code, 0);
    assert!(!place.path(&format!("{RUN}/trials")).exists());
    for folder in [&recommended, &flow] {
        assert_eq!(place.distil(&["eval", folder]).stderr, "");
    }
}

#[test]
fn a_run_whose_verdict_is_for_the_flow_or_for_none_keeps_no_other() {
    let place = Place::new();
    place.write("grown.toml", GROWN);
    let none = ["run", "./grown.toml", "--fresh", "--no-control"];
    let ended = place.distil(&none);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(!ended.stdout.contains("Model:"), "{}", ended.stdout);
    assert_eq!(record(&place).recommended, None);
    assert!(!place.path(&format!("{RUN}/recommended")).exists());
    // One that was left there is no longer what is recommended.
    place.write(&format!("{RUN}/recommended/model.json"), "{}");
    let told = place.distil(&["report", RUN]).stderr;
    assert!(
        told.contains("the verdict in run.json recommends the flow's model"),
        "{told}"
    );
    assert_eq!(place.distil(&["resume", RUN]).code, 0);
    assert!(!place.path(&format!("{RUN}/recommended")).exists());
}
