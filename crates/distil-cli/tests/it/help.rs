//! The help texts, word for word.

use crate::harness::Place;

fn help(arguments: &[&str]) -> String {
    let ended = Place::new().distil(arguments);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    ended.stdout
}

#[test]
fn the_program_says_what_it_does() {
    insta::assert_snapshot!(help(&["--help"]), @r"
    Train small, then large (or large, then small), and know what it saved

    Usage: distil <COMMAND>

    Commands:
      run      Train every stage, save the result, run the control, print the bill and the verdict
      find     Search the cheapest route to a quality, and confirm it on fresh seeds
      resume   Go on exactly where a run or a search stopped
      check    Show the plan of a recipe: what it would train, what it would cost; without a recipe: the machine
      new      Copy a shipped recipe, to change it
      list     List what there is: recipes, methods, sources, runs, …
      eval     Measure a model on data with targets
      predict  Answer new data
      export   Write a model for other programs
      report   Write the report of a run anew, or set two runs side by side
      clean    Remove the trials of finished runs, or stages kept for reuse; model, report and run.json stay
      help     Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version

    A bare word such as `digits` names a shipped recipe; anything with `/` or `.toml` is a file.
    Relative paths in a recipe start at the current folder.

    Exit codes:
      0        done
      1        failed
      2        the recipe or the command is wrong; nothing was written
      3        the result diverged; the last good checkpoint is kept
      130/143  stopped by SIGINT/SIGTERM after a checkpoint; `distil resume` goes on (129, 138, 140: SIGHUP, SIGUSR1, SIGUSR2)
    ");
}

#[test]
fn run_says_what_it_takes() {
    insta::assert_snapshot!(help(&["run", "--help"]), @r"
    Train every stage, save the result, run the control, print the bill and the verdict

    Usage: distil run [OPTIONS] <RECIPE>

    Arguments:
      <RECIPE>  A shipped recipe's name (`distil list recipes`), or a path

    Options:
          --set <KEY=VALUE[,VALUE…]>  Set a value of the recipe; several values make a sweep, each an arm
          --grid                      Cross several `--set` of several values: an arm for each combination, not one change per arm
          --seeds <N>                 Run everything with so many seeds; six is the smallest number that can reach p < 0.05 [default: 1]
          --looks                     Run 6 seeds and look; go on to 9 and to 12 only while it is open: later looks take a smaller p
          --folds <K>                 Cross-validate the whole flow: every sample is tested once
          --no-control                Leave out the control: nothing can then be claimed
          --curve                     Also plain training at 25, 50, 75 and 100 % of its declared budget
          --device <DEVICE>           Where to compute, cpu, whatever the recipe says
          --threads <N>               Threads of each trial [default: the recipe's, else by the size of a step]
          --jobs <N>                  Trials at the same time; a control waits for its own seed's flow [default: cores / threads, fewer beside other runs]
          --smoke                     At most 512 samples and 2 epochs, yet everything a full run does
          --fresh                     Train every stage, also those that an earlier run of the same folder trained the same way
          --json                      Print run.json instead of tables
      -q, --quiet                     No progress; errors are still shown
          --runs <DIR>                The folder in which the run gets its own [default: runs]
      -h, --help                      Print help
    ");
}

#[test]
fn the_verbs_for_models_say_what_they_take() {
    insta::assert_snapshot!(help(&["eval", "-h"]), @r"
    Measure a model on data with targets

    Usage: distil eval [OPTIONS] <MODEL> [DATA]

    Arguments:
      <MODEL>  A `model` folder, or a run's folder
      [DATA]   Data of the form the model was trained on, with targets [default: the model's own data]

    Options:
          --part <PART>  Only this part of the model's own data [default without DATA: test] [possible values: all, test, validation, train]
          --json         Print JSON instead of a table
      -h, --help         Print help (see more with '--help')
    ");
    insta::assert_snapshot!(help(&["predict", "-h"]), @r"
    Answer new data

    Usage: distil predict [OPTIONS] <MODEL> <INPUT>...

    Arguments:
      <MODEL>     A `model` folder, or a run's folder
      <INPUT>...  Data of the form the model was trained on: CSV, npy or WAV; `-` reads standard input

    Options:
          --format <FORMAT>  How answers are written [default: csv for an OUTPUT that ends in .csv, else json] [possible values: json, csv]
      -o, --output <FILE>    Write to this file instead of printing
          --raw              In CSV, leave text as it is that a spreadsheet would take for a formula
      -h, --help             Print help (see more with '--help')
    ");
    insta::assert_snapshot!(help(&["export", "-h"]), @r"
    Write a model for other programs

    Usage: distil export [OPTIONS] --to <TO> <MODEL>

    Arguments:
      <MODEL>  A `model` folder, or a run's folder

    Options:
          --to <TO>       The form to write [possible values: safetensors, onnx]
      -o, --output <DIR>  The folder to write [default: `export` beside the model]
      -h, --help          Print help (see more with '--help')
    ");
}

#[test]
fn the_other_verbs_say_what_they_take() {
    insta::assert_snapshot!(help(&["resume", "-h"]), @r"
    Go on exactly where a run or a search stopped

    Usage: distil resume [OPTIONS] <RUN>

    Arguments:
      <RUN>  The folder of the run or the search, for example runs/digits-0001

    Options:
          --json   Print run.json, of a search find.json, instead of tables
      -q, --quiet  No progress; errors are still shown
      -h, --help   Print help
    ");
    insta::assert_snapshot!(help(&["check", "-h"]), @r"
    Show the plan of a recipe: what it would train, what it would cost; without a recipe: the machine

    Usage: distil check [OPTIONS] [RECIPE]

    Arguments:
      [RECIPE]  A shipped recipe's name or a path; without one: the machine

    Options:
          --set <KEY=VALUE>  Set a value of the recipe
          --data             Also show what the model will see of the data
      -h, --help             Print help
    ");
    insta::assert_snapshot!(help(&["new", "-h"]), @r"
    Copy a shipped recipe, to change it

    Usage: distil new [OPTIONS] <NAME> [PATH]

    Arguments:
      <NAME>  The shipped recipe's name (`distil list recipes`), or data to write one for
      [PATH]  Where to write it [default: ./<NAME>.toml]

    Options:
          --target <COLUMN>  Of a table: the column to predict, instead of the one found
          --task <TASK>      Of a table: the task, instead of the one its target looks like [possible values: classification, regression]
      -h, --help             Print help
    ");
    insta::assert_snapshot!(help(&["list", "-h"]), @r"
    List what there is: recipes, methods, sources, runs, …

    Usage: distil list [WHAT] [FOLDER]

    Arguments:
      [WHAT]    What to list [default: recipes] [possible values: recipes, models, methods, growth, samples, sources, metrics, optimizers, schedules, tasks, runs]
      [FOLDER]  The folder of runs, for `list runs` [default: runs]

    Options:
      -h, --help  Print help (see more with '--help')
    ");
    insta::assert_snapshot!(help(&["report", "-h"]), @r"
    Write the report of a run anew, or set two runs side by side

    Usage: distil report [OPTIONS] <RUN> [OTHER]

    Arguments:
      <RUN>    The run's folder, for example runs/digits-0001
      [OTHER]  Another run: print what differs between the two

    Options:
          --bill      Print all numbers: every metric, the bill by stage and purpose, tests and intervals
          --markdown  Print as Markdown
      -h, --help      Print help
    ");
}

#[test]
fn completions_name_every_verb_a_user_types() {
    for shell in ["bash", "zsh", "fish"] {
        let script = help(&["completions", shell]);
        for verb in [
            "run", "resume", "check", "new", "list", "eval", "predict", "export", "report",
        ] {
            assert!(script.contains(verb), "{shell}: {verb}");
        }
    }
}

#[test]
fn the_schema_is_one_json_document_with_every_table_of_a_recipe() {
    let schema: serde_json::Value = serde_json::from_str(&help(&["schema"])).unwrap();
    for table in ["task", "data", "stage", "train", "compare", "run"] {
        assert!(schema["properties"].get(table).is_some(), "{table}");
    }
}
