//! Fused operations for training on a CPU.
//!
//! Each operation takes and gives Burn tensors and has its own backward pass. On the host, with f32 tensors, it runs the
//! kernels of this crate ([`Op::count`] tells how often); everywhere else it is composed of Burn's own operations and
//! computes the same.
//!
//! Kernels are loops compiled once per instruction set ([`Isa`]) and picked at run time. The order of every sum depends on
//! the shapes alone, not on the number of threads, so equal inputs give equal bits.

mod conv;
mod exp;
mod free;
mod gather;
mod host;
mod linear;
mod mapped;
mod op;
mod parametric;
mod periodic;
mod pool;
mod product;
mod simd;
mod softmax;
mod with_gradient;

pub use conv::{Clamp, ConvBlock, Pair};
pub use free::give_back_free_memory;
pub use gather::gather;
pub use linear::{Activation, linear_act};
pub use mapped::{Mapped, Plain, Slice, bytes_of};
pub use op::Op;
pub use parametric::{Dropped, Smooth, parametric_act};
pub use periodic::{Waves, periodic};
pub use pool::global_mean;
pub use product::SHARED_FROM as PRODUCTS_SHARED_FROM;
pub use simd::{Forced, Isa};
pub use softmax::{CrossEntropy, Soft, cross_entropy, soften};
pub use with_gradient::with_gradient;
