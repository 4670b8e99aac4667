//! What the convolutional families share: pictures, convolutions with their norm, and the layers that describe them.

use burn::module::{Module, Param, RunningState};
use burn::tensor::{Device, Tensor};
use distil_kernels::{Clamp, ConvBlock};

use super::family::PyTorch;
use super::layout::{Activation, Kind, Layer, Layout, Norm, Place};
use super::output::Input;
use super::patches::Patches;

/// Height, width and channels of a sample's shape; else why it is no picture, as a sentence.
pub(super) fn picture(shape: &[usize]) -> Result<[usize; 3], String> {
    match *shape {
        [height, width] => Ok([height, width, 1]),
        [height, width, channels] => Ok([height, width, channels]),
        _ => Err(format!(
            "a convolutional network reads pictures, height × width × channels, and a sample here has the shape {shape:?}; \
             use `mlp`, or data of pictures without a view that flattens them"
        )),
    }
}

/// The batch as channels-last pictures `[rows, height, width, channels]`.
pub(super) fn pictures(x: &Input, layout: &Layout) -> Tensor<4> {
    let x = x.flat();
    let [rows, _] = x.dims();
    let [height, width, channels] = picture(&layout.input).unwrap_or([1, 1, layout.inputs()]);
    x.reshape([rows, height, width, channels])
}

/// Describes the layers of a network of convolutions, one after the other.
pub(super) struct Sketch {
    layout: Layout,
    axes: usize,
}

/// What a layer writes: an axis, and the pictures on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flow {
    axis: usize,
    pub height: usize,
    pub width: usize,
    pub channels: usize,
}

/// A convolution to be described: batch norm follows each.
#[derive(Debug, Clone)]
pub(super) struct Conv {
    pub path: String,
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub depthwise: bool,
    pub outputs: usize,
    pub active: bool,
    pub place: Place,
    pub tap: Option<String>,
}

impl Conv {
    /// A dense 3×3 convolution of stride 1 with an activation, not to be inserted.
    pub fn new(path: String, outputs: usize) -> Self {
        Self {
            path,
            kernel: [3, 3],
            stride: [1, 1],
            depthwise: false,
            outputs,
            active: true,
            place: Place::Fixed,
            tap: None,
        }
    }
}

impl Sketch {
    /// Begins with pictures of this shape.
    pub fn new([height, width, channels]: [usize; 3]) -> (Self, Flow) {
        let layout = Layout {
            input: vec![height, width, channels],
            layers: Vec::new(),
            columns: Vec::new(),
            task: None,
        };
        let flow = Flow {
            axis: 0,
            height,
            width,
            channels,
        };
        (Self { layout, axes: 1 }, flow)
    }

    /// Adds a convolution of `from`. `onto`: it writes the axis of this, to which it is added.
    pub fn conv(&mut self, conv: Conv, from: Flow, onto: Option<Flow>) -> Flow {
        let new = if conv.depthwise { from.axis } else { self.axes };
        let axis = onto.map_or(new, |flow| flow.axis);
        self.axes = self.axes.max(axis + 1);
        let flow = Flow {
            axis,
            height: from.height.div_ceil(conv.stride[0]),
            width: from.width.div_ceil(conv.stride[1]),
            channels: conv.outputs,
        };
        self.layout.layers.push(Layer {
            path: conv.path,
            kind: Kind::Conv {
                kernel: conv.kernel,
                stride: conv.stride,
                depthwise: conv.depthwise,
                places: flow.height.saturating_mul(flow.width),
            },
            inputs: from.channels,
            outputs: conv.outputs,
            norm: Norm::Batch,
            activation: conv.active.then_some(Activation::Relu),
            bent: false,
            reads: from.axis,
            writes: axis,
            place: conv.place,
            tap: conv.tap,
            passes: 1,
        });
        flow
    }

    /// Ends with a head that reads the mean of each channel.
    pub fn head(mut self, from: Flow, outputs: usize) -> Layout {
        self.layout.layers.push(Layer {
            reads: from.axis,
            writes: self.axes,
            ..Layer::dense("head", from.channels, outputs)
        });
        self.layout
    }
}

/// A convolution and its batch norm, with what follows them.
#[derive(Module, Debug)]
pub(super) struct ConvNorm {
    weight: Param<Tensor<2>>,
    norm: Statistics,
    /// The patches it reads, where the fused kernels do not read the sample as it is.
    #[module(skip)]
    patches: Option<Patches>,
    #[module(skip)]
    block: ConvBlock,
}

/// Batch norm's parameters and running statistics, `[channels]` each.
#[derive(Module, Debug)]
struct Statistics {
    gamma: Param<Tensor<1>>,
    beta: Param<Tensor<1>>,
    running_mean: RunningState<Tensor<1>>,
    running_var: RunningState<Tensor<1>>,
}

/// Whether the fused kernels read what the layer reads as it is.
fn is_fused(layer: &Layer) -> bool {
    let ([height, width], [down, across]) = (layer.kernel(), layer.stride());
    height == width && matches!(height, 1 | 3) && down == across && matches!(down, 1 | 2)
}

/// The share of a batch in the running statistics, as PyTorch's and Burn's.
const MOMENTUM: f32 = 0.1;

impl ConvNorm {
    /// The layer of this path with empty weights; without one, of no channels.
    pub fn empty(layout: &Layout, path: &str, clamp: Clamp, pool: bool, device: &Device) -> Self {
        let none = Layer::dense(path, 0, 0);
        let layer = layout.layer(path).unwrap_or(&none);
        let fused = is_fused(layer);
        let (kernel, stride) = match fused {
            true => (layer.kernel()[0], layer.stride()[0]),
            false => (1, 1),
        };
        let vector = || Tensor::zeros([layer.outputs], device);
        Self {
            weight: Param::from_tensor(Tensor::zeros([layer.rows(), layer.outputs], device)),
            norm: Statistics {
                gamma: Param::from_tensor(vector()),
                beta: Param::from_tensor(vector()),
                running_mean: RunningState::new(vector()),
                running_var: RunningState::new(vector()),
            },
            patches: (!fused).then(|| Patches::new(&layout.input, layer)),
            block: ConvBlock {
                kernel,
                stride,
                depthwise: layer.is_depthwise(),
                clamp,
                pool,
                epsilon: 1e-5,
            },
        }
    }

    /// `pool(clamp(norm(conv(x)) + residual))`; on a device with gradients by the batch's own statistics, which enter
    /// the running ones, else by the running ones.
    pub fn forward(&self, x: Tensor<4>, residual: Option<Tensor<4>>) -> Tensor<4> {
        let x = match &self.patches {
            Some(patches) => patches.of(x),
            None => x,
        };
        let (weight, norm) = (self.weight.val(), &self.norm);
        let pair = [norm.gamma.val(), norm.beta.val()];
        if !x.device().is_autodiff() {
            let running = [norm.running_mean.value(), norm.running_var.value()];
            return self.block.evaluate(x, weight, pair, running, residual);
        }
        let (y, batch) = self.block.train(x, weight, pair, residual);
        for (running, batch) in [&norm.running_mean, &norm.running_var]
            .into_iter()
            .zip(batch)
        {
            let before = running.value_sync() * (1.0 - MOMENTUM);
            running.update((before + batch * MOMENTUM).detach());
        }
        y
    }
}

/// The PyTorch module of a family of pictures: what they share, then its own class.
pub(super) fn pytorch(class: &'static str, own: &str) -> PyTorch {
    let source = format!("{SHARED}{own}");
    PyTorch { class, source }
}

const SHARED: &str = "\
from torch import nn
from torch.nn import functional as F

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
