//! NumPy files: `.npy` and `.npz`.

use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

use distil_kernels::Plain;
use distil_report::measure::TaskKind;
use zip::ZipArchive;

use crate::data::growing::Growing;
use crate::data::held::Held;
use crate::data::raw::{Inputs, RawTargets};
use crate::data::rows::single;
use crate::data::source::contents;
use crate::data::source::file::open;
use crate::data::source::guarded::guarded;
use crate::data::source::limits::Limits;
use crate::data::source::npy_header::Header;
use crate::data::source::numbered::{numbered, texts};
use crate::error::{Error, Result};
use crate::weights::Hash;

/// Bytes decoded at once.
const PIECE: usize = 1 << 20;

/// Numbers brought into another order at once.
const ROWS: usize = 1 << 16;

/// An array of numbers and where it came from.
pub struct Named {
    /// For messages: the file, and the array's name in an archive.
    pub place: String,
    /// The lengths of its axes.
    pub shape: Vec<usize>,
    /// Row-major; not checked for NaN.
    pub values: Held<f32>,
    /// The same in 64 bits, if 32 do not hold them all.
    pub wide: Option<Held<f64>>,
}

/// An array of any content and where it came from.
pub struct Found {
    /// For messages: the file, and the array's name in an archive.
    pub place: String,
    /// The lengths of its axes.
    pub shape: Vec<usize>,
    /// Row-major.
    pub elements: Elements,
}

/// What an array holds.
pub enum Elements {
    /// Not checked for NaN.
    Numbers {
        /// In 32 bits.
        values: Held<f32>,
        /// The same in 64 bits, if 32 do not hold them all.
        wide: Option<Held<f64>>,
    },
    /// Text: classes by name.
    Text(Vec<String>),
}

impl Found {
    /// It as numbers.
    pub fn numbers(self) -> Result<Named> {
        match self.elements {
            Elements::Numbers { values, wide } => Ok(Named {
                place: self.place,
                shape: self.shape,
                values,
                wide,
            }),
            Elements::Text(_) => Err(Error::input(
                self.place,
                "it holds text, where numbers are expected",
            )
            .remedy("Convert it first, for example with `.astype(numpy.float32)`")),
        }
    }
}

/// Reads a `.npy` file of numbers.
pub fn read_npy(path: &Path, bytes: &Held<u8>) -> Result<Named> {
    find_npy(path, bytes, Limits::training(None))?.numbers()
}

/// Reads a `.npy` file.
pub fn find_npy(path: &Path, bytes: &Held<u8>, limits: Limits) -> Result<Found> {
    read_array(path.display().to_string(), bytes, limits)
}

/// Reads a `.npy` file of numbers in rows without holding its bytes beside them; `None` of any other, which [`find_npy`] reads
/// or refuses.
pub fn stream_npy(path: &Path, limits: Limits, hash: &mut Hash) -> Result<Option<Found>> {
    let packed = path.extension().is_some_and(|suffix| suffix == "gz");
    let size = fs::metadata(path).ok().filter(|about| about.is_file());
    let Some(size) = size.filter(|_| !packed).map(|about| about.len()) else {
        return Ok(None);
    };
    let mut file = open(path, limits)?;
    let mut piece = Vec::with_capacity(2 * PIECE);
    let mut next = |piece: &mut Vec<u8>| {
        let read = file.by_ref().take(PIECE as u64).read_to_end(piece);
        read.map_err(|error| Error::io(path, &error))
    };
    let first = next(&mut piece)?;
    let Ok(header) = Header::read(&piece) else {
        return Ok(None);
    };
    let element = Element::of(&header.descr).filter(Element::is_number);
    let count = header
        .shape
        .iter()
        .try_fold(1, |count: usize, axis| count.checked_mul(*axis));
    let (Some(element), Some(count), false) = (element, count, header.columns_first) else {
        return Ok(None);
    };
    let length = count
        .checked_mul(element.size)
        .and_then(|n| n.checked_add(header.start));
    if length.map(|length| length as u64) != Some(size) {
        return Ok(None);
    }
    let place = path.display().to_string();
    limits.check_held(&place, count, element.held())?;
    let mut numbers = Numbers::new(element);
    hash.add(&piece[..first]);
    piece.drain(..header.start);
    loop {
        let whole = piece.len() - piece.len() % numbers.element.size;
        numbers.add(&piece[..whole])?;
        piece.drain(..whole);
        let left = piece.len();
        if next(&mut piece)? == 0 {
            break;
        }
        hash.add(&piece[left..]);
    }
    if numbers.values.len() != count {
        let why = "it was written to while it was read";
        return Err(not_whole(&place, "NumPy", why, b""));
    }
    Ok(Some(Found {
        place,
        shape: header.shape,
        elements: numbers.finish()?,
    }))
}

