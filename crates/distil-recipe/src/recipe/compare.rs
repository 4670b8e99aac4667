//! `[compare]`: what the result is compared with.

use crate::keys::{Keys, table_of};
use crate::problem::{Problem, Problems};
use crate::recipe::{TrainTable, TuneTable};
use crate::spanned::Spanned;
use crate::tree::{Kind, Table, Value};

/// What the result is compared with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CompareTable {
    /// The declared budget of plain training, the 100 % of every claim.
    pub plain: Option<TrainTable>,
    /// The arms to run besides the flow; the default control if absent.
    pub arms: Option<Vec<Spanned<String>>>,
    /// The user's own arms.
    pub arm: Vec<Arm>,
    /// The smallest difference in the metric, in its own unit, that counts.
    pub margin: Option<Spanned<f64>>,
    /// Settings each arm may choose from on the validation part.
    pub tune: Option<TuneTable>,
}

/// A user's own arm: a patch on the recipe.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// Its name.
    pub name: Spanned<String>,
    /// The changes, `stage.large.start.shrink = 0.6`, as a tree.
    pub patch: Table,
}

impl CompareTable {
    pub(crate) fn read(table: Table, problems: &mut Problems) -> Self {
        let mut keys = Keys::new(table, problems);
        let plain = keys
            .table("plain")
            .map(|table| TrainTable::read(table, keys.problems));
        let arms = keys.take("arms").map(|value| names(value, keys.problems));
        let arm = keys
            .table("arm")
            .map_or_else(Vec::new, |table| own_arms(table, keys.problems));
        let margin = keys.value("margin");
        let tune = keys
            .table("tune")
            .and_then(|table| TuneTable::read(table, keys.problems));
        keys.finish();
        Self {
            plain,
            arms,
            arm,
            margin,
            tune,
        }
    }
}

fn names(value: Value, problems: &mut Problems) -> Vec<Spanned<String>> {
    match value.kind {
        Kind::Array(items) => items
            .iter()
            .filter_map(|i| i.read("arms", problems))
            .collect(),
        _ => {
            let message = format!("`arms` must be an array of names, not {}", value.describe());
            problems.push(Problem::at(value.span, message));
            Vec::new()
        }
    }
}

fn own_arms(table: Table, problems: &mut Problems) -> Vec<Arm> {
    let arms = table.entries.into_iter().filter_map(|entry| {
        let patch = table_of(&entry.key, entry.value, problems)?;
        Some(Arm {
            name: entry.key,
            patch,
        })
    });
    arms.collect()
}

impl Arm {
    /// The changes one by one, each as a key path and a TOML value for [`crate::set::apply`].
    ///
    /// A dotted key is a path; a table in braces is a value, which replaces what was there. `text`
    /// is the text the recipe was parsed from.
    pub fn edits(&self, text: &str) -> Vec<(String, String)> {
        let mut edits = Vec::new();
        collect_edits(&self.patch, "", text, &mut edits);
        edits
    }
}

fn collect_edits(table: &Table, prefix: &str, text: &str, edits: &mut Vec<(String, String)>) {
    for entry in &table.entries {
        let key = toml_edit::Key::new(entry.key.as_str());
        let path = match prefix {
            "" => key.to_string(),
            prefix => format!("{prefix}.{key}"),
        };
        let source = text.get(entry.value.span.clone()).unwrap_or_default();
        match &entry.value.kind {
            Kind::Table(inner) if !source.starts_with('{') => {
                collect_edits(inner, &path, text, edits);
            }
            _ => edits.push((path, source.to_owned())),
        }
    }
}
