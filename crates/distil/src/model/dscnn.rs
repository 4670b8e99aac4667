//! Networks of depthwise-separable convolutions for keywords in sound (DS-CNN, Zhang et al. 2017, "Hello Edge"): a convolution over a
//! patch of bands and frames, blocks of `depthwise 3×3 → pointwise 1×1`, the mean of each channel, a linear head.
//!
//! The paper's networks read 10 cepstra × 49 frames; here any sound's features or pictures. Its convolutions have biases, which the
//! batch norm behind each takes away; here they have none.

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

/// `model = { kind = "dscnn", channels = 64, blocks = 4 }`
///
/// Without keys it is the paper's small network. The medium one is `channels = 172, stride = [1, 2], halves = true`, the large one
/// `channels = 276, blocks = 5, stride = [1, 2], halves = true`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DscnnConfig {
    /// Channels of every layer: 172 in the paper's medium network, 276 in its large one.
    pub channels: usize,
    /// Depthwise-separable blocks, at least 1: 5 in the large network.
    pub blocks: usize,
    /// Height and width of the first convolution's kernel, of a sound bands and frames; no larger than a sample.
    pub kernel: [usize; 2],
    /// Steps of the first convolution, from 1 to the kernel's sides: `[1, 2]` in the medium and large networks.
    pub stride: [usize; 2],
    /// Whether the first block halves height and width, as it does in the medium and large networks.
    pub halves: bool,
}

impl Default for DscnnConfig {
    fn default() -> Self {
        Self {
            channels: 64,
            blocks: 4,
            kernel: [4, 10],
            stride: [2, 2],
            halves: false,
        }
    }
}

impl Family for DscnnConfig {
    type Net = Dscnn;

    fn problem(&self) -> Option<String> {
        if self.channels == 0 || self.blocks == 0 {
            return Some("channels and blocks must be at least 1".into());
        }
        let mut sides = self.kernel.iter().zip(self.stride);
        if sides.any(|(side, step)| step == 0 || step > *side) {
            return Some(format!(
                "stride is {:?} and kernel {:?}, but a step must be at least 1 and at most the kernel's side, or numbers are never \
                 read",
                self.stride, self.kernel
            ));
        }
        too_deep(&[self.blocks, 2])
    }

    fn layout(&self, input: &[usize], outputs: usize) -> std::result::Result<Layout, String> {
        let shape = picture(input)?;
        let ([height, width], [rows, columns, _]) = (self.kernel, shape);
        if height > rows || width > columns {
            return Err(format!(
                "the first kernel has {height} × {width} numbers and a sample {rows} × {columns}: what lies beyond is never trained; \
                 give `kernel = [{}, {}]`",
                height.min(rows),
                width.min(columns)
            ));
        }
        let (mut sketch, flow) = Sketch::new(shape);
        let stem = Conv {
            kernel: self.kernel,
            stride: self.stride,
            ..Conv::new("stem".into(), self.channels)
        };
        let mut flow = sketch.conv(stem, flow, None);
        for b in 0..self.blocks {
            let place = if b == 0 { Place::Fixed } else { Place::Chain };
            let step = if b == 0 && self.halves { 2 } else { 1 };
            let depthwise = Conv {
                stride: [step; 2],
                depthwise: true,
                place,
                ..Conv::new(format!("block.{b}.depthwise"), self.channels)
            };
            let pointwise = Conv {
                kernel: [1, 1],
                place,
                tap: Some(format!("block.{b}")),
                ..Conv::new(format!("block.{b}.pointwise"), self.channels)
            };
            flow = sketch.conv(depthwise, flow, None);
            flow = sketch.conv(pointwise, flow, None);
        }
        Ok(sketch.head(flow, outputs))
    }

    fn init(&self, layout: Layout, seed: Seed, device: &Device) -> Result<Dscnn> {
        let conv = |path: String| ConvNorm::empty(&layout, &path, Clamp::Relu, false, device);
        let block = |b: usize| Block {
            depthwise: conv(format!("block.{b}.depthwise")),
            pointwise: conv(format!("block.{b}.pointwise")),
        };
        let net = Dscnn {
            stem: conv("stem".into()),
            block: (0..self.blocks).map(block).collect(),
            head: Linear::head(&layout, device),
            layout: layout.clone(),
        };
        with_weights(net, &fresh(&layout, seed))
    }

    fn describe(&self, _: &Layout) -> String {
        format!("dscnn {} × {}", self.channels, self.blocks)
    }

    fn pytorch(&self) -> PyTorch {
        pytorch("DistilDscnn", PYTORCH)
    }
}

const PYTORCH: &str = "
class Stem(nn.Conv2d):
    def __init__(self, inputs, outputs, kernel, stride):
        super().__init__(inputs, outputs, kernel, stride, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x):
        pads = []
        for size, side, step in zip(x.shape[:1:-1], self.kernel_size[::-1], self.stride[::-1]):
            before, last = (side - 1) // 2, (size - 1) // step * step
            pads += [before, max(last + side - before - size, 0)]
        return self.norm(super().forward(F.pad(x, pads)))

class Block(nn.Module):
    def __init__(self, channels, stride):
        super().__init__()
        self.depthwise = Conv(channels, channels, stride=stride, groups=channels)
        self.pointwise = Conv(channels, channels, kernel=1)

    def forward(self, x):
        return F.relu(self.pointwise(F.relu(self.depthwise(x))))

class DistilDscnn(Pictures):
    def __init__(self, config):
        channels = config[\"channels\"]
        super().__init__(config, channels)
        self.stem = Stem(self.shape[2], channels, tuple(config[\"kernel\"]), tuple(config[\"stride\"]))
        self.block = nn.ModuleList(Block(channels, 1 + (config[\"halves\"] and b == 0)) for b in range(config[\"blocks\"]))

    def features(self, x):
        x = F.relu(self.stem(x))
        for block in self.block:
            x = block(x)
        return x
";

/// `pointwise(depthwise(x))`
#[derive(Module, Debug)]
struct Block {
    depthwise: ConvNorm,
    pointwise: ConvNorm,
}

/// A network of depthwise-separable convolutions; its parameters are named as its [`Layout`] says.
#[derive(Module, Debug)]
pub struct Dscnn {
    stem: ConvNorm,
    block: Vec<Block>,
    head: Linear,
    #[module(skip)]
    pub(super) layout: Layout,
}

impl Net for Dscnn {
    fn forward(&self, x: &Input, taps: &TapSet) -> Output {
        let mut x: Tensor<4> = self.stem.forward(pictures(x, &self.layout), None);
        let mut features = Taps::of(taps);
        for (b, block) in self.block.iter().enumerate() {
            x = block
                .pointwise
                .forward(block.depthwise.forward(x, None), None);
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
