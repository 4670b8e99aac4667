//! A whole table or value read as a type, every problem reported.

use std::cell::RefCell;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;

use super::{Reader, TableReader};
use crate::problem::{Problem, Problems, Span};
use crate::tree::{Kind, Table, Value};

impl Table {
    /// Reads the table as a parameter struct, reporting **every** problem: unknown keys at any
    /// depth, missing keys, and each value of a wrong type.
    ///
    /// `T` is a struct with `derive(Deserialize, JsonSchema)`. Give every field a default
    /// (`#[serde(default)]` on the struct) unless the user must write it. Do not use serde's
    /// `flatten`, `untagged` or `tag`: they lose places. Enums are a string or a table with one key.
    ///
    /// `None` if a value could not be read. An unknown key alone is reported and left aside.
    pub fn read<T: DeserializeOwned + JsonSchema>(&self, problems: &mut Problems) -> Option<T> {
        let mut absent = self.missing_keys::<T>();
        problems.extend(
            absent
                .iter()
                .map(|name| Problem::at(self.span.clone(), format!("`{name}` is missing"))),
        );
        let mut complete = absent.is_empty();
        let mut table = self.clone();
        loop {
            let unknown = RefCell::new(Vec::new());
            let result = T::deserialize(TableReader::new(&table, &unknown));
            problems.extend(unknown.into_inner());
            let error = match result {
                Ok(value) => return complete.then_some(value),
                Err(error) => error,
            };
            complete = false;
            let span = error.span.clone();
            // A key is no news if it was reported above, or taken out below for a wrong value.
            if !error
                .missing_key()
                .is_some_and(|name| absent.iter().any(|a| a == name))
            {
                problems.push(error.into_problem());
            }
            absent.push(span.and_then(|span| table.remove_at(&span))?);
        }
    }

    fn missing_keys<T: JsonSchema>(&self) -> Vec<String> {
        let schema = SchemaSettings::draft07()
            .into_generator()
            .into_root_schema_for::<T>();
        let required = schema.get("required").and_then(|keys| keys.as_array());
        let names = required
            .into_iter()
            .flatten()
            .filter_map(|key| key.as_str());
        names
            .filter(|name| self.get(name).is_none())
            .map(str::to_owned)
            .collect()
    }

    /// Removes the innermost entry whose value holds the place, with the tables it leaves empty, and
    /// says the key of what is gone.
    fn remove_at(&mut self, span: &Span) -> Option<String> {
        for index in 0..self.entries.len() {
            let value = &mut self.entries[index].value;
            if let Kind::Table(inner) = &mut value.kind
                && let Some(key) = inner.remove_at(span)
            {
                return match inner.is_empty() {
                    true => Some(self.entries.remove(index).key.value),
                    false => Some(key),
                };
            }
            if value.span.start <= span.start && span.end <= value.span.end {
                return Some(self.entries.remove(index).key.value);
            }
        }
        None
    }
}

impl Value {
    /// Reads one value, reporting its first problem and every unknown key in it.
    ///
    /// `key` is the name under which messages speak of it.
    pub fn read<T: DeserializeOwned>(&self, key: &str, problems: &mut Problems) -> Option<T> {
        let unknown = RefCell::new(Vec::new());
        let result = T::deserialize(Reader::new(self, &unknown));
        problems.extend(unknown.into_inner());
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                problems.push(error.under(key).into_problem());
                None
            }
        }
    }
}
