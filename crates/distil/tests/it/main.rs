//! One binary for all integration tests: linking the tensor library is the slow part.

mod checkpoint;
mod flops;
mod growth;
mod method;
mod optim;
mod task;
