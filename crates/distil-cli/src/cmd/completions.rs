//! `distil completions`: what a shell needs to complete a command line.

use clap::CommandFactory;

use crate::args::{Cli, CompletionsArgs};
use crate::exit::Ended;
use crate::show;

/// Prints the completions of a shell.
pub fn completions(args: &CompletionsArgs) -> Ended {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "distil", &mut script);
    show::print_raw(&String::from_utf8_lossy(&script))
}
