//! Losses of whole runs, bit for bit: what is only moved about must not move them.
//!
//! They belong to an instruction set (sums have other lanes) and to the C library's logarithm and cosine. Each machine checks
//! those of its own processor; the others run emulated (CONTRIBUTING.md, "Moving numbers").

use std::fmt::Write;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use distil_report::events::Event;

use crate::harness::Place;

/// One line per progress event of the flow: stage, step, mean loss since the line before.
fn losses(arguments: &[&str], recipe: Option<&str>) -> (String, String) {
    let place = Place::new();
    if let Some(recipe) = recipe {
        place.write("recipe.toml", recipe);
    }
    let ended = place.distil(&[&["run"], arguments, &["--no-control"]].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let run = fs::read_dir(place.path("runs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .find(|name| name.ends_with("-0001"))
        .unwrap();
    let mut curve = String::new();
    for event in place.events(&format!("runs/{run}"), "flow-s1") {
        if let Event::Progress(progress) = event {
            let (stage, step, loss) = (progress.stage, progress.step, progress.loss);
            writeln!(curve, "{stage} {step} {loss:?}").unwrap();
        }
    }
    let record = place.read(&format!("runs/{run}/run.json"));
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    let host = |key: &str| record["host"][key].as_str().unwrap().replace(' ', "-");
    (
        curve,
        format!("{}-{}", host("system"), host("instructions")),
    )
}

fn assert_golden(name: &str, arguments: &[&str], recipe: Option<&str>) {
    let (found, host) = losses(arguments, recipe);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/golden");
    let path = folder.join(format!("{name}-{host}.txt"));
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(&folder).unwrap();
        return fs::write(&path, found).unwrap();
    }
    let Ok(golden) = fs::read_to_string(&path) else {
        // Not by `eprintln!`, which is shown only where a test fails.
        let skipped = format!("SKIPPED: no losses of `{name}` for {host} in testdata/golden\n");
        return std::io::stderr().write_all(skipped.as_bytes()).unwrap();
    };
    let apart = found
        .lines()
        .zip(golden.lines())
        .find(|(found, golden)| found != golden);
    let lines = [&found, &golden].map(|text| text.lines().count());
    assert!(
        apart.is_none() && lines[0] == lines[1],
        "the losses of `{name}` have moved: now {:?}, before {:?} (lines: {lines:?}); if that is meant, write them anew: \
         BLESS=1 cargo test --release --workspace golden",
        apart.map(|pair| pair.0),
        apart.map(|pair| pair.1),
    );
}

/// Which weights a later stage begins with is no matter of numbers: the last, as when these were written.
const LAST: [&str; 2] = ["--set", "train.keep=\"last\""];

#[test]
fn golden_losses_of_digits() {
    assert_golden("digits", &[&["digits"][..], &LAST].concat(), None);
}

#[test]
fn golden_losses_of_compress() {
    assert_golden("compress", &[&["compress"][..], &LAST].concat(), None);
}

#[test]
fn golden_losses_of_the_source_flow() {
    let arguments = ["source-generated", "--set", "data.samples=2000"];
    assert_golden("source-generated", &[&arguments[..], &LAST].concat(), None);
}

#[test]
fn golden_losses_of_residual_networks() {
    let recipe = r#"
        task = "classification"
        data = "digits"
        [train]
        batch = 128
        optimizer = { kind = "sgd", momentum = 0.9, nesterov = true, weight_decay = 5e-4 }
        lr = 0.05
        epochs = 2
        [stage.small]
        model = { kind = "resnet", depth = 8, width = 0.5 }
        [stage.large]
        model = { kind = "resnet", depth = 14 }
        start = "small"
        learn = { from = "small", method = "kd" }
    "#;
    assert_golden("resnet", &["./recipe.toml"], Some(recipe));
}

#[test]
fn golden_losses_of_depthwise_networks() {
    let recipe = r#"
        task = "classification"
        data = "digits"
        [stage.large]
        model = { kind = "mobilenet" }
        train = { epochs = 1, batch = 128 }
        [compare]
        arms = []
    "#;
    assert_golden("mobilenet", &["./recipe.toml"], Some(recipe));
}
