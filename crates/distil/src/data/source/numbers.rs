//! NumPy arrays, and lines of numbers without a header, of data whose shape is known.

use std::path::Path;

use distil_report::measure::TaskKind;

use crate::data::held::Held;
use crate::data::raw::{Inputs, RawTargets};
use crate::data::source::arrays::{Archive, find_npy, inputs, targets};
use crate::data::source::file::{hash_of, read_within};
use crate::data::source::limits::Limits;
use crate::data::source::pairs::no_array;
use crate::error::{Error, Result};
use crate::weights::sha256;

/// Inputs of a known shape and, where the file has them, labels.
pub struct Numbers {
    /// A block of that shape.
    pub inputs: Inputs,
    /// A class per row, below `classes`.
    pub labels: Option<Held<u32>>,
    /// SHA-256 of the (unpacked) file.
    pub hash: String,
}

/// Reads `.npy`, `.npz` (arrays `inputs` and, if it has it, `labels`), or lines of comma-separated
/// numbers, each a sample and perhaps its class, from 0, at the end.
pub fn read_numbers(path: &Path, shape: &[usize], classes: usize) -> Result<Numbers> {
    if path
        .extension()
        .is_some_and(|suffix| suffix == "npy" || suffix == "npz")
    {
        return read_arrays(path, shape, classes);
    }
    let bytes = read_within(path, Limits::new_data(None))?;
    parse_lines(path, &bytes, shape, classes)
}

/// Reads lines of comma-separated numbers; `path` is for the messages.
pub fn parse_lines(path: &Path, bytes: &[u8], shape: &[usize], classes: usize) -> Result<Numbers> {
    let width: usize = shape.iter().product();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes);
    let mut values = Vec::new();
    let mut labels = Vec::new();
    let mut record = csv::ByteRecord::new();
    let mut rows = 0;
    loop {
        let more = reader
            .read_byte_record(&mut record)
            .map_err(|error| Error::input(path.display(), error))?;
        if !more {
            break;
        }
        rows += 1;
        let line = record.position().map_or(rows, csv::Position::line);
        if record.len() != width && record.len() != width + 1 {
            return Err(Error::input(
                format!("{}, line {line}", path.display()),
                format!(
                    "{} numbers, where {width} and perhaps a class are expected",
                    record.len()
                ),
            )
            .remedy("Write one sample a line, its numbers separated by commas, without a header"));
        }
        for (column, cell) in record.iter().enumerate() {
            let number = std::str::from_utf8(cell)
                .ok()
                .and_then(|text| text.trim().parse::<f32>().ok())
                .filter(|x| x.is_finite());
            let place = || format!("{}, line {line}, column {}", path.display(), column + 1);
            let number = number.ok_or_else(|| {
                Error::input(
                    place(),
                    format!("`{}` is not a finite number", String::from_utf8_lossy(cell)),
                )
                .remedy(
                    "Write one sample a line, its numbers separated by commas, without a header",
                )
            })?;
            if column < width {
                values.push(number);
            } else if number >= 0.0 && number < classes as f32 && number.fract() == 0.0 {
                labels.push(number as u32);
            } else {
                return Err(Error::input(
                    place(),
                    format!("`{number}` is not a class from 0 to {}", classes - 1),
                )
                .remedy("Correct the label"));
            }
        }
        if !labels.is_empty() && labels.len() as u64 != rows {
            return Err(Error::input(
                format!("{}, line {line}", path.display()),
                "some lines have a class at the end, others have none",
            )
            .remedy("Give all lines a class, or none"));
        }
    }
    if rows == 0 {
        return Err(
            Error::input(path.display(), "the file has no line").remedy("Fetch or write it again")
        );
    }
    let labels = (!labels.is_empty()).then_some(labels);
    Ok(Numbers {
        inputs: Inputs::Block {
            shape: shape.to_vec(),
            values: values.into(),
        },
        labels: labels.map(Held::from),
        hash: sha256(bytes),
    })
}

/// Samples of a known shape from `.npy`, or from the arrays `inputs` and `labels` of a `.npz`.
fn read_arrays(path: &Path, shape: &[usize], classes: usize) -> Result<Numbers> {
    let limits = Limits::new_data(None);
    let bytes = read_within(path, limits)?;
    let (found, labels_array) = if path.extension().is_some_and(|suffix| suffix == "npz") {
        let mut archive = Archive::open(path, &bytes, limits)?;
        let found = archive.read("inputs")?;
        let found = found.ok_or_else(|| no_array(path, &archive.names(), "inputs"))?;
        (found, archive.read("labels")?)
    } else {
        (find_npy(path, &bytes, limits)?, None)
    };
    let place = found.place.clone();
    let found = found.numbers()?;
    let Inputs::Block {
        shape: found,
        values,
    } = inputs(&place, &found.shape, found.values)?
    else {
        return Err(Error::input(place, "not a block of numbers"));
    };
    let width: usize = shape.iter().product();
    if found.iter().product::<usize>() != width {
        return Err(Error::input(
            place,
            format!("a sample has shape {found:?}, the data has {shape:?}"),
        )
        .remedy("Save samples of the data's own shape"));
    }
    let samples = values.len() / width;
    let names: Vec<String> = (0..classes).map(|class| class.to_string()).collect();
    let labels = match labels_array
        .map(|named| targets(named, TaskKind::Classification, samples, Some(&names)))
        .transpose()?
    {
        Some((RawTargets::Classes { labels, .. }, _)) => Some(labels),
        _ => None,
    };
    Ok(Numbers {
        inputs: Inputs::Block {
            shape: shape.to_vec(),
            values,
        },
        labels,
        hash: hash_of(&bytes),
    })
}
