//! `distil report`: the report of a run, anew.

use distil::run::{RunFolder, write_report};
use distil_report::markdown::markdown;
use distil_report::run_json::RunJson;

use crate::args::ReportArgs;
use crate::exit::Ended;
use crate::show;

/// Writes report.html and metrics.csv anew, or prints the report as Markdown.
pub fn report(args: &ReportArgs) -> Ended {
    let folder = RunFolder::open(&args.run)?;
    let run = RunJson::read(&folder.run_json())?;
    if args.markdown {
        return show::print(&markdown(&run));
    }
    folder.refuse_cleaned()?;
    write_report(&folder, &run)?;
    show::print(&format!("Report: {}", folder.report().display()))
}
