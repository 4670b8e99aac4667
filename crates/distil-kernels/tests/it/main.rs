//! What the kernels promise.

mod conv;
mod gather;
mod linear;
mod mapped;
mod numbers;
mod parametric;
mod periodic;
mod softmax;
