//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use distil::find::goal::AS_LARGE;

/// Train small, then large (or large, then small), and know what it saved.
#[derive(Debug, Parser)]
#[command(name = "distil", version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

const EXIT_CODES: &str = "\
A bare word such as `digits` names a shipped recipe; anything with `/` or `.toml` is a file.
Relative paths in a recipe start at the current folder.

Exit codes:
  0        done
  1        failed
  2        the recipe or the command is wrong; nothing was written
  3        the result diverged; the last good checkpoint is kept
  130/143  stopped by SIGINT/SIGTERM after a checkpoint; `distil resume` goes on (129, 138, 140: SIGHUP, SIGUSR1, SIGUSR2)";

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Train every stage, save the result, run the control, print the bill and the verdict
    Run(RunArgs),
    /// Search the cheapest route to a quality, and confirm it on fresh seeds
    Find(FindArgs),
    /// Go on exactly where a run or a search stopped
    Resume(ResumeArgs),
    /// Show the plan of a recipe: what it would train, what it would cost; without a recipe: the machine
    Check(CheckArgs),
    /// Copy a shipped recipe, to change it
    New(NewArgs),
    /// List what there is: recipes, methods, sources, runs, …
    List(ListArgs),
    /// Measure a model on data with targets
    Eval(EvalArgs),
    /// Answer new data
    Predict(PredictArgs),
    /// Write a model for other programs
    Export(ExportArgs),
    /// Write the report of a run anew, or set two runs side by side
    Report(ReportArgs),
    /// Remove the trials of finished runs, or stages kept for reuse; model, report and run.json stay
    Clean(CleanArgs),
    /// Print the JSON schema of recipes, for editors
    #[command(hide = true)]
    Schema,
    /// Print completions for a shell
    #[command(hide = true)]
    Completions(CompletionsArgs),
    /// One trial of a run, started by it
    #[command(hide = true)]
    Trial(TrialArgs),
}

/// `distil run`
#[derive(Debug, Args)]
pub struct RunArgs {
    /// A shipped recipe's name (`distil list recipes`), or a path
    pub recipe: String,
    /// Set a value of the recipe; several values make a sweep, each an arm
    #[arg(long, value_name = "KEY=VALUE[,VALUE…]")]
    pub set: Vec<String>,
    /// Cross several `--set` of several values: an arm for each combination, not one change per arm
    #[arg(long)]
    pub grid: bool,
    /// Run everything with so many seeds; six is the smallest number that can reach p < 0.05
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = counted::<u64, 1, 10_000>)]
    pub seeds: u64,
    /// Run 6 seeds and look; go on to 9 and to 12 only while it is open: later looks take a smaller p
    #[arg(long, conflicts_with_all = ["seeds", "no_control"])]
    pub looks: bool,
    /// Cross-validate the whole flow: every sample is tested once
    #[arg(long, value_name = "K", value_parser = counted::<usize, 2, 1_000_000>)]
    pub folds: Option<usize>,
    /// Leave out the control: nothing can then be claimed
    #[arg(long)]
    pub no_control: bool,
    /// Also plain training at 25, 50, 75 and 100 % of its declared budget
    #[arg(long, conflicts_with = "no_control")]
    pub curve: bool,
    /// Where to compute, cpu, whatever the recipe says
    #[arg(long, value_parser = device)]
    pub device: Option<String>,
    /// Threads of each trial [default: the recipe's, else by the size of a step]
    #[arg(long, value_name = "N", value_parser = counted::<usize, 1, 1024>)]
    pub threads: Option<usize>,
    /// Trials at the same time; a control waits for its own seed's flow [default: cores / threads, fewer beside other runs]
    #[arg(long, value_name = "N", value_parser = counted::<usize, 1, 1024>)]
    pub jobs: Option<usize>,
    /// At most 512 samples and 2 epochs, yet everything a full run does
    #[arg(long)]
    pub smoke: bool,
    /// Train every stage, also those that an earlier run of the same folder trained the same way
    #[arg(long)]
    pub fresh: bool,
    /// Print run.json instead of tables
    #[arg(long)]
    pub json: bool,
    /// No progress; errors are still shown
    #[arg(long, short)]
    pub quiet: bool,
    /// The folder in which the run gets its own
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub runs: PathBuf,
}

