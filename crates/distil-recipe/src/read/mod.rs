//! From a tree with places to any `Deserialize` type, places kept.

mod error;
mod whole;

use std::cell::RefCell;

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use crate::problem::Problem;
use crate::spanned::{SPANNED, Spanned};
use crate::tree::{Entry, Kind, Table, Value};
pub(crate) use error::ReadError;

type Result<T> = std::result::Result<T, ReadError>;

/// Collects the unknown keys met on the way; they do not stop the reading.
type Unknown<'a> = &'a RefCell<Vec<Problem>>;

/// Deserialises a value.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    value: &'a Value,
    unknown: Unknown<'a>,
}

/// Deserialises a table.
#[derive(Clone, Copy)]
pub(crate) struct TableReader<'a> {
    table: &'a Table,
    unknown: Unknown<'a>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(value: &'a Value, unknown: Unknown<'a>) -> Self {
        Self { value, unknown }
    }

    fn any<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match &self.value.kind {
            Kind::String(text) => visitor.visit_str(text),
            Kind::Integer(number) => visitor.visit_i64(*number),
            Kind::Float(number) => visitor.visit_f64(*number),
            Kind::Boolean(truth) => visitor.visit_bool(*truth),
            Kind::Array(items) => visitor.visit_seq(Items::new(items, self.unknown)),
            Kind::Table(table) => TableReader::new(table, self.unknown).deserialize_any(visitor),
        }
    }

    fn structure<'de, V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match &self.value.kind {
            Kind::Table(table) => {
                TableReader::new(table, self.unknown).deserialize_struct("", fields, visitor)
            }
            _ => self.any(visitor),
        }
    }

    fn choice<'de, V: Visitor<'de>>(
        self,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match &self.value.kind {
            Kind::String(name) => visitor.visit_enum(Variant {
                name,
                value: None,
                unknown: self.unknown,
            }),
            Kind::Table(table) => match table.entries.as_slice() {
                [Entry { key, value }] => visitor
                    .visit_enum(Variant {
                        name: key,
                        value: Some(value),
                        unknown: self.unknown,
                    })
                    .map_err(|error| match &key.span {
                        Some(span) => error.at(span),
                        None => error,
                    }),
                entries => Err(ReadError::one_key(entries.len(), variants)),
            },
            _ => Err(ReadError::expected(
                format!("one of {}", variants.join(", ")),
                self.value.describe(),
            )),
        }
    }
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.any(visitor)
            .map_err(|error| error.at(&self.value.span))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        if name == SPANNED {
            visitor.visit_seq(SpannedParts {
                reader: self,
                next: 0,
            })
        } else {
            visitor.visit_newtype_struct(self)
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.structure(fields, visitor)
            .map_err(|error| error.at(&self.value.span))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.choice(variants, visitor)
            .map_err(|error| error.at(&self.value.span))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

impl<'a> TableReader<'a> {
    pub(crate) fn new(table: &'a Table, unknown: Unknown<'a>) -> Self {
        Self { table, unknown }
    }

    fn place(&self, error: ReadError) -> ReadError {
        match &self.table.span {
            Some(span) => error.at(span),
            None => error,
        }
    }
}

impl<'de> Deserializer<'de> for TableReader<'_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let entries = Entries::new(self.table.entries.iter().collect(), self.unknown);
        visitor
            .visit_map(entries)
            .map_err(|error| self.place(error))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let (known, others): (Vec<_>, Vec<_>) = self
            .table
            .entries
            .iter()
            .partition(|entry| fields.contains(&entry.key.as_str()));
        self.unknown
            .borrow_mut()
            .extend(others.iter().map(|entry| unknown_key(&entry.key, fields)));
        visitor
            .visit_map(Entries::new(known, self.unknown))
            .map_err(|error| self.place(error))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct option seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The items of an array, one after the other.
struct Items<'a> {
    items: std::slice::Iter<'a, Value>,
    unknown: Unknown<'a>,
}