/// A `.npz` file.
pub struct Archive<'a> {
    place: String,
    zip: ZipArchive<Cursor<&'a [u8]>>,
    limits: Limits,
}

impl<'a> Archive<'a> {
    /// Reads its directory.
    pub fn open(path: &Path, bytes: &'a [u8], limits: Limits) -> Result<Self> {
        let place = path.display().to_string();
        let zip = guarded(
            || ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string()),
            |why| why,
        )
        .map_err(|why| not_whole(&place, "NumPy archive", &why, bytes))?;
        Ok(Self { place, zip, limits })
    }

    /// The names of its arrays, sorted.
    pub fn names(&self) -> Vec<String> {
        let all = self.zip.file_names().filter_map(|name| name.ok());
        let mut names: Vec<String> = all
            .filter_map(|name| name.strip_suffix(".npy").map(String::from))
            .collect();
        names.sort();
        names
    }

    /// An array of it; `None` if there is none of this name.
    pub fn read(&mut self, name: &str) -> Result<Option<Found>> {
        if !self.names().iter().any(|found| found == name) {
            return Ok(None);
        }
        let place = format!("{}, array `{name}`", self.place);
        let limits = self.limits;
        let member = guarded(
            || {
                let member = self.zip.by_name(&format!("{name}.npy"));
                let member = member.map_err(|error| Error::input("", error))?;
                limits.read(&place, member, 0)
            },
            |why| Error::input("", why),
        );
        let bytes = member.map_err(|error| match error.remedy.as_str() {
            "" => not_whole(&self.place, "NumPy archive", &error.reason, b""),
            _ => error,
        })?;
        read_array(place, &bytes, limits).map(Some)
    }
}

fn not_whole(place: &str, what: &str, why: &str, bytes: &[u8]) -> Error {
    if let Some(found) = contents::content(bytes)
        && !found.name.contains("NumPy")
        && !found.name.contains("ZIP")
    {
        return Error::input(place, format!("this is {}, no {what} file", found.name))
            .remedy("Convert it with numpy.save or numpy.savez");
    }
    Error::input(place, format!("not a whole {what} file ({why})"))
        .remedy("Write it again with numpy.save or numpy.savez")
}

fn read_array(place: String, bytes: &Held<u8>, limits: Limits) -> Result<Found> {
    let not_whole = |why: &str| not_whole(&place, "NumPy", why, bytes);
    let header = Header::read(bytes).map_err(|why| not_whole(&why))?;
    let shape = header.shape;
    let Some(element) = Element::of(&header.descr) else {
        return Err(unreadable(&place, &header.descr));
    };
    let data = &bytes[header.start..];
    let count = shape
        .iter()
        .try_fold(1, |count: usize, axis| count.checked_mul(*axis));
    let length = count.and_then(|count| count.checked_mul(element.size));
    let Some(data) = length.and_then(|length| data.get(..length)) else {
        return Err(not_whole(&format!(
            "{} bytes follow its header, which says {shape:?} of {}",
            data.len(),
            header.descr
        )));
    };
    limits.check_held(&place, count.unwrap_or_default(), element.held())?;
    let elements = match element.texts(data) {
        Some(texts) => Elements::Text(texts),
        None if element.is_number() => {
            let mut numbers = Numbers::new(element);
            for piece in data.chunks(PIECE - PIECE % numbers.element.size) {
                numbers.add(piece)?;
                bytes.passed(piece);
            }
            numbers.finish()?
        }
        None => return Err(unreadable(&place, &header.descr)),
    };
    let elements = match (elements, header.columns_first) {
        (elements, false) => elements,
        (Elements::Numbers { values, wide }, true) => Elements::Numbers {
            values: numbers_by_rows(&values, &shape)?,
            wide: match wide {
                Some(wide) => Some(numbers_by_rows(&wide, &shape)?),
                None => None,
            },
        },
        (Elements::Text(texts), true) => {
            Elements::Text(rows_first(&texts, &shape).cloned().collect())
        }
    };
    Ok(Found {
        place,
        shape,
        elements,
    })
}