/// `distil find`
#[derive(Debug, Args)]
pub struct FindArgs {
    /// A shipped recipe's name (`distil list recipes`), or a path
    pub recipe: String,
    /// The quality to reach on the test part: "accuracy >= 0.95", "rmse <= 50000", or that of the large network, within the recipe's margin
    #[arg(long, value_name = "GOAL", default_value = AS_LARGE)]
    pub goal: String,
    /// What the search may take, looked at after each rung; choosing the rate comes before, confirming on top: "10 min", "5 TFLOPs"
    #[arg(long, value_name = "BUDGET")]
    pub budget: Option<String>,
    /// Set a value of the recipe
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Threads of each trial [default: the recipe's, else by the size of a step]
    #[arg(long, value_name = "N", value_parser = counted::<usize, 1, 1024>)]
    pub threads: Option<usize>,
    /// Trials at the same time [default: cores / threads, fewer beside other runs]
    #[arg(long, value_name = "N", value_parser = counted::<usize, 1, 1024>)]
    pub jobs: Option<usize>,
    /// Train every stage, also those that the search has trained the same way already
    #[arg(long)]
    pub fresh: bool,
    /// Print find.json instead of a sentence
    #[arg(long)]
    pub json: bool,
    /// No progress; errors are still shown
    #[arg(long, short)]
    pub quiet: bool,
    /// The folder in which the search gets its own
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub runs: PathBuf,
}

/// `distil resume`
#[derive(Debug, Args)]
pub struct ResumeArgs {
    /// The folder of the run or the search, for example runs/digits-0001
    pub run: PathBuf,
    /// Print run.json, of a search find.json, instead of tables
    #[arg(long)]
    pub json: bool,
    /// No progress; errors are still shown
    #[arg(long, short)]
    pub quiet: bool,
}

/// `distil check`
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// A shipped recipe's name or a path; without one: the machine
    pub recipe: Option<String>,
    /// Set a value of the recipe
    #[arg(long, value_name = "KEY=VALUE", requires = "recipe")]
    pub set: Vec<String>,
    /// Also show what the model will see of the data
    #[arg(long, requires = "recipe")]
    pub data: bool,
}

/// `distil new`
#[derive(Debug, Args)]
pub struct NewArgs {
    /// The shipped recipe's name (`distil list recipes`), or data to write one for
    pub name: String,
    /// Where to write it [default: ./<NAME>.toml]
    pub path: Option<PathBuf>,
    /// Of a table: the column to predict, instead of the one found
    #[arg(long, value_name = "COLUMN")]
    pub target: Option<String>,
    /// Of a table: the task, instead of the one its target looks like
    #[arg(long, value_parser = ["classification", "regression"])]
    pub task: Option<String>,
}

/// `distil list`
#[derive(Debug, Args)]
pub struct ListArgs {
    /// What to list
    #[arg(default_value = "recipes")]
    pub what: What,
    /// The folder of runs, for `list runs`
    #[arg(default_value = "runs")]
    pub folder: PathBuf,
}

/// What `distil list` lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// Shipped recipes.
    Recipes,
    /// Model families.
    Models,
    /// Distillation losses.
    Methods,
    /// Rules by which layers grow.
    Growth,
    /// Which samples an epoch uses.
    Samples,
    /// Where data comes from.
    Sources,
    /// What is measured.
    Metrics,
    /// Update rules.
    Optimizers,
    /// Courses of the learning rate.
    Schedules,
    /// What is learned.
    Tasks,
    /// The runs in a folder.
    Runs,
}

/// `distil eval`
#[derive(Debug, Args)]
pub struct EvalArgs {
    /// A `model` folder, or a run's folder
    pub model: PathBuf,
    /// Data of the form the model was trained on, with targets [default: the model's own data]
    pub data: Option<PathBuf>,
    /// Only this part of the model's own data [default without DATA: test]
    #[arg(long)]
    pub part: Option<Part>,
    /// Print JSON instead of a table
    #[arg(long)]
    pub json: bool,
}

