//! One binary for all integration tests: linking the tensor library is the slow part.

mod checkpoint;
mod convolution;
mod data;
mod device;
mod dscnn;
mod flops;
mod fuzz;
mod growth;
mod house;
mod members;
mod method;
mod mixup;
mod mup;
mod names;
mod optim;
mod own;
mod plan;
mod readings;
mod realmlp;
mod samples;
mod sources;
mod task;
mod train;

#[path = "../../examples/own_model.rs"]
mod own_model;

#[test]
fn a_users_own_module_trains_and_teaches_in_a_few_lines() {
    own_model::main().unwrap();
}

/// Says what a test leaves out. Not by `eprintln!`, which is shown only where a test fails.
fn skipped(what: &str) {
    use std::io::Write;
    let _ = std::io::stderr().write_all(format!("SKIPPED: {what}\n").as_bytes());
}
