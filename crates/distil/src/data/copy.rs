//! Raw data in a file that several processes map: what a source read, array by array as it is held.
//!
//! `distil-data 2`, the hash of all from the byte 64 on, where the head begins and how long it is; from the byte 64 on the arrays in
//! the order of the head, each from a multiple of 64 bytes on, in this machine's order of bytes; last the head in JSON.

use std::collections::BTreeMap;
use std::fs::File;
use std::hash::Hasher;
use std::io::{self, Seek, SeekFrom, Write};
use std::sync::Arc;

use distil_kernels::{Mapped, Plain, bytes_of};
use distil_report::measure::TaskKind;
use distil_report::{EqualSamples, Part};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use twox_hash::XxHash64;

use crate::data::codes::Codes;
use crate::data::found::Found;
use crate::data::growing::FREE;
use crate::data::held::Held;
use crate::data::prepare::{Preprocessing, Scaling};
use crate::data::private;
use crate::data::raw::{Cells, Column, Group, Inputs, Moments, Picture, Raw, RawTargets, Reading};
use crate::data::rows::RowHashes;
use crate::data::split::{Split, SplitRule};
use crate::sample::SampleId;

const MAGIC: &[u8; 16] = b"distil-data 2\n\0\0";
/// What arrays begin at a multiple of.
const STEP: usize = 64;
/// Bytes hashed at once.
const PIECE: usize = 1 << 20;

/// Everything but the long arrays.
#[derive(Serialize, Deserialize)]
struct Whole {
    raw: Head,
    found: Option<FoundHead>,
}

/// What was found out about the data, without its long arrays.
#[derive(Serialize, Deserialize)]
struct FoundHead {
    rule: SplitRule,
    scaling: Scaling,
    /// Of the hashes.
    columns: Vec<String>,
    rows: u64,
    /// Samples to train on, to choose by and to test on.
    parts: [u64; 3],
    preprocessing: Preprocessing,
    equal: Option<EqualSamples>,
    notes: Vec<String>,
    traps: Vec<String>,
}

/// Of the data.
#[derive(Serialize, Deserialize)]
struct Head {
    rows: u64,
    inputs: Form,
    targets: Option<(TaskKind, Vec<String>)>,
    groups: Vec<Group>,
    ids: Vec<Group>,
    files: BTreeMap<Part, String>,
    weights: bool,
    /// Names, and whether they are dates.
    moments: Vec<(String, bool)>,
    official: Option<Vec<Part>>,
    picture: Option<Picture>,
    names: Option<Vec<String>>,
    hash: String,
    hashes: bool,
    /// Names, and numbers of each row.
    wide: Vec<(String, usize)>,
    notes: Vec<String>,
    reading: Option<Reading>,
}

#[derive(Serialize, Deserialize)]
enum Form {
    Block(Vec<usize>),
    Bytes(Vec<usize>),
    /// Names, and the levels of columns of text.
    Table(Vec<(String, Option<Vec<String>>)>),
}

/// Bytes the inputs of raw data take.
pub fn bytes(raw: &Raw) -> usize {
    match &raw.inputs {
        Inputs::Block { values, .. } => size_of_val(&values[..]),
        Inputs::Bytes { values, .. } => values.len(),
        Inputs::Table(columns) => 4 * columns.len() * raw.len(),
    }
}

