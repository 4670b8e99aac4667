//! The pure shapes of a network: parameters, FLOPs, taps. No tensors.

use distil_report::measure::TaskKind;
use serde::{Deserialize, Serialize};

use crate::data::ColumnFeatures;
use crate::memory::numbers;

/// Layers of the deepest network: to draw up more of them takes longer than it takes to see that they are a mistake.
pub const MOST_LAYERS: usize = 10_000;

/// Why a network of so many layers, counts to be multiplied, is not drawn up.
pub(super) fn too_deep(counts: &[usize]) -> Option<String> {
    let layers = numbers(counts);
    (layers > MOST_LAYERS).then(|| {
        format!("a network of {layers} layers is not drawn up; a network has at most {MOST_LAYERS} layers")
    })
}

/// Element-wise non-linearity.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, Default,
)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// max(0, x): idempotent, so depth grows by an identity layer exactly.
    #[default]
    Relu,
    /// x Φ(x), exact (erf) form (Hendrycks & Gimpel 2016).
    Gelu,
    /// tanh x.
    Tanh,
    /// λ x for x > 0, else λ α (eˣ − 1), self-normalising (Klambauer et al. 2017).
    Selu,
    /// x tanh(ln(1 + eˣ)) (Misra 2020).
    Mish,
}

/// Normalisation after a linear layer, before its activation.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, Default,
)]
#[serde(rename_all = "lowercase")]
pub enum Norm {
    /// None.
    #[default]
    None,
    /// Batch normalisation (Ioffe & Szegedy 2015).
    Batch,
    /// Layer normalisation (Ba, Kiros & Hinton 2016).
    Layer,
}

/// How a layer applies its weights. All of them are matrices `[taps · inputs, outputs]`, depthwise ones `[9, outputs]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Every output reads every input.
    Dense,
    /// Reads codes instead of numbers: each of the codes, as many as it has inputs, has its row of the weights.
    Embedding,
    /// A convolution with "same" padding.
    Conv {
        /// Height and width of the kernel: 1 × 1 or 3 × 3; of a layer that reads the sample, any.
        kernel: [usize; 2],
        /// Steps between outputs, down and across: 1 or 2, alike; of a layer that reads the sample, any.
        stride: [usize; 2],
        /// Whether every channel is convolved by itself, 3×3.
        depthwise: bool,
        /// Places of an output picture, height · width.
        places: usize,
    },
    /// Each number by a centre and a factor that the training part gave, then clipped smoothly; nothing is trained.
    Scaled,
    /// Each number by itself as `outputs` sums of so many waves ([`distil_kernels::periodic`]).
    Waves {
        /// Waves of a number.
        waves: usize,
        /// Sums of a number.
        sums: usize,
    },
    /// Each number times a weight of its own.
    Diagonal,
    /// The same for each member of an ensemble: a sample becomes as many.
    Members {
        /// Members.
        members: usize,
    },
    /// Holds each answer within the range of the targets; nothing is trained.
    Range,
}

/// Where a layer stands: what growth may do if the small model lacks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// Nothing: every model of the family has it.
    Fixed,
    /// In a chain: it may be inserted as an identity.
    Chain,
    /// In a residual branch: the branch may be inserted.
    Branch,
    /// The last of a residual branch; its answer is added to what the branch read.
    BranchEnd,
}

/// One layer: `linear → norm → activation → dropout`; the head has none of the three. A layer that writes axis 0, the data's, only
/// prepares the sample: growth leaves it as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// The path of its parameters, for example `hidden.0` or `head`: weights are `<path>.weight`, for dense layers
    /// `<path>.bias` `[outputs]`; norms add `<path>.norm.gamma`, `.beta` (and for batch norm `.norm.running_mean`,
    /// `.norm.running_var`), all `[outputs]`.
    pub path: String,
    /// How it applies its weights.
    pub kind: Kind,
    /// Inputs: features or channels.
    pub inputs: usize,
    /// Outputs: features or channels.
    pub outputs: usize,
    /// The normalisation after it.
    pub norm: Norm,
    /// The activation after it, if any.
    pub activation: Option<Activation>,
    /// Whether each unit bends its activation f by a slope of its own: x + (f(x) − x) · slope.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bent: bool,
    /// The axis it reads. Layers that read or write the same axis must agree on its channels.
    pub reads: usize,
    /// The axis it writes.
    pub writes: usize,
    /// Where it stands.
    pub place: Place,
    /// The tap behind it, after residual and activation.
    pub tap: Option<String>,
    /// How often a sample passes it: once for each member of an ensemble.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub passes: usize,
}

fn once() -> usize {
    1
}

fn is_once(passes: &usize) -> bool {
    *passes == 1
}

impl Layer {
    /// A dense layer at the beginning of a chain; [`Layout::chain`] gives it its axes.
    pub fn dense(path: &str, inputs: usize, outputs: usize) -> Self {
        Self {
            path: path.to_string(),
            kind: Kind::Dense,
            inputs,
            outputs,
            norm: Norm::None,
            activation: None,
            bent: false,
            reads: 0,
            writes: 1,
            place: Place::Fixed,
            tap: None,
            passes: 1,
        }
    }

