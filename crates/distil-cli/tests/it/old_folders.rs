//! Model and run folders of version 0.1.0 answer as they did: their parts were drawn without regard to equal samples.

use std::fs;
use std::path::Path;

use distil_report::predictions::Predictions;
use distil_report::run_json::RunJson;

use crate::harness::Place;

fn kept(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../testdata/0.1.0")
        .join(name)
}

fn expected(name: &str) -> String {
    fs::read_to_string(kept("expected").join(name)).unwrap()
}

/// A place with copies of the folders and their data.
fn place() -> Place {
    fn copy(from: &Path, place: &Place, to: &str) {
        for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
            let name = format!("{to}/{}", entry.file_name().to_string_lossy());
            match entry.path().is_dir() {
                true => copy(&entry.path(), place, &name),
                false => _ = place.write(&name, fs::read(entry.path()).unwrap()),
            }
        }
    }
    let place = Place::new();
    copy(&kept("first"), &place, "runs/first-0001");
    copy(&kept("stopped"), &place, "runs/long-0001");
    for file in ["table.csv", "new.csv"] {
        place.write(file, fs::read(kept(file)).unwrap());
    }
    place
}

#[test]
fn a_model_of_0_1_0_keeps_its_parts_and_its_answers() {
    let place = place();
    let eval = place.distil(&["eval", "runs/first-0001", "table.csv", "--part", "test"]);
    assert_eq!(eval.code, 0, "{}", eval.stderr);
    // The values to the digits that are printed for people; the last of the exact ones depend on the processor.
    let told = |text: &str| -> Vec<String> {
        let lines = text.lines().skip(2);
        let cells = lines.map(|line| line.split("  ").map(str::trim).filter(|c| !c.is_empty()));
        cells
            .map(|cells| cells.take(2).collect::<Vec<_>>().join(" "))
            .collect()
    };
    assert_eq!(told(&eval.stdout), told(&expected("eval.txt")));
    assert!(eval.stdout.starts_with("table.csv, test part: 10 samples"));
    let predict = place.distil(&["predict", "runs/first-0001", "new.csv", "-o", "p.csv"]);
    assert_eq!(predict.code, 0, "{}", predict.stderr);
    let classes = |text: &str| -> Vec<String> {
        let lines = text.lines();
        lines
            .map(|line| line.split(',').take(2).collect::<Vec<_>>().join(","))
            .collect()
    };
    assert_eq!(
        classes(&place.read("p.csv")),
        classes(&expected("predictions.csv"))
    );
}

#[test]
fn a_run_of_0_1_0_reports_and_exports_as_before() {
    let place = place();
    let report = place.distil(&["report", "runs/first-0001", "--markdown"]);
    assert_eq!(report.code, 0, "{}", report.stderr);
    assert_eq!(report.stdout, expected("report.md"));
    let page = place.distil(&["report", "runs/first-0001"]);
    assert_eq!(page.code, 0, "{}", page.stderr);
    let export = place.distil(&["export", "runs/first-0001", "--to", "safetensors"]);
    assert_eq!(export.code, 0, "{}", export.stderr);
    assert!(
        place
            .path("runs/first-0001/export/model.safetensors")
            .exists()
    );
}

#[test]
fn a_stopped_run_of_0_1_0_goes_on_with_the_parts_it_began_with() {
    let place = place();
    let options = place.read("runs/long-0001/options.json");
    let base = place.path("").display().to_string();
    place.write(
        "runs/long-0001/options.json",
        options.replace("/tmp/leaks/old", base.trim_end_matches('/')),
    );
    // It names its data by their hash.
    let table = place.read("table.csv");
    place.write(
        "table.csv",
        format!("{table}{}\n", table.lines().last().unwrap()),
    );
    let refused = place.distil(&["resume", "runs/long-0001", "--quiet"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(
        refused
            .stderr
            .contains("it has changed since the run began"),
        "{}",
        refused.stderr
    );
    place.write("table.csv", table);
    let resumed = place.distil(&["resume", "runs/long-0001", "--quiet"]);
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
    let tested = |path: &Path| Predictions::read(path).unwrap().ids;
    assert_eq!(
        tested(&place.path("runs/long-0001/trials/flow-s1/test.json")),
        tested(&kept("expected").join("resumed-test.json"))
    );
    let run = RunJson::read(&place.path("runs/long-0001/run.json")).unwrap();
    let trial = &run.trials[0];
    assert_eq!((trial.resumes, trial.stages[0].steps), (1, 40));
    // Its log was begun by 0.1.0, which counted no equal samples; the ids above are those it drew.
    assert_eq!(trial.findings.equal, None);
}