/// Writes data as a source read it, and what was found out about it, into a private file; what stands beside it, answers and new data's ids, is not in it. A block that
/// was read into a private file of its own is not written again: that file becomes the copy.
///
/// # Errors
/// What the system says.
pub fn write(raw: &Raw, found: Option<&Found>) -> io::Result<Arc<NamedTempFile>> {
    // All of it by name: what is forgotten here would be lost to every trial.
    let Raw {
        inputs,
        targets,
        groups,
        ids,
        files,
        weights,
        moments,
        official,
        picture,
        rows: names,
        hash,
        hashes,
        wide,
        notes,
        answers: _,
        reading,
    } = raw;
    let head = Head {
        rows: raw.len() as u64,
        inputs: Form::of(inputs),
        targets: targets
            .as_ref()
            .map(|targets| (targets.kind(), targets.names().to_vec())),
        groups: groups.clone(),
        ids: ids.clone(),
        files: files.clone(),
        weights: weights.is_some(),
        moments: moments.iter().map(|m| (m.name.clone(), m.dates)).collect(),
        official: official.clone(),
        picture: picture.clone(),
        names: names.clone(),
        hash: hash.clone(),
        hashes: hashes.is_some(),
        wide: wide
            .iter()
            .map(|(name, values)| (name.clone(), values.len() / raw.len().max(1)))
            .collect(),
        notes: notes.clone(),
        reading: reading.clone(),
    };
    let own = match inputs {
        Inputs::Block { values, .. } => values.file(),
        Inputs::Bytes { values, .. } => values.file(),
        Inputs::Table(_) => None,
    };
    let file = match own {
        Some(file) => Arc::clone(file),
        None => Arc::new(private::begin()?),
    };
    let mut out = Writer {
        file: file.as_file(),
        at: FREE,
    };
    match inputs {
        _ if own.is_some() => out.at += bytes(raw),
        Inputs::Block { values, .. } => out.array(values)?,
        Inputs::Bytes { values, .. } => out.array(values)?,
        Inputs::Table(columns) => {
            for column in columns {
                match &column.cells {
                    Cells::Numeric(values) => out.array(values)?,
                    Cells::Categorical { codes, .. } => out.array(codes.held())?,
                }
            }
        }
    }
    match targets {
        None => {}
        Some(RawTargets::Classes { labels, .. }) => out.array(labels)?,
        Some(RawTargets::Values { values, .. } | RawTargets::Labels { values, .. }) => {
            out.array(values)?;
        }
    }
    if let Some(hashes) = hashes {
        out.array(hashes)?;
    }
    for values in wide.values() {
        out.array(values)?;
    }
    if let Some(weights) = weights {
        out.array(weights)?;
    }
    for moments in moments {
        out.array(&moments.values)?;
    }
    let found = match found {
        Some(found) => Some(write_found(found, &mut out)?),
        None => None,
    };
    out.end(&Whole { raw: head, found })?;
    Ok(file)
}

fn write_found(found: &Found, out: &mut Writer<'_>) -> io::Result<FoundHead> {
    let Found {
        rule,
        scaling,
        hashes: RowHashes { columns, hashes },
        split,
        preprocessing,
        equal,
        notes,
        traps,
    } = found;
    let Split {
        train,
        validation,
        test,
    } = split;
    out.array(hashes)?;
    let parts = [train, validation, test];
    for part in parts {
        let rows: Vec<u32> = part.iter().map(|id| id.0).collect();
        out.array(&rows)?;
    }
    Ok(FoundHead {
        rule: rule.clone(),
        scaling: *scaling,
        columns: columns.clone(),
        rows: hashes.len() as u64,
        parts: parts.map(|part| part.len() as u64),
        preprocessing: preprocessing.clone(),
        equal: *equal,
        notes: notes.clone(),
        traps: traps.clone(),
    })
}

