//! `distil trial`: one trial of a run, as its own process.

use crate::args::TrialArgs;
use crate::exit::{self, Ended, Failure};

/// Carries out the order. The parent hears an error through the pipe and shows it.
pub fn trial(args: &TrialArgs) -> Ended {
    distil::run::trial(&args.folder, args.base.as_deref())
        .map_err(|error| Failure::silent(exit::code_of(error.kind)))
}
