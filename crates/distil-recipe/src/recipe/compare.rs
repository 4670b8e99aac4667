//! `[compare]`: what the result is compared with.

use std::collections::BTreeMap;

use serde_json::Map;

use crate::problem::Problems;
use crate::recipe::{TrainTable, TuneTable};
use crate::spanned::Spanned;
use crate::table::{Rules, named, names, no_table, table, table_of};
use crate::tree::{Kind, Table, Value};

table! {
    /// What the result is compared with.
    #[schemars(rename = "compare")]
    pub struct CompareTable {
        /// The budget of plain training: 100 % of every claim.
        pub plain: Option<TrainTable>;
        /// The arms to run besides the flow.
        // The default control if absent.
        pub arms: Option<Vec<Spanned<String>>> as names;
        /// Own arms: each a table of changes to the recipe.
        #[schemars(with = "BTreeMap<String, Map<String, serde_json::Value>>")]
        pub arm: Vec<Arm> as own_arms;
        /// What models are compared by, and kept by where training keeps the best on validation; the task's own by default.
        pub metric: Option<Spanned<String>>;
        /// The smallest difference in the metric that counts, in its unit.
        pub margin: Option<Spanned<f64>>;
        /// Settings of the result's training, each with the values to try: every arm takes what is best for it on the validation part.
        pub tune: Option<TuneTable>;
    }
}

impl Rules for CompareTable {}

impl CompareTable {
    /// Whether the small network chooses settings for every arm of the large one.
    pub fn small_chooses(&self) -> bool {
        self.tune.as_ref().is_some_and(TuneTable::is_by_small)
    }
}

/// A user's own arm: a patch on the recipe.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// Its name.
    pub name: Spanned<String>,
    /// The changes, `stage.large.start.shrink = 0.6`, as a tree.
    pub patch: Table,
}

fn own_arms(key: &str, value: Value, problems: &mut Problems) -> Option<Vec<Arm>> {
    let arms = named(key, value, problems)?
        .into_iter()
        .filter_map(|entry| {
            let patch = table_of(&entry.key, entry.value, None, no_table, problems)?;
            Some(Arm {
                name: entry.key,
                patch,
            })
        });
    Some(arms.collect())
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
