//! `distil report`: the report of a run, anew; two runs side by side.

use distil::run::{RunFolder, write_report};
use distil_report::foreign::terminal;
use distil_report::markdown::markdown;
use distil_report::run_json::RunJson;
use distil_report::runs::compare_runs;

use crate::args::ReportArgs;
use crate::exit::{Ended, Failure};
use crate::show::{self, results};
use crate::stderr::warn;

/// Prints the page of a search. Of a run, writes the report and its tables anew, prints it as Markdown, prints the bill, or prints what differs between two runs.
pub fn report(args: &ReportArgs) -> Ended {
    if let Some(search) = args
        .other
        .as_ref()
        .filter(|other| distil::find::is_search(other))
    {
        return Err(Failure::usage(format_args!(
            "{}: is a search, and two runs can be set side by side. Its page: distil report {0}.",
            search.display()
        )));
    }
    if distil::find::is_search(&args.run) && args.other.is_none() {
        return match distil::find::record(&args.run)? {
            Some(find) => show::print(&distil::find::page(&find)),
            None => Err(Failure::usage(format_args!(
                "{}: the search has not ended. `distil resume` goes on with it.",
                args.run.display()
            ))),
        };
    }
    let folder = RunFolder::open(&args.run)?;
    let run = RunJson::read(&folder.run_json())?;
    for model in [folder.model(), folder.recommended()] {
        if let Some(other) = distil::run::disagreement(&model) {
            warn(&other);
        }
    }
    if let Some(other) = &args.other {
        let other = RunJson::read(&RunFolder::open(other)?.run_json())?;
        let compared = compare_runs(&run, &other);
        return show::print(&match args.markdown {
            true => compared.markdown(),
            false => compared.text(),
        });
    }
    if args.markdown {
        return show::print(&markdown(&run));
    }
    if args.bill {
        return show::print(&results::tables(&run));
    }
    folder.refuse_cleaned()?;
    write_report(&folder, &run)?;
    show::print(&format!(
        "Report: {}",
        terminal(&folder.report().display().to_string())
    ))
}
