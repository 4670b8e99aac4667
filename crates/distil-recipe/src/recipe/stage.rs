//! `[stage.<name>]`: one model and its training.

use serde::Deserialize;

use crate::choice::Choice;
use crate::keys::{Keys, string_or_table};
use crate::problem::{Problem, Problems, Span};
use crate::recipe::{AnswersTable, LearnTable, StartTable, TrainTable, View};
use crate::spanned::Spanned;
use crate::tree::{Kind, Table, Value};

/// One model and its training.
#[derive(Clone, Debug, PartialEq)]
pub struct StageTable {
    /// Its name.
    pub name: Spanned<String>,
    /// The header in brackets.
    pub span: Option<Span>,
    /// The model; may be absent only if `like` names a stage that has one.
    pub model: Option<ModelTable>,
    /// What the model sees of the data; everything, if absent.
    pub view: Option<Spanned<View>>,
    /// Which samples an epoch uses; `all` by default.
    pub samples: Choice,
    /// The stage whose weights this one starts from, and how.
    pub start: Option<StartTable>,
    /// What it learns from other stages, one loss each.
    pub learn: Vec<LearnTable>,
    /// Its own training settings. An empty table is the default training.
    pub train: Option<TrainTable>,
    /// A stage whose model, view, samples and train this one takes where it has none of its own.
    pub like: Option<Spanned<String>>,
    /// Predictions of another program, which stages can learn from; then it has nothing else.
    pub answers: Option<AnswersTable>,
}

/// Where a stage's model comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelTable {
    /// A built-in family and its sizes.
    Family(Choice),
    /// A given model.
    Given {
        /// A `model/` folder or a model file.
        file: Spanned<String>,
        /// The names of its classes, one a line, if the file does not hold them.
        classes: Option<Spanned<String>>,
        /// Whether it may have been trained on what is tested.
        overlap: Option<Spanned<OverlapWord>>,
    },
}

/// What a recipe says of a given model that has seen test samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverlapWord {
    /// It is known, and nothing is claimed.
    Known,
}

impl StageTable {
    pub(crate) fn read(name: Spanned<String>, table: Table, problems: &mut Problems) -> Self {
        let mut keys = Keys::new(table, problems);
        let span = keys.span();
        let needs_model = !["model", "like", "answers"].iter().any(|key| keys.has(key));
        let model = keys
            .take("model")
            .and_then(|value| ModelTable::read(value, keys.problems));
        let view = keys.value("view");
        let samples = keys
            .choice("samples")
            .unwrap_or_else(|| Choice::default_of("all"));
        let start = keys.take("start").and_then(|value| {
            let table = string_or_table("start", value, "from", keys.problems)?;
            StartTable::read(table, keys.problems)
        });
        let learn = keys
            .take("learn")
            .map_or_else(Vec::new, |value| learn(value, keys.problems));
        let train = keys
            .table("train")
            .map(|table| TrainTable::read(table, keys.problems));
        let like = keys.value("like");
        let answers = keys.take("answers").and_then(|value| {
            let table = string_or_table("answers", value, "file", keys.problems)?;
            table.read(keys.problems)
        });
        if needs_model {
            keys.missing(
                "model",
                "write for instance: model = { kind = \"mlp\", hidden = [50] }",
            );
        }
        keys.finish();
        Self {
            name,
            span,
            model,
            view,
            samples,
            start,
            learn,
            train,
            like,
            answers,
        }
    }

    /// Whether the stage is a given model, a file that is not trained further, or the answers of one.
    pub fn is_given(&self) -> bool {
        let file = matches!(self.model, Some(ModelTable::Given { .. })) && self.train.is_none();
        file || self.answers.is_some()
    }
}

impl ModelTable {
    fn read(value: Value, problems: &mut Problems) -> Option<Self> {
        match value.kind {
            Kind::Table(table) if table.get("file").is_some() => {
                let mut keys = Keys::new(table, problems);
                let file = keys.value("file");
                let classes = keys.value("classes");
                let overlap = keys.value("overlap");
                keys.finish();
                Some(Self::Given {
                    file: file?,
                    classes,
                    overlap,
                })
            }
            _ => Choice::read("model", value, "kind", problems).map(Self::Family),
        }
    }
}

/// One term, or an array of terms.
fn learn(value: Value, problems: &mut Problems) -> Vec<LearnTable> {
    let terms = match value.kind {
        Kind::Array(terms) => terms,
        _ => vec![value],
    };
    let read = |term: Value| {
        let span = term.span.clone();
        let table = match &term.kind {
            Kind::String(_) | Kind::Table(_) => string_or_table("learn", term, "from", problems)?,
            _ => {
                problems.push(
                    Problem::at(span, format!("`learn` cannot be {}", term.describe()))
                        .rule("`learn` is a stage's name, a table, or an array of such"),
                );
                return None;
            }
        };
        LearnTable::read(table, problems)
    };
    terms.into_iter().filter_map(read).collect()
}
