//! Registries: the named things a recipe can choose from.

use std::ops::Deref;

use schemars::generate::SchemaGenerator;
use schemars::{JsonSchema, Schema};
use serde::{Serialize, Serializer};

use crate::choice::Choice;
use crate::problem::{Problem, Problems};
use crate::tree::Table;

/// One thing that a recipe can choose. Write it with [`entry!`](crate::entry).
pub struct Registered<T: 'static> {
    /// The name in the recipe.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// Reads its options: what is made of them, and the options with every default filled in.
    pub read: fn(&Table, &mut Problems) -> Option<Chosen<T>>,
    /// The schema of its options.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
}

/// What a recipe chose from a registry.
#[derive(Clone, Debug)]
pub struct Chosen<T> {
    /// Its name in the registry.
    pub name: &'static str,
    /// What its options make of it.
    pub value: T,
    /// Its options with every default filled in, without its name.
    pub settings: toml::Table,
}

impl<T> Chosen<T> {
    /// The choice written out: its name under `kind_key`, then its options.
    pub fn table(&self, kind_key: &str) -> toml::Table {
        let mut table = toml::Table::from_iter([(kind_key.to_owned(), self.name.into())]);
        table.extend(self.settings.clone());
        table
    }
}

impl<T> Deref for Chosen<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Serialize for Chosen<T> {
    /// As [`Chosen::table`] with its name under `kind`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.table("kind").serialize(serializer)
    }
}

/// A static list of entries of one sort.
pub struct Registry<T: 'static> {
    /// What messages call one of them: "method", "model".
    pub noun: &'static str,
    /// The entries, in the order in which lists show them.
    pub entries: &'static [Registered<T>],
}

impl<T> Registry<T> {
    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.entries.iter().map(|entry| entry.name)
    }

    /// Finds the chosen entry and reads its options, once.
    ///
    /// `None`, with at least one problem, if the name is unknown or an option cannot be read; without another one if the
    /// recipe was reported for making no choice.
    pub fn resolve(&self, choice: &Choice, problems: &mut Problems) -> Option<Chosen<T>> {
        let name = choice.kind.as_str();
        let Some(entry) = self.entries.iter().find(|entry| entry.name == name) else {
            if !choice.is_missing() {
                problems.push(self.unknown(choice));
            }
            return None;
        };
        (entry.read)(&choice.table, problems)
    }

    fn unknown(&self, choice: &Choice) -> Problem {
        let names: Vec<_> = self.names().collect();
        Problem::at(
            choice.kind.span.clone(),
            format!("there is no {} `{}`", self.noun, choice.kind),
        )
        .rule(format!("the {} is one of {}", self.noun, names.join(", ")))
        .did_you_mean(&choice.kind, names)
    }
}

/// What the recipe's schema needs to know of a registry, whatever it makes.
pub trait Kinds {
    /// Every name with its summary and the schema of its options.
    fn kinds(&self, generator: &mut SchemaGenerator) -> Vec<KindSchema>;
}

/// One name of a registry for the schema.
pub struct KindSchema {
    /// The name.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// The schema of its options.
    pub schema: Schema,
}

impl<T> Kinds for Registry<T> {
    fn kinds(&self, generator: &mut SchemaGenerator) -> Vec<KindSchema> {
        let entries = self.entries.iter();
        entries
            .map(|entry| KindSchema {
                name: entry.name,
                summary: entry.summary,
                schema: (entry.schema)(generator),
            })
            .collect()
    }
}

/// The schema of a parameter struct itself, not a reference to it: what [`Registered::schema`] returns.
pub fn options_schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    T::json_schema(generator)
}

/// Options as a table, every default filled in.
pub fn settings_of<T: Serialize>(parameters: &T) -> toml::Table {
    toml::Table::try_from(parameters).unwrap_or_default()
}

/// One line of a registry: name, summary, parameter struct and what is made of it.
///
/// ```
/// use distil_recipe::{Registry, entry};
/// # #[derive(Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
/// # #[serde(default)]
/// # struct Mlp { hidden: Vec<usize> }
/// # enum Family { Mlp(Mlp) }
/// static MODELS: Registry<Family> = Registry {
///     noun: "model",
///     entries: &[entry!("mlp", "fully connected layers", Mlp => Family::Mlp)],
/// };
/// ```
///
/// For a boxed trait object write `Kd => |kd| Box::new(kd)`.
#[macro_export]
macro_rules! entry {
    ($name:expr, $summary:expr, $parameters:ty => $make:expr) => {
        $crate::registry::Registered {
            name: $name,
            summary: $summary,
            read: |table, problems| {
                let parameters: $parameters = table.read(problems)?;
                Some($crate::Chosen {
                    name: $name,
                    settings: $crate::registry::settings_of(&parameters),
                    value: ($make)(parameters),
                })
            },
            schema: $crate::registry::options_schema::<$parameters>,
        }
    };
}
