//! Convolutions of channels-last images, with what follows them in a network.

mod block;
mod buffer;
mod composed;
mod dense;
mod depthwise;
mod finish;
mod geometry;
mod op;
mod statistics;

pub use finish::Clamp;
pub use op::{ConvBlock, Pair};
