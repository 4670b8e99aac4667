//! Text that is not UTF-8.

use std::borrow::Cow;
use std::fmt;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{DecoderResult, Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize, Serializer};

use crate::data::source::lines::line_ends;
use crate::error::{Error, Result};

/// An encoding of text, by any of the names that the Encoding Standard (WHATWG) knows it by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TextEncoding(&'static Encoding);

impl TextEncoding {
    /// As it is written in a recipe.
    pub fn name(self) -> String {
        self.0.name().to_lowercase()
    }
}

impl fmt::Debug for TextEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl Serialize for TextEncoding {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name())
    }
}

impl<'de> Deserialize<'de> for TextEncoding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let known = Encoding::for_label_no_replacement(name.as_bytes());
        known.map(Self).ok_or_else(|| {
            D::Error::custom(format!(
                "`{name}` is no encoding that is known here; for instance gb18030, big5, shift_jis, euc-kr, utf-16le, windows-1252"
            ))
        })
    }
}

impl JsonSchema for TextEncoding {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "TextEncoding".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

/// A file's text in UTF-8, and what is to be said of it: read by the encoding that is named, unless it plainly is UTF-8. Where none is named only UTF-16
/// is refused here; other bytes that are no UTF-8 are for whoever finds them in a cell ([`refused`]).
pub fn utf8<'a>(
    file: &str,
    bytes: &'a [u8],
    named: Option<TextEncoding>,
) -> Result<(Cow<'a, [u8]>, Option<String>)> {
    let Some(named) = named else {
        return match utf16(bytes) {
            Some(found) => Err(not_utf8(file, "this", bytes, Some(found))),
            None => Ok((bytes.into(), None)),
        };
    };
    if named.0 == UTF_8 {
        return Ok((bytes.into(), None));
    }
    if is_plainly_utf8(bytes, named) {
        let note = format!(
            "{file} is UTF-8, not {}, and was read as that",
            named.name()
        );
        return Ok((bytes.into(), Some(note)));
    }
    match decoded(bytes, named) {
        Ok(text) => Ok((text.into_bytes().into(), None)),
        Err(at) => {
            let line = line_ends(&bytes[..at]) + 1;
            Err(Error::input(
                format!("{file}, line {line}"),
                format!("this is not {}", named.name()),
            )
            .remedy(match guess(bytes) {
                Some(other) if other != named && !other.0.is_single_byte() => {
                    format!("Write `encoding = \"{}\"`", other.name())
                }
                _ => "Name the file's encoding with `encoding`, or save it as UTF-8".into(),
            }))
        }
    }
}

/// Why bytes that are no UTF-8 are not read, with what they are most likely. `what` is what holds them.
pub fn refused(place: &str, cell: &[u8], file: &[u8]) -> Error {
    let what = format!("`{}`", String::from_utf8_lossy(cell));
    not_utf8(place, &what, cell, guess(file))
}

fn not_utf8(place: &str, what: &str, sample: &[u8], found: Option<TextEncoding>) -> Error {
    let Some(found) = found else {
        return Error::input(place, format!("{what} is not UTF-8 text"))
            .remedy("Save the file as UTF-8");
    };
    let name = found.name();
    let reason = match decoded(sample, found) {
        Ok(text) if what != "this" => format!(
            "{what} is not UTF-8 text, but most likely {name}: `{}`",
            text.trim()
        ),
        _ => format!("{what} is not UTF-8 text, but most likely {name}"),
    };
    Error::input(place, reason).remedy(format!(
        "Write `encoding = \"{name}\"` where the recipe names the file, in [data] or `answers`, or save it as UTF-8"
    ))
}

/// What text is most likely encoded in, if not in UTF-8; none where it is UTF-8, damaged or not.
pub fn guess(bytes: &[u8]) -> Option<TextEncoding> {
    if let Some(found) = utf16(bytes) {
        return Some(found);
    }
    if std::str::from_utf8(bytes).is_ok() || is_damaged_utf8(bytes) {
        return None;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let found = match detector.guess(None, Utf8Detection::Deny) {
        found if found == GBK => GB18030,
        found => found,
    };
    decoded(bytes, TextEncoding(found))
        .ok()
        .map(|_| TextEncoding(found))
}

/// UTF-16, by its mark or by the zero bytes beside what is ASCII.
fn utf16(bytes: &[u8]) -> Option<TextEncoding> {
    if let Some((found, _)) = Encoding::for_bom(bytes) {
        return (found != UTF_8).then_some(TextEncoding(found));
    }
    const LOOKED_AT: usize = 4096;
    let head = &bytes[..bytes.len().min(LOOKED_AT)];
    let zeros = |of: usize| {
        head.iter()
            .skip(of)
            .step_by(2)
            .filter(|byte| **byte == 0)
            .count()
    };
    match (zeros(0), zeros(1)) {
        (0, 1..) => Some(TextEncoding(UTF_16LE)),
        (1.., 0) => Some(TextEncoding(UTF_16BE)),
        _ => None,
    }
    .filter(|found| decoded(bytes, *found).is_ok_and(|text| !text.contains('\0')))
}

/// Whether bytes are UTF-8 beyond a doubt, another encoding being named: a mark at their head, or characters of more than one byte. Of two bytes
/// only where the named one has none such: those of some Chinese words are UTF-8 as well.
fn is_plainly_utf8(bytes: &[u8], named: TextEncoding) -> bool {
    let long = |c: char| c.len_utf8() > if named.0.is_single_byte() { 1 } else { 2 };
    std::str::from_utf8(bytes).is_ok_and(|text| text.chars().any(long))
}

/// Whether more of the bytes beyond ASCII are UTF-8 than not.
fn is_damaged_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += chunk.invalid().len();
    }
    good > bad
}

/// The text, without the mark at its head; or where it first cannot be read.
fn decoded(bytes: &[u8], encoding: TextEncoding) -> std::result::Result<String, usize> {
    let mut decoder = encoding.0.new_decoder_with_bom_removal();
    let mut text = String::with_capacity(
        decoder
            .max_utf8_buffer_length_without_replacement(bytes.len())
            .unwrap_or(bytes.len()),
    );
    match decoder.decode_to_string_without_replacement(bytes, &mut text, true) {
        (DecoderResult::InputEmpty, _) => Ok(text),
        (_, read) => Err(read),
    }
}
