//! `distil resume`: go on exactly where a run or a search stopped.

use crate::args::ResumeArgs;
use crate::cmd::find::{Steps, show};
use crate::cmd::run::{failed, program};
use crate::exit::Ended;
use crate::show::progress::Screen;
use crate::show::results;

/// Goes on with a run, or a search.
pub fn resume(args: &ResumeArgs) -> Ended {
    if distil::find::is_search(&args.run) {
        let mut steps = Steps::new(args.quiet);
        let ended = distil::find::resume(&args.run, &program()?, &mut steps);
        let folder = steps.close();
        return match ended {
            Ok(found) => show(&found, args.json),
            Err(error) => Err(failed(error, folder.as_ref())),
        };
    }
    let mut screen = Screen::new(args.quiet);
    let ended = distil::run::resume(&args.run, &program()?, &mut screen);
    screen.close();
    match ended {
        Ok(outcome) => results::show(&outcome, args.json),
        Err(error) if screen.folder().is_none() => Err(error.into()),
        Err(error) => Err(failed(error, screen.folder())),
    }
}
