//! What the kernels promise.

mod conv;
mod linear;
mod numbers;
mod softmax;