impl<'a> Items<'a> {
    fn new(items: &'a [Value], unknown: Unknown<'a>) -> Self {
        Self {
            items: items.iter(),
            unknown,
        }
    }
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        match self.items.next() {
            Some(value) => seed
                .deserialize(Reader::new(value, self.unknown))
                .map(Some)
                .map_err(ReadError::in_array),
            None => Ok(None),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// The entries of a table, one after the other.
struct Entries<'a> {
    entries: std::vec::IntoIter<&'a Entry>,
    current: Option<&'a Entry>,
    unknown: Unknown<'a>,
}

impl<'a> Entries<'a> {
    fn new(entries: Vec<&'a Entry>, unknown: Unknown<'a>) -> Self {
        Self {
            entries: entries.into_iter(),
            current: None,
            unknown,
        }
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        self.current = self.entries.next();
        match self.current {
            Some(entry) => seed.deserialize(KeyReader(&entry.key)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        let entry = self
            .current
            .ok_or_else(|| ReadError::sentence("a value without a key"))?;
        seed.deserialize(Reader::new(&entry.value, self.unknown))
            .map_err(|error| error.under(&entry.key))
    }
}

/// Deserialises a key: a string, with its place if asked.
#[derive(Clone, Copy)]
struct KeyReader<'a>(&'a Spanned<String>);

impl<'de> Deserializer<'de> for KeyReader<'_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_str(self.0)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        match &self.0.span {
            Some(span) if name == SPANNED => {
                let reader = Reader {
                    value: &Value {
                        span: span.clone(),
                        kind: Kind::String(self.0.value.clone()),
                    },
                    unknown: &RefCell::new(Vec::new()),
                };
                visitor.visit_seq(SpannedParts { reader, next: 0 })
            }
            _ => visitor.visit_newtype_struct(self),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any option struct enum
    }
}

/// What [`Spanned`] reads: start, end, value.
struct SpannedParts<'a> {
    reader: Reader<'a>,
    next: usize,
}

impl<'de> SeqAccess<'de> for SpannedParts<'_> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        let span = &self.reader.value.span;
        self.next += 1;
        match self.next {
            1 => seed.deserialize(span.start.into_deserializer()).map(Some),
            2 => seed.deserialize(span.end.into_deserializer()).map(Some),
            3 => seed.deserialize(self.reader).map(Some),
            _ => Ok(None),
        }
    }
}

/// A variant of an enum: `"name"` or `{ name = value }`.
struct Variant<'a> {
    name: &'a str,
    value: Option<&'a Value>,
    unknown: Unknown<'a>,
}

impl<'a> Variant<'a> {
    fn content(&self) -> Result<Reader<'a>> {
        match self.value {
            Some(value) => Ok(Reader::new(value, self.unknown)),
            None => Err(ReadError::sentence(format!(
                "`{0}` needs a value: {{ {0} = … }}",
                self.name
            ))),
        }
    }
}

impl<'de> EnumAccess<'de> for Variant<'_> {
    type Error = ReadError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self)> {
        let name: StrDeserializer<'_, ReadError> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = ReadError;

    fn unit_variant(self) -> Result<()> {
        match self.value {
            None => Ok(()),
            Some(value) => Err(ReadError::sentence(format!(
                "`{0}` takes no value: write \"{0}\"",
                self.name
            ))
            .at(&value.span)),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        seed.deserialize(self.content()?)
            .map_err(|error| error.under(self.name))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        de::Deserializer::deserialize_tuple(self.content()?, len, visitor)
            .map_err(|error| error.under(self.name))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        de::Deserializer::deserialize_struct(self.content()?, "", fields, visitor)
            .map_err(|error| error.under(self.name))
    }
}

/// The problem of a key that nobody reads.
pub(crate) fn unknown_key<'a>(key: &Spanned<String>, known: &[&'a str]) -> Problem {
    let problem = Problem::at(key.span.clone(), format!("unknown key `{key}`"));
    let problem = match known {
        [] => problem.rule("this table has no keys"),
        known => problem.rule(format!("the keys here are {}", known.join(", "))),
    };
    problem.did_you_mean(key, known.iter().copied::<&'a str>())
}
