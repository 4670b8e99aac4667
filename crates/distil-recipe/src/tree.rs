//! A recipe as a tree in which every key and value knows its place.
//!
//! Serde's own tagged, untagged and flattened representations lose places; this tree does not, and
//! it owns its text.

use toml::de::{DeTable, DeValue};

use crate::name::is_in_names;
use crate::problem::{Problem, Problems, Span};
use crate::spanned::Spanned;

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// Where the value stands.
    pub span: Span,
    /// The value itself.
    pub kind: Kind,
}

/// What a value is. Dates do not occur in recipes; numbers are finite.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Text.
    String(String),
    /// A whole number.
    Integer(i64),
    /// A number with a point or an exponent.
    Float(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// A list.
    Array(Vec<Value>),
    /// A table, however it was written.
    Table(Table),
}

impl Value {
    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    fn move_to(&mut self, place: &Span) {
        self.span = place.clone();
        match &mut self.kind {
            Kind::Array(items) => items.iter_mut().for_each(|item| item.move_to(place)),
            Kind::Table(table) => *table = std::mem::take(table).all_at(place),
            _ => {}
        }
    }

    /// The entries of a table.
    pub fn as_table(&self) -> Option<&Table> {
        match &self.kind {
            Kind::Table(table) => Some(table),
            _ => None,
        }
    }

    /// What the value is, as a message names it: `the string "abc"`, `a table`, `0.5`.
    pub fn describe(&self) -> String {
        match &self.kind {
            Kind::String(text) => format!("the string {text:?}"),
            Kind::Integer(number) => number.to_string(),
            Kind::Float(number) => format!("{number:?}"),
            Kind::Boolean(truth) => truth.to_string(),
            Kind::Array(_) => "an array".to_owned(),
            Kind::Table(_) => "a table".to_owned(),
        }
    }
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key and where it was written.
    pub key: Spanned<String>,
    /// The value.
    pub value: Value,
}

/// A table of a recipe: its entries in the order in which they were written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The braces, or the header in brackets; `None` for a table nobody wrote.
    pub span: Option<Span>,
    /// The entries; no key occurs twice.
    pub entries: Vec<Entry>,
}

impl Table {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The key, its place and its value.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| *entry.key == key)
    }

    /// Takes an entry out.
    pub fn take(&mut self, key: &str) -> Option<Entry> {
        let index = self.entries.iter().position(|entry| *entry.key == key)?;
        Some(self.entries.remove(index))
    }

    /// The same with everything in it at one place: that which led to a text of its own.
    pub(crate) fn all_at(mut self, place: &Span) -> Self {
        self.span = Some(place.clone());
        for Entry { key, value } in &mut self.entries {
            key.span = Some(place.clone());
            value.move_to(place);
        }
        self
    }

    /// Whether nothing is in the table.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Parses TOML text. With a syntax error there is no tree, only problems.
pub(crate) fn parse(text: &str, problems: &mut Problems) -> Option<Table> {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        problems.extend(errors.iter().map(|error| {
            let problem =
                Problem::at(error.span(), error.message()).rule("a recipe is a TOML file");
            match error.span().and_then(|span| bare_letters(text, span.start)) {
                Some(word) => problem.help(format!("write it between quotes: \"{word}\"")),
                None => problem,
            }
        }));
        return None;
    }
    let span = document.span();
    Some(table(document.get_ref(), span, problems))
}

/// The word at this place, where it is a name that TOML wants between quotes.
fn bare_letters(text: &str, at: usize) -> Option<String> {
    let outside = |c: char| !is_in_names(c) || c == '.';
    let (before, after) = text.split_at_checked(at)?;
    let before = before.rsplit(outside).next()?;
    let after = after.split(outside).next()?;
    Some(format!("{before}{after}")).filter(|_| !after.is_ascii())
}

fn table(source: &DeTable<'_>, span: Span, problems: &mut Problems) -> Table {
    let entries = source.iter().map(|(key, item)| Entry {
        key: Spanned::at(key.span(), key.get_ref().to_string()),
        value: value(item, problems),
    });
    Table {
        span: Some(span),
        entries: entries.collect(),
    }
}

fn value(source: &toml::Spanned<DeValue<'_>>, problems: &mut Problems) -> Value {
    let span = source.span();
    let kind = match source.get_ref() {
        DeValue::String(text) => Kind::String(text.to_string()),
        DeValue::Integer(number) => Kind::Integer(
            i64::from_str_radix(number.as_str(), number.radix()).unwrap_or_else(|_| {
                problems.push(
                    Problem::at(span.clone(), "this whole number is too large").rule(format!(
                        "whole numbers lie between {} and {}",
                        i64::MIN,
                        i64::MAX
                    )),
                );
                0
            }),
        ),
        DeValue::Float(number) => {
            let number = number.as_str().parse().unwrap_or(f64::NAN);
            if !number.is_finite() {
                problems.push(
                    Problem::at(span.clone(), "this is not a finite number")
                        .rule("every number in a recipe is finite"),
                );
            }
            Kind::Float(number)
        }
        DeValue::Boolean(truth) => Kind::Boolean(*truth),
        DeValue::Datetime(date) => {
            problems.push(
                Problem::at(span.clone(), "a recipe has no dates")
                    .help(format!("write it as text: \"{date}\"")),
            );
            Kind::String(date.to_string())
        }
        DeValue::Array(items) => Kind::Array(items.iter().map(|i| value(i, problems)).collect()),
        DeValue::Table(entries) => Kind::Table(table(entries, span.clone(), problems)),
    };
    Value { span, kind }
}
