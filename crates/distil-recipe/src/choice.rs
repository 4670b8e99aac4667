//! "String or table": a name, and the options that belong to it.

use std::ops::{Deref, DerefMut};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

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

impl Default for Choice {
    /// The choice of a recipe that makes none where it must, and was reported for it: no name, nowhere.
    fn default() -> Self {
        Self::default_of("")
    }
}

impl From<&str> for Choice {
    fn from(name: &str) -> Self {
        Self::default_of(name)
    }
}

/// What a choice refers to in a schema, until its key says what it chooses from.
pub(crate) const CHOICE: &str = "#/definitions/<the key's>";

impl JsonSchema for Choice {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Choice".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "$ref": CHOICE })
    }
}

/// A choice made in an open table: one key holds the name, and the options are all the keys that the table does not ask for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flat(pub Choice);

impl Flat {
    pub(crate) fn named(kind: Spanned<String>) -> Self {
        let table = Table::default();
        Self(Choice { kind, table })
    }
}

impl From<&str> for Flat {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl Deref for Flat {
    type Target = Choice;

    fn deref(&self) -> &Choice {
        &self.0
    }
}

impl DerefMut for Flat {
    fn deref_mut(&mut self) -> &mut Choice {
        &mut self.0
    }
}

impl JsonSchema for Flat {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Flat".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}
