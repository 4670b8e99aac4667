//! One binary for all integration tests: linking the tensor library is the slow part.

mod checkpoint;
mod growth;
mod optim;
