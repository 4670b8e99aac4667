//! README.md: the model card, with the front matter that the Hub reads.

use std::fmt::Write;

use distil_recipe::name::is_name;
use distil_report::foreign::{markdown, terminal};
use distil_report::measure;

use super::config::{pipeline_tag, summary};
use crate::data::source::Source;
use crate::model::{ModelConfig, PyTorch};
use crate::saved::SavedModel;

/// What every model card says, and no other.
pub const SIGNATURE: &str = "Trained by Distil";

/// The model card.
pub fn readme(model: &SavedModel) -> String {
    format!("---\n{}---\n\n{}", front_matter(model), text(model))
}

/// YAML; strings are written as JSON, which YAML contains.
fn front_matter(model: &SavedModel) -> String {
    let provenance = &model.card.provenance;
    let card = &model.card;
    let task = pipeline_tag(card.source.modality(), card.targets.kind);
    let mut yaml = format!(
        "license: unknown\nlibrary_name: distil\ntags:\n- distillation\npipeline_tag: {task}\n"
    );
    if !provenance.learned_from.is_empty() {
        yaml += "base_model:\n";
        for teacher in &provenance.learned_from {
            _ = writeln!(
                yaml,
                "- {}",
                quoted(&format!("{}-{teacher}", provenance.recipe))
            );
        }
    }
    if provenance.test.is_empty() {
        return yaml;
    }
    _ = write!(
        yaml,
        "model-index:\n- name: {}\n  results:\n  - task:\n      type: {task}\n    dataset:\n      name: {}\n      type: {}\n      split: test\n",
        quoted(&provenance.recipe),
        quoted(&model.card.source.describe()),
        quoted(&provenance.recipe),
    );
    yaml += "    metrics:\n";
    for (name, value) in provenance
        .test
        .iter()
        .filter(|(_, value)| value.is_finite())
    {
        let title = measure::metric(name).map_or(name.as_str(), |metric| metric.title);
        _ = write!(
            yaml,
            "    - type: {}\n      name: {}\n      value: {value}\n",
            if is_name(name) {
                name.clone()
            } else {
                quoted(name)
            },
            quoted(title)
        );
    }
    yaml
}

fn text(model: &SavedModel) -> String {
    let provenance = &model.card.provenance;
    let mut text = format!(
        "# {}\n\n{SIGNATURE} {}: stage `{}` of the recipe `{}`.\n",
        markdown(&provenance.recipe),
        markdown(&provenance.distil),
        markdown(&model.card.stage),
        markdown(&provenance.recipe)
    );
    if let Some(from) = &provenance.grown_from {
        _ = writeln!(
            text,
            "Its first weights were grown from stage `{}`.",
            markdown(from)
        );
    }
    if !provenance.learned_from.is_empty() {
        let teachers = provenance.learned_from.join("`, `");
        _ = writeln!(
            text,
            "It learned from the outputs of stage `{}`.",
            markdown(&teachers)
        );
    }
    text +=
        "\n## Use\n\nThe weights are a PyTorch state dictionary; `config.json` has the sizes.\n";
    _ = write!(
        text,
        "Input: {}.\n\n{}",
        markdown(&summary(model)),
        module(&model.card.model)
    );
    if !provenance.test.is_empty() {
        text += "\n## Test part\n\n| metric | value |\n|---|---:|\n";
        for (name, value) in provenance.test.iter() {
            _ = writeln!(text, "| {} | {value} |", markdown(name));
        }
    }
    text
}

/// Python that makes the module and loads the weights.
fn module(model: &ModelConfig) -> String {
    let PyTorch { class, source } = model.pytorch();
    format!(
        "```python\nimport json, torch\nfrom safetensors.torch import load_file\n{source}
config = json.load(open(\"config.json\"))
model = {class}(config)
model.load_state_dict(load_file(\"model.safetensors\"))
model.eval()
```

The outputs are logits; for regression they are standardised: value = mean + std · output, with `target_scale` of
`config.json`.
"
    )
}

fn quoted(text: &str) -> String {
    let text = serde_json::Value::from(&*terminal(text)).to_string();
    text.replace('<', "\\u003c")
}
