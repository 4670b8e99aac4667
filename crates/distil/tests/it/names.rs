//! Every name a recipe can choose stands in one file and in its registry, and nowhere else.

use std::collections::BTreeMap;

use distil::data::source::SOURCES;
use distil::device::DEVICES;
use distil::growth::{DEPTHS, WIDTHS};
use distil::method::METHODS;
use distil::model::MODELS;
use distil::optim::{RULES, SCHEDULES};
use distil::samples::SAMPLES;
use distil::task::TASKS;
use distil_report::measure::METRICS;

use crate::sources::{library, sources};

/// Names that stand elsewhere too, and why.
const ELSEWHERE: &[(&str, &[&str])] = &[
    (
        "what a message proposes where another family does not fit",
        &["mlp"],
    ),
    (
        "the default of a recipe, which is read without the library",
        &["kd", "new", "identity", "all", "adam", "constant"],
    ),
    (
        "a word that means something else too: an arm, a split, a recipe, a curve, the ending of a file's name, the Hub's task",
        &[
            "smooth",
            "random",
            "digits",
            "linear",
            "csv",
            "npy",
            "parquet",
            "regression",
        ],
    ),
    ("the task that label smoothing is for", &["classification"]),
    (
        "what a recipe for data of one's own begins with",
        &["fsdd", "sound-folder"],
    ),
    (
        "the main metric of a task, or its loss, or one whose resolution is a formula",
        &[
            "accuracy",
            "calibrated_nll",
            "macro_f1",
            "mae",
            "nll",
            "nrmse",
            "rmse",
            "subset_accuracy",
            "top5",
        ],
    ),
];

/// What a file does: no comments, no tests.
fn code(text: &str) -> String {
    let lines = library(text).lines();
    let code = lines.filter(|line| !line.trim().starts_with("//"));
    code.collect::<Vec<_>>().join("\n")
}

/// The files in which a name stands between quotes, or in a message.
fn files_with<'a>(name: &str, code: &'a BTreeMap<String, String>) -> Vec<&'a str> {
    let forms = [format!("\"{name}\""), format!("`{name}`")];
    let holds = |text: &String| forms.iter().any(|form| text.contains(form));
    let files = code.iter().filter(|(_, text)| holds(text));
    files.map(|(file, _)| file.as_str()).collect()
}

/// Why a name stands where it may not: beside its registry in one file of the same folder at most.
fn astray(name: &str, folder: &str, code: &BTreeMap<String, String>) -> Option<String> {
    let is_registry = |file: &str| file.ends_with("/mod.rs") || file.ends_with("/registry.rs");
    let (near, far): (Vec<&str>, Vec<&str>) = files_with(name, code)
        .into_iter()
        .partition(|file| file.contains(&format!("/src/{folder}/")));
    let own: Vec<_> = near.into_iter().filter(|file| !is_registry(file)).collect();
    (own.len() > 1 || !far.is_empty()).then(|| format!("`{name}`: {own:?} {far:?}"))
}

#[test]
fn a_name_stands_in_its_own_file_and_in_its_registry() {
    let files = sources("crates").into_iter();
    let source = |(file, text): (String, String)| {
        let of_crate = file.split_once('/')?.1.starts_with("src/");
        of_crate.then(|| (file, code(&text)))
    };
    let code: BTreeMap<String, String> = files.filter_map(source).collect();
    let metrics = METRICS.iter().map(|metric| metric.name).collect();
    let kinds: [(&str, Vec<&str>); 8] = [
        ("model", MODELS.names().collect()),
        ("method", METHODS.names().collect()),
        ("growth", WIDTHS.names().chain(DEPTHS.names()).collect()),
        ("samples", SAMPLES.names().collect()),
        ("data/source", SOURCES.names().collect()),
        ("optim", RULES.names().chain(SCHEDULES.names()).collect()),
        ("task", TASKS.names().collect()),
        ("measure", metrics),
    ];
    let known = |name: &&str| ELSEWHERE.iter().any(|(_, names)| names.contains(name));
    let mut found = Vec::new();
    for (folder, names) in kinds {
        let strict: Vec<_> = names.into_iter().filter(|name| !known(name)).collect();
        assert!(!strict.is_empty(), "{folder}");
        found.extend(strict.iter().filter_map(|name| astray(name, folder, &code)));
    }
    for name in DEVICES.iter().map(|device| device.name) {
        let elsewhere = files_with(name, &code).into_iter();
        found.extend(
            elsewhere
                .filter(|file| !file.ends_with("distil/src/device.rs"))
                .map(|file| format!("`{name}`: {file}")),
        );
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_name_that_another_file_matches_on_is_found() {
    let files = |other: &str| {
        BTreeMap::from([
            (
                "distil/src/method/mod.rs".to_string(),
                "entry!(\"dkd\")".to_string(),
            ),
            (
                "distil/src/method/dkd.rs".to_string(),
                "outputs(\"dkd\")".to_string(),
            ),
            ("distil/src/plan/arm.rs".to_string(), other.to_string()),
        ])
    };
    assert_eq!(astray("dkd", "method", &files("a kdkd")), None);
    for other in ["\"dkd\" =>", "\"use `dkd`\""] {
        assert!(astray("dkd", "method", &files(other)).is_some(), "{other}");
    }
}
