//! `[stage.<name>]`: one model and its training.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::choice::Choice;
use crate::problem::{Problems, Span};
use crate::recipe::{AnswersTable, LearnTable, Settings, StartTable, TrainTable, View};
use crate::spanned::Spanned;
use crate::table::{Field, Keys, Rules, named, no_table, one_or_many, table, table_of};
use crate::tree::{Kind, Value};

table! {
    /// One model and its training.
    #[schemars(rename = "stage")]
    pub struct StageTable with {
        /// Its name.
        pub name: Spanned<String>,
        /// The header in brackets.
        pub span: Option<Span>,
    } {
        /// The model: a family with its sizes, or a file.
        // May be absent only if `like` names a stage that has one.
        #[schemars(with = "Option<Choice>")]
        pub model: Option<ModelTable>;
        /// A linear reduction of the data's finest form: a table with exactly one key.
        pub view: Option<Spanned<View>>;
        /// Which samples an epoch uses; all by default.
        pub samples: Choice = "all";
        /// The stage whose weights it starts from, and how.
        pub start: Option<StartTable>;
        /// What it learns from other stages: one loss or several.
        #[schemars(schema_with = "one_or_many::<LearnTable>")]
        pub learn: Vec<LearnTable>;
        /// Its own training settings.
        // An empty table is the default training.
        pub train: Option<TrainTable>;
        /// A stage whose model, view, samples and train it takes over.
        // Each where it has none of its own.
        pub like: Option<Spanned<String>>;
        /// Predictions of another program, in place of all other keys.
        pub answers: Option<AnswersTable>;
    }
}

impl Rules for StageTable {
    fn settle(mut self, mut keys: Keys) -> Option<Self> {
        if !["model", "like", "answers"].iter().any(|key| keys.had(key)) {
            keys.needed(
                "model",
                "write for instance: model = { kind = \"mlp\", hidden = [50] }",
            );
        }
        self.span = keys.span();
        keys.finish();
        Some(self)
    }
}

impl StageTable {
    /// The file of settings that its training names.
    pub fn settings(&self) -> Option<&Settings> {
        self.train.as_ref()?.settings.as_ref()
    }

    /// Whether the stage is a given model, a file that is not trained further, or the answers of one.
    pub fn is_given(&self) -> bool {
        let file = matches!(self.model, Some(ModelTable::Given(_))) && self.train.is_none();
        file || self.answers.is_some()
    }
}

/// The stages by name.
pub(super) fn stages(key: &str, value: Value, problems: &mut Problems) -> Option<Vec<StageTable>> {
    let entries = named(key, value, problems)?;
    let written = entries.len();
    let stages = entries.into_iter().filter_map(|entry| {
        let table = table_of(&entry.key, entry.value, None, no_table, problems)?;
        let stage = StageTable::of(table, problems)?;
        Some(StageTable {
            name: entry.key,
            ..stage
        })
    });
    let stages: Vec<_> = stages.collect();
    (written == 0 || !stages.is_empty()).then_some(stages)
}

/// Where a stage's model comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelTable {
    /// A built-in family and its sizes.
    Family(Choice),
    /// A given model.
    Given(GivenModel),
}

impl Field for ModelTable {
    fn read(key: &str, value: Value, problems: &mut Problems) -> Option<Self> {
        match value.kind {
            Kind::Table(table) if table.get("file").is_some() => {
                GivenModel::of(table, problems).map(Self::Given)
            }
            _ => <Choice as Field>::read(key, value, problems).map(Self::Family),
        }
    }

    fn strings(key: &'static str, found: &mut Vec<[&'static str; 2]>) {
        Choice::strings(key, found);
    }
}

table! {
    /// A given model.
    #[schemars(inline)]
    pub struct GivenModel {
        /// A `model/` folder or a model file.
        pub file: Spanned<String> [needed];
        /// A file with the names of its classes, one a line.
        pub classes: Option<Spanned<String>>;
        /// Says that the model may have been trained on test samples: then it runs, and nothing is claimed.
        pub overlap: Option<Spanned<OverlapWord>>;
    }
}

impl Rules for GivenModel {
    fn settle(self, keys: Keys) -> Option<Self> {
        keys.finish();
        self.file.is_written().then_some(self)
    }
}

/// What a recipe says of a given model that has seen test samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum OverlapWord {
    /// It is known, and nothing is claimed.
    Known,
}