    /// A layer of this kind that prepares the sample.
    pub fn preparing(path: &str, kind: Kind, inputs: usize, outputs: usize) -> Self {
        Self {
            kind,
            writes: 0,
            ..Self::dense(path, inputs, outputs)
        }
    }

    /// Whether it only prepares the sample.
    pub fn prepares(&self) -> bool {
        self.writes == 0
    }

    /// An embedding of so many codes at the beginning of a chain.
    pub fn embedding(path: &str, codes: usize, outputs: usize) -> Self {
        Self {
            kind: Kind::Embedding,
            ..Self::dense(path, codes, outputs)
        }
    }

    /// Whether it is a convolution.
    pub fn is_conv(&self) -> bool {
        matches!(self.kind, Kind::Conv { .. })
    }

    /// Whether every channel is convolved by itself.
    pub fn is_depthwise(&self) -> bool {
        matches!(self.kind, Kind::Conv { depthwise, .. } if depthwise)
    }

    /// Height and width of its kernel; of other layers 1 × 1.
    pub fn kernel(&self) -> [usize; 2] {
        match self.kind {
            Kind::Conv { kernel, .. } => kernel,
            _ => [1, 1],
        }
    }

    /// Steps between its outputs, down and across; of other layers 1.
    pub fn stride(&self) -> [usize; 2] {
        match self.kind {
            Kind::Conv { stride, .. } => stride,
            _ => [1, 1],
        }
    }

    /// Rows of the weight matrix for each input.
    pub fn taps(&self) -> usize {
        numbers(&self.kernel())
    }

    /// Rows of the weight matrix.
    pub fn rows(&self) -> usize {
        match self.is_depthwise() {
            true => self.taps(),
            false => self.taps().saturating_mul(self.inputs),
        }
    }

    /// Numbers of one sample's output.
    pub fn answers(&self) -> usize {
        match self.kind {
            Kind::Conv { places, .. } => places.saturating_mul(self.outputs),
            _ => self.outputs,
        }
    }

    /// Number of trainable parameters.
    pub fn parameters(&self) -> u64 {
        let bias = usize::from(self.kind == Kind::Dense) + usize::from(self.bent);
        let norm = if self.norm == Norm::None { 0 } else { 2 };
        let each = match self.kind {
            Kind::Scaled | Kind::Range => return 0,
            Kind::Diagonal => 1,
            Kind::Members { members } => members,
            Kind::Waves { waves, sums } => {
                let of_number = waves.saturating_mul(2 + sums).saturating_add(sums);
                return of_number.saturating_mul(self.inputs) as u64;
            }
            Kind::Dense | Kind::Embedding | Kind::Conv { .. } => self.rows(),
        };
        let rows = each.saturating_add(bias + norm);
        rows.saturating_mul(self.outputs) as u64
    }

    /// The paths and shapes of all its arrays, running statistics included.
    pub fn arrays(&self) -> Vec<(String, Vec<usize>)> {
        let named = |names: &[(&str, &[usize])]| -> Vec<(String, Vec<usize>)> {
            let each = names.iter();
            each.map(|(name, shape)| (format!("{}.{name}", self.path), shape.to_vec()))
                .collect()
        };
        let (n, each) = (self.inputs, &[self.outputs][..]);
        match self.kind {
            Kind::Scaled => return named(&[("center", each), ("factor", each)]),
            Kind::Diagonal => return named(&[("weight", each)]),
            Kind::Members { members } => return named(&[("weight", &[members, n])]),
            Kind::Range => return named(&[("low", each), ("high", each)]),
            Kind::Waves { waves, sums } => {
                return named(&[
                    ("frequency", &[n, waves]),
                    ("phase", &[n, waves]),
                    ("weight", &[n, waves, sums]),
                    ("bias", &[n, sums]),
                ]);
            }
            Kind::Dense | Kind::Embedding | Kind::Conv { .. } => {}
        }
        let bias: &[&str] = match (self.kind, self.bent) {
            (Kind::Dense, true) => &["bias", "slope"],
            (Kind::Dense, false) => &["bias"],
            _ => &[],
        };
        let norm: &[&str] = match self.norm {
            Norm::None => &[],
            Norm::Batch => &[
                "norm.gamma",
                "norm.beta",
                "norm.running_mean",
                "norm.running_var",
            ],
            Norm::Layer => &["norm.gamma", "norm.beta"],
        };
        let path = |name: &str| format!("{}.{name}", self.path);
        let matrix = (path("weight"), vec![self.rows(), self.outputs]);
        let vectors = bias
            .iter()
            .chain(norm)
            .map(|name| (path(name), vec![self.outputs]));
        std::iter::once(matrix).chain(vectors).collect()
    }

