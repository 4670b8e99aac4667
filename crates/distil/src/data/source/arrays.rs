//! NumPy files: `.npy` and `.npz`.

use std::io::{Cursor, Read};
use std::path::Path;

use distil_report::measure::TaskKind;
use npyz::npz::NpzArchive;
use npyz::{NpyFile, Order, TypeChar};

use crate::data::raw::{Inputs, RawTargets};
use crate::data::rows::single;
use crate::error::{Error, Result};
use crate::weights::Array;

/// An array and where it came from.
pub struct Named {
    /// For messages: the file, and the array's name in an archive.
    pub place: String,
    /// Row-major; not checked for NaN.
    pub array: Array,
    /// The same in 64 bits, if 32 do not hold them all.
    pub wide: Option<Vec<f64>>,
}

/// Reads a `.npy` file.
pub fn read_npy(path: &Path, bytes: &[u8]) -> Result<Named> {
    let place = path.display().to_string();
    let file = NpyFile::new(bytes).map_err(|error| not_whole(&place, "NumPy", &error))?;
    let (array, wide) = read_array(file, &place)?;
    Ok(Named { place, array, wide })
}

/// Reads an array of a `.npz` file; `None` if the archive has no array of this name.
pub fn read_npz(path: &Path, bytes: &[u8], name: &str) -> Result<Option<Named>> {
    let place = path.display().to_string();
    let mut archive = NpzArchive::new(Cursor::new(bytes))
        .map_err(|error| not_whole(&place, "NumPy archive", &error))?;
    let file = archive
        .by_name(name)
        .map_err(|error| not_whole(&place, "NumPy archive", &error))?;
    let Some(file) = file else { return Ok(None) };
    let place = format!("{place}, array `{name}`");
    let (array, wide) = read_array(file, &place)?;
    Ok(Some(Named { place, array, wide }))
}

/// The error for an array that an archive does not have.
pub fn no_array(path: &Path, bytes: &[u8], name: &str) -> Error {
    let mut names: Vec<String> = NpzArchive::new(Cursor::new(bytes)).map_or_else(
        |_| Vec::new(),
        |archive| archive.array_names().map(str::to_string).collect(),
    );
    names.sort();
    Error::input(
        path.display(),
        format!("there is no array `{name}`; there are {}", names.join(", ")),
    )
    .remedy("Name the arrays with `inputs = \"…\"` and `labels = \"…\"`")
}

fn not_whole(place: &str, what: &str, error: &std::io::Error) -> Error {
    Error::input(place, format!("not a whole {what} file ({error})"))
        .remedy("Write it again with numpy.save or numpy.savez")
}

fn read_array<R: Read>(file: NpyFile<R>, place: &str) -> Result<(Array, Option<Vec<f64>>)> {
    let shape: Vec<usize> = file.shape().iter().map(|&length| length as usize).collect();
    let count = shape
        .iter()
        .try_fold(1_usize, |count, &length| count.checked_mul(length));
    let columns_first = file.order() == Order::Fortran;
    let (values, wide) = read_values(file, place)?;
    if count != Some(values.len()) {
        return Err(Error::input(
            place,
            format!(
                "{} numbers, where shape {shape:?} needs others",
                values.len()
            ),
        )
        .remedy("Write it again with numpy.save"));
    }
    Ok(match columns_first {
        true => (
            Array::new(shape.clone(), rows_first(&values, &shape)),
            wide.map(|wide| rows_first(&wide, &shape)),
        ),
        false => (Array::new(shape, values), wide),
    })
}

/// The numbers in 32 bits, and in 64 if 32 do not hold them all.
fn read_values<R: Read>(file: NpyFile<R>, place: &str) -> Result<(Vec<f32>, Option<Vec<f64>>)> {
    let dtype = file.dtype();
    let npyz::DType::Plain(element) = &dtype else {
        return Err(unreadable(place, &dtype.descr()));
    };
    macro_rules! read {
        ($type:ty, $convert:expr) => {{
            let Ok(reader) = file.data::<$type>() else {
                return Err(unreadable(place, &dtype.descr()));
            };
            let values: std::io::Result<Vec<f32>> =
                reader.map(|value| value.map($convert)).collect();
            Ok((
                values.map_err(|error| not_whole(place, "NumPy", &error))?,
                None,
            ))
        }};
    }
    macro_rules! read_wide {
        ($type:ty) => {{
            let Ok(reader) = file.data::<$type>() else {
                return Err(unreadable(place, &dtype.descr()));
            };
            let (mut values, mut wide) = (Vec::new(), Vec::new());
            let mut needed = false;
            for value in reader {
                let value = value.map_err(|error| not_whole(place, "NumPy", &error))?;
                needed |= single(value as f64).is_none();
                values.push(value as f32);
                wide.push(value as f64);
            }
            Ok((values, needed.then_some(wide)))
        }};
    }
    match (element.type_char(), element.size_field()) {
        (TypeChar::Float, 2) => read!(half::f16, half::f16::to_f32),
        (TypeChar::Float, 4) => read!(f32, |x| x),
        (TypeChar::Float, 8) => read_wide!(f64),
        (TypeChar::Int, 1) => read!(i8, f32::from),
        (TypeChar::Int, 2) => read!(i16, f32::from),
        (TypeChar::Int, 4) => read_wide!(i32),
        (TypeChar::Int, 8) => read_wide!(i64),
        (TypeChar::Uint, 1) => read!(u8, f32::from),
        (TypeChar::Uint, 2) => read!(u16, f32::from),
        (TypeChar::Uint, 4) => read_wide!(u32),
        (TypeChar::Uint, 8) => read_wide!(u64),
        (TypeChar::Bool, _) => read!(bool, |x| if x { 1.0 } else { 0.0 }),
        _ => Err(unreadable(place, &dtype.descr())),
    }
}

