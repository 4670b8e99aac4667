//! Tables of a recipe. A table is declared once, by [`table!`]: from that follow how it is read, its schema and what `--set` knows.

use std::fmt::Display;
use std::ops::RangeInclusive;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use crate::choice::{CHOICE, Choice, Flat};
use crate::problem::{Problem, Problems, Span};
use crate::read::unknown_key;
use crate::spanned::Spanned;
use crate::tree::{Entry, Kind, Table, Value};

/// Declares a table of the recipe, a key a line, with what the schema says of it:
///
/// ```text
/// pub struct Name from "key" with { … } {
///     /// What it is.
///     pub key: Type as reader [needed "help"] = default => range("above 0", |value| value > 0.0);
/// }
/// ```
///
/// All but the key and its type may be left out. `from`: the key that holds a string written in the table's place. `with`: fields
/// that are no keys. `pub field("key")`: a field that has another name than its key. `as`: a function that reads it, for a type that
/// is no [`Field`]. `[needed "help"]`: the key must be written; without help the table's [`Rules`] say so. What has no default has its
/// type's.
macro_rules! table {
    (@key $field:ident) => { stringify!($field) };
    (@key $field:ident $key:literal) => { $key };
    (@is) => { false };
    (@is $needed:ident) => { true };
    (@default) => { Default::default() };
    (@default $default:expr) => { $default.into() };
    (@reader $type:ty) => { <$type as $crate::table::Field>::read };
    (@reader $type:ty, $reader:path) => { $reader };
    (@strings $key:expr, $found:ident, $type:ty) => { <$type as $crate::table::Field>::strings($key, $found) };
    (@strings $key:expr, $found:ident, $type:ty, $reader:path) => {};
    (
        $(#[$meta:meta])*
        pub struct $name:ident $(from $string:literal)?
        $(with { $($(#[$note:meta])* pub $extra:ident: $extra_type:ty,)* })?
        {
            $(
                $(#[$doc:meta])*
                pub $field:ident $(($key:literal))?: $type:ty
                $(as $reader:path)? $([$needed:ident $($help:expr)?])? $(= $default:expr)? $(=> $range:expr)?;
            )*
        }
    ) => {
        #[derive(Clone, Debug, PartialEq, schemars::JsonSchema)]
        #[schemars(transform = $name::complete)]
        $(#[$meta])*
        pub struct $name {
            $($($(#[$note])* #[schemars(skip)] pub $extra: $extra_type,)*)?
            $(
                $(#[$doc])*
                $(#[schemars(rename = $key)])?
                $(#[schemars(extend("default" = $default))])?
                pub $field: $type,
            )*
        }

        impl $name {
            /// Reads the table, reporting everything that is wrong with it.
            pub(crate) fn of(table: $crate::tree::Table, problems: &mut $crate::problem::Problems) -> Option<Self> {
                let mut keys = $crate::table::Keys::new(table, problems);
                let read = Self {
                    $($($extra: Default::default(),)*)?
                    $($field: {
                        let key = table!(@key $field $($key)?);
                        $($(keys.needed(key, $help);)?)?
                        let read: Option<$type> = keys.read(key, table!(@reader $type $(, $reader)?));
                        let read: $type = read.unwrap_or_else(|| table!(@default $($default)?));
                        $($crate::table::within(key, &read, $range, keys.problems);)?
                        read
                    },)*
                };
                $crate::table::Rules::settle(read, keys)
            }

            fn complete(schema: &mut schemars::Schema) {
                let keys = [$((table!(@key $field $($key)?), table!(@is $($needed)?))),*];
                $crate::table::complete(schema, &keys);
            }
        }

        impl Default for $name {
            /// What a table says in which nothing is written.
            fn default() -> Self {
                Self {
                    $($($extra: Default::default(),)*)?
                    $($field: table!(@default $($default)?),)*
                }
            }
        }

        impl $crate::table::Field for $name {
            fn read(key: &str, value: $crate::tree::Value, problems: &mut $crate::problem::Problems) -> Option<Self> {
                let string = None$(.or(Some($string)))?;
                let refuse = <Self as $crate::table::Rules>::refuse;
                let table = $crate::table::table_of(key, value, string, refuse, problems)?;
                Self::of(table, problems)
            }

            #[allow(unused_variables)] // A table without `from`.
            fn strings(key: &'static str, found: &mut Vec<[&'static str; 2]>) {
                $(found.push([key, $string]);)?
                $(table!(@strings table!(@key $field $($key)?), found, $type $(, $reader)?);)*
            }
        }
    };
}
pub(crate) use table;

/// What can stand under a key.
pub(crate) trait Field: Sized {
    /// Reads the value of a key; `None` if it was reported.
    fn read(key: &str, value: Value, problems: &mut Problems) -> Option<Self>;

    /// Adds this key and all below it under which a string stands for a table, each with the key that then holds the string.
    fn strings(_key: &'static str, _found: &mut Vec<[&'static str; 2]>) {}
}

impl<T: DeserializeOwned> Field for Spanned<T> {
    fn read(key: &str, value: Value, problems: &mut Problems) -> Option<Self> {
        value.read(key, problems)
    }
}

impl<T: Field> Field for Option<T> {
    fn read(key: &str, value: Value, problems: &mut Problems) -> Option<Self> {
        T::read(key, value, problems).map(Some)
    }

    fn strings(key: &'static str, found: &mut Vec<[&'static str; 2]>) {
        T::strings(key, found);
    }
}

impl<T: Field> Field for Vec<T> {
    /// One, or an array of them.
    fn read(key: &str, value: Value, problems: &mut Problems) -> Option<Self> {
        let values = match value.kind {
            Kind::Array(values) => values,
            _ => vec![value],
        };
        let read = |value| T::read(key, value, problems);
        Some(values.into_iter().filter_map(read).collect())
    }

    fn strings(key: &'static str, found: &mut Vec<[&'static str; 2]>) {
        T::strings(key, found);
    }
}

impl Field for Choice {
    fn read(key: &str, value: Value, problems: &mut Problems) -> Option<Self> {
        Self::read(key, value, "kind", problems)
    }

    fn strings(key: &'static str, found: &mut Vec<[&'static str; 2]>) {
        found.push([key, "kind"]);
    }
}

impl Field for Flat {
    fn read(key: &str, value: Value, problems: &mut Problems) -> Option<Self> {
        value.read(key, problems).map(Self::named)
    }
}

/// What a table says beyond its keys.
pub(crate) trait Rules: Sized {
    /// Why a value cannot be this table; `string`: whether a string may stand for it.
    fn refuse(key: &str, value: &Value, string: bool) -> Problem {
        no_table(key, value, string)
    }

    /// Checks what was read, and says what becomes of the keys nobody asked for; `None` if nothing can be made of the table.
    fn settle(self, keys: Keys) -> Option<Self> {
        keys.finish();
        Some(self)
    }
}

/// The problem of a value that is no table.
pub(crate) fn no_table(key: &str, value: &Value, string: bool) -> Problem {
    let wanted = match string {
        true => "a string or a table",
        false => "a table",
    };
    let message = format!("`{key}` must be {wanted}, not {}", value.describe());
    Problem::at(value.span.clone(), message)
}

/// The value as a table; a string stands for the table that has it under the key `string`.
pub(crate) fn table_of(
    key: &str,
    value: Value,
    string: Option<&str>,
    refuse: impl Fn(&str, &Value, bool) -> Problem,
    problems: &mut Problems,
) -> Option<Table> {
    match (&value.kind, string) {
        (Kind::Table(_), _) => match value.kind {
            Kind::Table(table) => Some(table),
            _ => None,
        },
        (Kind::String(_), Some(string)) => {
            let span = value.span.clone();
            let key = Spanned::at(span.clone(), string.to_owned());
            Some(Table {
                span: Some(span),
                entries: vec![Entry { key, value }],
            })
        }
        _ => {
            problems.push(refuse(key, &value, string.is_some()));
            None
        }
    }
}

/// The entries of a table whose keys are names.
pub(crate) fn named(key: &str, value: Value, problems: &mut Problems) -> Option<Vec<Entry>> {
    table_of(key, value, None, no_table, problems).map(|table| table.entries)
}

/// An array of names.
pub(crate) fn names(
    key: &str,
    value: Value,
    problems: &mut Problems,
) -> Option<Option<Vec<Spanned<String>>>> {
    match value.kind {
        Kind::Array(items) => {
            let names = items.iter().filter_map(|item| item.read(key, problems));
            Some(Some(names.collect()))
        }
        _ => {
            let message = format!(
                "`{key}` must be an array of names, not {}",
                value.describe()
            );
            problems.push(Problem::at(value.span, message));
            None
        }
    }
}

/// A table that is being read.
pub(crate) struct Keys<'p> {
    /// What nobody asked for so far.
    pub(crate) table: Table,
    asked: Vec<&'static str>,
    /// Those that were there, and whether they could be read.
    found: Vec<(&'static str, bool)>,
    pub(crate) problems: &'p mut Problems,
}

impl<'p> Keys<'p> {
    pub(crate) fn new(table: Table, problems: &'p mut Problems) -> Self {
        Self {
            table,
            asked: Vec::new(),
            found: Vec::new(),
            problems,
        }
    }

    pub(crate) fn span(&self) -> Option<Span> {
        self.table.span.clone()
    }

    /// The value of a key, if it was written and could be read.
    pub(crate) fn read<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&str, Value, &mut Problems) -> Option<T>,
    ) -> Option<T> {
        self.asked.push(key);
        let entry = self.table.take(key)?;
        let value = read(key, entry.value, self.problems);
        self.found.push((key, value.is_some()));
        value
    }

    /// Whether a key was written.
    pub(crate) fn had(&self, key: &str) -> bool {
        self.found.iter().any(|(found, _)| *found == key)
    }

    /// Whether a key was written and could not be read.
    pub(crate) fn failed(&self, key: &'static str) -> bool {
        self.found.contains(&(key, false))
    }

    /// Reports a key that must be there, unless it is.
    pub(crate) fn needed(&mut self, key: &str, help: &str) {
        if self.table.get(key).is_none() {
            let problem = Problem::at(self.span(), format!("`{key}` is missing"));
            self.problems.push(problem.help(help));
        }
    }

    /// Reports every key that was not asked for.
    pub(crate) fn finish(self) {
        let entries = self.table.entries.iter();
        let unknown = entries.map(|entry| unknown_key(&entry.key, &self.asked));
        self.problems.extend(unknown);
    }
}

/// A number of a recipe.
pub(crate) trait Number: Copy + Display {
    fn finite(self) -> bool;
}

impl Number for u64 {
    fn finite(self) -> bool {
        true
    }
}

impl Number for f64 {
    fn finite(self) -> bool {
        self.is_finite()
    }
}

/// A number that may be absent.
pub(crate) trait Optional {
    type Number: Number;

    fn number(&self) -> Option<&Spanned<Self::Number>>;
}

impl<T: Number> Optional for Spanned<T> {
    type Number = T;

    fn number(&self) -> Option<&Self> {
        Some(self)
    }
}

impl<T: Number> Optional for Option<Spanned<T>> {
    type Number = T;

    fn number(&self) -> Option<&Spanned<T>> {
        self.as_ref()
    }
}

/// Where a number lies for which `holds` is true, in words: what is said of one for which it is false.
pub(crate) fn range(words: &str, holds: impl Fn(f64) -> bool) -> impl Fn(f64) -> Option<String> {
    move |number| (!holds(number)).then(|| words.to_owned())
}

/// Where a count lies; of one that is too small only the smallest is said.
pub(crate) fn count(range: RangeInclusive<u64>) -> impl Fn(u64) -> Option<String> {
    let (least, most) = range.into_inner();
    move |number| match number {
        _ if number < least => Some(format!("{least} or more")),
        _ if number > most => Some(format!("{least} to {most}")),
        _ => None,
    }
}

/// Reports a number of which `range` says that it must lie elsewhere.
pub(crate) fn within<T: Optional>(
    key: &str,
    value: &T,
    range: impl Fn(T::Number) -> Option<String>,
    problems: &mut Problems,
) {
    let Some(number) = value.number() else {
        return;
    };
    // A number that is not finite has been reported already.
    if number.value.finite()
        && let Some(range) = range(number.value)
    {
        problems.push(
            Problem::at(number.span.clone(), format!("`{key}` is {}", number.value))
                .rule(format!("`{key}` is {range}")),
        );
    }
}

/// Completes a table's schema: which keys must be written, that there are no others, and what each choice chooses from, which has
/// the name of its key.
pub(crate) fn complete(schema: &mut Schema, keys: &[(&str, bool)]) {
    schema.remove("required");
    let needed = keys.iter().filter(|(_, needed)| *needed);
    let needed: Vec<_> = needed.map(|(key, _)| *key).collect();
    if !needed.is_empty() {
        schema.insert("required".to_owned(), json!(needed));
    }
    if schema.get("additionalProperties").is_none() {
        schema.insert("additionalProperties".to_owned(), json!(false));
    }
    let properties = schema.get_mut("properties").and_then(Json::as_object_mut);
    for (key, property) in properties.into_iter().flatten() {
        choose_from(key, property);
    }
}

fn choose_from(name: &str, schema: &mut Json) {
    match schema {
        Json::String(reference) if reference == CHOICE => {
            *reference = format!("#/definitions/{name}");
        }
        Json::Array(items) => items.iter_mut().for_each(|item| choose_from(name, item)),
        Json::Object(keywords) => keywords
            .values_mut()
            .for_each(|value| choose_from(name, value)),
        _ => {}
    }
}

/// The schema of one value, or an array of them.
pub(crate) fn one_or_many<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    let one = generator.subschema_for::<T>();
    json_schema!({ "oneOf": [one, { "type": "array", "items": one }] })
}
