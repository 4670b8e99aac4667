//! What the kernels promise.

mod linear;
