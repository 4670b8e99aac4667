//! The outcome of a run.

use std::path::Path;

use console::Term;
use distil::run::Outcome;
use distil_report::foreign::terminal;
use distil_report::present::next::Next;
use distil_report::run_json::{RunJson, Status};
use distil_report::text;

use crate::exit::{self, Ended, Failure};
use crate::show;
use crate::stderr;

/// Shows what came of a run and how it ended: run.json, or numbers, verdict and what next.
pub fn show(outcome: &Outcome, json: bool) -> Ended {
    if json {
        show::print_json(&outcome.run)?;
    } else {
        show::print(&ending(outcome))?;
    }
    ended(outcome)
}

/// The run's end; nothing where no trial began.
fn ending(outcome: &Outcome) -> String {
    let folder = &outcome.folder;
    if outcome.run.trials.is_empty() {
        return String::new();
    }
    let path = |path: &Path| path.display().to_string();
    let next = Next::of(&outcome.run, &path(folder.path()), folder.model().exists());
    let report = folder.report();
    let report = report.exists().then(|| path(&report));
    let width = Term::stdout().size_checked();
    let width = width.map(|(_, columns)| usize::from(columns));
    text::ending(&outcome.run, width, &next, report.as_deref())
}

/// Results, bill and verdict of what has finished.
pub fn tables(run: &RunJson) -> String {
    let compress = text::compress(run).map_or_else(String::new, |table| table + "\n");
    format!(
        "{}\n{}\n{compress}{}\n",
        text::results(run),
        text::bill(run),
        text::verdict(run)
    )
}

fn ended(outcome: &Outcome) -> Ended {
    let folder = outcome.folder.path().display().to_string();
    let folder = terminal(&folder);
    let go_on = format!("`distil resume {folder}` goes on");
    if let Some(signal) = outcome.signal {
        stderr::complain(&format!("{folder}: stopped. {go_on}."));
        return Err(Failure::silent(exit::by_signal(signal)));
    }
    match outcome.run.status {
        Status::Finished => Ok(()),
        Status::Diverged => Err(Failure::diverged(format_args!(
            "{folder}: a loss or gradient became infinite or not a number, before the step that would have used it. \
             The last good checkpoint is kept; run again with a lower learning rate, or with `clip = 1` under [train]."
        ))),
        Status::Stopped | Status::Failed => {
            let why = match &outcome.failure {
                Some(error) => format!(": {error}"),
                None => ".".to_string(),
            };
            let told = why.contains("`distil resume`");
            let go_on = if told {
                String::new()
            } else {
                format!(" {go_on}.")
            };
            Err(Failure::failed(format_args!(
                "{folder}: not every trial finished{why}{go_on}"
            )))
        }
    }
}
