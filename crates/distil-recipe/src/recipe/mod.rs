//! The recipe: typed and with places, not yet checked against models, methods and data.

mod answers;
mod check;
mod compare;
mod data;
mod learn;
mod run;
mod stage;
mod start;
mod train;
mod tune;
mod view;

use crate::choice::Choice;
use crate::keys::Keys;
use crate::problem::{Problem, Problems};
use crate::spanned::Spanned;
use crate::text::RecipeText;
use crate::tree;
use crate::tree::Table;

pub use answers::{AnswersForm, AnswersTable};
pub use compare::{Arm, CompareTable};
pub use data::{AugmentTable, DataTable, SplitKind, SplitTable};
pub use learn::{DEFAULT_METHOD, DEFAULT_MIX, LearnTable, MixOrAdd};
pub use run::RunTable;
pub use stage::{ModelTable, StageTable};
pub use start::{NewTable, OptimizerState, StartTable};
pub use train::{DEFAULT_BATCH, DEFAULT_EPOCHS, DEFAULT_OPTIMIZER, DEFAULT_SCHEDULE, TrainTable};
pub use tune::{Candidate, DEFAULT_TUNE_SEEDS, TuneTable};
pub use view::{Column, View};

/// A recipe as it was written: every default of the skeleton filled, nothing resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// The name of its runs; the file's name if none is given.
    pub name: Option<Spanned<String>>,
    /// The stage the recipe is for, if it cannot be told from the stages.
    pub result: Option<Spanned<String>>,
    /// What is learned: classification, regression, ….
    pub task: Choice,
    /// Where the samples come from and how they are split.
    pub data: DataTable,
    /// The stages, in the order in which they were written; none only if that was reported.
    pub stages: Vec<StageTable>,
    /// Training settings of all stages; a schedule here spans the whole chain of growth.
    pub train: TrainTable,
    /// What the result is compared with.
    pub compare: CompareTable,
    /// How the recipe is run on this machine.
    pub run: RunTable,
}

impl Recipe {
    /// The stage of this name.
    pub fn stage(&self, name: &str) -> Option<&StageTable> {
        self.stages.iter().find(|stage| *stage.name == name)
    }
}

/// Parses a recipe and reports everything that is wrong with it.
///
/// There may be a recipe *and* problems: later checks can then add theirs, and all are shown at
/// once; what is missing and was reported stands in it as a [`Choice::is_missing`], or as no stage.
/// There is no recipe after a syntax error. Only a recipe without problems may become a plan.
///
/// Checked here are types, keys and what the recipe's own words settle: names of stages, `mix` or
/// `add` but not both, ranges of shares. Not checked are the names of methods, models, sources, ….
pub fn parse(text: &RecipeText) -> (Option<Recipe>, Problems) {
    let mut problems = Problems::new();
    let recipe =
        tree::parse(text.text(), &mut problems).and_then(|table| read(table, &mut problems));
    if let Some(recipe) = &recipe {
        check::check(recipe, &mut problems);
    }
    (recipe, problems)
}

fn read(table: Table, problems: &mut Problems) -> Option<Recipe> {
    let mut keys = Keys::new(table, problems);
    let name = keys.value("name");
    let result = keys.value("result");
    if !keys.has("task") {
        keys.missing("task", "write for instance: task = \"classification\"");
    }
    let task = keys.choice("task");
    let data = DataTable::read(&mut keys);
    let stages = stages(&mut keys);
    let train = match keys.table("train") {
        Some(table) => TrainTable::read(table, keys.problems),
        None => TrainTable::default(),
    };
    let compare = match keys.table("compare") {
        Some(table) => CompareTable::read(table, keys.problems),
        None => CompareTable::default(),
    };
    let run = match keys.table("run") {
        Some(table) => table.read(keys.problems).unwrap_or_default(),
        None => RunTable::default(),
    };
    keys.finish();
    Some(Recipe {
        name,
        result,
        task: task.unwrap_or_else(Choice::missing),
        data,
        stages,
        train,
        compare,
        run,
    })
}

/// `[stage.<name>]`; that there is none is a problem.
fn stages(keys: &mut Keys) -> Vec<StageTable> {
    let written = keys.has("stage");
    let table = keys.table("stage");
    if !written || table.as_ref().is_some_and(Table::is_empty) {
        let problem = Problem::at(keys.span(), "the recipe has no stage");
        keys.problems.push(
            problem
                .rule("a stage is one model and its training")
                .help("write for instance: [stage.small] with model = \"mlp\""),
        );
    }
    let entries = table.map(|table| table.entries).unwrap_or_default();
    entries
        .into_iter()
        .filter_map(|entry| {
            let table = crate::keys::table_of(&entry.key, entry.value, keys.problems)?;
            Some(StageTable::read(entry.key, table, keys.problems))
        })
        .collect()
}
