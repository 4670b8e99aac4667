//! Sources: what they read, and how they refuse what they cannot read.

mod arrays;
mod built_in;
mod damaged;
mod encodings;
mod formats;
mod labelled;
mod pictures;
mod recordings;
mod tables;

use distil::data::source::{AnySource, Digits, Gaussian, Names, Npy, SOURCES, Source};
use distil::data::{Inputs, Raw, RawTargets};
use distil_recipe::{Problems, RecipeText, parse};
use insta::assert_snapshot;
use tempfile::TempDir;

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    files
        .iter()
        .for_each(|(name, bytes)| std::fs::write(folder.path().join(name), bytes).unwrap());
    folder
}

/// The error without the temporary folder's own name.
fn say<T>(folder: &TempDir, result: distil::error::Result<T>) -> String {
    let error = result.err().expect("an error").to_string();
    error.replace(&folder.path().display().to_string(), "FOLDER")
}

fn labels(raw: &Raw) -> (Vec<String>, Vec<u32>) {
    let Some(RawTargets::Classes { names, labels }) = &raw.targets else {
        panic!("no classes")
    };
    (names.clone(), labels.to_vec())
}

fn block(raw: &Raw) -> (Vec<usize>, Vec<f32>) {
    let Inputs::Block { shape, values } = &raw.inputs else {
        panic!()
    };
    (shape.clone(), values.to_vec())
}

