//! "String or table": a name, and the options that belong to it.

use crate::problem::{Problem, Problems};
use crate::spanned::Spanned;
use crate::tree::{Kind, Table, Value};

/// A name chosen from a registry and its options.
///
/// `samples = "random"` and `samples = { kind = "random", fraction = 0.5 }` are both choices.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The name.
    pub kind: Spanned<String>,
    /// The options: every other key of the table.
    pub table: Table,
}

impl Choice {
    /// A default: a name without options that nobody wrote.
    pub fn default_of(name: &str) -> Self {
        Self {
            kind: Spanned::from(name.to_owned()),
            table: Table::default(),
        }
    }

    /// The choice of a recipe that makes none where it must, and was reported for it: no name, nowhere.
    pub(crate) fn missing() -> Self {
        Self::default_of("")
    }

    /// Whether this stands for a choice that was reported as missing.
    pub fn is_missing(&self) -> bool {
        self.kind.is_empty() && !self.kind.is_written()
    }

    /// A string, or a table in which `kind_key` holds the name.
    pub(crate) fn read(
        key: &str,
        value: Value,
        kind_key: &str,
        problems: &mut Problems,
    ) -> Option<Self> {
        let Value { span, kind } = value;
        match kind {
            Kind::String(name) => Some(Self {
                kind: Spanned::at(span.clone(), name),
                table: Table {
                    span: Some(span),
                    entries: Vec::new(),
                },
            }),
            Kind::Table(mut table) => {
                let Some(entry) = table.take(kind_key) else {
                    problems.push(
                        Problem::at(span, format!("`{key}` does not say its `{kind_key}`"))
                            .rule(format!("a table here names its `{kind_key}`")),
                    );
                    return None;
                };
                let kind = entry.value.read(kind_key, problems)?;
                Some(Self { kind, table })
            }
            kind => {
                let found = Value {
                    span: span.clone(),
                    kind,
                }
                .describe();
                problems.push(Problem::at(
                    span,
                    format!("`{key}` must be a string or a table, not {found}"),
                ));
                None
            }
        }
    }
}