/// The type of an array's elements.
struct Element {
    big_endian: bool,
    kind: u8,
    /// Bytes.
    size: usize,
}

impl Element {
    /// From NumPy's spelling, `<f4`.
    fn of(descr: &str) -> Option<Self> {
        let (order, rest) = match descr.as_bytes() {
            [order @ (b'<' | b'>' | b'|' | b'='), rest @ ..] => (*order, rest),
            rest => (b'|', rest),
        };
        let (kind, size) = rest.split_first()?;
        let size: usize = std::str::from_utf8(size).ok()?.parse().ok()?;
        let size = match kind {
            b'U' => size.checked_mul(4)?,
            _ => size,
        };
        (size > 0).then_some(Self {
            big_endian: order == b'>',
            kind: *kind,
            size,
        })
    }

    /// Bytes an element takes once it is decoded.
    fn held(&self) -> usize {
        match (self.kind, self.size) {
            (b'U' | b'S', size) => size_of::<String>() + size,
            (b'f', 4) | (_, ..4) => 4,
            // Perhaps in 64 bits, too.
            _ => 12,
        }
    }

    /// Whether they are numbers that are read.
    fn is_number(&self) -> bool {
        matches!(
            (self.kind, self.size),
            (b'f', 2 | 4 | 8) | (b'i' | b'u', 1 | 2 | 4 | 8) | (b'b', 1)
        )
    }

    /// Texts, if they are texts.
    fn texts(&self, data: &[u8]) -> Option<Vec<String>> {
        let texts = data.chunks_exact(self.size);
        match self.kind {
            b'U' => {
                let text = |text: &[u8]| {
                    let letters = text.as_chunks().0.iter();
                    let letters = letters.map(|letter| match self.big_endian {
                        true => u32::from_be_bytes(*letter),
                        false => u32::from_le_bytes(*letter),
                    });
                    let letters =
                        letters.map(|letter| char::from_u32(letter).unwrap_or('\u{fffd}'));
                    trimmed(letters.collect())
                };
                Some(texts.map(text).collect())
            }
            b'S' => {
                let text = |text| trimmed(String::from_utf8_lossy(text).into_owned());
                Some(texts.map(text).collect())
            }
            _ => None,
        }
    }
}

/// Numbers that are decoded piece by piece.
struct Numbers {
    element: Element,
    values: Growing<f32>,
    /// In 64 bits, where 32 may be too few.
    wide: Growing<f64>,
    /// Whether they are.
    needed: bool,
}

impl Numbers {
    fn new(element: Element) -> Self {
        Self {
            element,
            values: Growing::default(),
            wide: Growing::default(),
            needed: false,
        }
    }

    /// Decodes whole elements.
    fn add(&mut self, data: &[u8]) -> Result<()> {
        let big_endian = self.element.big_endian;
        macro_rules! all {
            ($type:ty) => {
                data.as_chunks().0.iter().map(|bytes| match big_endian {
                    true => <$type>::from_be_bytes(*bytes),
                    false => <$type>::from_le_bytes(*bytes),
                })
            };
        }
        macro_rules! exact {
            ($type:ty) => {
                all!($type).map(f32::from).collect()
            };
        }
        macro_rules! wide {
            ($type:ty) => {{
                let wide: Vec<f64> = all!($type).map(|value| value as f64).collect();
                self.needed = self.needed || wide.iter().any(|value| single(*value).is_none());
                self.wide.extend(&wide)?;
                all!($type).map(|value| value as f32).collect()
            }};
        }
        let values: Vec<f32> = match (self.element.kind, self.element.size) {
            (b'f', 2) => all!(u16)
                .map(|bits| half::f16::from_bits(bits).to_f32())
                .collect(),
            (b'f', 4) => exact!(f32),
            (b'f', 8) => wide!(f64),
            (b'i', 1) => exact!(i8),
            (b'i', 2) => exact!(i16),
            (b'i', 4) => wide!(i32),
            (b'i', 8) => wide!(i64),
            (b'u', 1) => exact!(u8),
            (b'u', 2) => exact!(u16),
            (b'u', 4) => wide!(u32),
            (b'u', 8) => wide!(u64),
            _ => data.iter().map(|x| f32::from(u8::from(*x != 0))).collect(),
        };
        self.values.extend(&values)
    }

