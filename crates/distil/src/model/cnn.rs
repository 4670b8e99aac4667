//! The plain convolutional network: blocks of `conv 3×3 → batch norm → relu`, pooled 2×2 at their end, then the mean of
//! each channel and a linear head.

use burn::module::Module;
use burn::tensor::Device;
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

/// `model = { kind = "cnn", channels = [16, 32] }`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CnnConfig {
    /// Channels of the blocks; each block halves the picture's sides.
    pub channels: Vec<usize>,
    /// Convolutions in each block, at least 1.
    pub convs: usize,
}

impl Default for CnnConfig {
    fn default() -> Self {
        Self {
            channels: vec![16, 32],
            convs: 1,
        }
    }
}

impl Family for CnnConfig {
    type Net = Cnn;

    fn problem(&self) -> Option<String> {
        if self.channels.is_empty() || self.channels.contains(&0) {
            return Some(
                "a cnn needs at least one block, and each block at least one channel".into(),
            );
        }
        let none = (self.convs == 0).then(|| "a block needs at least one convolution".into());
        none.or_else(|| too_deep(&[self.channels.len(), self.convs]))
    }

    fn layout(&self, input: &[usize], outputs: usize) -> std::result::Result<Layout, String> {
        let shape = picture(input)?;
        let (blocks, side) = (self.channels.len(), shape[0].min(shape[1]));
        let halvings = side.checked_ilog2().unwrap_or(0) as usize;
        if blocks > halvings {
            return Err(format!(
                "{blocks} blocks halve the picture {blocks} times, and one of {} × {} can be halved {halvings} times; \
                 give `channels` at most {halvings} numbers",
                shape[0], shape[1]
            ));
        }
        let (mut sketch, mut flow) = Sketch::new(shape);
        for (b, channels) in self.channels.iter().enumerate() {
            for c in 0..self.convs {
                let conv = Conv {
                    place: if c == 0 { Place::Fixed } else { Place::Chain },
                    tap: (c + 1 == self.convs).then(|| format!("block.{b}")),
                    ..Conv::new(format!("block.{b}.conv.{c}"), *channels)
                };
                flow = sketch.conv(conv, flow, None);
            }
            (flow.height, flow.width) = (flow.height / 2, flow.width / 2);
        }
        Ok(sketch.head(flow, outputs))
    }

    fn init(&self, layout: Layout, seed: Seed, device: &Device) -> Result<Cnn> {
        let conv = |b: usize, c: usize| {
            let path = format!("block.{b}.conv.{c}");
            ConvNorm::empty(&layout, &path, Clamp::Relu, c + 1 == self.convs, device)
        };
        let blocks = (0..self.channels.len()).map(|b| Block {
            conv: (0..self.convs).map(|c| conv(b, c)).collect(),
        });
        let net = Cnn {
            block: blocks.collect(),
            head: Linear::head(&layout, device),
            layout: layout.clone(),
        };
        with_weights(net, &fresh(&layout, seed))
    }

    fn describe(&self, _: &Layout) -> String {
        let channels = listed(&self.channels);
        match self.convs {
            1 => format!("cnn {channels}"),
            convs => format!("cnn {channels} × {convs}"),
        }
    }

    fn pytorch(&self) -> PyTorch {
        pytorch("DistilCnn", PYTORCH)
    }
}

const PYTORCH: &str = "
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

#[derive(Module, Debug)]
struct Block {
    conv: Vec<ConvNorm>,
}

/// A plain convolutional network; its parameters are named as its [`Layout`] says.
#[derive(Module, Debug)]
pub struct Cnn {
    block: Vec<Block>,
    head: Linear,
    #[module(skip)]
    pub(super) layout: Layout,
}

impl Net for Cnn {
    fn forward(&self, x: &Input, taps: &TapSet) -> Output {
        let mut x = pictures(x, &self.layout);
        let mut features = Taps::of(taps);
        for (b, block) in self.block.iter().enumerate() {
            for conv in &block.conv {
                x = conv.forward(x, None);
            }
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
