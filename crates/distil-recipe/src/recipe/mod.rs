//! The recipe: typed and with places, not yet checked against models, methods and data.

mod answers;
pub(crate) mod check;
mod compare;
mod data;
mod learn;
mod run;
mod stage;
mod start;
mod train;
mod tune;
mod view;

use std::collections::BTreeMap;

use crate::choice::Choice;
use crate::name::composed;
use crate::problem::Problem;
use crate::spanned::Spanned;
use crate::table::{Field, Keys, Rules, table};

pub use answers::{AnswersForm, AnswersTable};
pub use compare::{Arm, CompareTable};
pub use data::{AugmentTable, DataTable, SplitKind, SplitTable};
pub use learn::{DEFAULT_METHOD, DEFAULT_MIX, LearnTable, MixOrAdd};
pub use run::RunTable;
pub use stage::{GivenModel, ModelTable, OverlapWord, StageTable};
pub use start::{NewTable, OptimizerState, StartTable};
pub use train::{
    Base, DEFAULT_BATCH, DEFAULT_EPOCHS, DEFAULT_OPTIMIZER, DEFAULT_SCHEDULE, Keep,
    Parametrization, Settings, TrainTable,
};
pub use tune::{Candidate, Cut, List, MOST_WIDER, TuneTable, TunedBy};
pub use view::{Column, View};

table! {
    /// A recipe as it was written: every default of the skeleton filled, nothing resolved.
    pub struct Recipe {
        /// The name of its runs; the file's name if absent.
        pub name: Option<Spanned<String>>;
        /// The stage the recipe is for, if several are last in their line.
        pub result: Option<Spanned<String>>;
        /// What is learned.
        pub task: Choice [needed "write for instance: task = \"classification\""];
        /// Where samples come from and how they are split.
        pub data: DataTable [needed data::HELP];
        /// The stages, each one model and its training.
        // In the order in which they were written; none only if that was reported.
        #[schemars(with = "BTreeMap<String, StageTable>", extend("minProperties" = 1))]
        pub stages("stage"): Vec<StageTable> as stage::stages [needed];
        /// Training settings of all stages; a schedule here spans the chain of growth.
        pub train: TrainTable;
        /// What the result is compared with.
        pub compare: CompareTable;
        /// How the recipe is run on this machine.
        pub run: RunTable;
    }
}

impl Rules for Recipe {
    fn settle(self, keys: Keys) -> Option<Self> {
        if self.stages.is_empty() && !keys.failed("stage") {
            let problem = Problem::at(keys.span(), "the recipe has no stage");
            keys.problems.push(
                problem
                    .rule("a stage is one model and its training")
                    .help("write for instance: [stage.small] with model = \"mlp\""),
            );
        }
        keys.finish();
        Some(self)
    }
}

impl Recipe {
    /// The stage of this name.
    pub fn stage(&self, name: &str) -> Option<&StageTable> {
        self.stages.iter().find(|stage| *stage.name == name)
    }

    /// Composes every name it gives and uses: one name, however its letters were typed.
    pub(crate) fn compose_names(&mut self) {
        let compose = |name: &mut Spanned<String>| name.value = composed(name);
        self.name.iter_mut().for_each(compose);
        self.result.iter_mut().for_each(compose);
        for stage in &mut self.stages {
            compose(&mut stage.name);
            stage.like.iter_mut().for_each(compose);
            stage
                .start
                .iter_mut()
                .for_each(|start| compose(&mut start.from));
            let teachers = stage.learn.iter_mut().flat_map(|learn| &mut learn.from);
            teachers.for_each(compose);
        }
        self.compare.arms.iter_mut().flatten().for_each(compose);
        let own = self.compare.arm.iter_mut();
        own.for_each(|arm| compose(&mut arm.name));
    }
}

/// Where a string stands for a table: the table's key, and the key in it that holds the string.
pub(crate) fn strings() -> Vec<[&'static str; 2]> {
    let mut found = Vec::new();
    Recipe::strings("", &mut found);
    StageTable::strings("", &mut found);
    found
}
