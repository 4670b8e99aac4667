//! `distil find`: the cheapest route to a quality.

use std::path::PathBuf;

use distil::data::EqualRule;
use distil::find::record::Asked;
use distil::find::{FindRequest, Found, sentence};
use distil::run::{Options, RunFolder, Standing, Watcher};
use distil_report::TrialId;
use distil_report::events::Event;

use crate::args::FindArgs;
use crate::cmd::run::{apply_sets, comma, failed, program};
use crate::exit::{self, Ended, Failure};
use crate::find;
use crate::show;
use crate::show::progress::Screen;
use crate::stderr;

/// Searches.
pub fn find(args: &FindArgs) -> Ended {
    let find::Found { mut text, name } = find::recipe(&args.recipe)?;
    if let Some(sweep) = apply_sets(&mut text, &args.set)?.first() {
        return Err(Failure::usage(format_args!(
            "{}; `find` chooses by itself what to try.",
            comma(sweep)
        )));
    }
    let request = FindRequest {
        recipe: text,
        asked: Asked {
            goal: args.goal.clone(),
            budget: args.budget.clone(),
            options: Options {
                name,
                base: PathBuf::from("."),
                seeds: 1,
                jobs: args.jobs,
                threads: args.threads,
                fresh: args.fresh,
                equal: EqualRule::Together,
                ..Options::default()
            },
            began_with: None,
            loss: None,
        },
        runs: args.runs.clone(),
        program: program()?,
    };
    let mut steps = Steps::new(args.quiet);
    let ended = distil::find::find(&request, &mut steps);
    let folder = steps.close();
    match ended {
        Ok(found) => show(&found, args.json),
        Err(error) => Err(failed(error, folder.as_ref())),
    }
}

/// Shows what came of a search, and how it ended.
pub fn show(found: &Found, json: bool) -> Ended {
    let folder = found.folder.display();
    if let Some(signal) = found.signal {
        stderr::complain(&format!(
            "{folder}: stopped. `distil resume {folder}` goes on."
        ));
        return Err(Failure::silent(exit::by_signal(signal)));
    }
    match json {
        true => show::print_json(&found.find)?,
        false => show::print(&ending(found))?,
    }
    match found
        .find
        .confirmed
        .as_ref()
        .is_some_and(|confirmed| confirmed.met)
    {
        true => Ok(()),
        false => Err(Failure::silent(exit::FAILED)),
    }
}

fn ending(found: &Found) -> String {
    let folder = found.folder.display();
    let mut text = format!("{}\n", sentence(&found.find));
    if found.find.confirmed.is_some() {
        text += &format!(
            "\n  use      distil predict {folder}/model\n  again    distil run {folder}/route.toml\n  look     {folder}/find.md\n"
        );
    }
    text
}

/// Who is told how a search goes: its runs are one piece of work.
pub struct Steps {
    screen: Screen,
    folder: Option<RunFolder>,
}

impl Steps {
    /// Nothing but errors is shown if `quiet`.
    pub fn new(quiet: bool) -> Self {
        Self {
            screen: Screen::new(quiet),
            folder: None,
        }
    }

    /// Ends what is shown; the search's folder, if there is one.
    pub fn close(self) -> Option<RunFolder> {
        self.screen.close();
        self.folder
    }
}

impl Watcher for Steps {
    fn reading(&mut self, done: usize, all: usize) {
        self.screen.reading(done, all);
    }

    fn plan(&mut self, _: &str) {}

    fn folder(&mut self, folder: &RunFolder) {
        // The first is the search's, the others are those of its runs.
        self.folder.get_or_insert_with(|| folder.clone());
        Watcher::folder(&mut self.screen, folder);
    }

    fn rehearsed(&mut self, trial: &TrialId, done: u64, of: u64) {
        self.screen.rehearsed(trial, done, of);
    }

    fn event(&mut self, trial: &TrialId, event: &Event) {
        self.screen.event(trial, event);
    }

    fn note(&mut self, text: &str) {
        self.screen.note(text);
    }

    fn standing(&mut self, standing: &Standing) {
        self.screen.standing(standing);
    }
}
