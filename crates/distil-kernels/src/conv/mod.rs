//! Convolutions of channels-last images, with what follows them in a network.

mod block;
mod buffer;
// Tiles of registers are indexed by row and column.
#[allow(clippy::needless_range_loop)]
mod dense;
mod depthwise;
mod epilogue;
mod fallback;
mod geometry;
mod kernel;
mod op;
mod passes;
mod shape;
mod statistics;
mod winograd;

pub use epilogue::Clamp;
pub use shape::{ConvBlock, Pair};
