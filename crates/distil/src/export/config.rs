//! What the exported weights mean: config.json and preprocessor_config.json.

use distil_report::measure::TaskKind;
use serde_json::{Map, Value, json};

use crate::data::View;
use crate::data::source::{Modality, Source};
use crate::saved::SavedModel;

/// Architecture, sizes, names of the outputs and provenance.
pub fn config(model: &SavedModel) -> Value {
    let card = &model.card;
    let mut config = Map::new();
    let (class, kind) = (card.model.pytorch().class, card.model.name());
    config.insert("architectures".into(), json!([class]));
    config.insert("model_type".into(), json!(format!("distil-{kind}")));
    config.extend(card.model.export_config());
    let names = &card.targets.names;
    config.insert("input_size".into(), json!(card.inputs));
    config.insert("output_size".into(), json!(card.outputs));
    let columns = &model.net.shapes().columns;
    if !columns.is_empty() {
        config.insert("columns".into(), json!(columns));
    }
    let input = &model.net.shapes().input;
    if input.len() > 1 {
        // Height, width and channels: rows of a sample are channels-last pictures.
        config.insert("input_shape".into(), json!(input));
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
pub fn pipeline_tag(modality: Modality, kind: TaskKind) -> &'static str {
    match (modality, kind) {
        (Modality::Table, TaskKind::Regression) => "tabular-regression",
        (Modality::Table, _) => "tabular-classification",
        (Modality::Picture, _) => "image-classification",
        (Modality::Sound, _) => "audio-classification",
        (Modality::Text, _) => "text-classification",
    }
}

#[cfg(test)]
mod tests {
    use crate::data::source::{AnySource, SOURCES};

    use super::*;

    /// The source of this name with as few options as it takes.
    fn source(name: &str) -> AnySource {
        let options = [
            json!({}),
            json!({ "path": "x" }),
            json!({ "path": "x", "target": "y" }),
        ];
        let mut sources = options.into_iter().filter_map(|mut options| {
            options["source"] = json!(name);
            serde_json::from_value(options).ok()
        });
        sources
            .next()
            .unwrap_or_else(|| panic!("`{name}` needs other options"))
    }

    #[test]
    fn a_card_calls_a_models_task_by_what_its_source_reads() {
        let tags = SOURCES.names().map(|name| {
            let tag = pipeline_tag(source(name).modality(), TaskKind::Classification);
            format!("{name}: {tag}")
        });
        insta::assert_snapshot!(tags.collect::<Vec<_>>().join("\n"), @r"
        digits: image-classification
        gaussian: tabular-classification
        csv: tabular-classification
        npy: tabular-classification
        fsdd: audio-classification
        sound-folder: audio-classification
        idx: image-classification
        image-folder: image-classification
        parquet: image-classification
        cifar-binary: image-classification
        ");
        let numbers = pipeline_tag(source("csv").modality(), TaskKind::Regression);
        assert_eq!(numbers, "tabular-regression");
    }
}