    fn finish(self) -> Result<Elements> {
        Ok(Elements::Numbers {
            values: self.values.finish()?,
            wide: match self.needed {
                true => Some(self.wide.finish()?),
                false => None,
            },
        })
    }
}

/// Without the zeros that fill it up.
fn trimmed(text: String) -> String {
    text.trim_end_matches('\0').to_string()
}

fn unreadable(place: &str, dtype: &str) -> Error {
    Error::input(place, format!("elements of type '{dtype}' are not numbers Distil reads"))
        .remedy("Convert them first, for example with `.astype(numpy.float32)`; classes are numbers from 0, their names go into `names`")
}

/// Column-major numbers in row-major order.
fn numbers_by_rows<T: Plain>(values: &[T], shape: &[usize]) -> Result<Held<T>> {
    let mut by_rows = Growing::default();
    let mut piece = Vec::with_capacity(ROWS);
    let mut all = rows_first(values, shape).copied();
    loop {
        piece.extend(all.by_ref().take(ROWS));
        if piece.is_empty() {
            return by_rows.finish();
        }
        by_rows.extend(&piece)?;
        piece.clear();
    }
}

/// Column-major values in row-major order.
fn rows_first<'a, T>(values: &'a [T], shape: &[usize]) -> impl Iterator<Item = &'a T> {
    let shape = shape.to_vec();
    let mut steps = vec![1; shape.len()];
    for axis in 1..shape.len() {
        steps[axis] = steps[axis - 1] * shape[axis - 1];
    }
    let place = move |mut index: usize| {
        let mut place = 0;
        for (length, step) in shape.iter().zip(&steps).rev() {
            place += index % length * step;
            index /= length;
        }
        place
    };
    (0..values.len()).map(move |index| &values[place(index)])
}

/// The samples of an array: everything after the first axis is one sample's shape.
pub fn inputs(place: &str, shape: &[usize], values: Held<f32>) -> Result<Inputs> {
    let all = shape;
    let shape = match shape {
        [] => {
            return Err(
                Error::input(place, "a single number, where samples are expected")
                    .remedy("Save an array `[samples, …]`"),
            );
        }
        [_] => vec![1],
        [_, shape @ ..] => shape.to_vec(),
    };
    if values.is_empty() {
        return Err(
            Error::input(place, format!("shape {all:?} holds no number"))
                .remedy("Save an array `[samples, …]`"),
        );
    }
    check_finite(place, &values, shape.iter().product())?;
    Ok(Inputs::Block { shape, values })
}

/// Refuses numbers that are not finite, by row and column.
pub fn check_finite(place: &str, values: &Held<f32>, width: usize) -> Result<()> {
    let mut rows = values.rows(width);
    if rows.all(|row| row.iter().all(|x| x.is_finite())) {
        return Ok(());
    }
    let Some(at) = values.iter().position(|x| !x.is_finite()) else {
        return Ok(());
    };
    Err(Error::input(
        format!("{place}, row {}, column {}", at / width, at % width),
        format!("{} is not a finite 32-bit number", values[at]),
    )
    .remedy("Fill it in or leave the row out; rows and columns count from 0"))
}