#[test]
fn a_source_survives_the_model_s_json() {
    let sources = [
        AnySource::Digits(Digits::default()),
        AnySource::Gaussian(Gaussian::default()),
        AnySource::Csv(from(r#"{ "path": "t.csv", "target": ["a", "b"] }"#)),
        AnySource::Npy(Npy::default()),
        AnySource::Fsdd(from(r#"{ "path": "fsdd" }"#)),
        AnySource::Fsdd(from(
            r#"{ "path": "fsdd", "features": { "kind": "kaldi", "bands": 40, "frames": 9, "keep": "end" } }"#,
        )),
    ];
    for source in sources {
        let text = serde_json::to_string(&source).unwrap();
        assert_eq!(
            serde_json::from_str::<AnySource>(&text).unwrap(),
            source,
            "{text}"
        );
    }
    assert_eq!(
        serde_json::from_str::<Names>("\"y\"").unwrap(),
        Names(vec!["y".into()])
    );
}

fn from<T: serde::de::DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap()
}

/// `[data]` with these lines, read as a recipe: what it resolves to and its settings.
fn resolve(data: &str) -> (Option<AnySource>, String, Vec<String>) {
    let text = format!("task = \"classification\"\n[data]\n{data}\n[stage.s]\nmodel = \"mlp\"\n");
    let (recipe, _) = parse(&RecipeText::new("r.toml", text));
    let choice = recipe.unwrap().data.source;
    let mut problems = Problems::new();
    let source = SOURCES.resolve(&choice, &mut problems);
    let problems = problems
        .as_slice()
        .iter()
        .map(|problem| problem.message.clone())
        .collect();
    let written = source.as_ref().map(|source| source.table("source"));
    (
        source.map(|source| source.value),
        written.unwrap_or_default().to_string(),
        problems,
    )
}

#[test]
fn every_source_is_found_by_its_name_in_a_recipe_with_its_defaults_filled_in() {
    let names: Vec<&str> = SOURCES.names().collect();
    assert_eq!(
        names,
        [
            "digits",
            "gaussian",
            "csv",
            "npy",
            "fsdd",
            "sound-folder",
            "idx",
            "image-folder",
            "parquet",
            "cifar-binary"
        ]
    );
    assert_snapshot!(resolve("source = \"digits\"").1, @r#"
    source = "digits"

    [scale]
    range = 16.0
    "#);
    assert_snapshot!(resolve("source = \"gaussian\"\nsamples = 100").1, @r#"
    source = "gaussian"
    samples = 100
    shape = [20, 50]
    classes = 10
    modes = 3
    pool = [2, 5]
    coarse = 0.5
    separation = 0.195
    noise = 1.0
    seed = 0
    scale = "none"
    "#);
    assert_snapshot!(resolve("source = \"csv\"\npath = \"t.csv\"\ntarget = [\"a\", \"b\"]\nscale = \"none\"").1, @r#"
    source = "csv"
    path = "t.csv"
    target = ["a", "b"]
    delimiter = ","
    categorical = []
    numeric = []
    ignore = []
    groups = []
    scale = "none"
    "#);
    assert_snapshot!(resolve("source = \"npy\"").1, @r#"
    source = "npy"
    inputs = "inputs"
    labels = "labels"
    scale = "standard"
    "#);
    assert_snapshot!(resolve("source = \"fsdd\"\npath = \"fsdd\"\nfeatures = { log_mel = 12 }").1, @r#"
    source = "fsdd"
    path = "fsdd"
    rate = 8000
    scale = "standard"

    [features]
    log_mel = 12
    frames = 50
    window_ms = 32.0
    hop_ms = 20.0
    low_hz = 0.0
    "#);
    assert_snapshot!(resolve("source = \"fsdd\"\npath = \"fsdd\"\nfeatures = \"kaldi\"").1, @r#"
    source = "fsdd"
    path = "fsdd"
    rate = 8000
    scale = "standard"

    [features]
    kind = "kaldi"
    bands = 23
    frames = 98
    "#);
    assert_snapshot!(resolve("source = \"fsdd\"\npath = \"fsdd\"\nfeatures = { kind = \"whisper\", frames = 50, keep = \"middle\" }").1, @r#"
    source = "fsdd"
    path = "fsdd"
    rate = 8000
    scale = "standard"

    [features]
    kind = "whisper"
    bands = 80
    frames = 50
    keep = "middle"
    "#);
    assert_snapshot!(resolve("source = \"parquet\"\npath = \"cifar10\"\nsize = [16, 16]").1, @r#"
    source = "parquet"
    path = "cifar10"
    size = [16, 16]
    colour = "rgb"
    scale = "channel"
    "#);
    assert_snapshot!(resolve("source = \"idx\"\npath = \"mnist\"").1, @r#"
    source = "idx"
    path = "mnist"
    scale = "channel"
    "#);
    let (source, _, problems) = resolve("source = \"csv\"\npath = \"t.csv\"\ntarget = \"y\"");
    assert_eq!(
        (source.unwrap().describe(), problems.len()),
        ("the table t.csv, target y".to_string(), 0)
    );
}

#[test]
fn options_no_source_knows_are_problems_of_the_recipe() {
    let problems = |data: &str| resolve(data).2.join("\n");
    assert_snapshot!(problems("source = \"csv\"\npath = \"t.csv\""), @"`target` is missing");
    assert_snapshot!(problems("source = \"fsdd\"\npath = \"f\"\nfeatures = { log_mell = 12, frames = \"many\" }"), @r#"
    unknown key `log_mell`
    `frames` must be a whole number, 0 or more, not the string "many"
    "#);
    let features = |features: &str| {
        problems(&format!(
            "source = \"fsdd\"\npath = \"f\"\nfeatures = {features}"
        ))
    };
    assert_snapshot!(features("\"kaldy\""), @"`kaldy` is none of the choices");
    assert_snapshot!(features("{ kind = \"wisper\" }"), @"`wisper` is none of the choices");
    assert_snapshot!(features("7"), @"`features` must be a table or one of kaldi, whisper, not 7");
    assert_snapshot!(features("{ kind = \"kaldi\", hop_ms = 5 }"), @"`features`: `hop_ms` is settled by the name; remove it, or write log-mel features without `kind`");
    assert_snapshot!(features("{ kind = \"kaldi\", log_mel = 20 }"), @"`features`: features by name have `bands`, not `log_mel`");
    assert_snapshot!(features("{ bands = 20 }"), @"`features`: `bands` is of features by name; write `log_mel`, or their `kind` too");
    assert_snapshot!(features("{ kind = \"kaldi\", band = 20 }"), @"unknown key `band`");
    assert_snapshot!(problems("source = \"gaussian\"\nscale = \"big\""), @"`big` is none of the choices");
}