fn unreadable(place: &str, dtype: &str) -> Error {
    Error::input(place, format!("elements of type {dtype} are not numbers Distil reads"))
        .remedy("Convert them first, for example with `.astype(numpy.float32)`; classes are numbers from 0, their names go into `names`")
}

/// Column-major values in row-major order.
fn rows_first<T: Copy>(values: &[T], shape: &[usize]) -> Vec<T> {
    let mut steps = vec![1; shape.len()];
    for axis in 1..shape.len() {
        steps[axis] = steps[axis - 1] * shape[axis - 1];
    }
    let place = |mut index: usize| {
        let mut place = 0;
        for (length, step) in shape.iter().zip(&steps).rev() {
            place += index % length * step;
            index /= length;
        }
        place
    };
    (0..values.len())
        .map(|index| values[place(index)])
        .collect()
}

/// The samples of an array: everything after the first axis is one sample's shape.
pub fn inputs(named: Named) -> Result<Inputs> {
    let Named { place, array, .. } = named;
    let shape = match array.shape.as_slice() {
        [] => {
            return Err(
                Error::input(place, "a single number, where samples are expected")
                    .remedy("Save an array `[samples, …]`"),
            );
        }
        [_] => vec![1],
        [_, shape @ ..] => shape.to_vec(),
    };
    let width: usize = shape.iter().product();
    if array.values.is_empty() {
        return Err(
            Error::input(place, format!("shape {:?} holds no number", array.shape))
                .remedy("Save an array `[samples, …]`"),
        );
    }
    check_finite(&place, &array.values, width)?;
    Ok(Inputs::Block {
        shape,
        values: array.values,
    })
}

/// Refuses numbers that are not finite, by row and column.
pub fn check_finite(place: &str, values: &[f32], width: usize) -> Result<()> {
    let Some(at) = values.iter().position(|x| !x.is_finite()) else {
        return Ok(());
    };
    Err(Error::input(
        format!("{place}, row {}, column {}", at / width, at % width),
        format!("{} is not a finite 32-bit number", values[at]),
    )
    .remedy("Fill it in or leave the row out; rows and columns count from 0"))
}

/// Targets of `samples` samples from an array `[samples]` or `[samples, targets]`.
pub fn targets(
    named: Named,
    kind: TaskKind,
    samples: usize,
    names: Option<&[String]>,
) -> Result<RawTargets> {
    let Named { place, array, .. } = named;
    let width = match array.shape.as_slice() {
        [rows] if *rows == samples => 1,
        [rows, width] if *rows == samples && *width > 0 => *width,
        shape => {
            return Err(Error::input(
                place,
                format!("shape {shape:?} does not fit {samples} samples"),
            )
            .remedy("Save one row of labels per sample: `[samples]` or `[samples, targets]`"));
        }
    };
    check_finite(&place, &array.values, width)?;
    let named = |count: usize, word: &str| match names {
        Some(names) if names.len() == count => Ok(names.to_vec()),
        Some(names) => Err(Error::input(
            &place,
            format!("{count} targets, but `names` has {}", names.len()),
        )
        .remedy("Give one name per target")),
        None if count == 1 => Ok(vec![word.to_string()]),
        None => Ok((0..count).map(|i| format!("{word}.{i}")).collect()),
    };
    match kind {
        TaskKind::Regression => Ok(RawTargets::Values {
            names: named(width, "target")?,
            values: array.values,
        }),
        TaskKind::MultiLabel => match array.values.iter().position(|x| *x != 0.0 && *x != 1.0) {
            None => Ok(RawTargets::Labels {
                names: named(width, "label")?,
                values: array.values,
            }),
            Some(at) => Err(Error::input(
                format!("{place}, row {}, column {}", at / width, at % width),
                format!("{} is neither 0 nor 1", array.values[at]),
            )
            .remedy("Save one column of zeros and ones per label")),
        },
        TaskKind::Classification if width != 1 => Err(Error::input(
            place,
            format!("{width} columns, where one class per sample is expected"),
        )
        .remedy("Save the number of each sample's class")),
        TaskKind::Classification => {
            let limit = names.map_or(65_536, <[String]>::len);
            if let Some(row) = array
                .values
                .iter()
                .position(|x| x.fract() != 0.0 || *x < 0.0 || *x >= limit as f32)
            {
                return Err(Error::input(
                    format!("{place}, row {row}"),
                    format!(
                        "{} is not a class from 0 to {}",
                        array.values[row],
                        limit.saturating_sub(1)
                    ),
                )
                .remedy("Number the classes from 0"));
            }
            let labels: Vec<u32> = array.values.iter().map(|x| *x as u32).collect();
            let count = labels.iter().max().map_or(0, |label| label + 1);
            let names = names.map_or_else(
                || (0..count).map(|class| class.to_string()).collect(),
                <[String]>::to_vec,
            );
            Ok(RawTargets::Classes { names, labels })
        }
    }
}