/// Data that [`write`] wrote, its long arrays mapped where they are long; `None` where the file is another or damaged.
pub fn read(file: &File) -> Option<(Raw, Option<Found>)> {
    let mapped = match file.metadata().ok()?.len() < private::least() as u64 {
        true => Mapped::copied(file).ok()?,
        false => Mapped::new(file).ok()?,
    };
    let (first, rest) = mapped.bytes().split_at_checked(FREE)?;
    let (hash, first) = first.strip_prefix(MAGIC)?.split_first_chunk::<8>()?;
    let (start, first) = first.split_first_chunk::<8>()?;
    let (length, free) = first.split_first_chunk::<8>()?;
    if free.iter().any(|byte| *byte != 0) || hash_of(&mapped, rest) != u64::from_ne_bytes(*hash) {
        return None;
    }
    let [start, length] = [start, length].map(|place| u64::from_ne_bytes(*place));
    let (start, length) = (usize::try_from(start).ok()?, usize::try_from(length).ok()?);
    let head = mapped.bytes().get(start..)?;
    if head.len() != length {
        return None;
    }
    let Whole { raw: head, found } = serde_json::from_slice(head).ok()?;
    let mut arrays = Arrays {
        file: &mapped,
        at: FREE,
    };
    let rows = usize::try_from(head.rows).ok()?;
    let inputs = match head.inputs {
        Form::Block(shape) => Inputs::Block {
            values: arrays.next(rows, &shape)?,
            shape,
        },
        Form::Bytes(shape) => Inputs::Bytes {
            values: arrays.next(rows, &shape)?,
            shape,
        },
        Form::Table(columns) => {
            let columns = columns.into_iter().map(|(name, levels)| {
                let cells = match levels {
                    None => Cells::Numeric(arrays.next(rows, &[])?),
                    Some(levels) => Cells::Categorical {
                        levels,
                        codes: Codes::marked(arrays.next(rows, &[])?),
                    },
                };
                Some(Column { name, cells })
            });
            Inputs::Table(columns.collect::<Option<_>>()?)
        }
    };
    let targets = match head.targets {
        None => None,
        Some((TaskKind::Classification, names)) => Some(RawTargets::Classes {
            names,
            labels: arrays.next(rows, &[])?,
        }),
        Some((TaskKind::Regression, names)) => Some(RawTargets::Values {
            values: arrays.next(rows, &[names.len()])?.into_vec(),
            names,
        }),
        Some((TaskKind::MultiLabel, names)) => Some(RawTargets::Labels {
            values: arrays.next(rows, &[names.len()])?.into_vec(),
            names,
        }),
    };
    let hashes = match head.hashes {
        false => None,
        true => Some(arrays.next(rows, &[])?),
    };
    let wide = head.wide.into_iter();
    let wide = wide.map(|(name, width)| Some((name, arrays.next(rows, &[width])?)));
    let wide = wide.collect::<Option<_>>()?;
    let weights = match head.weights {
        false => None,
        true => Some(arrays.next(rows, &[])?),
    };
    let moments = head.moments.into_iter().map(|(name, dates)| {
        let values = arrays.next(rows, &[])?.into_vec();
        Some(Moments {
            name,
            values,
            dates,
        })
    });
    // All of it by name, as above.
    let raw = Raw {
        inputs,
        targets,
        groups: head.groups,
        ids: head.ids,
        files: head.files,
        weights,
        moments: moments.collect::<Option<_>>()?,
        official: head.official,
        picture: head.picture,
        rows: head.names,
        hash: head.hash,
        hashes,
        wide,
        notes: head.notes,
        answers: BTreeMap::new(),
        reading: head.reading,
    };
    let found = match found {
        None => None,
        Some(head) => Some(read_found(head, &mut arrays)?),
    };
    mapped.give_back();
    Some((raw, found))
}

fn read_found(head: FoundHead, arrays: &mut Arrays<'_>) -> Option<Found> {
    let hashes = RowHashes {
        columns: head.columns,
        hashes: arrays.next(usize::try_from(head.rows).ok()?, &[])?,
    };
    let mut part = |rows: u64| -> Option<Arc<[SampleId]>> {
        let rows: Held<u32> = arrays.next(usize::try_from(rows).ok()?, &[])?;
        Some(rows.iter().map(|row| SampleId(*row)).collect())
    };
    let [train, validation, test] = head.parts;
    Some(Found {
        rule: head.rule,
        scaling: head.scaling,
        hashes,
        split: Split {
            train: part(train)?,
            validation: part(validation)?,
            test: part(test)?,
        },
        preprocessing: head.preprocessing,
        equal: head.equal,
        notes: head.notes,
        traps: head.traps,
    })
}

