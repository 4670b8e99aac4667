//! The `distil` program: reads the command line, calls the library, shows what came of it.

mod args;
mod cmd;
mod exit;
mod find;
mod machine;
mod show;
mod stderr;

use std::process::ExitCode;

use clap::Parser;
use distil::train::Signals;

use crate::args::{Cli, Verb};

/// Training allocates and frees large arrays at every step; the system's allocator would hand them back each time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    if let Err(error) = Signals::outlive_file_limits() {
        return exit::code(Err(error.into()));
    }
    let ended = match Cli::parse().verb {
        Verb::Run(args) => cmd::run::run(&args),
        Verb::Find(args) => cmd::find::find(&args),
        Verb::Resume(args) => cmd::resume::resume(&args),
        Verb::Check(args) => cmd::check::check(&args),
        Verb::New(args) => cmd::new::new(&args),
        Verb::List(args) => cmd::list::list(&args),
        Verb::Eval(args) => cmd::eval::eval(&args),
        Verb::Predict(args) => cmd::predict::predict(&args),
        Verb::Export(args) => cmd::export::export(&args),
        Verb::Report(args) => cmd::report::report(&args),
        Verb::Clean(args) => cmd::clean::clean(&args),
        Verb::Schema => cmd::schema::schema(),
        Verb::Completions(args) => cmd::completions::completions(&args),
        Verb::Trial(args) => cmd::trial::trial(&args),
    };
    exit::code(ended)
}
