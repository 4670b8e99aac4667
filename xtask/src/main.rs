//! What a developer of Distil runs by hand: `cargo xtask bench`.

mod bench;
mod report;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.split_first() {
        Some((verb, rest)) if verb == "bench" => bench::run(rest).and_then(|m| report::write(&m)),
        _ => Err(bench::USAGE.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("xtask: {reason}");
            ExitCode::FAILURE
        }
    }
}
