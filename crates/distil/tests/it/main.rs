//! One binary for all integration tests: linking the tensor library is the slow part.

mod checkpoint;
mod data;
mod growth;
mod optim;
mod samples;
