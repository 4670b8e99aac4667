//! What the kernels promise.

mod conv;
mod linear;
