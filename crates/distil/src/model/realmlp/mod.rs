//! RealMLP with tuned defaults (Holzmüller, Grinsztajn & Steinwart 2024): a multi-layer perceptron for tables.

mod encoding;
mod fit;
mod net;

use std::collections::BTreeMap;

use burn::tensor::Device;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::encoding::Encoding;
pub use self::net::RealMlp;
use super::access::with_weights;
use super::family::{Family, First, PyTorch};
use super::layout::{Activation, Kind, Layer, Layout, listed, too_deep};
use super::mup::Pace;
use crate::data::ColumnFeatures;
use crate::error::Result;
use crate::rng::Seed;

/// Sums of waves that each number becomes, beside itself.
const SUMS: usize = 3;

/// `model = { kind = "realmlp" }`: robust scaling with smooth clipping, waves of numbers, categories as one-hot vectors or
/// embeddings, a scale of every feature, hidden layers whose first weights and biases suit the training part, activations with a
/// slope for each unit, rates by group; with `members` an ensemble of them. The parametrisation is the neural tangent one in its
/// folded form: weights hold what it multiplies them by, and Adam's rates are divided by the root of a layer's inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RealMlpConfig {
    /// Widths of the hidden layers, one or more.
    pub hidden: Vec<usize>,
    /// Activation of the hidden layers: `selu` suits classes, `mish` numbers.
    pub activation: Activation,
    /// Share of hidden units dropped over the first half of training, in [0, 1); then it falls to 0 along half a cosine.
    pub dropout: f64,
    /// Waves that each number is seen through; 0: numbers go in as they are.
    pub waves: usize,
    /// Deviation of the waves' first frequencies, above 0, in turns over an interquartile range.
    pub sigma: f64,
    /// Categories of a column up to which it is a one-hot vector; with more it is embedded.
    pub one_hot: usize,
    /// Numbers of an embedding.
    pub embedding: usize,
    /// Whether answers are held within the range that targets have in training and validation; for regression.
    pub clamp: bool,
    /// Networks that are trained as one and answer together; each scales what it reads and has a head of its own, and they share all
    /// else (TabM-mini, Gorishniy, Kotelnikov & Babenko 2025). 1: a network alone.
    #[schemars(range(min = 1, max = 256), extend("default" = 1))]
    #[serde(skip_serializing_if = "is_alone")]
    pub members: usize,
}

/// Members of the largest ensemble.
const MOST_MEMBERS: usize = 256;

fn is_alone(members: &usize) -> bool {
    *members == 1
}

impl Default for RealMlpConfig {
    /// The tuned defaults for classes.
    fn default() -> Self {
        Self {
            hidden: vec![256; 3],
            activation: Activation::Selu,
            dropout: 0.15,
            waves: 16,
            sigma: 0.1,
            one_hot: 8,
            embedding: 8,
            clamp: false,
            members: 1,
        }
    }
}

impl Family for RealMlpConfig {
    type Net = RealMlp;

    fn problem(&self) -> Option<String> {
        if self.hidden.is_empty() || self.hidden.contains(&0) {
            return Some("realmlp has at least one hidden layer, of at least one unit".into());
        }
        if let Some(problem) = too_deep(&[self.hidden.len()]) {
            return Some(problem);
        }
        if !matches!(self.activation, Activation::Selu | Activation::Mish) {
            return Some("realmlp's activation is \"selu\" or \"mish\"".into());
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return Some(format!(
                "dropout is {}, but must lie in [0, 1)",
                self.dropout
            ));
        }
        if !(self.sigma > 0.0 && self.sigma.is_finite()) {
            return Some(format!("sigma is {}, but must be above 0", self.sigma));
        }
        if !(1..=MOST_MEMBERS).contains(&self.members) {
            return Some(format!(
                "members is {}, but must lie in 1 to {MOST_MEMBERS}",
                self.members
            ));
        }
        (self.embedding == 0).then(|| "an embedding has at least one number".into())
    }

    /// Samples of numbers alone.
    fn layout(&self, input: &[usize], outputs: usize) -> std::result::Result<Layout, String> {
        match input {
            [features] => self.layout_of(
                &vec![ColumnFeatures::Number { missing: false }; *features],
                outputs,
            ),
            _ => Err(format!(
                "realmlp reads the columns of a table, and a sample here has the shape {input:?}; use `mlp`, or `cnn` for pictures"
            )),
        }
    }

