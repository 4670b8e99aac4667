//! `distil export`.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::harness::Place;
use crate::models::{model, trained};

/// Exports the model into `export` of a new place.
fn exported(trained: &Place) -> Place {
    let place = Place::new();
    let ended = place.distil(&[
        "export",
        &model(trained),
        "--to",
        "safetensors",
        "--output",
        "export",
    ]);
    assert_eq!(
        (ended.code, ended.stdout.as_str(), ended.stderr.as_str()),
        (0, "Exported to export\n", "")
    );
    place
}

/// The header of a safetensors file: its length in 8 bytes, then JSON.
fn header(bytes: &[u8]) -> BTreeMap<String, Value> {
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    serde_json::from_slice(&bytes[8..8 + length]).unwrap()
}

#[test]
fn exporting_twice_gives_the_same_bytes() {
    let trained = trained();
    let (first, second) = (exported(&trained), exported(&trained));
    assert_eq!(
        first.files(),
        [
            "export/README.md",
            "export/config.json",
            "export/model.safetensors",
            "export/preprocessor_config.json"
        ]
    );
    for file in first.files() {
        assert_eq!(
            fs::read(first.path(&file)).unwrap(),
            fs::read(second.path(&file)).unwrap(),
            "{file}"
        );
    }
}

#[test]
fn weights_have_pytorchs_names_shapes_and_the_one_metadata_key_it_asks_for() {
    let place = exported(&trained());
    let tensors = header(&fs::read(place.path("export/model.safetensors")).unwrap());
    assert_eq!(
        tensors["__metadata__"],
        serde_json::json!({ "format": "pt" })
    );
    let shapes: Vec<String> = tensors
        .iter()
        .filter(|(name, _)| *name != "__metadata__")
        .map(|(name, tensor)| format!("{name} {}", tensor["shape"]))
        .collect();
    assert_eq!(
        shapes,
        [
            "head.bias [10]",
            "head.weight [10,128]",
            "hidden.0.bias [512]",
            "hidden.0.weight [512,64]",
            "hidden.1.bias [128]",
            "hidden.1.weight [128,512]",
        ]
    );
}

#[test]
fn the_configuration_says_sizes_names_and_where_the_model_comes_from() {
    let place = exported(&trained());
    let config: Value = serde_json::from_str(&place.read("export/config.json")).unwrap();
    assert_eq!(config["input_size"], 64);
    assert_eq!(config["hidden_sizes"], serde_json::json!([512, 128]));
    assert_eq!(config["output_size"], 10);
    assert_eq!(config["problem_type"], "single_label_classification");
    assert_eq!(config["id2label"]["7"], "7");
    assert_eq!(config["distil"]["provenance"]["grown_from"], "small");
    let preprocessor: Value =
        serde_json::from_str(&place.read("export/preprocessor_config.json")).unwrap();
    assert_eq!(preprocessor["source"]["source"], "digits");
    assert_eq!(
        preprocessor["preprocessing"]["block"]["shape"],
        serde_json::json!([8, 8])
    );
}

#[test]
fn the_card_has_the_front_matter_of_the_hub_and_the_test_metrics() {
    let place = exported(&trained());
    let card = place.read("export/README.md");
    let (_, rest) = card.split_once("---\n").unwrap();
    let (front, text) = rest.split_once("---\n").unwrap();
    let config: Value = serde_json::from_str(&place.read("export/config.json")).unwrap();
    let accuracy = &config["distil"]["provenance"]["test"]["accuracy"];
    for line in [
        "library_name: distil",
        "- distillation",
        "pipeline_tag: image-classification",
        "model-index:",
        &format!("value: {accuracy}"),
    ] {
        assert!(front.contains(line), "{line}: {front}");
    }
    assert!(text.contains("class DistilMlp(nn.Module)"), "{text}");
}

#[test]
fn a_folder_with_anything_else_in_it_is_left_as_it_is() {
    let place = Place::new();
    place.write("mine/thesis.tex", "years of work");
    let ended = place.distil(&[
        "export",
        &model(&trained()),
        "--to",
        "safetensors",
        "--output",
        "mine",
    ]);
    assert_eq!(ended.code, 2);
    assert_eq!(place.files(), ["mine/thesis.tex"]);
    insta::assert_snapshot!(ended.stderr, @"error: mine: has `thesis.tex` in it, which is no part of an export. Name a new or an empty folder.");
}

#[test]
fn an_earlier_export_is_replaced_and_lies_beside_the_model_unless_told_otherwise() {
    let trained = trained();
    for _ in 0..2 {
        let ended = trained.distil(&["export", "runs/digits-0001", "--to", "safetensors"]);
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (0, "Exported to runs/digits-0001/export\n")
        );
    }
}
