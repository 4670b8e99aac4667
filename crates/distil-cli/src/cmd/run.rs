//! `distil run`: from a recipe to a result, a bill and a verdict.

use std::path::{Path, PathBuf};

use distil::Error;
use distil::data::EqualRule;
use distil::plan::{Arm, Draft, Refusal};
use distil::run::{Options, Request, RunFolder};
use distil_recipe::set::{Set, crossed, overruled, parse_sets};
use distil_recipe::{Problem, RecipeText, render};
use distil_report::compare::LOOKS;
use distil_report::foreign::terminal;

use crate::args::RunArgs;
use crate::exit::{Ended, Failure};
use crate::find::{self, Found};
use crate::show::progress::Screen;
use crate::show::results;
use crate::stderr::{self, colours};

/// Runs a recipe.
pub fn run(args: &RunArgs) -> Ended {
    let Found { mut text, name } = find::recipe(&args.recipe)?;
    let sweeps = apply_sets(&mut text, &args.set)?;
    if let Some(device) = &args.device {
        let patched = text.patch("run.device", &format!("{device:?}"));
        patched.map_err(|problem| refuse(&text, &[problem]))?;
    }
    check(&text)?;
    let swept = crossed(&sweeps, args.grid);
    if swept.len() > MOST_ARMS {
        return Err(Failure::usage(format_args!(
            "--grid: {} arms, one for each combination. Leave out some values: there are at most {MOST_ARMS}.",
            swept.len()
        )));
    }
    let sweeps = sweeping(&sweeps, swept.len(), args.grid);
    let request = Request {
        recipe: text,
        options: Options {
            name,
            base: PathBuf::from("."),
            seeds: match args.looks {
                true => LOOKS[LOOKS.len() - 1],
                false => args.seeds,
            },
            looks: args.looks,
            folds: args.folds,
            control: !args.no_control,
            curve: args.curve,
            jobs: args.jobs,
            threads: args.threads,
            smoke: args.smoke,
            fresh: args.fresh,
            nested: true,
            widened: true,
            equal: EqualRule::Together,
            command: typed(),
            began: 0,
            probe: false,
            swept,
        },
        runs: args.runs.clone(),
        program: program()?,
    };
    let mut screen = Screen::new(args.quiet);
    if !args.quiet {
        sweeps.iter().for_each(|said| stderr::complain(said));
    }
    let ended = distil::run::run(&request, &mut screen);
    screen.close();
    match ended {
        Ok(outcome) => results::show(&outcome, args.json),
        Err(error) => {
            // A comma that was none of a sweep may be why.
            if args.quiet && screen.folder().is_none() {
                sweeps.iter().for_each(|said| stderr::complain(said));
            }
            Err(failed(error, screen.folder()))
        }
    }
}

/// What was typed, but for how it is shown.
fn typed() -> Vec<String> {
    let shown = ["-q", "--quiet", "--json"];
    let arguments = std::env::args_os().skip(1);
    arguments
        .map(|argument| argument.to_string_lossy().into_owned())
        .filter(|argument| !shown.contains(&argument.as_str()))
        .collect()
}

/// Arms of a grid that anybody waits for.
const MOST_ARMS: usize = 1000;

/// What several values of a `--set` mean, and how one value with a comma is written.
fn sweeping(sweeps: &[Set], arms: usize, grid: bool) -> Vec<String> {
    let mut said: Vec<String> = sweeps
        .iter()
        .map(|set| format!("note: {}", terminal(&comma(set))))
        .collect();
    if sweeps.len() > 1 {
        said.push(match grid {
            true => format!("note: --grid crosses the values of {} --set: {arms} arms", sweeps.len()),
            false => format!(
                "note: of {} --set with several values each value is an arm that changes nothing else: {arms} arms; `--grid` crosses them",
                sweeps.len()
            ),
        });
    }
    said
}

/// That a comma made a sweep.
pub fn comma(set: &Set) -> String {
    let given = &set.argument[set.values[0].place.start..];
    format!(
        "--set {}: the comma makes a sweep, {} values, each an arm; one value with a comma is written in quotes: --set '{}=\"{given}\"'",
        set.argument,
        set.values.len(),
        set.path
    )
}

/// Nothing is written before the run's folder exists: until then every failure is the command's, after that none is.
pub fn failed(error: Error, folder: Option<&RunFolder>) -> Failure {
    let failure = Failure::from(error);
    match folder {
        None => failure.before_anything(),
        Some(_) => failure.after_all_checks(),
    }
}

/// Applies `--set` arguments of one value to the recipe's text; returns those of several.
pub fn apply_sets(text: &mut RecipeText, arguments: &[String]) -> Result<Vec<Set>, Failure> {
    let sets = parse_sets(arguments).map_err(|problems| refuse(text, problems.as_slice()))?;
    let (single, sweeps): (Vec<Set>, Vec<Set>) =
        sets.into_iter().partition(|set| set.values.len() == 1);
    let edits = single
        .iter()
        .flat_map(|set| set.values.iter().map(move |value| (set, value)));
    let mut problems = Vec::new();
    for (set, value) in edits {
        problems.extend(text.set(set, value).err());
    }
    let paths = single.iter().chain(&sweeps).map(|set| set.path.as_str());
    problems.extend(paths.filter_map(|path| overruled(text.text(), path)));
    if problems.is_empty() {
        Ok(sweeps)
    } else {
        Err(refuse(text, &problems))
    }
}

/// Everything that is wrong with a recipe and can be seen without its data, in colour where there is colour.
fn check(text: &RecipeText) -> Ended {
    Draft::read(text, Path::new("."), &Arm::Flow)
        .map(drop)
        .map_err(|refusal| refused(&refusal))
}

/// A recipe that cannot become a plan.
pub fn refused(refusal: &Refusal) -> Failure {
    Failure::recipe(refusal.render(colours()))
}

fn refuse(text: &RecipeText, problems: &[Problem]) -> Failure {
    Failure::recipe(render(text, problems, colours()))
}

/// This program, to start trials with.
pub fn program() -> Result<PathBuf, Failure> {
    std::env::current_exe().map_err(|error| {
        Failure::usage(format_args!(
            "this program cannot find itself to start trials: {error}. Start it by its full path."
        ))
    })
}
