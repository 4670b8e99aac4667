//! README.md: the model card, with the front matter that the Hub reads.

use std::fmt::Write;

use distil_report::measure;

use super::config::{pipeline_tag, summary};
use crate::data::source::Source;
use crate::saved::SavedModel;

/// The model card.
pub fn readme(model: &SavedModel) -> String {
    format!("---\n{}---\n\n{}", front_matter(model), text(model))
}

/// YAML; strings are written as JSON, which YAML contains.
fn front_matter(model: &SavedModel) -> String {
    let provenance = &model.card.provenance;
    let task = pipeline_tag(model);
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
            "    - type: {name}\n      name: {}\n      value: {value}\n",
            quoted(title)
        );
    }
    yaml
}

fn text(model: &SavedModel) -> String {
    let provenance = &model.card.provenance;
    let mut text = format!(
        "# {}\n\nTrained by Distil {}: stage `{}` of the recipe `{}`.\n",
        provenance.recipe, provenance.distil, model.card.stage, provenance.recipe
    );
    if let Some(from) = &provenance.grown_from {
        _ = writeln!(text, "Its first weights were grown from stage `{from}`.");
    }
    if !provenance.learned_from.is_empty() {
        let teachers = provenance.learned_from.join("`, `");
        _ = writeln!(text, "It learned from the outputs of stage `{teachers}`.");
    }
    text +=
        "\n## Use\n\nThe weights are a PyTorch state dictionary; `config.json` has the sizes.\n";
    _ = write!(text, "Input: {}.\n\n{MODULE}", summary(model));
    if !provenance.test.is_empty() {
        text += "\n## Test part\n\n| metric | value |\n|---|---:|\n";
        for (name, value) in provenance.test.iter() {
            _ = writeln!(text, "| {name} | {value} |");
        }
    }
    text
}

const MODULE: &str = "\
```python
import json, torch
from safetensors.torch import load_file
from torch import nn

class DistilMlp(nn.Module):
    def __init__(self, config):
        super().__init__()
        sizes = [config[\"input_size\"], *config[\"hidden_sizes\"]]
        norm = {\"batch\": nn.BatchNorm1d, \"layer\": nn.LayerNorm}.get(config[\"hidden_norm\"])
        if \"view_size\" in config:
            self.view = nn.Linear(*config[\"view_size\"], bias=False)
        self.hidden = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))
        self.norm = nn.ModuleList(norm(o) for o in sizes[1:] if norm)
        self.head = nn.Linear(sizes[-1], config[\"output_size\"])
        self.act = {\"relu\": nn.ReLU, \"gelu\": nn.GELU, \"tanh\": nn.Tanh}[config[\"hidden_act\"]]()

    def forward(self, x):
        x = self.view(x) if hasattr(self, \"view\") else x
        for i, layer in enumerate(self.hidden):
            x = layer(x)
            x = self.act(self.norm[i](x) if self.norm else x)
        return self.head(x)

config = json.load(open(\"config.json\"))
model = DistilMlp(config)
model.load_state_dict(load_file(\"model.safetensors\"))
model.eval()
```

The outputs are logits; for regression they are standardised: value = mean + std · output, with `target_scale` of
`config.json`.
";

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
