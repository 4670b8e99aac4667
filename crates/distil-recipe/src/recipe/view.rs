//! `view`: what a stage's model sees of the data's finest form.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::spanned::Spanned;

/// A linear reduction of the data's finest form: a table with exactly one key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// The mean over blocks of this size, one number per axis: `{ pool = [2, 5] }`.
    Pool(Spanned<Vec<u64>>),
    /// The first numbers of every sample: `{ first = 100 }`.
    First(Spanned<u64>),
    /// These columns, by name or by number from 0: `{ columns = ["age", "rooms"] }`.
    Columns(Vec<Spanned<Column>>),
    /// An image brought to this height and width: `{ resize = [4, 4] }`.
    Resize(Spanned<[u64; 2]>),
    /// Every so many-th element, one number per axis: `{ stride = [2, 2] }`.
    Stride(Spanned<Vec<u64>>),
    /// So many principal components of the training part: `{ pca = 20 }`.
    Pca(Spanned<u64>),
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// Its name in the header.
    Name(String),
    /// Its number, from 0.
    Number(u64),
}

impl<'de> Deserialize<'de> for Column {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ColumnVisitor;

        impl Visitor<'_> for ColumnVisitor {
            type Value = Column;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a column's name, or its number from 0")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Column, E> {
                Ok(Column::Name(name.to_owned()))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Column, E> {
                Ok(Column::Number(number))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Column, E> {
                let number = u64::try_from(number);
                number
                    .map(Column::Number)
                    .map_err(|_| E::custom("columns are counted from 0"))
            }
        }

        deserializer.deserialize_any(ColumnVisitor)
    }
}

impl Serialize for Column {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Column::Name(name) => serializer.serialize_str(name),
            Column::Number(number) => serializer.serialize_u64(*number),
        }
    }
}

impl JsonSchema for Column {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Column".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer"] })
    }
}
