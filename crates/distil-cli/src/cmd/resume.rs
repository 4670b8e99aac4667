//! `distil resume`: go on exactly where a run stopped.

use crate::args::ResumeArgs;
use crate::cmd::run::{failed, program};
use crate::exit::Ended;
use crate::show::progress::Screen;
use crate::show::results;

/// Goes on with a run.
pub fn resume(args: &ResumeArgs) -> Ended {
    let mut screen = Screen::new(args.quiet);
    let ended = distil::run::resume(&args.run, &program()?, &mut screen);
    screen.close();
    match ended {
        Ok(outcome) => results::show(&outcome, args.json),
        Err(error) if screen.folder().is_none() => Err(error.into()),
        Err(error) => Err(failed(error, screen.folder())),
    }
}
