//! Every command of README and docs that takes minutes, and every page of results: whether the program still does and says what they say.

use std::process::Command;

pub const USAGE: &str = "usage: cargo xtask documents
    the commands that take minutes, and those of docs/results whose data are in ../shared/data; half an hour and more";

/// Runs the long form of the documentation's tests.
pub fn run(rest: &[String]) -> Result<(), String> {
    if !rest.is_empty() {
        return Err(USAGE.into());
    }
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let arguments = "test --release --workspace --test it -- --ignored --nocapture documents";
    let ended = Command::new(cargo)
        .args(arguments.split(' '))
        .status()
        .map_err(|error| format!("cargo {arguments}: {error}"))?;
    match ended.success() {
        true => Ok(()),
        false => Err("the documentation says what the program does not do".into()),
    }
}
