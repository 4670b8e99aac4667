//! What the exported weights mean: config.json and preprocessor_config.json.

use distil_report::measure::TaskKind;
use serde_json::{Map, Value, json};

use crate::data::View;
use crate::data::source::{AnySource, Source};
use crate::model::{Activation, MlpConfig, ModelConfig, Norm};
use crate::saved::SavedModel;

/// Architecture, sizes, names of the outputs and provenance.
pub fn config(model: &SavedModel) -> Value {
    let card = &model.card;
    let mut config = architecture(&card.model);
    let names = &card.targets.names;
    config.insert("input_size".into(), json!(card.inputs));
    config.insert("output_size".into(), json!(card.outputs));
    if !matches!(card.model, ModelConfig::Mlp(_)) {
        // Height, width and channels: rows of a sample are channels-last pictures.
        config.insert("input_shape".into(), json!(model.net.shapes().input));
    }
    config.insert(
        "problem_type".into(),
        json!(problem_type(card.targets.kind)),
    );
    config.insert(
        "id2label".into(),
        names
            .iter()
            .enumerate()
            .map(|(id, name)| (id.to_string(), json!(name)))
            .collect(),
    );
    config.insert(
        "label2id".into(),
        names
            .iter()
            .enumerate()
            .map(|(id, name)| (name.clone(), json!(id)))
            .collect(),
    );
    if let Some(scale) = &card.targets.scale {
        config.insert("target_scale".into(), json!(scale));
    }
    if model.view.matrix.is_some() {
        config.insert("view_size".into(), json!([model.view.fine(), card.inputs]));
    }
    config.insert("preprocessing".into(), json!(summary(model)));
    config.insert("torch_dtype".into(), json!("float32"));
    config.insert(
        "distil".into(),
        json!({ "stage": card.stage, "metric": card.metric, "provenance": card.provenance }),
    );
    Value::Object(config)
}

/// The family and its parameters; of convolutional families in the words of recipes.
fn architecture(model: &ModelConfig) -> Map<String, Value> {
    if let ModelConfig::Mlp(mlp) = model {
        return perceptron(mlp);
    }
    let mut members = match serde_json::to_value(model) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    };
    let (class, kind) = match model {
        ModelConfig::Mlp(_) => ("DistilMlp", "mlp"),
        ModelConfig::Cnn(_) => ("DistilCnn", "cnn"),
        ModelConfig::Resnet(_) => ("DistilResnet", "resnet"),
        ModelConfig::Mobilenet(_) => ("DistilMobilenet", "mobilenet"),
    };
    members.remove("kind");
    members.insert("architectures".into(), json!([class]));
    members.insert("model_type".into(), json!(format!("distil-{kind}")));
    members
}

fn perceptron(mlp: &MlpConfig) -> Map<String, Value> {
    let activation = match mlp.activation {
        Activation::Relu => "relu",
        Activation::Gelu => "gelu",
        Activation::Tanh => "tanh",
    };
    let norm = match mlp.norm {
        Norm::None => Value::Null,
        Norm::Batch => json!("batch"),
        Norm::Layer => json!("layer"),
    };
    let members = [
        ("architectures", json!(["DistilMlp"])),
        ("model_type", json!("distil-mlp")),
        ("hidden_sizes", json!(mlp.hidden)),
        ("hidden_act", json!(activation)),
        ("hidden_norm", norm),
        ("hidden_dropout_prob", json!(mlp.dropout)),
    ];
    members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The Hub's word for what is predicted.
fn problem_type(kind: TaskKind) -> &'static str {
    match kind {
        TaskKind::Classification => "single_label_classification",
        TaskKind::MultiLabel => "multi_label_classification",
        TaskKind::Regression => "regression",
    }
}

/// How data becomes what the network reads, in one sentence.
pub fn summary(model: &SavedModel) -> String {
    let read = format!(
        "read as by Distil's source ({})",
        model.card.source.describe()
    );
    let view = match model.card.view {
        View::Full => "",
        _ => ", reduced by `view.weight`",
    };
    format!("{read}, scaled as preprocessor_config.json says{view}")
}

/// All that is needed to turn raw data into what the network reads, as `model.json` has it.
pub fn preprocessor(model: &SavedModel) -> Value {
    let card = &model.card;
    json!({
        "feature_extractor_type": "DistilPreprocessor",
        "source": card.source,
        "preprocessing": card.preprocessing,
        "view": card.view,
        "view_shape": card.view_shape,
    })
}

/// The Hub's word for the task: modality and what is predicted.
pub fn pipeline_tag(model: &SavedModel) -> &'static str {
    match (&model.card.source, model.card.targets.kind) {
        (AnySource::Digits(_), _) => "image-classification",
        (AnySource::Fsdd(_), _) => "audio-classification",
        (_, TaskKind::Regression) => "tabular-regression",
        (_, TaskKind::Classification | TaskKind::MultiLabel) => "tabular-classification",
    }
}
