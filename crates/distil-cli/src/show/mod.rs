//! What people see: results on stdout, everything else on stderr.

pub mod progress;
pub mod results;
pub mod table;

use std::io::{self, Write};

use distil_report::foreign::{json, terminal_lines};

use crate::exit::Failure;

/// Prints a result for people.
pub fn print(text: &str) -> Result<(), Failure> {
    print_raw(&terminal_lines(text))
}

/// Prints a result for a program, byte for byte. A reader that has closed the pipe has seen enough.
pub fn print_raw(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    let written = write!(out, "{text}{end}").and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::failed(
            format_args!("standard output: {error}. Free some space, or print elsewhere."),
        )),
        _ => Ok(()),
    }
}

/// Prints JSON, indented.
pub fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| {
        Failure::failed(format_args!(
            "the result cannot be written as JSON: {error}."
        ))
    })?;
    print_raw(&json(&text))
}
