//! One binary for all integration tests: linking the tensor library is the slow part.

mod checkpoint;
mod data;
mod flops;
mod growth;
mod method;
mod optim;
mod plan;
mod samples;
mod task;
