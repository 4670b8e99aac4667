//! `[compare] tune`: the settings each arm may choose from.

use crate::problem::{Problem, Problems, Span};
use crate::recipe::TrainTable;
use crate::spanned::Spanned;
use crate::table::{Keys, Rules, table};
use crate::tree::{Entry, Kind, Table, Value};

table! {
    /// Settings of the result's training, of which every arm takes the ones that are best for it on the validation part.
    #[schemars(inline, extend("additionalProperties" = { "type": "array", "minItems": 1 }))]
    pub struct TuneTable with {
        /// The table.
        pub span: Option<Span>,
        /// Every combination of the settings, in the order in which they were written; at least two.
        pub candidates: Vec<Candidate>,
    } {
        /// The run's first seeds, which choose for all by the mean of the metric on the validation part.
        // If absent, each seed chooses for itself.
        #[schemars(range(min = 1))]
        pub seeds: Option<Spanned<u64>>;
    }
}

/// One combination.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its name: `lr=0.001` or `lr=0.001,warmup=100`.
    pub name: String,
    /// Its settings.
    pub train: TrainTable,
}

impl Rules for TuneTable {
    fn settle(mut self, keys: Keys) -> Option<Self> {
        if let Some(none) = self.seeds.as_ref().filter(|seeds| seeds.value == 0) {
            keys.problems.push(
                Problem::at(none.span.clone(), "nobody can choose over 0 seeds")
                    .rule("`seeds` is 1 or more"),
            );
        }
        self.span = keys.span();
        let Keys {
            table: settings,
            problems,
            ..
        } = keys;
        let before = problems.len();
        let mut tables = vec![Table {
            span: self.span.clone(),
            entries: Vec::new(),
        }];
        for entry in &settings.entries {
            let values = values(entry, problems)?;
            tables = tables
                .iter()
                .flat_map(|table| values.iter().map(move |value| with(table, entry, value)))
                .collect();
        }
        if tables.len() < 2 && problems.len() == before {
            problems.push(
                Problem::at(self.span.clone(), "there is nothing to choose from")
                    .rule("`tune` names settings of `train`, each with the values to try")
                    .help("write for instance: tune = { lr = [1e-3, 2e-3, 4e-3] }"),
            );
        }
        let candidate = |table: Table| {
            let name = name(&table);
            TrainTable::of(table, problems).map(|train| Candidate { name, train })
        };
        self.candidates = tables.into_iter().filter_map(candidate).collect();
        Some(self)
    }
}

impl TuneTable {
    /// The candidate of this name.
    pub fn candidate(&self, name: &str) -> Option<&Candidate> {
        self.candidates
            .iter()
            .find(|candidate| candidate.name == name)
    }
}

fn values<'a>(entry: &'a Entry, problems: &mut Problems) -> Option<&'a [Value]> {
    let simple = |value: &Value| !matches!(value.kind, Kind::Array(_) | Kind::Table(_));
    match &entry.value.kind {
        Kind::Array(values) if values.iter().all(simple) && !values.is_empty() => Some(values),
        _ => {
            problems.push(
                Problem::at(
                    entry.value.span.clone(),
                    format!("`{}` is no list of values to try", entry.key.as_str()),
                )
                .rule("each setting to tune has a list of numbers or words")
                .help(format!(
                    "write for instance: {} = [1e-3, 2e-3]",
                    entry.key.as_str()
                )),
            );
            None
        }
    }
}

fn with(table: &Table, entry: &Entry, value: &Value) -> Table {
    let mut table = table.clone();
    table.entries.push(Entry {
        key: entry.key.clone(),
        value: value.clone(),
    });
    table
}

fn name(table: &Table) -> String {
    let setting = |entry: &Entry| {
        let value = match &entry.value.kind {
            Kind::String(word) => word.clone(),
            _ => entry.value.describe(),
        };
        format!("{}={value}", entry.key.as_str())
    };
    table
        .entries
        .iter()
        .map(setting)
        .collect::<Vec<_>>()
        .join(",")
}
