//! The part of the schema that is the same whatever the registries hold.

use schemars::generate::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::table_of;
use crate::recipe::{
    AnswersTable, AugmentTable, DEFAULT_TUNE_SEEDS, NewTable, OptimizerState, RunTable, SplitTable,
    TrainTable, View,
};

type Keys = Map<String, Value>;

fn keys(properties: Value) -> Keys {
    match properties {
        Value::Object(keys) => keys,
        _ => Keys::new(),
    }
}

fn reference(definition: &str, description: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{definition}"), "description": description })
}

fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

fn share(description: &str) -> Value {
    json!({ "type": "number", "minimum": 0, "maximum": 1, "description": description })
}

fn table(properties: Value, required: &[&str]) -> Value {
    let mut table =
        json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        table["required"] = json!(required);
    }
    table
}

/// The recipe itself.
pub(super) fn root() -> Keys {
    let mut root = keys(json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A Distil recipe",
    }));
    root.extend(keys(table(
        json!({
            "name": text("The name of its runs; the file's name if absent."),
            "result": text("The stage the recipe is for, if several are last in their line."),
            "task": reference("task", "What is learned."),
            "data": reference("data", "Where samples come from and how they are split."),
            "stage": {
                "type": "object",
                "description": "The stages, each one model and its training.",
                "minProperties": 1,
                "additionalProperties": { "$ref": "#/definitions/stage" },
            },
            "train": reference(
                "train",
                "Training settings of all stages; a schedule here spans the chain of growth.",
            ),
            "compare": reference("compare", "What the result is compared with."),
            "run": reference("run", "How the recipe is run on this machine."),
        }),
        &["task", "data", "stage"],
    )));
    root
}

/// The tables of a recipe.
pub(super) fn definitions(generator: &mut SchemaGenerator) -> Keys {
    let split = table_of::<SplitTable>(generator);
    let view = generator.subschema_for::<View>().to_value();
    keys(json!({
        "split": { "oneOf": [{ "enum": ["random", "official"] }, split] },
        "augment": table_of::<AugmentTable>(generator),
        "stage": stage(view),
        "answers": {
            "oneOf": [text("A `.npy` file: one row a sample, in the order of the data."), answers(generator)],
        },
        "start": { "oneOf": [text("The stage it starts from."), start(generator)] },
        "train": table_of::<TrainTable>(generator),
        "compare": compare(),
        "run": table_of::<RunTable>(generator),
    }))
}

fn stage(view: Value) -> Value {
    table(
        json!({
            "model": reference("model", "The model: a family with its sizes, or a file."),
            "view": view,
            "samples": reference("samples", "Which samples an epoch uses; all by default."),
            "start": reference("start", "The stage whose weights it starts from, and how."),
            "learn": {
                "description": "What it learns from other stages: one loss or several.",
                "oneOf": [
                    { "$ref": "#/definitions/term" },
                    { "type": "array", "items": { "$ref": "#/definitions/term" } },
                ],
            },
            "train": reference("train", "Its own training settings."),
            "like": text("A stage whose model, view, samples and train it takes over."),
            "answers": reference("answers", "Predictions of another program, in place of all other keys."),
        }),
        &[],
    )
}

fn answers(generator: &mut SchemaGenerator) -> Value {
    let mut answers = table_of::<AnswersTable>(generator);
    answers["required"] = json!(["file"]);
    answers
}

fn start(generator: &mut SchemaGenerator) -> Value {
    let state = generator.subschema_for::<OptimizerState>().to_value();
    table(
        json!({
            "from": text("The stage it starts from."),
            "width": reference("width", "How layers grow wider; new by default."),
            "depth": reference("depth", "How layers are added; identity by default."),
            "optimizer": state,
            "shrink": share("The factor on the grown weights, above 0 to 1; 1 by default."),
            "noise": {
                "type": "number",
                "minimum": 0,
                "description": "The share of fresh random weights added; 0 by default.",
            },
            "new": table_of::<NewTable>(generator),
        }),
        &["from"],
    )
}

fn compare() -> Value {
    table(
        json!({
            "plain": reference("train", "The budget of plain training: 100 % of every claim."),
            "arms": {
                "type": "array",
                "items": { "type": "string" },
                "description": "The arms to run besides the flow.",
            },
            "arm": {
                "type": "object",
                "additionalProperties": { "type": "object" },
                "description": "Own arms: each a table of changes to the recipe.",
            },
            "margin": {
                "type": "number",
                "description": "The smallest difference in the metric that counts, in its unit.",
            },
            "tune": {
                "type": "object",
                "properties": { "seeds": { "type": "integer", "minimum": 1, "default": DEFAULT_TUNE_SEEDS } },
                "additionalProperties": { "type": "array", "minItems": 1 },
                "description": "Settings of the result's training, each with the values to try: every arm takes what is best for it on the validation part.",
            },
        }),
        &[],
    )
}

/// A model that is a file.
pub(super) fn given_model() -> Value {
    let mut given = table(
        json!({
            "file": text("A `model/` folder or a model file."),
            "classes": text("A file with the names of its classes, one a line."),
            "overlap": {
                "const": "known",
                "description": "Says that the model may have been trained on test samples: then it runs, and nothing is claimed.",
            },
        }),
        &["file"],
    );
    given["description"] = json!("A given model.");
    given
}

/// The keys of `[data]` that no source has for itself.
pub(super) fn data_keys() -> Keys {
    keys(json!({
        "test": text("The file or folder of the test part, read as `path` is."),
        "validation": text("The file or folder of the validation part, read as `path` is."),
        "split": reference("split", "How samples are divided."),
        "augment": reference("augment", "How training samples are varied; not at all by default."),
    }))
}

/// The keys of a term that no method has for itself.
pub(super) fn learn_keys() -> Keys {
    keys(json!({
        "from": {
            "description": "The teacher's stage, or several whose outputs are averaged.",
            "oneOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }],
        },
        "mix": share("The share of the label loss this term replaces; 0.5 by default. Or `add`."),
        "add": {
            "type": "number",
            "minimum": 0,
            "description": "The coefficient of this term as an extra one. Or `mix`.",
        },
        "until": share("The share of the stage's steps after which the term has faded."),
        "layers": {
            "type": "object",
            "additionalProperties": { "type": "string" },
            "description": "Pairs of taps: the student's and the teacher's.",
        },
    }))
}
