//! Named numbers that survive JSON even when they are not finite.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Numbers by name, in alphabetical order: metrics of one evaluation, loss terms of one step, gradient norms by layer.
///
/// JSON has no NaN and no infinity; they are written as the strings `"nan"`, `"inf"` and `"-inf"` and read back as numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Numbers(BTreeMap<String, f64>);

impl Deref for Numbers {
    type Target = BTreeMap<String, f64>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Numbers {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<K: Into<String>, const N: usize> From<[(K, f64); N]> for Numbers {
    fn from(pairs: [(K, f64); N]) -> Self {
        pairs.into_iter().collect()
    }
}

impl<K: Into<String>> FromIterator<(K, f64)> for Numbers {
    fn from_iter<I: IntoIterator<Item = (K, f64)>>(pairs: I) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value))
                .collect(),
        )
    }
}

impl<'a> IntoIterator for &'a Numbers {
    type Item = (&'a String, &'a f64);
    type IntoIter = std::collections::btree_map::Iter<'a, String, f64>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// A float as JSON holds it.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Finite(f64),
    Word(String),
}

impl Written {
    fn from_number(value: f64) -> Self {
        if value.is_finite() {
            Self::Finite(value)
        } else if value.is_nan() {
            Self::Word("nan".into())
        } else {
            Self::Word(if value > 0.0 { "inf" } else { "-inf" }.into())
        }
    }

    fn number(self) -> Result<f64, String> {
        match self {
            Self::Finite(value) => Ok(value),
            Self::Word(word) => match word.as_str() {
                "nan" => Ok(f64::NAN),
                "inf" => Ok(f64::INFINITY),
                "-inf" => Ok(f64::NEG_INFINITY),
                _ => Err(format!("`{word}` is not a number")),
            },
        }
    }
}

impl Serialize for Numbers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            self.0
                .iter()
                .map(|(name, value)| (name, Written::from_number(*value))),
        )
    }
}

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::<String, Written>::deserialize(deserializer)?
            .into_iter()
            .map(|(name, written)| Ok((name, written.number().map_err(D::Error::custom)?)))
            .collect()
    }
}

/// `#[serde(with = "crate::record::numbers::float")]` for one float that may not be finite.
pub mod float {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Written};
    use serde::de::Error as _;

    /// Writes `value`, as a word where it is not finite.
    pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        Written::from_number(*value).serialize(serializer)
    }

    /// Reads a number or one of the three words.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Written::deserialize(deserializer)?
            .number()
            .map_err(D::Error::custom)
    }
}

/// `#[serde(default, with = "crate::record::numbers::maybe")]` for one float that may be unknown (null) or not finite.
pub mod maybe {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Written};
    use serde::de::Error as _;

    /// Writes `value`, as a word where it is not finite.
    pub fn serialize<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
        value.map(Written::from_number).serialize(serializer)
    }

    /// Reads null, a number or one of the three words.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<f64>, D::Error> {
        let written = Option::<Written>::deserialize(deserializer)?;
        written
            .map(Written::number)
            .transpose()
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_not_finite_come_back_from_json() -> Result<(), serde_json::Error> {
        let numbers = Numbers::from([
            ("a", f64::INFINITY),
            ("b", f64::NEG_INFINITY),
            ("c", f64::NAN),
            ("d", 0.1),
        ]);
        let text = serde_json::to_string(&numbers)?;
        assert_eq!(text, r#"{"a":"inf","b":"-inf","c":"nan","d":0.1}"#);
        let back: Numbers = serde_json::from_str(&text)?;
        assert_eq!(back["a"], f64::INFINITY);
        assert_eq!(back["b"], f64::NEG_INFINITY);
        assert!(back["c"].is_nan());
        assert_eq!(back["d"], 0.1);
        assert!(serde_json::from_str::<Numbers>(r#"{"a":"many"}"#).is_err());
        Ok(())
    }
}
