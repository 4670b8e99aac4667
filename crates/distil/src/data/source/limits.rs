//! How much is read at most: the one place that says so.

use std::fmt;
use std::io::Read;
use std::path::Path;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::data::growing::Growing;
use crate::data::held::Held;
use crate::error::{Error, Result};

/// Bytes read at once.
const PIECE: u64 = 1 << 20;
/// Bytes of one file, and of what it unpacks to.
const FILE: u64 = 4_000_000_000;
/// Bytes all samples take as they are held: on the disk, where memory is too small.
const HELD: u64 = 32_000_000_000;
/// Pixels of one picture: 16,384 × 16,384.
const PIXELS: u64 = 1 << 28;

/// `limit = "20 GB"`: how many bytes are read and held at most, in place of the usual limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(pub u64);

/// The limits of one reading.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    file: u64,
    held: u64,
    pixels: u64,
    /// Whether pipes and devices are read, once and up to the limit.
    pub streams: bool,
}

impl Limits {
    /// Of data to train on, which the run and every trial read anew.
    pub fn training(limit: Option<Limit>) -> Self {
        match limit {
            None => Self {
                file: FILE,
                held: HELD,
                pixels: PIXELS,
                streams: false,
            },
            // A pixel takes up to four bytes.
            Some(Limit(bytes)) => Self {
                file: bytes,
                held: bytes,
                pixels: bytes / 4,
                streams: false,
            },
        }
    }

    /// Of new data, which is read once.
    pub fn new_data(limit: Option<Limit>) -> Self {
        Self {
            streams: true,
            ..Self::training(limit)
        }
    }

    /// All bytes of a file, or of what is unpacked from it: about so many.
    pub fn read(
        &self,
        place: impl fmt::Display,
        from: impl Read,
        expected: u64,
    ) -> Result<Held<u8>> {
        let mut from = from.take(self.file.saturating_add(1));
        let mut bytes = Growing::expecting(expected.min(self.file) as usize);
        let mut piece = Vec::new();
        loop {
            let read = from.by_ref().take(PIECE).read_to_end(&mut piece);
            let read = read.map_err(|error| Error::io(Path::new(&place.to_string()), &error))?;
            if (read as u64) < PIECE && bytes.len() == 0 {
                self.check_file(place, read as u64)?;
                return Ok(piece.into());
            }
            if read == 0 {
                self.check_file(place, bytes.len() as u64)?;
                return bytes.finish();
            }
            bytes.extend(&piece)?;
            piece.clear();
        }
    }

    /// Refuses a file of so many bytes, or one that unpacks to them.
    pub fn check_file(&self, place: impl fmt::Display, bytes: u64) -> Result<()> {
        match bytes <= self.file {
            true => Ok(()),
            false => Err(self.refuse(place, "the file holds", None, self.file)),
        }
    }

    /// Refuses `samples` that take `each` bytes as they are held.
    pub fn check_held(&self, place: impl fmt::Display, samples: usize, each: usize) -> Result<()> {
        match (samples as u64).checked_mul(each as u64) {
            Some(bytes) if bytes <= self.held => Ok(()),
            bytes => Err(self.refuse(place, "its samples take", bytes, self.held)),
        }
    }

    /// Why a picture of this size is not decoded.
    pub fn check_pixels(&self, [height, width]: [usize; 2]) -> std::result::Result<(), String> {
        match (height as u64).checked_mul(width as u64) {
            Some(pixels) if pixels <= self.pixels => Ok(()),
            _ => Err(format!(
                "{height} × {width} pixels, where a picture of at most {} pixels is decoded",
                self.pixels
            )),
        }
    }

    fn refuse(&self, place: impl fmt::Display, what: &str, bytes: Option<u64>, most: u64) -> Error {
        let bytes = match bytes {
            Some(bytes) => format!("{what} {}, where", written(bytes)),
            None => format!("{what} more than"),
        };
        let most = match bytes.ends_with("where") {
            true => format!("{} are read at most", written(most)),
            false => format!("{}, the most that is read", written(most)),
        };
        Error::input(place, format!("{bytes} {most}")).remedy(match self.streams {
            true => "Give it in smaller parts",
            false => "If that is meant, raise the limit with `[data] limit = \"…\"`, for example \"20 GB\"",
        })
    }
}

const UNITS: [(&str, u64); 5] = [
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

fn written(bytes: u64) -> String {
    let (unit, size) = UNITS
        .into_iter()
        .find(|(_, size)| bytes >= *size)
        .unwrap_or(("B", 1));
    let whole = bytes as f64 / size as f64;
    match bytes.is_multiple_of(size) {
        true => format!("{} {unit}", bytes / size),
        false => format!("{whole:.1} {unit}"),
    }
}

fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len());
    let number: f64 = text[..end].trim().parse().ok()?;
    let unit = match text[end..].trim() {
        "" => "B",
        unit => unit,
    };
    let (_, size) = UNITS
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
    let bytes = number * size as f64;
    // Up to 2^53 a number of bytes is exact; nobody holds more.
    (1.0..9e15).contains(&bytes).then_some(bytes as u64)
}

impl Serialize for Limit {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct LimitVisitor;

        impl Visitor<'_> for LimitVisitor {
            type Value = Limit;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a number of bytes such as \"20 GB\"")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> std::result::Result<Limit, E> {
                parse(text).map(Limit).ok_or_else(|| {
                    E::custom(format!("`{text}` is no number of bytes such as \"20 GB\""))
                })
            }

            fn visit_u64<E: serde::de::Error>(self, bytes: u64) -> std::result::Result<Limit, E> {
                match bytes {
                    0 => Err(E::custom("a limit of 0 bytes reads nothing")),
                    bytes => Ok(Limit(bytes)),
                }
            }

            fn visit_i64<E: serde::de::Error>(self, bytes: i64) -> std::result::Result<Limit, E> {
                let bytes = u64::try_from(bytes);
                self.visit_u64(bytes.map_err(|_| E::custom("a limit is no negative number"))?)
            }
        }

        deserializer.deserialize_any(LimitVisitor)
    }
}

impl JsonSchema for Limit {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Limit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer"] })
    }
}
