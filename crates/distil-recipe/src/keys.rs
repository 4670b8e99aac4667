//! Reading a table key by key, with every key nobody asked for reported in the end.

use serde::de::DeserializeOwned;

use crate::choice::Choice;
use crate::problem::{Problem, Problems, Span};
use crate::read::unknown_key;
use crate::spanned::Spanned;
use crate::tree::{Kind, Table, Value};

/// A table that is being read.
pub(crate) struct Keys<'p> {
    table: Table,
    asked: Vec<&'static str>,
    pub(crate) problems: &'p mut Problems,
}

impl<'p> Keys<'p> {
    pub(crate) fn new(table: Table, problems: &'p mut Problems) -> Self {
        Self {
            table,
            asked: Vec::new(),
            problems,
        }
    }

    pub(crate) fn span(&self) -> Option<Span> {
        self.table.span.clone()
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.get(key).is_some()
    }

    /// The raw value of a key.
    pub(crate) fn take(&mut self, key: &'static str) -> Option<Value> {
        self.asked.push(key);
        self.table.take(key).map(|entry| entry.value)
    }

    /// A typed value.
    pub(crate) fn value<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<T> {
        self.take(key)?.read(key, self.problems)
    }

    /// A typed value, or a default.
    pub(crate) fn value_or<T: DeserializeOwned>(
        &mut self,
        key: &'static str,
        default: T,
    ) -> Spanned<T> {
        self.value(key).unwrap_or_else(|| Spanned::from(default))
    }

    /// A string or a table with `kind`.
    pub(crate) fn choice(&mut self, key: &'static str) -> Option<Choice> {
        let value = self.take(key)?;
        Choice::read(key, value, "kind", self.problems)
    }

    /// A table.
    pub(crate) fn table(&mut self, key: &'static str) -> Option<Table> {
        let value = self.take(key)?;
        table_of(key, value, self.problems)
    }

    /// Reports a key that must be there.
    pub(crate) fn missing(&mut self, key: &str, help: &str) {
        let problem = Problem::at(self.span(), format!("`{key}` is missing"));
        self.problems.push(problem.help(help));
    }

    /// Reports every key that was not asked for.
    pub(crate) fn finish(self) {
        let unknown = self
            .table
            .entries
            .iter()
            .map(|entry| unknown_key(&entry.key, &self.asked));
        self.problems.extend(unknown);
    }

    /// What nobody asked for, to be read by someone else.
    pub(crate) fn rest(self) -> Table {
        self.table
    }
}

/// The value as a table, or a problem.
pub(crate) fn table_of(key: &str, value: Value, problems: &mut Problems) -> Option<Table> {
    let found = value.describe();
    match value.kind {
        Kind::Table(table) => Some(table),
        _ => {
            problems.push(Problem::at(
                value.span,
                format!("`{key}` must be a table, not {found}"),
            ));
            None
        }
    }
}

/// The value as a table; a string stands for a table that has it under `obvious`.
pub(crate) fn string_or_table(
    key: &str,
    value: Value,
    obvious: &str,
    problems: &mut Problems,
) -> Option<Table> {
    match &value.kind {
        Kind::String(_) => {
            let span = value.span.clone();
            let key = Spanned::at(span.clone(), obvious.to_owned());
            Some(Table {
                span: Some(span),
                entries: vec![crate::tree::Entry { key, value }],
            })
        }
        Kind::Table(_) => table_of(key, value, problems),
        _ => {
            let message = format!(
                "`{key}` must be a string or a table, not {}",
                value.describe()
            );
            problems.push(Problem::at(value.span, message));
            None
        }
    }
}