    fn layout_of(
        &self,
        columns: &[ColumnFeatures],
        outputs: usize,
    ) -> std::result::Result<Layout, String> {
        let features = columns.iter().map(ColumnFeatures::width).sum();
        let encoding = Encoding::of(columns, self.one_hot);
        let numbers = encoding.numbers.len();
        let scaled = numbers + encoding.flags.len();
        let mut layers = vec![Layer::preparing("scaled", Kind::Scaled, scaled, scaled)];
        let mut width = scaled;
        if numbers > 0 && self.waves > 0 {
            let kind = Kind::Waves {
                waves: self.waves,
                sums: SUMS,
            };
            layers.push(Layer::preparing("waves", kind, numbers, SUMS * numbers));
            width += SUMS * numbers;
        }
        for (i, places) in encoding.embedded.iter().enumerate() {
            // One more, for what is missing or unknown.
            let codes = places.len() + 1;
            let path = format!("embedding.{i}");
            layers.push(Layer::preparing(
                &path,
                Kind::Embedding,
                codes,
                self.embedding,
            ));
            width += self.embedding;
        }
        layers.push(Layer::preparing("front", Kind::Diagonal, width, width));
        if self.clamp {
            layers.push(Layer::preparing("range", Kind::Range, outputs, outputs));
        }
        let ensemble = self.members > 1;
        if ensemble {
            let kind = Kind::Members {
                members: self.members,
            };
            layers.push(Layer::preparing("members", kind, width, width));
        }
        let mut widths = vec![width];
        widths.extend(&self.hidden);
        let hidden = widths.windows(2).enumerate().map(|(i, w)| Layer {
            activation: Some(self.activation),
            bent: true,
            ..Layer::dense(&format!("hidden.{i}"), w[0], w[1])
        });
        let head = Layer::dense("head", widths[widths.len() - 1], outputs);
        let chain = Layout::chain(hidden.chain([head]).collect());
        // Axis 0 is the data's: the first hidden layer reads what is made of it.
        let mut chain: Vec<Layer> = chain
            .layers
            .into_iter()
            .map(|layer| Layer {
                reads: layer.reads + 1,
                writes: layer.writes + 1,
                passes: self.members,
                tap: layer.tap.filter(|_| !ensemble),
                ..layer
            })
            .collect();
        if let Some(head) = chain.pop_if(|_| ensemble) {
            chain.extend((0..self.members).map(|member| Layer {
                path: format!("heads.{member}"),
                passes: 1,
                ..head.clone()
            }));
        }
        layers.extend(chain);
        Ok(Layout {
            input: vec![features],
            layers,
            columns: columns.to_vec(),
            task: None,
        })
    }

    fn init(&self, layout: Layout, seed: Seed, device: &Device) -> Result<RealMlp> {
        let weights = fit::drawn(&layout, self.sigma as f32, seed);
        with_weights(RealMlp::empty(self, layout, device), &weights)
    }

    fn reads_columns(&self) -> bool {
        true
    }

    fn rows_looked_at(&self, features: usize) -> usize {
        fit::rows(features)
    }

    fn fit(&self, net: RealMlp, first: &First, seed: Seed) -> Result<RealMlp> {
        fit::fit(net, first, seed)
    }

    /// The neural tangent parametrisation, folded, and the rates by group. Decay falls with a group's rate once more, as the
    /// authors' program has it; biases do not decay.
    fn paces(&self, layout: &Layout) -> BTreeMap<String, Pace> {
        let mut paces = BTreeMap::new();
        for layer in &layout.layers {
            for (path, _) in layer.arrays() {
                let name = path.rsplit('.').next().unwrap_or_default();
                let root = (layer.inputs.max(1) as f64).sqrt();
                let (lr, decay) = match (layer.kind, name) {
                    (Kind::Scaled | Kind::Range, _) => (0.0, 0.0),
                    (Kind::Waves { .. }, _) | (Kind::Dense, "slope") => (0.1, 0.1),
                    (Kind::Diagonal, _) => (6.0, 6.0),
                    (Kind::Dense, "bias") => (0.1, 0.0),
                    (Kind::Dense, _) => (1.0 / root, root),
                    _ => (1.0, 1.0),
                };
                paces.insert(path, Pace { lr, decay });
            }
        }
        paces
    }

    fn describe(&self, layout: &Layout) -> String {
        let hidden = self.hidden.iter().copied();
        let inputs = std::iter::once(layout.inputs());
        let widths: Vec<_> = inputs.chain(hidden).chain([layout.outputs()]).collect();
        match self.members {
            1 => format!("realmlp {}", listed(&widths)),
            members => format!("realmlp {}, {members} members", listed(&widths)),
        }
    }

