//! Residual networks for small pictures (He et al. 2016, section 4.2): a convolution, three stages of basic blocks of
//! which the second and third halve the picture and double the channels, the mean of each channel, a linear head.
//!
//! Where a block changes the shape, its shortcut is a 1×1 convolution with batch norm (option B of the paper).

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use distil_kernels::{Clamp, global_mean};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Net;
use super::access::with_weights;
use super::family::{Family, PyTorch};
use super::fresh::fresh;
use super::layout::{Layout, Place, too_deep};
use super::linear::Linear;
use super::output::{Input, Output, TapSet, Taps};
use super::picture::{Conv, ConvNorm, Sketch, picture, pictures, pytorch};
use crate::error::Result;
use crate::rng::Seed;

/// `model = { kind = "resnet", depth = 20, width = 1 }`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ResnetConfig {
    /// Layers with weights, 6n + 2: 8, 14, 20, 32, 44, 56, … with n blocks in each of three stages.
    pub depth: usize,
    /// Factor on the channels, 16, 32 and 64: above 1 a wide residual network (Zagoruyko & Komodakis 2016).
    pub width: f64,
}

impl Default for ResnetConfig {
    fn default() -> Self {
        Self {
            depth: 20,
            width: 1.0,
        }
    }
}

/// Channels of the stages at width 1.
const CHANNELS: [usize; 3] = [16, 32, 64];

impl ResnetConfig {
    fn blocks(&self) -> usize {
        self.depth.saturating_sub(2) / 6
    }

    fn channels(&self) -> [usize; 3] {
        CHANNELS.map(|channels| ((channels as f64 * self.width).round() as usize).max(1))
    }
}

impl Family for ResnetConfig {
    type Net = Resnet;

    fn problem(&self) -> Option<String> {
        if self.depth < 8 || self.depth % 6 != 2 {
            return Some(format!(
                "depth is {}, but a residual network has 6n + 2 layers: 8, 14, 20, 32, 44, 56, …",
                self.depth
            ));
        }
        if let Some(problem) = too_deep(&[self.depth]) {
            return Some(problem);
        }
        let fits = (1.0 / 16.0..=64.0).contains(&self.width);
        (!fits).then(|| format!("width is {}, but must lie in [1/16, 64]", self.width))
    }

    fn layout(&self, input: &[usize], outputs: usize) -> std::result::Result<Layout, String> {
        let (mut sketch, flow) = Sketch::new(picture(input)?);
        let channels = self.channels();
        let mut flow = sketch.conv(Conv::new("stem".into(), channels[0]), flow, None);
        for (s, channels) in channels.into_iter().enumerate() {
            for b in 0..self.blocks() {
                let at = |name: &str| format!("stage.{s}.block.{b}.{name}");
                let stride = if s > 0 && b == 0 { 2 } else { 1 };
                let place = |inserted| if b == 0 { Place::Fixed } else { inserted };
                let shortcut = Conv {
                    kernel: [1, 1],
                    stride: [stride; 2],
                    active: false,
                    ..Conv::new(at("shortcut"), channels)
                };
                let onto = match stride {
                    1 => flow,
                    _ => sketch.conv(shortcut, flow, None),
                };
                let first = Conv {
                    stride: [stride; 2],
                    place: place(Place::Branch),
                    ..Conv::new(at("first"), channels)
                };
                let inner = sketch.conv(first, flow, None);
                let second = Conv {
                    place: place(Place::BranchEnd),
                    tap: Some(format!("block.{}", s * self.blocks() + b)),
                    ..Conv::new(at("second"), channels)
                };
                flow = sketch.conv(second, inner, Some(onto));
            }
        }
        Ok(sketch.head(flow, outputs))
    }

    fn init(&self, layout: Layout, seed: Seed, device: &Device) -> Result<Resnet> {
        let conv =
            |path: String, clamp: Clamp| ConvNorm::empty(&layout, &path, clamp, false, device);
        let block = |s: usize, b: usize| {
            let at = |name: &str| format!("stage.{s}.block.{b}.{name}");
            let shortcut = layout.layer(&at("shortcut"));
            Block {
                first: conv(at("first"), Clamp::Relu),
                second: conv(at("second"), Clamp::Relu),
                shortcut: shortcut.map(|layer| conv(layer.path.clone(), Clamp::None)),
            }
        };
        let stage = |s: usize| Stage {
            block: (0..self.blocks()).map(|b| block(s, b)).collect(),
        };
        let net = Resnet {
            stem: conv("stem".into(), Clamp::Relu),
            stage: (0..CHANNELS.len()).map(stage).collect(),
            head: Linear::head(&layout, device),
            layout: layout.clone(),
        };
        with_weights(net, &fresh(&layout, seed))
    }

    fn describe(&self, _: &Layout) -> String {
        match self.width {
            1.0 => format!("resnet {}", self.depth),
            width => format!("resnet {} × {width}", self.depth),
        }
    }

    fn pytorch(&self) -> PyTorch {
        pytorch("DistilResnet", PYTORCH)
    }
}

const PYTORCH: &str = "
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

#[derive(Module, Debug)]
struct Stage {
    block: Vec<Block>,
}

/// `relu(second(first(x)) + shortcut(x))`
#[derive(Module, Debug)]
struct Block {
    first: ConvNorm,
    second: ConvNorm,
    shortcut: Option<ConvNorm>,
}

impl Block {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let residual = match &self.shortcut {
            Some(shortcut) => shortcut.forward(x.clone(), None),
            None => x.clone(),
        };
        self.second
            .forward(self.first.forward(x, None), Some(residual))
    }
}

/// A residual network; its parameters are named as its [`Layout`] says.
#[derive(Module, Debug)]
pub struct Resnet {
    stem: ConvNorm,
    stage: Vec<Stage>,
    head: Linear,
    #[module(skip)]
    pub(super) layout: Layout,
}

impl Net for Resnet {
    fn forward(&self, x: &Input, taps: &TapSet) -> Output {
        let mut x = self.stem.forward(pictures(x, &self.layout), None);
        let mut features = Taps::of(taps);
        let blocks = self.stage.iter().flat_map(|stage| &stage.block);
        for (b, block) in blocks.enumerate() {
            x = block.forward(x);
            features.block(b, &x);
        }
        Output {
            values: self.head.forward(global_mean(x)),
            taps: features.into(),
        }
    }

    fn layout(&self) -> Option<Layout> {
        Some(self.layout.clone())
    }
}
