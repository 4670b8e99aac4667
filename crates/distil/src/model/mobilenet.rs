//! Networks of inverted residuals (MobileNetV2, Sandler et al. 2018) for small pictures: a convolution, stages of
//! `1×1 expand → depthwise 3×3 → 1×1 project` of which all but the first halve the picture, the mean of each channel, a
//! linear head.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use distil_kernels::{Clamp, global_mean};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Net;
use super::access::with_weights;
use super::family::{Family, PyTorch};
use super::fresh::fresh;
use super::layout::{Layout, Place, listed, too_deep};
use super::linear::Linear;
use super::output::{Input, Output, TapSet, Taps};
use super::picture::{Conv, ConvNorm, Sketch, picture, pictures, pytorch};
use crate::error::Result;
use crate::rng::Seed;

/// `model = { kind = "mobilenet", channels = [16, 24, 32], blocks = 2, expansion = 6 }`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MobilenetConfig {
    /// Channels of the stages.
    pub channels: Vec<usize>,
    /// Blocks in each stage, at least 1.
    pub blocks: usize,
    /// Channels inside a block, as a multiple of those it reads, at least 1.
    pub expansion: usize,
}

impl Default for MobilenetConfig {
    fn default() -> Self {
        Self {
            channels: vec![16, 24, 32],
            blocks: 2,
            expansion: 6,
        }
    }
}

impl Family for MobilenetConfig {
    type Net = Mobilenet;

    fn problem(&self) -> Option<String> {
        if self.channels.is_empty() || self.channels.contains(&0) {
            return Some(
                "a mobilenet needs at least one stage, and each stage at least one channel".into(),
            );
        }
        let empty = self.blocks == 0 || self.expansion == 0;
        let empty = empty.then(|| "blocks and expansion must be at least 1".into());
        empty.or_else(|| too_deep(&[self.channels.len(), self.blocks, 3]))
    }

    fn layout(&self, input: &[usize], outputs: usize) -> std::result::Result<Layout, String> {
        let (mut sketch, flow) = Sketch::new(picture(input)?);
        let mut flow = sketch.conv(Conv::new("stem".into(), self.channels[0]), flow, None);
        for (s, &channels) in self.channels.iter().enumerate() {
            for b in 0..self.blocks {
                let at = |name: &str| format!("stage.{s}.block.{b}.{name}");
                let stride = if s > 0 && b == 0 { 2 } else { 1 };
                let residual = s == 0 || b > 0;
                let place = |inserted| if b == 0 { Place::Fixed } else { inserted };
                let inner = self.expansion.saturating_mul(flow.channels);
                let expand = Conv {
                    kernel: [1, 1],
                    place: place(Place::Branch),
                    ..Conv::new(at("expand"), inner)
                };
                let depthwise = Conv {
                    stride: [stride; 2],
                    depthwise: true,
                    place: place(Place::Branch),
                    ..Conv::new(at("depthwise"), inner)
                };
                let project = Conv {
                    kernel: [1, 1],
                    active: false,
                    place: place(Place::BranchEnd),
                    tap: Some(format!("block.{}", s * self.blocks + b)),
                    ..Conv::new(at("project"), channels)
                };
                let onto = residual.then_some(flow);
                let inner = sketch.conv(expand, flow, None);
                let inner = sketch.conv(depthwise, inner, None);
                flow = sketch.conv(project, inner, onto);
            }
        }
        Ok(sketch.head(flow, outputs))
    }

    fn init(&self, layout: Layout, seed: Seed, device: &Device) -> Result<Mobilenet> {
        let conv =
            |path: String, clamp: Clamp| ConvNorm::empty(&layout, &path, clamp, false, device);
        let block = |s: usize, b: usize| {
            let at = |name: &str| format!("stage.{s}.block.{b}.{name}");
            Block {
                expand: conv(at("expand"), Clamp::Relu6),
                depthwise: conv(at("depthwise"), Clamp::Relu6),
                project: conv(at("project"), Clamp::None),
                residual: s == 0 || b > 0,
            }
        };
        let stage = |s: usize| Stage {
            block: (0..self.blocks).map(|b| block(s, b)).collect(),
        };
        let net = Mobilenet {
            stem: conv("stem".into(), Clamp::Relu6),
            stage: (0..self.channels.len()).map(stage).collect(),
            head: Linear::head(&layout, device),
            layout: layout.clone(),
        };
        with_weights(net, &fresh(&layout, seed))
    }

    fn describe(&self, _: &Layout) -> String {
        let channels = listed(&self.channels);
        format!("mobilenet {channels} × {}, {}", self.blocks, self.expansion)
    }

    fn pytorch(&self) -> PyTorch {
        pytorch("DistilMobilenet", PYTORCH)
    }
}

const PYTORCH: &str = "
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

#[derive(Module, Debug)]
struct Stage {
    block: Vec<Block>,
}

/// `project(depthwise(expand(x))) + x`; without the sum where the shape changes.
#[derive(Module, Debug)]
struct Block {
    expand: ConvNorm,
    depthwise: ConvNorm,
    project: ConvNorm,
    #[module(skip)]
    residual: bool,
}

impl Block {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let residual = self.residual.then(|| x.clone());
        let inner = self.depthwise.forward(self.expand.forward(x, None), None);
        self.project.forward(inner, residual)
    }
}

/// A network of inverted residuals; its parameters are named as its [`Layout`] says.
#[derive(Module, Debug)]
pub struct Mobilenet {
    stem: ConvNorm,
    stage: Vec<Stage>,
    head: Linear,
    #[module(skip)]
    pub(super) layout: Layout,
}

impl Net for Mobilenet {
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
