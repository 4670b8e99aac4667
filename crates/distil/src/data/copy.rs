//! Raw data in a file that several processes map: what a source read, array by array as it is held.
//!
//! `distil-data 1`, the hash of all that follows, the length of the head, the head in JSON, then the arrays in the order of the
//! head, each from a multiple of 64 bytes on, in this machine's order of bytes.

use std::collections::BTreeMap;
use std::fs::File;
use std::hash::Hasher;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};

use distil_kernels::{Mapped, Plain};
use distil_report::Part;
use distil_report::measure::TaskKind;
use serde::{Deserialize, Serialize};
use twox_hash::XxHash64;

use crate::data::held::Held;
use crate::data::raw::{Cells, Column, Group, Inputs, Moments, Picture, Raw, RawTargets, Reading};

const MAGIC: &[u8; 16] = b"distil-data 1\n\0\0";
/// Where the head begins, behind hash and length.
const HEAD: usize = 32;
/// What arrays begin at a multiple of.
const STEP: usize = 64;
/// A cell without a category.
const NONE: u32 = u32::MAX;

/// Everything but the long arrays.
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
pub fn bytes(raw: &Raw) -> u64 {
    let bytes = match &raw.inputs {
        Inputs::Block { values, .. } => 4 * values.len(),
        Inputs::Bytes { values, .. } => values.len(),
        Inputs::Table(columns) => 4 * columns.len() * raw.len(),
    };
    bytes as u64
}

/// Writes data as a source reads it; what stands beside it, answers and new data's ids, is not in it.
///
/// # Errors
/// What the system says.
pub fn write(raw: &Raw, file: &File) -> io::Result<()> {
    let head = serde_json::to_vec(&head(raw)).map_err(io::Error::other)?;
    let mut out = Hashed {
        file: BufWriter::with_capacity(1 << 20, file),
        hash: XxHash64::with_seed(0),
        at: HEAD,
    };
    out.file.write_all(&[0; HEAD])?;
    out.bytes(&head)?;
    match &raw.inputs {
        Inputs::Block { values, .. } => out.array(values, f32::to_ne_bytes)?,
        Inputs::Bytes { values, .. } => out.array(values, |byte| [byte])?,
        Inputs::Table(columns) => {
            for column in columns {
                match &column.cells {
                    Cells::Numeric(values) => out.array(values, f32::to_ne_bytes)?,
                    Cells::Categorical { codes, .. } => {
                        let codes: Vec<u32> = codes.iter().map(|c| c.unwrap_or(NONE)).collect();
                        out.array(&codes, u32::to_ne_bytes)?;
                    }
                }
            }
        }
    }
    match &raw.targets {
        None => {}
        Some(RawTargets::Classes { labels, .. }) => out.array(labels, u32::to_ne_bytes)?,
        Some(RawTargets::Values { values, .. } | RawTargets::Labels { values, .. }) => {
            out.array(values, f32::to_ne_bytes)?;
        }
    }
    if let Some(hashes) = &raw.hashes {
        out.array(hashes, u64::to_ne_bytes)?;
    }
    for values in raw.wide.values() {
        out.array(values, f64::to_ne_bytes)?;
    }
    if let Some(weights) = &raw.weights {
        out.array(weights, f32::to_ne_bytes)?;
    }
    for moments in &raw.moments {
        out.array(&moments.values, f64::to_ne_bytes)?;
    }
    let hash = out.hash.finish();
    out.file.seek(SeekFrom::Start(0))?;
    out.file.write_all(MAGIC)?;
    out.file.write_all(&hash.to_ne_bytes())?;
    out.file.write_all(&(head.len() as u64).to_ne_bytes())?;
    out.file.flush()
}

/// Data that [`write`] wrote, its inputs mapped; `None` where the file is another or damaged.
pub fn read(file: &File) -> Option<Raw> {
    let mapped = Mapped::new(file).ok()?;
    let bytes = mapped.bytes();
    let rest = bytes.strip_prefix(MAGIC)?;
    let (hash, rest) = rest.split_first_chunk::<8>()?;
    let (length, rest) = rest.split_first_chunk::<8>()?;
    if XxHash64::oneshot(0, rest) != u64::from_ne_bytes(*hash) {
        return None;
    }
    let length = usize::try_from(u64::from_ne_bytes(*length)).ok()?;
    let head: Head = serde_json::from_slice(rest.get(..length)?).ok()?;
    let mut arrays = Arrays {
        file: &mapped,
        at: HEAD + length,
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
                    Some(levels) => {
                        let codes: Held<u32> = arrays.next(rows, &[])?;
                        let code = |code: &u32| (*code != NONE).then_some(*code);
                        Cells::Categorical {
                            levels,
                            codes: codes.iter().map(code).collect(),
                        }
                    }
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
            labels: arrays.next(rows, &[])?.into_vec(),
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
        true => Some(arrays.next(rows, &[])?.into_vec()),
    };
    let wide = head.wide.into_iter().map(|(name, width)| {
        let values = arrays.next(rows, &[width])?.into_vec();
        Some((name, values))
    });
    let wide = wide.collect::<Option<_>>()?;
    let weights = match head.weights {
        false => None,
        true => Some(arrays.next(rows, &[])?.into_vec()),
    };
    let moments = head.moments.into_iter().map(|(name, dates)| {
        let values = arrays.next(rows, &[])?.into_vec();
        Some(Moments {
            name,
            values,
            dates,
        })
    });
    // All of it by name: what is forgotten here would be lost to every trial.
    Some(Raw {
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
    })
}

