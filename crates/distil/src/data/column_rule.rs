//! How one column of a table is read: what `[data.columns]` sets and a model stores.

use std::fmt;

use schemars::generate::SchemaGenerator;
use schemars::{JsonSchema, Schema, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    /// Numbers.
    Number,
    /// Texts of which each is a category.
    Category,
    /// Dates, times of day, or both.
    Date,
    /// Nothing that is read.
    Ignore,
}

/// How a column is read, where that is not seen from its cells; in a recipe a word names the kind alone.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct ColumnRule {
    /// What its cells are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<ColumnKind>,
    /// The decimal mark of its numbers, `.` or `,`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimal: Option<char>,
    /// What stands between thousands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thousands: Option<char>,
    /// What stands before or behind its numbers: a currency, a unit; `%` divides by 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strip: Option<String>,
    /// Cells that mean that there is no value, instead of the table's; an empty one always does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Vec<String>>,
    /// The categories of an ordinal column, the lowest first: it becomes one number, 0, 1, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Vec<String>>,
    /// How dates are written: `%d.%m.%Y`, `%Y-%m-%d`, `%b %d, %Y`; a time may follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Whether a date's time of day is read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub time: bool,
    /// Whether ln(1 + x) is taken of its numbers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub log: bool,
    /// Whether its categories are whole numbers: 1, 1.0 and 01 are the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
}

impl ColumnRule {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Serialize for ColumnRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for ColumnRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WordOrTable;

        impl<'de> Visitor<'de> for WordOrTable {
            type Value = ColumnRule;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`number`, `category`, `date`, `ignore`, or a table")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<ColumnRule, E> {
                let kind = ColumnKind::deserialize(serde::de::value::StrDeserializer::new(word))?;
                Ok(ColumnRule {
                    kind: Some(kind),
                    ..ColumnRule::default()
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ColumnRule, A::Error> {
                ColumnRule::deserialize(MapAccessDeserializer::new(map))
            }
        }

        deserializer.deserialize_any(WordOrTable)
    }
}

impl JsonSchema for ColumnRule {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ColumnRule".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let kinds = ["number", "category", "date", "ignore"];
        let texts = json_schema!({ "type": "array", "items": { "type": "string" } });
        json_schema!({
            "type": ["string", "object"],
            "properties": {
                "kind": { "enum": kinds },
                "decimal": { "type": "string" },
                "thousands": { "type": "string" },
                "strip": { "type": "string" },
                "missing": texts,
                "order": texts,
                "format": { "type": "string" },
                "time": { "type": "boolean" },
                "log": { "type": "boolean" },
                "whole": { "type": "boolean" }
            },
            "additionalProperties": false
        })
    }
}