impl Form {
    fn of(inputs: &Inputs) -> Self {
        let column = |column: &Column| {
            let levels = match &column.cells {
                Cells::Numeric(_) => None,
                Cells::Categorical { levels, .. } => Some(levels.clone()),
            };
            (column.name.clone(), levels)
        };
        match inputs {
            Inputs::Block { shape, .. } => Self::Block(shape.clone()),
            Inputs::Bytes { shape, .. } => Self::Bytes(shape.clone()),
            Inputs::Table(columns) => Self::Table(columns.iter().map(column).collect()),
        }
    }
}

/// Where the next array begins.
fn aligned(at: usize) -> usize {
    at.next_multiple_of(STEP)
}

fn hash_of(file: &Mapped, bytes: &[u8]) -> u64 {
    let mut hash = XxHash64::with_seed(0);
    for piece in bytes.chunks(PIECE) {
        hash.write(piece);
        file.passed(piece.len());
    }
    file.give_back();
    hash.finish()
}

struct Writer<'a> {
    file: &'a File,
    at: usize,
}

impl Writer<'_> {
    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.at += bytes.len();
        self.file.write_all(bytes)
    }

    fn array<T: Plain>(&mut self, values: &[T]) -> io::Result<()> {
        self.at = aligned(self.at);
        self.file.seek(SeekFrom::Start(self.at as u64))?;
        bytes_of(values)
            .chunks(PIECE)
            .try_for_each(|piece| self.bytes(piece))
    }

    fn end(&mut self, head: &Whole) -> io::Result<()> {
        self.at = aligned(self.at);
        self.file.seek(SeekFrom::Start(self.at as u64))?;
        let start = self.at;
        let head = serde_json::to_vec(head).map_err(io::Error::other)?;
        self.bytes(&head)?;
        let mapped = Mapped::new(self.file)?;
        let hash = hash_of(&mapped, mapped.bytes().get(FREE..).unwrap_or_default());
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(MAGIC)?;
        for number in [hash, start as u64, head.len() as u64] {
            self.file.write_all(&number.to_ne_bytes())?;
        }
        self.file.flush()
    }
}

struct Arrays<'a> {
    file: &'a Mapped,
    at: usize,
}

