//! Convolutions of channels-last images, with what follows them in a network.

mod block;
mod buffer;
mod composed;
// Tiles of registers are indexed by row and column.
#[allow(clippy::needless_range_loop)]
mod dense;
mod depthwise;
mod finish;
mod geometry;
mod jobs;
mod kernel;
mod op;
mod statistics;
mod winograd;

pub use finish::Clamp;
pub use op::{ConvBlock, Pair};