    fn pytorch(&self) -> PyTorch {
        PyTorch {
            class: "DistilRealMlp",
            source: PYTORCH.into(),
        }
    }
}

const PYTORCH: &str = "\
import torch
from torch import nn

class Waves(nn.Module):
    def __init__(self, numbers, waves, sums):
        super().__init__()
        self.frequency = nn.Parameter(torch.zeros(numbers, waves))
        self.phase = nn.Parameter(torch.zeros(numbers, waves))
        self.weight = nn.Parameter(torch.zeros(numbers, waves, sums))
        self.bias = nn.Parameter(torch.zeros(numbers, sums))

    def forward(self, x):
        waves = torch.cos(2 * torch.pi * x[..., None] * self.frequency + self.phase)
        return (torch.einsum(\"rnk,nkc->rnc\", waves, self.weight) + self.bias).flatten(1)

class Vector(nn.Module):
    def __init__(self, **sizes):
        super().__init__()
        for name, size in sizes.items():
            setattr(self, name, nn.Parameter(torch.zeros(size)))

class Hidden(nn.Linear):
    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        self.slope = nn.Parameter(torch.ones(outputs))

class DistilRealMlp(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.columns, short = config[\"columns\"], config[\"one_hot\"]
        numbers, flags, embedded, at = [], [], [], 0
        for column in self.columns:
            if \"number\" in column:
                numbers.append(at)
                flags += [(at + 1, None)] if column[\"number\"][\"missing\"] else []
                at += 1 + column[\"number\"][\"missing\"]
                continue
            levels = column[\"category\"][\"levels\"]
            if levels > short:
                embedded.append((at, at + levels))
            elif levels == 2:
                flags.append((at, at + 1))
            else:
                flags += [(i, None) for i in range(at, at + levels)]
            at += levels + column[\"category\"][\"missing\"]
        self.numbers, self.embedded = len(numbers), embedded
        self.chosen = [(i, None) for i in numbers] + flags
        outputs, width = config[\"output_size\"], len(self.chosen)
        self.scaled = Vector(center=width, factor=width)
        if numbers and config[\"waves\"]:
            self.waves = Waves(len(numbers), config[\"waves\"], 3)
            width += 3 * len(numbers)
        self.embedding = nn.ModuleList(nn.Embedding(b - a + 1, config[\"embedding\"]) for a, b in embedded)
        width += config[\"embedding\"] * len(embedded)
        self.front = Vector(weight=width)
        if config[\"clamp\"]:
            self.range = Vector(low=outputs, high=outputs)
        sizes = [width, *config[\"hidden\"]]
        self.hidden = nn.ModuleList(Hidden(i, o) for i, o in zip(sizes, sizes[1:]))
        self.count, self.task = config.get(\"members\", 1), config[\"problem_type\"]
        if self.count > 1:
            self.members = Vector(weight=(self.count, width))
            self.heads = nn.ModuleList(nn.Linear(sizes[-1], outputs) for _ in range(self.count))
        else:
            self.head = nn.Linear(sizes[-1], outputs)
        self.act = {\"selu\": nn.SELU(), \"mish\": nn.Mish()}[config[\"activation\"]]

    def forward(self, x):
        seen = torch.stack([x[:, a] - (0 if b is None else x[:, b]) for a, b in self.chosen], 1)
        seen = (seen - self.scaled.center) * self.scaled.factor
        seen = seen / torch.sqrt(1 + seen**2 / 9)
        parts = [self.waves(seen[:, : self.numbers])] if hasattr(self, \"waves\") else []
        parts.append(seen)
        for (a, b), table in zip(self.embedded, self.embedding):
            hot = x[:, a:b]
            parts.append(torch.cat([1 - hot.sum(1, keepdim=True), hot], 1) @ table.weight)
        x = torch.cat(parts, 1) * self.front.weight
        if self.count > 1:
            x = x * self.members.weight[:, None]
        for layer in self.hidden:
            x = layer(x)
            x = x + (self.act(x) - x) * layer.slope
        x = torch.stack([head(x[i]) for i, head in enumerate(self.heads)]) if self.count > 1 else self.head(x)
        x = x.clamp(self.range.low, self.range.high) if hasattr(self, \"range\") else x
        return x if self.count == 1 else self.blend(x)

    def blend(self, x):
        if self.task == \"regression\":
            return x.mean(0)
        mean = lambda logs: torch.logsumexp(logs, 0)
        if self.task == \"multi_label_classification\":
            return mean(nn.functional.logsigmoid(x)) - mean(nn.functional.logsigmoid(-x))
        return mean(x.log_softmax(2)) - torch.log(torch.tensor(float(self.count)))
";