fn head(raw: &Raw) -> Head {
    let rows = raw.len();
    let form = |column: &Column| {
        let levels = match &column.cells {
            Cells::Numeric(_) => None,
            Cells::Categorical { levels, .. } => Some(levels.clone()),
        };
        (column.name.clone(), levels)
    };
    let targets = raw.targets.as_ref();
    let wide = raw.wide.iter();
    Head {
        rows: rows as u64,
        inputs: match &raw.inputs {
            Inputs::Block { shape, .. } => Form::Block(shape.clone()),
            Inputs::Bytes { shape, .. } => Form::Bytes(shape.clone()),
            Inputs::Table(columns) => Form::Table(columns.iter().map(form).collect()),
        },
        targets: targets.map(|targets| (targets.kind(), targets.names().to_vec())),
        groups: raw.groups.clone(),
        ids: raw.ids.clone(),
        files: raw.files.clone(),
        weights: raw.weights.is_some(),
        moments: raw
            .moments
            .iter()
            .map(|m| (m.name.clone(), m.dates))
            .collect(),
        official: raw.official.clone(),
        picture: raw.picture.clone(),
        names: raw.rows.clone(),
        hash: raw.hash.clone(),
        hashes: raw.hashes.is_some(),
        wide: wide
            .map(|(name, values)| (name.clone(), values.len() / rows.max(1)))
            .collect(),
        notes: raw.notes.clone(),
        reading: raw.reading.clone(),
    }
}

/// Where the next array begins.
fn aligned(at: usize) -> usize {
    at.next_multiple_of(STEP)
}

struct Hashed<'a> {
    file: BufWriter<&'a File>,
    hash: XxHash64,
    at: usize,
}

impl Hashed<'_> {
    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.write(bytes);
        self.at += bytes.len();
        self.file.write_all(bytes)
    }

    fn array<T: Copy, const N: usize>(
        &mut self,
        values: &[T],
        written: impl Fn(T) -> [u8; N],
    ) -> io::Result<()> {
        let gap = aligned(self.at) - self.at;
        self.bytes(&[0; STEP][..gap])?;
        let mut piece = Vec::with_capacity(N << 14);
        for values in values.chunks(1 << 14) {
            piece.clear();
            piece.extend(values.iter().flat_map(|value| written(*value)));
            self.bytes(&piece)?;
        }
        Ok(())
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
        Some(Held::Shared(values))
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
                codes: vec![Some(1), None, Some(0)],
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
            weights: Some(vec![1.0, 2.5, 0.5]),
            moments: vec![Moments {
                name: "day".into(),
                values: vec![0.5, 1.0, 19_000.25],
                dates: true,
            }],
            official: Some(vec![Part::Train, Part::Validation, Part::Test]),
            wide: Wide::from([
                ("x".into(), vec![0.1, f64::NAN, 1e300]),
                ("y".into(), vec![1.0; 3]),
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
            labels: vec![1, 0],
        };
        Raw {
            rows: Some(vec!["1.png".into(), "2.png".into()]),
            hashes: Some(vec![5, u64::MAX]),
            ..Raw::new(inputs, Some(targets), "other".into())
        }
    }

    #[test]
    fn data_comes_back_as_it_was_and_its_inputs_are_not_copied() {
        for raw in [table(), pictures()] {
            let file = tempfile::tempfile().unwrap();
            write(&raw, &file).unwrap();
            let back = read(&file).unwrap();
            assert_eq!(format!("{back:?}"), format!("{raw:?}"));
            match &back.inputs {
                Inputs::Bytes { values, .. } => assert!(values.is_shared()),
                Inputs::Table(columns) => {
                    assert!(matches!(&columns[0].cells, Cells::Numeric(x) if x.is_shared()));
                }
                Inputs::Block { .. } => unreachable!(),
            }
        }
    }

    #[test]
    fn a_copy_with_any_byte_changed_or_cut_short_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("copy");
        write(&table(), &File::create(&path).unwrap()).unwrap();
        let whole = std::fs::read(&path).unwrap();
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
