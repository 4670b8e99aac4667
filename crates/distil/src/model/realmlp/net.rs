//! The network: what is made of a sample, the hidden layers, the head.

use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, TensorData};
use distil_kernels::{Dropped, Smooth, linear_act, parametric_act, periodic};
use distil_report::measure::TaskKind;

use super::RealMlpConfig;
use super::encoding::Encoding;
use crate::model::Net;
use crate::model::blend::Blend;
use crate::model::layout::{Activation, Kind, Layout};
use crate::model::linear::Linear;
use crate::model::output::{Feature, Input, Output, TapSet};
use crate::rng::Seed;

/// Where smooth clipping ends: x / √(1 + (x / 3)²).
const CLIP: f64 = 3.0;

/// A RealMLP; its parameters are named as its [`Layout`] says.
#[derive(Module, Debug)]
pub struct RealMlp {
    scaled: Scaled,
    waves: Option<Waves>,
    embedding: Vec<Embedding>,
    front: Diagonal,
    members: Option<Members>,
    range: Option<Range>,
    pub(super) hidden: Vec<Hidden>,
    /// Of a network alone.
    head: Option<Linear>,
    /// Of an ensemble's members.
    heads: Vec<Linear>,
    #[module(skip)]
    pub(super) encoding: Encoding,
    #[module(skip)]
    pub(in crate::model) layout: Layout,
    /// Share of hidden units dropped at first.
    #[module(skip)]
    dropout: f64,
    /// Those dropped now.
    #[module(skip)]
    dropped: Dropped,
}

/// What makes numbers comparable: constants once the first weights are made.
#[derive(Module, Debug)]
struct Scaled {
    /// `[scaled]`
    center: Param<Tensor<1>>,
    /// `[scaled]`
    factor: Param<Tensor<1>>,
}

/// See [`distil_kernels::Waves`].
#[derive(Module, Debug)]
struct Waves {
    frequency: Param<Tensor<2>>,
    phase: Param<Tensor<2>>,
    weight: Param<Tensor<3>>,
    bias: Param<Tensor<2>>,
}

/// A row for what is missing, then one for each category.
#[derive(Module, Debug)]
struct Embedding {
    /// `[categories + 1, numbers]`
    weight: Param<Tensor<2>>,
}

#[derive(Module, Debug)]
struct Diagonal {
    /// `[inputs of the first hidden layer]`
    weight: Param<Tensor<1>>,
}

/// How each member of an ensemble sees what the first hidden layer reads.
#[derive(Module, Debug)]
struct Members {
    /// `[members, inputs of the first hidden layer]`
    weight: Param<Tensor<2>>,
}

/// Between which answers are held: constants once the first weights are made.
#[derive(Module, Debug)]
struct Range {
    /// `[outputs]`
    low: Param<Tensor<1>>,
    /// `[outputs]`
    high: Param<Tensor<1>>,
}

/// A hidden layer.
#[derive(Module, Debug)]
pub(super) struct Hidden {
    /// `[inputs, units]`
    weight: Param<Tensor<2>>,
    /// `[units]`
    bias: Param<Tensor<1>>,
    /// `[units]`
    slope: Param<Tensor<1>>,
    #[module(skip)]
    smooth: Smooth,
}