/// A part of the data a model was trained on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// All of it.
    All,
    /// What it was tested on.
    Test,
    /// What choices were made on.
    Validation,
    /// What it was trained on.
    Train,
}

/// `distil predict`
#[derive(Debug, Args)]
pub struct PredictArgs {
    /// A `model` folder, or a run's folder
    pub model: PathBuf,
    /// Data of the form the model was trained on: CSV, npy or WAV; `-` reads standard input
    #[arg(required = true)]
    pub input: Vec<PathBuf>,
    /// How answers are written [default: csv for an OUTPUT that ends in .csv, else json]
    #[arg(long)]
    pub format: Option<Format>,
    /// Write to this file instead of printing
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// In CSV, leave text as it is that a spreadsheet would take for a formula
    #[arg(long)]
    pub raw: bool,
}

/// How answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object.
    Json,
    /// A table with a header.
    Csv,
}

/// `distil export`
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// A `model` folder, or a run's folder
    pub model: PathBuf,
    /// The form to write
    #[arg(long)]
    pub to: ExportTo,
    /// The folder to write [default: `export` beside the model]
    #[arg(long, short, value_name = "DIR")]
    pub output: Option<PathBuf>,
}

/// Forms a model can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportTo {
    /// A folder as the Hugging Face Hub expects it: safetensors, config.json, README.md.
    Safetensors,
    /// ONNX (not yet).
    Onnx,
}

/// `distil report`
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The run's folder, for example runs/digits-0001
    pub run: PathBuf,
    /// Another run: print what differs between the two
    pub other: Option<PathBuf>,
    /// Print all numbers: every metric, the bill by stage and purpose, tests and intervals
    #[arg(long, conflicts_with_all = ["other", "markdown"])]
    pub bill: bool,
    /// Print as Markdown
    #[arg(long)]
    pub markdown: bool,
}

/// `distil clean`
#[derive(Debug, Args)]
pub struct CleanArgs {
    /// The folders of finished runs, for example runs/digits-0001
    #[arg(required_unless_present = "stages")]
    pub runs: Vec<PathBuf>,
    /// Also forget the stages kept for reuse in this folder of runs, for example runs
    #[arg(long, value_name = "DIR")]
    pub stages: Option<PathBuf>,
}

/// `distil completions`
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// `distil trial`
#[derive(Debug, Args)]
pub struct TrialArgs {
    /// The trial's folder, with its order in it
    pub folder: PathBuf,
    /// Where relative paths of the recipe start, if not where the run was asked for
    #[arg(long, value_name = "DIR")]
    pub base: Option<PathBuf>,
}

fn counted<N: TryFrom<u64>, const LEAST: u64, const MOST: u64>(word: &str) -> Result<N, String> {
    let refused = || match word.parse::<u64>() {
        Ok(number) if number > MOST => format!("a whole number of at most {MOST} is needed"),
        _ => format!("a whole number of at least {LEAST} is needed"),
    };
    let number = word
        .parse()
        .ok()
        .filter(|number| (LEAST..=MOST).contains(number));
    number
        .and_then(|number| N::try_from(number).ok())
        .ok_or_else(refused)
}

fn device(word: &str) -> Result<String, String> {
    distil::device::named(word).map(|_| word.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use clap::CommandFactory;

    use super::*;

    /// The source of a verb: its file, or the files of its folder.
    fn source(verb: &str) -> String {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/cmd/{verb}.rs"));
        let folder = fs::read_dir(file.with_extension("")).into_iter().flatten();
        let mut files: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
        files.extend(file.is_file().then_some(file));
        let read = |file| fs::read_to_string(file).unwrap();
        files.into_iter().map(read).collect()
    }

    #[test]
    fn every_argument_is_read_by_the_verb_that_takes_it() {
        let mut dropped = Vec::new();
        for verb in Cli::command().get_subcommands() {
            let source = source(verb.get_name());
            let ids = verb
                .get_arguments()
                .map(|argument| argument.get_id().as_str());
            for id in ids.filter(|id| !["help", "version"].contains(id)) {
                if !source.contains(&format!("args.{id}")) {
                    dropped.push(format!("{} {id}", verb.get_name()));
                }
            }
        }
        assert_eq!(dropped, [""; 0]);
    }
}
