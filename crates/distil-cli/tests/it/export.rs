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
fn what_else_is_in_a_folder_stays_and_only_what_would_be_lost_is_refused() {
    let place = Place::new();
    place.write("clone/.gitattributes", "*.safetensors filter=lfs\n");
    place.write("clone/.git/HEAD", "ref: refs/heads/main\n");
    place.write("clone/LICENSE", "mine");
    let trained = trained();
    let model = model(&trained);
    let export =
        |folder: &str| place.distil(&["export", &model, "--to", "safetensors", "--output", folder]);
    for _ in 0..2 {
        let ended = export("clone");
        assert_eq!(ended.code, 0, "{}", ended.stderr);
    }
    assert_eq!(
        place.files(),
        [
            "clone/.git/HEAD",
            "clone/.gitattributes",
            "clone/LICENSE",
            "clone/README.md",
            "clone/config.json",
            "clone/model.safetensors",
            "clone/preprocessor_config.json"
        ]
    );
    assert_eq!(place.read("clone/LICENSE"), "mine");
    for file in [
        "README.md",
        "config.json",
        "model.safetensors",
        "preprocessor_config.json",
    ] {
        let place = Place::new();
        place.write(&format!("mine/{file}"), "{}");
        let ended = place.distil(&["export", &model, "--to", "safetensors", "--output", "mine"]);
        assert_eq!(ended.code, 2, "{file}");
        assert_eq!(place.files(), [format!("mine/{file}")]);
        assert_eq!(place.read(&format!("mine/{file}")), "{}");
        assert!(
            ended.stderr.contains(&format!("`{file}`")),
            "{}",
            ended.stderr
        );
    }
    place.write("mine/README.md", "years of work");
    insta::assert_snapshot!(export("mine").stderr, @"error: mine: has a `README.md` that no export wrote, and it would be lost. Move it away, or name another folder; what else is in the folder stays as it is.");
    place.write("file", "");
    assert_eq!(export("file").code, 1);
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