impl RealMlp {
    /// The network with zeros for weights.
    pub fn empty(config: &RealMlpConfig, layout: Layout, device: &Device) -> Self {
        let zeros = |units: usize| Param::from_tensor(Tensor::zeros([units], device));
        let constant = |units: usize| zeros(units).set_require_grad(false);
        let of = |path: &str| layout.layer(path);
        let width = |path: &str| of(path).map_or(0, |layer| layer.outputs);
        let smooth = match config.activation {
            Activation::Mish => Smooth::Mish,
            _ => Smooth::Selu,
        };
        let waves = of("waves").and_then(|layer| match layer.kind {
            Kind::Waves { waves, sums } => Some((layer.inputs, waves, sums)),
            _ => None,
        });
        let matrix = |shape: [usize; 2]| Param::from_tensor(Tensor::zeros(shape, device));
        let layers = layout.layers.iter();
        let embedded = layers.filter(|layer| layer.kind == Kind::Embedding);
        let hidden = layout.layers.iter().filter(|layer| layer.bent);
        let members = layout.members();
        let heads = layout.layers.iter().rev().take(members).rev();
        let mut heads: Vec<Linear> = heads.map(|layer| Linear::empty(layer, device)).collect();
        Self {
            scaled: Scaled {
                center: constant(width("scaled")),
                factor: constant(width("scaled")),
            },
            waves: waves.map(|(n, k, c)| Waves {
                frequency: matrix([n, k]),
                phase: matrix([n, k]),
                weight: Param::from_tensor(Tensor::zeros([n, k, c], device)),
                bias: matrix([n, c]),
            }),
            embedding: embedded
                .map(|layer| Embedding {
                    weight: matrix([layer.inputs, layer.outputs]),
                })
                .collect(),
            front: Diagonal {
                weight: zeros(width("front")),
            },
            members: (members > 1).then(|| Members {
                weight: matrix([members, width("members")]),
            }),
            range: of("range").map(|layer| Range {
                low: constant(layer.outputs),
                high: constant(layer.outputs),
            }),
            hidden: hidden
                .map(|layer| Hidden {
                    weight: matrix([layer.inputs, layer.outputs]),
                    bias: zeros(layer.outputs),
                    slope: zeros(layer.outputs),
                    smooth,
                })
                .collect(),
            head: heads.pop_if(|_| members == 1),
            heads,
            encoding: Encoding::of(&layout.columns, config.one_hot),
            layout,
            dropout: config.dropout,
            dropped: Dropped {
                share: config.dropout,
                seed: 0,
            },
        }
    }

    /// The features that are scaled, before they are: `[rows, features]` → `[rows, scaled]`.
    pub(super) fn chosen(&self, x: &Tensor<2>) -> Tensor<2> {
        let scaled = self.encoding.scaled();
        let device = x.device();
        let index = |of: Vec<i64>| {
            let count = of.len();
            Tensor::<1, Int>::from_data(TensorData::new(of, [count]), &device)
        };
        let first = scaled.iter().map(|(at, _)| *at as i64).collect();
        let chosen = x.clone().select(1, index(first));
        if scaled.iter().all(|(_, less)| less.is_none()) {
            return chosen;
        }
        let less = scaled.iter().map(|(at, less)| less.unwrap_or(*at) as i64);
        let taken = x.clone().select(1, index(less.collect()));
        let counts: Vec<f32> = scaled
            .iter()
            .map(|(_, less)| f32::from(u8::from(less.is_some())))
            .collect();
        let counts = Tensor::<1>::from_floats(counts.as_slice(), &device);
        chosen - taken * counts.unsqueeze::<2>()
    }

    /// What the first hidden layer reads: `[rows, features]` → `[rows · members, inputs]`, a sample's members in a row.
    pub(super) fn read(&self, x: &Tensor<2>) -> Tensor<2> {
        let x = self.encoded(x);
        let Some(members) = &self.members else {
            return x;
        };
        let [rows, inputs] = x.dims();
        let weight = members.weight.val();
        let all = rows * weight.dims()[0];
        let seen = x.reshape([rows, 1, inputs]) * weight.unsqueeze::<3>();
        seen.reshape([all, inputs])
    }

    /// The rows of one member: `[rows · members, units]` → `[rows, units]`.
    pub(super) fn of_member(&self, x: &Tensor<2>, member: usize) -> Tensor<2> {
        let ([all, units], members) = (x.dims(), self.heads.len());
        let x: Tensor<3> = x.clone().reshape([all / members, members, units]);
        x.narrow(1, member, 1).reshape([all / members, units])
    }

    /// `[rows · members, units]` → `[rows · members, outputs]`, each member by its own head, as one batched product.
    fn headed(&self, x: Tensor<2>) -> Tensor<2> {
        if let Some(head) = &self.head {
            return head.forward(x);
        }
        let ([all, units], members) = (x.dims(), self.heads.len());
        let x: Tensor<3> = x.reshape([all / members, members, units]);
        let weights = self.heads.iter().map(|head| head.weight.val()).collect();
        let biases = self.heads.iter().map(|head| head.bias.val()).collect();
        let (weight, bias): (Tensor<3>, Tensor<2>) =
            (Tensor::stack(weights, 0), Tensor::stack(biases, 0));
        let answers = x.swap_dims(0, 1).matmul(weight) + bias.unsqueeze_dim::<3>(1);
        let outputs = answers.dims()[2];
        answers.swap_dims(0, 1).reshape([all, outputs])
    }

