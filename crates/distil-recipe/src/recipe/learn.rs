//! `learn`: one distillation loss.

use std::collections::BTreeMap;

use crate::choice::Flat;
use crate::problem::{Problem, Problems, Span};
use crate::spanned::Spanned;
use crate::table::{Keys, Rules, named, one_or_many, range, table};
use crate::tree::Value;

/// The method of a term that names none.
pub const DEFAULT_METHOD: &str = "kd";
/// The share of a term that gives neither `mix` nor `add`.
pub const DEFAULT_MIX: f64 = 0.5;

table! {
    /// One distillation loss. `learn = "small"` stands for `{ from = "small" }`: kd with mix 0.5.
    #[schemars(rename = "term")]
    pub struct LearnTable from "from" with {
        /// The braces, the header in brackets, or the string.
        pub span: Option<Span>,
    } {
        /// The teacher's stage, or several whose outputs are averaged.
        // None for a method that has its own, such as `smooth`.
        #[schemars(schema_with = "one_or_many::<String>")]
        pub from: Vec<Spanned<String>>;
        /// The method; its options are all keys that the table does not have for all methods.
        pub method: Flat = DEFAULT_METHOD;
        /// The share of the label loss this term replaces; 0.5 by default. Or `add`.
        #[schemars(range(min = 0, max = 1))]
        pub mix: Option<Spanned<f64>> => range("a share from 0 to 1", |share| (0.0..=1.0).contains(&share));
        /// The coefficient of this term as an extra one. Or `mix`.
        #[schemars(range(min = 0))]
        pub add: Option<Spanned<f64>> => range("0 or more", |add| add >= 0.0);
        /// The share of the stage's steps after which the term has faded.
        #[schemars(range(min = 0, max = 1))]
        pub until: Option<Spanned<f64>> => range("a share of the stage's steps, above 0 to 1", |share| share > 0.0 && share <= 1.0);
        /// Pairs of taps: the student's and the teacher's.
        // For methods on features.
        #[schemars(with = "BTreeMap<String, String>")]
        pub layers: Vec<(Spanned<String>, Spanned<String>)> as layers;
    }
}

/// How much a term counts. A default has no span: mix 0.5.
#[derive(Clone, Debug, PartialEq)]
pub enum MixOrAdd {
    /// The share of the label loss it replaces, 0 to 1.
    Mix(Spanned<f64>),
    /// The coefficient of an extra term, 0 or more.
    Add(Spanned<f64>),
}

impl LearnTable {
    /// How much it counts.
    pub fn weight(&self) -> MixOrAdd {
        match (&self.mix, &self.add) {
            (None, Some(add)) => MixOrAdd::Add(add.clone()),
            (Some(mix), _) => MixOrAdd::Mix(mix.clone()),
            (None, None) => MixOrAdd::Mix(DEFAULT_MIX.into()),
        }
    }
}

impl Rules for LearnTable {
    fn refuse(key: &str, value: &Value, _: bool) -> Problem {
        let message = format!("`{key}` cannot be {}", value.describe());
        Problem::at(value.span.clone(), message)
            .rule("`learn` is a stage's name, a table, or an array of such")
    }

    fn settle(mut self, keys: Keys) -> Option<Self> {
        self.span = keys.span();
        if let (Some(_), Some(add)) = (&self.mix, &self.add) {
            keys.problems.push(
                Problem::at(add.span.clone(), "`mix` and `add` are both given")
                    .rule("`mix` is the share of the label loss a term replaces, `add` makes it an extra term: exactly one of them")
                    .help("remove one of the two"),
            );
        }
        if keys.failed("method") {
            return None;
        }
        self.method.table = keys.table;
        Some(self)
    }
}

fn layers(
    key: &str,
    value: Value,
    problems: &mut Problems,
) -> Option<Vec<(Spanned<String>, Spanned<String>)>> {
    let pairs = named(key, value, problems)?
        .into_iter()
        .filter_map(|entry| {
            if entry.value.as_table().is_some() {
                problems.push(
                    Problem::at(entry.value.span, "a tap's name was taken apart at its dot")
                        .rule("`layers` pairs a tap of the student with one of the teacher")
                        .help("write names with dots in quotes: { \"hidden.0\" = \"hidden.1\" }"),
                );
                return None;
            }
            let teacher = entry.value.read(&entry.key, problems)?;
            Some((entry.key, teacher))
        });
    Some(pairs.collect())
}
