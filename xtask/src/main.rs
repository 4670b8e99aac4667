//! What a developer of Distil runs by hand: `cargo xtask bench`, `cargo xtask seconds`, `cargo xtask documents`, `cargo xtask memory`.

mod bench;
mod documents;
mod memory;
mod report;
mod seconds;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.split_first() {
        Some((verb, rest)) if verb == "bench" => bench::run(rest).and_then(|m| report::write(&m)),
        Some((verb, rest)) if verb == "seconds" => seconds::run(rest),
        Some((verb, rest)) if verb == "documents" => documents::run(rest),
        Some((verb, rest)) if verb == "memory" => memory::run(rest),
        _ => Err([
            bench::USAGE,
            seconds::USAGE,
            documents::USAGE,
            memory::USAGE,
        ]
        .join("\n")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("xtask: {reason}");
            ExitCode::FAILURE
        }
    }
}