/// Targets of `samples` samples from an array `[samples]` or `[samples, targets]`, and what is to be said of them.
pub fn targets(
    named: Found,
    kind: TaskKind,
    samples: usize,
    names: Option<&[String]>,
) -> Result<(RawTargets, Option<String>)> {
    let width = match named.shape.as_slice() {
        [rows] if *rows == samples => 1,
        [rows, width] if *rows == samples && *width > 0 => *width,
        shape => {
            return Err(Error::input(
                named.place,
                format!("shape {shape:?} does not fit {samples} samples"),
            )
            .remedy("Save one row of labels per sample: `[samples]` or `[samples, targets]`"));
        }
    };
    if let (Elements::Text(texts), TaskKind::Classification, 1) = (&named.elements, kind, width) {
        return named_classes(&named.place, texts, names);
    }
    let Named { place, values, .. } = named.numbers()?;
    check_finite(&place, &values, width)?;
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
    let targets = match kind {
        TaskKind::Regression => RawTargets::Values {
            names: named(width, "target")?,
            values: values.into_vec(),
        },
        TaskKind::MultiLabel => match values.iter().position(|x| *x != 0.0 && *x != 1.0) {
            None => RawTargets::Labels {
                names: named(width, "label")?,
                values: values.into_vec(),
            },
            Some(at) => {
                return Err(Error::input(
                    format!("{place}, row {}, column {}", at / width, at % width),
                    format!("{} is neither 0 nor 1", values[at]),
                )
                .remedy("Save one column of zeros and ones per label"));
            }
        },
        TaskKind::Classification => {
            return classes(&place, &values, width, names);
        }
    };
    Ok((targets, None))
}

/// Classes by number, or by the one column of several that is 1.
fn classes(
    place: &str,
    values: &[f32],
    width: usize,
    names: Option<&[String]>,
) -> Result<(RawTargets, Option<String>)> {
    if width != 1 {
        let one_hot = |row: &[f32]| {
            let ones = row.iter().filter(|x| **x == 1.0).count();
            let zeros = row.iter().filter(|x| **x == 0.0).count();
            (ones == 1 && zeros == width - 1).then(|| row.iter().position(|x| *x == 1.0))?
        };
        let Some(labels) = values
            .chunks(width)
            .map(one_hot)
            .collect::<Option<Vec<_>>>()
        else {
            return Err(Error::input(
                place,
                format!("{width} columns, where one class per sample is expected"),
            )
            .remedy("Save the number of each sample's class"));
        };
        let own = || (0..width).map(|class| class.to_string()).collect();
        let targets = RawTargets::Classes {
            names: names.map_or_else(own, <[String]>::to_vec),
            labels: labels.into_iter().map(|label| label as u32).collect(),
        };
        if targets.names().len() != width {
            return Err(Error::input(
                place,
                format!("{width} columns, but `names` has {}", targets.names().len()),
            )
            .remedy("Give one name per class"));
        }
        let note = format!("{place}: the class is the one of {width} columns that is 1");
        return Ok((targets, Some(note)));
    }
    let limit = names.map_or(65_536, <[String]>::len);
    // Two classes are often numbered -1 and 1.
    let signs = names.is_none() && values.iter().all(|x| x.abs() == 1.0);
    let is_class = |x: f32| x.fract() == 0.0 && x >= 0.0 && x < limit as f32;
    if let Some(row) = values.iter().position(|x| !signs && !is_class(*x)) {
        return Err(Error::input(
            format!("{place}, row {row}"),
            format!(
                "{} is not a class from 0 to {}",
                values[row],
                limit.saturating_sub(1)
            ),
        )
        .remedy("Number the classes from 0"));
    }
    let numbers: Vec<i64> = values.iter().map(|x| *x as i64).collect();
    if let Some(names) = names {
        let targets = RawTargets::Classes {
            names: names.to_vec(),
            labels: numbers.into_iter().map(|number| number as u32).collect(),
        };
        return Ok((targets, None));
    }
    let (names, labels, note) = numbered(&numbers);
    let note = note.map(|note| format!("{place}: {note}"));
    Ok((
        RawTargets::Classes {
            names,
            labels: labels.into(),
        },
        note,
    ))
}

/// Classes by name.
fn named_classes(
    place: &str,
    found: &[String],
    names: Option<&[String]>,
) -> Result<(RawTargets, Option<String>)> {
    let (own, labels) = texts(found);
    let Some(names) = names else {
        return Ok((
            RawTargets::Classes {
                names: own,
                labels: labels.into(),
            },
            None,
        ));
    };
    let unknown = found.iter().position(|name| !names.contains(name));
    if let Some(row) = unknown {
        return Err(Error::input(
            format!("{place}, row {row}"),
            format!("class `{}` is not one of `names`", found[row]),
        )
        .remedy("Name every class, or leave out `names`"));
    }
    let targets = RawTargets::Classes {
        names: own,
        labels: labels.into(),
    };
    Ok((targets.in_terms_of(names)?, None))
}