    /// FLOPs of one sample's forward pass: two for each multiply-add; looking up a row takes none, nor does what is done element
    /// by element.
    pub fn flops_forward(&self) -> f64 {
        let once = match self.kind {
            Kind::Embedding
            | Kind::Scaled
            | Kind::Diagonal
            | Kind::Members { .. }
            | Kind::Range => 0.0,
            Kind::Waves { waves, sums } => 2.0 * (self.inputs * waves * sums) as f64,
            Kind::Dense | Kind::Conv { .. } => 2.0 * self.rows() as f64 * self.answers() as f64,
        };
        self.passes as f64 * once
    }
}

/// The layers of a network, in the order in which they compute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Layout {
    /// The shape of a sample: features, or height, width and channels of a picture.
    pub input: Vec<usize>,
    /// The layers in order.
    pub layers: Vec<Layer>,
    /// The columns of the table, where the family tells them apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<ColumnFeatures>,
    /// What an ensemble predicts: it says how its members answer together. None of a network alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskKind>,
}

impl Layout {
    /// Dense layers, each of which reads what the one before it writes; the hidden ones may be inserted.
    pub fn chain(layers: Vec<Layer>) -> Self {
        let last = layers.len().saturating_sub(1);
        let place = |(i, layer): (usize, Layer)| Layer {
            reads: i,
            writes: i + 1,
            place: if i < last { Place::Chain } else { Place::Fixed },
            tap: (i < last).then(|| layer.path.clone()),
            ..layer
        };
        Self {
            input: layers
                .first()
                .map(|layer| layer.inputs)
                .into_iter()
                .collect(),
            layers: layers.into_iter().enumerate().map(place).collect(),
            columns: Vec::new(),
            task: None,
        }
    }

    /// The same of a network for this task.
    pub fn for_task(self, task: TaskKind) -> Self {
        Self {
            task: (self.members() > 1).then_some(task),
            ..self
        }
    }

    /// Networks in one that answer together: 1, but for an ensemble.
    pub fn members(&self) -> usize {
        let members = self.layers.iter().find_map(|layer| match layer.kind {
            Kind::Members { members } => Some(members),
            _ => None,
        });
        members.unwrap_or(1)
    }

    /// The layer of this path.
    pub fn layer(&self, path: &str) -> Option<&Layer> {
        self.layers.iter().find(|layer| layer.path == path)
    }

    /// The layers that compute, without those that only prepare the sample.
    pub fn computing(&self) -> impl Iterator<Item = &Layer> {
        self.layers.iter().filter(|layer| !layer.prepares())
    }

    /// Number of axes that layers write.
    pub fn axes(&self) -> usize {
        self.layers
            .iter()
            .map(|layer| layer.writes)
            .max()
            .unwrap_or(0)
    }

    /// Number of trainable parameters.
    pub fn parameters(&self) -> u64 {
        let parameters = self.layers.iter().map(Layer::parameters);
        parameters.fold(0, u64::saturating_add)
    }

    /// FLOPs of one sample's forward pass (element-wise work is not counted, as in PyTorch's `FlopCounterMode`).
    pub fn flops_forward(&self) -> f64 {
        self.layers.iter().map(Layer::flops_forward).sum()
    }

    /// FLOPs of one sample's backward pass: twice the forward, but once for layers that read the sample, which
    /// needs no gradient.
    pub fn flops_backward(&self) -> f64 {
        let times = |layer: &Layer| match (layer.reads, layer.kind) {
            // Its waves have parameters of their own.
            (_, Kind::Waves { .. }) => 2.0,
            (0, _) => 1.0,
            _ => 2.0,
        };
        let layers = self.layers.iter();
        layers
            .map(|layer| times(layer) * layer.flops_forward())
            .sum()
    }

    /// Whether some layer is normalised by the spread of a batch alone, which one sample has not.
    pub fn needs_two_samples(&self) -> bool {
        self.layers.iter().any(|layer| {
            let places = match layer.kind {
                Kind::Conv { places, .. } => places,
                _ => 1,
            };
            layer.norm == Norm::Batch && places == 1
        })
    }

    /// The names of the features a method may ask for.
    pub fn taps(&self) -> Vec<String> {
        let taps = self.layers.iter().filter_map(|layer| layer.tap.clone());
        taps.collect()
    }

    /// Width of a tap's feature.
    pub fn tap_width(&self, tap: &str) -> Option<usize> {
        let mut layers = self.layers.iter();
        let layer = layers.find(|layer| layer.tap.as_deref() == Some(tap))?;
        Some(layer.outputs)
    }

    /// Number of inputs of a sample.
    pub fn inputs(&self) -> usize {
        numbers(&self.input)
    }

    /// Number of outputs of the head.
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |l| l.outputs)
    }
}

/// Widths as people write them, `64-128-10`.
pub(super) fn listed(widths: &[usize]) -> String {
    let widths: Vec<_> = widths.iter().map(usize::to_string).collect();
    widths.join("-")
}
