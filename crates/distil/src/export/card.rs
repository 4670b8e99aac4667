//! README.md: the model card, with the front matter that the Hub reads.

use std::fmt::Write;

use distil_report::measure;

use super::config::{pipeline_tag, summary};
use crate::data::source::Source;
use crate::model::ModelConfig;
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
    _ = write!(
        text,
        "Input: {}.\n\n{}",
        summary(model),
        module(&model.card.model)
    );
    if !provenance.test.is_empty() {
        text += "\n## Test part\n\n| metric | value |\n|---|---:|\n";
        for (name, value) in provenance.test.iter() {
            _ = writeln!(text, "| {name} | {value} |");
        }
    }
    text
}

const IMPORTS: &str = "\
import json, torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F
";

const MLP: &str = "
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
";

/// What the convolutional families share.
const CONVOLUTIONS: &str = "
class Conv(nn.Conv2d):
    def __init__(self, inputs, outputs, kernel=3, stride=1, groups=1):
        super().__init__(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return self.norm(super().forward(x))

def stages(blocks):
    return nn.ModuleList(nn.ModuleDict({\"block\": nn.ModuleList(stage)}) for stage in blocks)

class Pictures(nn.Module):
    def __init__(self, config, channels):
        super().__init__()
        self.shape = config[\"input_shape\"]
        if \"view_size\" in config:
            self.view = nn.Linear(*config[\"view_size\"], bias=False)
        self.head = nn.Linear(channels, config[\"output_size\"])

    def forward(self, x):
        x = self.view(x) if hasattr(self, \"view\") else x
        x = x.reshape(-1, *self.shape).permute(0, 3, 1, 2)
        return self.head(self.features(x).mean((2, 3)))
";

const CNN: &str = "
class DistilCnn(Pictures):
    def __init__(self, config):
        super().__init__(config, config[\"channels\"][-1])
        sizes = [self.shape[2], *config[\"channels\"]]
        convs = lambda i, o: nn.ModuleList(Conv(i if c == 0 else o, o) for c in range(config[\"convs\"]))
        self.block = nn.ModuleList(nn.ModuleDict({\"conv\": convs(i, o)}) for i, o in zip(sizes, sizes[1:]))

    def features(self, x):
        for block in self.block:
            for conv in block.conv:
                x = F.relu(conv(x))
            x = F.max_pool2d(x, 2)
        return x
";

const RESNET: &str = "
class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first, self.second = Conv(inputs, outputs, stride=stride), Conv(outputs, outputs)
        if stride > 1:
            self.shortcut = Conv(inputs, outputs, kernel=1, stride=stride)

    def forward(self, x):
        residual = self.shortcut(x) if hasattr(self, \"shortcut\") else x
        return F.relu(self.second(F.relu(self.first(x))) + residual)

class DistilResnet(Pictures):
    def __init__(self, config):
        sizes = [max(1, int(channels * config[\"width\"] + 0.5)) for channels in (16, 32, 64)]
        super().__init__(config, sizes[-1])
        self.stem = Conv(self.shape[2], sizes[0])
        block = lambda s, b: Block(sizes[s - (s > 0 and b == 0)], sizes[s], 2 if s > 0 and b == 0 else 1)
        self.stage = stages([block(s, b) for b in range((config[\"depth\"] - 2) // 6)] for s in range(3))

    def features(self, x):
        x = F.relu(self.stem(x))
        for stage in self.stage:
            for block in stage.block:
                x = block(x)
        return x
";

const MOBILENET: &str = "
class Block(nn.Module):
    def __init__(self, inputs, outputs, inner, stride, residual):
        super().__init__()
        self.expand = Conv(inputs, inner, kernel=1)
        self.depthwise = Conv(inner, inner, stride=stride, groups=inner)
        self.project = Conv(inner, outputs, kernel=1)
        self.residual = residual

    def forward(self, x):
        y = self.project(F.relu6(self.depthwise(F.relu6(self.expand(x)))))
        return y + x if self.residual else y

class DistilMobilenet(Pictures):
    def __init__(self, config):
        sizes, times = config[\"channels\"], config[\"expansion\"]
        super().__init__(config, sizes[-1])
        self.stem = Conv(self.shape[2], sizes[0])

        def block(s, b):
            changes = s > 0 and b == 0
            inputs = sizes[s - changes]
            return Block(inputs, sizes[s], times * inputs, 1 + changes, not changes)

        self.stage = stages([block(s, b) for b in range(config[\"blocks\"])] for s in range(len(sizes)))

    def features(self, x):
        x = F.relu6(self.stem(x))
        for stage in self.stage:
            for block in stage.block:
                x = block(x)
        return x
";

/// Python that makes the module and loads the weights.
fn module(model: &ModelConfig) -> String {
    let (shared, class, name) = match model {
        ModelConfig::Mlp(_) => ("", MLP, "DistilMlp"),
        ModelConfig::Cnn(_) => (CONVOLUTIONS, CNN, "DistilCnn"),
        ModelConfig::Resnet(_) => (CONVOLUTIONS, RESNET, "DistilResnet"),
        ModelConfig::Mobilenet(_) => (CONVOLUTIONS, MOBILENET, "DistilMobilenet"),
    };
    let imports = match model {
        ModelConfig::Mlp(_) => IMPORTS.trim_end_matches("from torch.nn import functional as F\n"),
        _ => IMPORTS,
    };
    format!(
        "```python\n{imports}{shared}{class}
config = json.load(open(\"config.json\"))
model = {name}(config)
model.load_state_dict(load_file(\"model.safetensors\"))
model.eval()
```

The outputs are logits; for regression they are standardised: value = mean + std · output, with `target_scale` of
`config.json`.
"
    )
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
