//! `learn`: one distillation loss.

use crate::choice::Choice;
use crate::keys::{Keys, table_of};
use crate::problem::{Problem, Problems, Span};
use crate::spanned::Spanned;
use crate::tree::{Kind, Table, Value};

/// The method of a term that names none.
pub const DEFAULT_METHOD: &str = "kd";
/// The share of a term that gives neither `mix` nor `add`.
pub const DEFAULT_MIX: f64 = 0.5;

/// One distillation loss. `learn = "small"` stands for `{ from = "small" }`: kd with mix 0.5.
#[derive(Clone, Debug, PartialEq)]
pub struct LearnTable {
    /// The braces, the header in brackets, or the string.
    pub span: Option<Span>,
    /// The teachers; none for a method that has its own, such as `smooth`.
    pub from: Vec<Spanned<String>>,
    /// The method; its options are all other keys of the table.
    pub method: Choice,
    /// How much it counts.
    pub weight: MixOrAdd,
    /// The share of the stage's steps after which it has faded, above 0 to 1.
    pub until: Option<Spanned<f64>>,
    /// Pairs of taps, the student's and the teacher's, for methods on features.
    pub layers: Vec<(Spanned<String>, Spanned<String>)>,
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
    pub(crate) fn read(table: Table, problems: &mut Problems) -> Option<Self> {
        let mut keys = Keys::new(table, problems);
        let span = keys.span();
        let from = keys
            .take("from")
            .map_or_else(Vec::new, |value| names(value, keys.problems));
        let method = match keys.has("method") {
            true => keys.value("method"),
            false => Some(Spanned::from(DEFAULT_METHOD.to_owned())),
        };
        let weight = weight(&mut keys);
        let until = keys.value("until");
        let layers = keys
            .take("layers")
            .map_or_else(Vec::new, |value| layers(value, keys.problems));
        let table = Table {
            span: span.clone(),
            ..keys.rest()
        };
        Some(Self {
            span,
            from,
            method: Choice {
                kind: method?,
                table,
            },
            weight,
            until,
            layers,
        })
    }
}

fn weight(keys: &mut Keys) -> MixOrAdd {
    let place = keys.span();
    let mix: Option<Spanned<f64>> = keys.value("mix");
    let add: Option<Spanned<f64>> = keys.value("add");
    match (mix, add) {
        (Some(mix), Some(add)) => {
            keys.problems.push(
                Problem::at(add.span.or(place), "`mix` and `add` are both given")
                    .rule("`mix` is the share of the label loss a term replaces, `add` makes it an extra term: exactly one of them")
                    .help("remove one of the two"),
            );
            MixOrAdd::Mix(mix)
        }
        (None, Some(add)) => MixOrAdd::Add(add),
        (Some(mix), None) => MixOrAdd::Mix(mix),
        (None, None) => MixOrAdd::Mix(DEFAULT_MIX.into()),
    }
}

/// A name or an array of names.
fn names(value: Value, problems: &mut Problems) -> Vec<Spanned<String>> {
    match value.kind {
        Kind::Array(items) => items
            .iter()
            .filter_map(|item| item.read("from", problems))
            .collect(),
        _ => value.read("from", problems).into_iter().collect(),
    }
}

fn layers(value: Value, problems: &mut Problems) -> Vec<(Spanned<String>, Spanned<String>)> {
    let Some(table) = table_of("layers", value, problems) else {
        return Vec::new();
    };
    let pairs = table.entries.into_iter().filter_map(|entry| {
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
    pairs.collect()
}
