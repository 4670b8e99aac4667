//! What goes into a network and what comes out.

use burn::tensor::{Int, Tensor};
use distil_kernels::global_mean;

use super::one_hot::OneHot;

/// One batch as a network reads it.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)] // There is one at a time.
pub enum Input {
    /// Features in a row: `[rows, features]`.
    Flat(Tensor<2>),
    /// Codes beside numbers: the categories of a table.
    Coded {
        /// `[rows, numbers]`
        numbers: Tensor<2>,
        /// `[rows, columns]`, from 0; a code that is none of its column's is in no one-hot vector.
        codes: Tensor<2, Int>,
        /// What makes features of them.
        one_hot: OneHot,
    },
}

impl Input {
    /// The numbers of each sample in a row, codes as one-hot vectors: `[rows, features]`.
    pub fn flat(&self) -> Tensor<2> {
        match self {
            Self::Flat(x) => x.clone(),
            Self::Coded {
                numbers,
                codes,
                one_hot,
            } => one_hot.forward(numbers.clone(), codes.clone()),
        }
    }
}

/// The names of the features a method asks for, for example `hidden.0`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TapSet(pub Vec<String>);

impl TapSet {
    /// Whether this tap was asked for.
    pub fn wants(&self, name: &str) -> bool {
        self.0.iter().any(|tap| tap == name)
    }
}

/// A hidden feature.
#[derive(Debug, Clone)]
pub struct Feature {
    /// Its tap, for example `hidden.0` (after the activation).
    pub tap: String,
    /// `[rows, width]`; of a convolutional block the mean of each channel.
    pub values: Tensor<2>,
}

/// A network's answer for a batch.
#[derive(Debug, Clone)]
pub struct Output {
    /// `[rows, outputs]`: logits, or values; of an ensemble in training `[rows · members, outputs]`, a sample's members in a row.
    pub values: Tensor<2>,
    /// The features asked for, in the order of the network.
    pub taps: Vec<Feature>,
}

impl Output {
    /// The feature of this tap, if it was asked for and exists.
    pub fn tap(&self, name: &str) -> Option<&Tensor<2>> {
        self.taps.iter().find(|f| f.tap == name).map(|f| &f.values)
    }
}

/// Collects the features of a convolutional network's blocks.
pub(super) struct Taps<'a> {
    wanted: &'a TapSet,
    features: Vec<Feature>,
}

impl<'a> Taps<'a> {
    pub fn of(wanted: &'a TapSet) -> Self {
        Self {
            wanted,
            features: Vec::new(),
        }
    }

    /// The feature of block `b`, if it was asked for: the mean of each channel of `x`
    /// `[rows, height, width, channels]`.
    pub fn block(&mut self, b: usize, x: &Tensor<4>) {
        let tap = format!("block.{b}");
        if self.wanted.wants(&tap) {
            let values = global_mean(x.clone());
            self.features.push(Feature { tap, values });
        }
    }
}

impl From<Taps<'_>> for Vec<Feature> {
    fn from(taps: Taps<'_>) -> Self {
        taps.features
    }
}
