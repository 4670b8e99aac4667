//! The file of hashes beside a model: what it, or a model it started or learnt from, was trained or chosen on.
//!
//! The first line is the format's name and version, the second a JSON object that says how the rows were hashed and, for each
//! section, its columns and its number of rows; then follow the sections' hashes one after the other, 8 bytes each, least
//! significant first. It tells who was in the data, so `export` leaves it behind.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::damaged;
use crate::data::SeenRows;
use crate::error::Result;

const FORMAT: &str = "distil rows 1";

/// How rows are hashed: see [`crate::data::RowHashes`]. Another way of hashing gets another name.
const HASH: &str = "xxh64-1";

#[derive(Serialize, Deserialize)]
struct Head {
    hash: String,
    whole: bool,
    sections: Vec<Section>,
}

#[derive(Serialize, Deserialize)]
struct Section {
    columns: Vec<String>,
    rows: usize,
}

/// The file.
pub(super) fn to_bytes(seen: &SeenRows) -> Vec<u8> {
    let sections = seen.sections.iter().map(|(columns, hashes)| Section {
        columns: columns.clone(),
        rows: hashes.len(),
    });
    let head = Head {
        hash: HASH.into(),
        whole: seen.whole,
        sections: sections.collect(),
    };
    let head = serde_json::to_string(&head).unwrap_or_default();
    let mut bytes = format!("{FORMAT}\n{head}\n").into_bytes();
    let hashes = seen.sections.values().flatten();
    bytes.reserve_exact(8 * seen.sections.values().map(Vec::len).sum::<usize>());
    bytes.extend(hashes.flat_map(|hash| hash.to_le_bytes()));
    bytes
}

/// What a file says; one that is hashed in another way tells nothing that could be compared.
pub(super) fn from_bytes(path: &Path, bytes: &[u8]) -> Result<SeenRows> {
    let refuse = |reason: &str| damaged(path, reason.into());
    let mut lines = bytes.splitn(3, |byte| *byte == b'\n');
    if lines.next() != Some(FORMAT.as_bytes()) {
        return Err(refuse(
            "it is written in a format this program does not read",
        ));
    }
    let head: Head = serde_json::from_slice(lines.next().unwrap_or_default()).map_err(|e| {
        damaged(
            path,
            format!("its second line is not what Distil writes ({e})"),
        )
    })?;
    if head.hash != HASH {
        return Ok(SeenRows::unknown());
    }
    let (hashes, rest) = lines.next().unwrap_or_default().as_chunks::<8>();
    let mut hashes = hashes.iter().map(|bytes| u64::from_le_bytes(*bytes));
    let mut seen = SeenRows {
        whole: head.whole,
        ..SeenRows::default()
    };
    for Section { columns, rows } in head.sections {
        let section: Vec<u64> = hashes.by_ref().take(rows).collect();
        if section.len() != rows || !section.is_sorted() {
            return Err(refuse("its hashes are not those its second line promises"));
        }
        seen.sections.insert(columns, section);
    }
    if hashes.next().is_some() || !rest.is_empty() {
        return Err(refuse("more follows than its second line promises"));
    }
    Ok(seen)
}