impl Arrays<'_> {
    /// The next array: of each row so many numbers as this shape has.
    fn next<T: Plain>(&mut self, rows: usize, shape: &[usize]) -> Option<Held<T>> {
        let count = shape
            .iter()
            .try_fold(rows, |count, axis| count.checked_mul(*axis))?;
        let start = aligned(self.at);
        let values = self.file.slice(start, count)?;
        self.at = start + count * size_of::<T>();
        Some(Held::Mapped(values, None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::raw::Wide;

    fn table() -> Raw {
        let number = Column {
            name: "x".into(),
            cells: Cells::Numeric(vec![0.1, f32::NAN, -0.0].into()),
        };
        let text = Column {
            name: "c".into(),
            cells: Cells::Categorical {
                levels: vec!["a".into(), "b".into()],
                codes: vec![Some(1), None, Some(0)].into(),
            },
        };
        let targets = RawTargets::Values {
            names: vec!["y".into(), "z".into()],
            values: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        };
        Raw {
            groups: vec![Group {
                name: "g".into(),
                members: vec!["one".into()],
                codes: vec![0; 3],
            }],
            ids: vec![Group {
                name: "patient_id".into(),
                members: vec!["p".into(), "q".into()],
                codes: vec![0, 1, 0],
            }],
            files: [(Part::Test, "its hash".into())].into(),
            weights: Some(vec![1.0, 2.5, 0.5].into()),
            moments: vec![Moments {
                name: "day".into(),
                values: vec![0.5, 1.0, 19_000.25],
                dates: true,
            }],
            official: Some(vec![Part::Train, Part::Validation, Part::Test]),
            wide: Wide::from([
                ("x".into(), vec![0.1, f64::NAN, 1e300].into()),
                ("y".into(), vec![1.0; 3].into()),
            ]),
            notes: vec!["a note".into()],
            reading: Some(Reading {
                delimiter: ';',
                numeric: vec!["x".into()],
                ..Reading::default()
            }),
            ..Raw::new(
                Inputs::Table(vec![number, text]),
                Some(targets),
                "hash".into(),
            )
        }
    }

    fn pictures() -> Raw {
        let inputs = Inputs::Bytes {
            shape: vec![1, 3],
            values: vec![7, 8, 9, 10, 11, 12].into(),
        };
        let targets = RawTargets::Classes {
            names: vec!["a".into(), "b".into()],
            labels: vec![1, 0].into(),
        };
        Raw {
            picture: Some(Picture {
                height: 1,
                width: 1,
                channels: 3,
                full: 255.0,
            }),
            rows: Some(vec!["1.png".into(), "2.png".into()]),
            hashes: Some(vec![5, u64::MAX].into()),
            ..Raw::new(inputs, Some(targets), "other".into())
        }
    }

    /// What data holds, field by field: all by name, so that a new field is asked for here.
    fn fields(raw: &Raw) -> [(&'static str, bool); 15] {
        let Raw {
            inputs,
            targets,
            groups,
            ids,
            files,
            weights,
            moments,
            official,
            picture,
            rows,
            hash,
            hashes,
            wide,
            notes,
            // Read anew beside the copy.
            answers: _,
            reading,
        } = raw;
        [
            ("inputs", !inputs.is_empty()),
            ("targets", targets.is_some()),
            ("groups", !groups.is_empty()),
            ("ids", !ids.is_empty()),
            ("files", !files.is_empty()),
            ("weights", weights.is_some()),
            ("moments", !moments.is_empty()),
            ("official", official.is_some()),
            ("picture", picture.is_some()),
            ("rows", rows.is_some()),
            ("hash", !hash.is_empty()),
            ("hashes", hashes.is_some()),
            ("wide", !wide.is_empty()),
            ("notes", !notes.is_empty()),
            ("reading", reading.is_some()),
        ]
    }

    #[test]
    fn every_field_of_data_is_in_what_the_copy_is_tested_with() {
        let (table, pictures) = (table(), pictures());
        for ((name, first), (_, second)) in fields(&table).into_iter().zip(fields(&pictures)) {
            assert!(first || second, "no data that is tested has {name}");
        }
    }

    #[test]
    fn data_comes_back_as_it_was_and_its_inputs_are_not_copied() {
        for raw in [table(), pictures()] {
            let rule = SplitRule {
                test: 0.34,
                validation: 0.33,
                official: raw.official.is_some(),
                ..SplitRule::default()
            };
            let official = raw.official.as_ref();
            let found = official.map(|_| Found::of(&raw, &rule, Scaling::None).unwrap());
            let file = write(&raw, found.as_ref()).unwrap();
            let (back, found_back) = read(file.as_file()).unwrap();
            assert_eq!(found_back, found);
            assert_eq!(format!("{back:?}"), format!("{raw:?}"));
            match &back.inputs {
                Inputs::Bytes { values, .. } => assert!(values.is_mapped()),
                Inputs::Table(columns) => {
                    assert!(matches!(&columns[0].cells, Cells::Numeric(x) if x.is_mapped()));
                }
                Inputs::Block { .. } => unreachable!(),
            }
        }
    }

    #[test]
    fn a_copy_with_any_byte_changed_or_cut_short_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("copy");
        let whole = std::fs::read(write(&table(), None).unwrap().path()).unwrap();
        let of = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            read(&File::open(&path).unwrap())
        };
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 4;
            assert!(of(&damaged).is_none(), "byte {at}");
            assert!(of(&whole[..at]).is_none(), "{at} bytes");
        }
        assert!(of(&whole).is_some());
    }
}