    /// The answers of an ensemble, `[rows · members, outputs]` → `[rows, outputs]`.
    fn blended(&self, values: Tensor<2>) -> Tensor<2> {
        let member = |member| Output {
            values: self.of_member(&values, member),
            taps: Vec::new(),
        };
        let task = self.layout.task.unwrap_or(TaskKind::Regression);
        let all = (0..self.heads.len()).map(member).collect();
        let blended = Blend::of_members(task).of(all);
        blended.map_or(values, |output| output.values)
    }

    /// What is made of a sample: `[rows, features]` → `[rows, inputs]`.
    fn encoded(&self, x: &Tensor<2>) -> Tensor<2> {
        let center = self.scaled.center.val().unsqueeze::<2>();
        let factor = self.scaled.factor.val().unsqueeze::<2>();
        let scaled = (self.chosen(x) - center) * factor;
        let clip = (scaled.clone().square() / (CLIP * CLIP) + 1.0).sqrt();
        let scaled = scaled / clip;
        let mut parts = Vec::new();
        if let Some(waves) = &self.waves {
            let numbers = scaled.clone().narrow(1, 0, self.encoding.numbers.len());
            parts.push(periodic(numbers, waves.of()));
        }
        parts.push(scaled);
        for (places, embedding) in self.encoding.embedded.iter().zip(&self.embedding) {
            let hot = x.clone().narrow(1, places.start, places.len());
            let missing = hot.clone().sum_dim(1).neg() + 1.0;
            let hot = Tensor::cat(vec![missing, hot], 1);
            parts.push(hot.matmul(embedding.weight.val()));
        }
        Tensor::cat(parts, 1) * self.front.weight.val().unsqueeze::<2>()
    }
}

impl Waves {
    fn of(&self) -> distil_kernels::Waves {
        distil_kernels::Waves {
            frequency: self.frequency.val(),
            phase: self.phase.val(),
            weight: self.weight.val(),
            bias: self.bias.val(),
        }
    }
}

impl Hidden {
    /// `[rows, inputs]` → `[rows, units]`
    pub fn forward(&self, x: Tensor<2>, dropped: Option<Dropped>) -> Tensor<2> {
        let none = distil_kernels::Activation::None;
        let x = linear_act(x, self.weight.val(), self.bias.val(), none);
        parametric_act(x, self.slope.val(), self.smooth, dropped)
    }
}

impl Net for RealMlp {
    fn forward(&self, x: &Input, taps: &TapSet) -> Output {
        let mut x = self.read(&x.flat());
        let mut features = Vec::new();
        let trains = self.front.weight.val().device().is_autodiff();
        let dropped = Some(self.dropped).filter(|dropped| trains && dropped.share > 0.0);
        for (i, layer) in self.hidden.iter().enumerate() {
            // Each layer has its own places.
            let dropped = dropped.map(|Dropped { share, seed }| Dropped {
                share,
                seed: Seed(seed).number("dropout", &[i as u64]),
            });
            x = layer.forward(x, dropped);
            let tap = format!("hidden.{i}");
            if taps.wants(&tap) {
                features.push(Feature {
                    tap,
                    values: x.clone(),
                });
            }
        }
        let values = self.headed(x);
        let values = match &self.range {
            // In training the loss has to see how far beyond they are.
            Some(range) if !trains => values
                .max_pair(range.low.val().unsqueeze::<2>())
                .min_pair(range.high.val().unsqueeze::<2>()),
            _ => values,
        };
        let values = match self.heads.is_empty() || trains {
            true => values,
            false => self.blended(values),
        };
        Output {
            values,
            taps: features,
        }
    }

    fn layout(&self) -> Option<Layout> {
        Some(self.layout.clone())
    }

    /// Dropout stays over the first half, then falls to 0 along half a cosine.
    fn at(&mut self, done: f64, seed: u64) {
        let falls = (2.0 * done - 1.0).clamp(0.0, 1.0);
        let factor = 0.5 * (1.0 + (std::f64::consts::PI * falls).cos());
        self.dropped = Dropped {
            share: self.dropout * factor,
            seed,
        };
    }
}
