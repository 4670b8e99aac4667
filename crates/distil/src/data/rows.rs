//! A hash of each row's inputs as they were read: what tells equal samples, whatever file, order or size they come in.
//!
//! Hashed is with XXH64 (Collet 2014). A table's row is, for each of some columns sorted by name, the hash of the name and
//! the cell; further columns and the order of rows and columns do not matter. A sample of numbers is its values in order;
//! a picture its pixels as decoded, before any resizing; a sound its samples before features are computed. Numbers count
//! in 64 bits, those of a 32-bit file by their shortest decimals: 0.1 is the same in a table and in either array.

use std::collections::{HashMap, HashSet};

use twox_hash::XxHash64;

use crate::data::codes;
use crate::data::held::Held;
use crate::data::raw::{Cells, Column, Inputs, Raw, Wide};

/// The hash of every row over the same columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowHashes {
    /// The columns, sorted by name; none where samples are hashed as a whole.
    pub columns: Vec<String>,
    /// One hash per row.
    pub hashes: Held<u64>,
}

/// A cell without a value: no finite number has these bits.
const MISSING: u64 = u64::MAX;

/// Seeds keep what is hashed in another form apart.
const BYTES: u64 = 0;
const SINGLE: u64 = 1;
const DOUBLE: u64 = 2;
const TEXT: u64 = 3;
const ROW: u64 = 4;
const SOUND: u64 = 5;

impl RowHashes {
    /// Over all columns that are inputs.
    pub fn of(raw: &Raw) -> Self {
        let columns = match &raw.inputs {
            Inputs::Table(columns) => sorted(columns.iter().map(|column| column.name.clone())),
            _ => Vec::new(),
        };
        Self::over(raw, &columns).unwrap_or_default()
    }

    /// Over these columns, sorted by name; `None` where the data does not have them all.
    pub fn over(raw: &Raw, columns: &[String]) -> Option<Self> {
        let hashes = match (&raw.inputs, &raw.hashes) {
            (Inputs::Table(_), _) if columns.is_empty() => return None,
            (Inputs::Table(table), _) => table_rows(&find(table, columns)?, &raw.wide),
            _ if !columns.is_empty() => return None,
            (_, Some(hashes)) => hashes.clone(),
            (Inputs::Block { shape, values }, None) => {
                let width = shape.iter().product::<usize>().max(1);
                let wide = raw.wide.get("");
                let rows = values.rows(width).enumerate();
                let exact = |row: usize| wide.map(|wide| wide.row(row, width));
                rows.map(|(row, values)| numbers(values, exact(row)))
                    .collect()
            }
            (Inputs::Bytes { shape, values }, None) => {
                let channels = raw.picture.as_ref().map_or(1, |picture| picture.channels);
                let width = shape.iter().product::<usize>().max(1);
                let rows = values.rows(width);
                rows.map(|values| pixels(values, channels)).collect()
            }
        };
        Some(Self {
            columns: columns.to_vec(),
            hashes,
        })
    }

    /// The hashes that more than one row has, ascending.
    pub fn repeated(&self) -> Vec<u64> {
        let mut all = self.hashes.to_vec();
        all.sort_unstable();
        let mut repeated: Vec<u64> = all
            .windows(2)
            .filter(|pair| pair[0] == pair[1])
            .map(|pair| pair[0])
            .collect();
        repeated.dedup();
        repeated
    }
}

/// Names in the order in which rows are hashed.
pub fn sorted(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn find<'a>(table: &'a [Column], names: &[String]) -> Option<Vec<&'a Column>> {
    let by_name: HashMap<&str, &Column> = table
        .iter()
        .map(|column| (column.name.as_str(), column))
        .collect();
    let find = |name: &String| by_name.get(name.as_str()).copied();
    names.iter().map(find).collect()
}

/// Whether the values in these columns (in all places, for samples that are no table) allow fewer combinations than
/// `rows`: then equal rows are chance and tell nothing. Never so for what was hashed before it was resized or summed up.
pub fn few_values(raw: &Raw, columns: &[String], rows: usize) -> bool {
    let mut combinations = 1_usize;
    // Whether there are still too few, with the values of one more column.
    let mut few = |values: &mut dyn Iterator<Item = u64>| {
        let mut different = HashSet::new();
        for value in values {
            if different.insert(value) && combinations.saturating_mul(different.len()) >= rows {
                return false;
            }
        }
        combinations *= different.len().max(1);
        combinations < rows
    };
    match &raw.inputs {
        Inputs::Table(table) => find(table, columns).is_some_and(|columns| {
            columns.iter().all(|column| {
                let cells = Codes::of(column, &raw.wide);
                few(&mut (0..column.cells.len()).map(|row| cells.code(row)))
            })
        }),
        _ if raw.hashes.is_some() => false,
        Inputs::Block { shape, values } => {
            let width = shape.iter().product::<usize>().max(1);
            (0..width).all(|place| {
                let values = values.iter().skip(place).step_by(width);
                few(&mut values.map(|x| u64::from(bits(*x))))
            })
        }
        Inputs::Bytes { shape, values } => {
            let width = shape.iter().product::<usize>().max(1);
            (0..width).all(|place| {
                let values = values.iter().skip(place).step_by(width);
                few(&mut values.map(|x| u64::from(*x)))
            })
        }
    }
}

/// A column's cells as 64-bit codes.
enum Codes<'a> {
    Single(&'a [f32]),
    Double(&'a [f64]),
    Text {
        levels: Vec<u64>,
        codes: &'a codes::Codes,
    },
}

impl<'a> Codes<'a> {
    fn of(column: &'a Column, wide: &'a Wide) -> Self {
        match (&column.cells, wide.get(&column.name)) {
            (Cells::Numeric(_), Some(wide)) => Self::Double(wide),
            (Cells::Numeric(values), None) => Self::Single(values),
            (Cells::Categorical { levels, codes }, _) => Self::Text {
                levels: levels
                    .iter()
                    .map(|level| XxHash64::oneshot(TEXT, level.as_bytes()))
                    .collect(),
                codes,
            },
        }
    }

    fn code(&self, row: usize) -> u64 {
        match self {
            Self::Single(values) if values[row].is_nan() => MISSING,
            Self::Single(values) => u64::from(bits(values[row])),
            Self::Double(values) if values[row].is_nan() => MISSING,
            Self::Double(values) => match single(values[row]) {
                Some(x) => u64::from(bits(x)),
                None => values[row].to_bits(),
            },
            Self::Text { levels, codes } => codes
                .at(row)
                .map_or(MISSING, |level| levels[level as usize]),
        }
    }
}

fn table_rows(columns: &[&Column], wide: &Wide) -> Held<u64> {
    let rows = columns.first().map_or(0, |column| column.cells.len());
    let names = columns
        .iter()
        .map(|column| XxHash64::oneshot(TEXT, column.name.as_bytes()));
    let cells = columns.iter().map(|column| Codes::of(column, wide));
    let columns: Vec<(u64, Codes<'_>)> = names.zip(cells).collect();
    let mut line = vec![0; 16 * columns.len()];
    (0..rows)
        .map(|row| {
            for ((name, cells), place) in columns.iter().zip(line.chunks_exact_mut(16)) {
                place[..8].copy_from_slice(&name.to_le_bytes());
                place[8..].copy_from_slice(&cells.code(row).to_le_bytes());
            }
            XxHash64::oneshot(ROW, &line)
        })
        .collect()
}

/// The hash of a sample of numbers; `exact`: the same as they were read, where 32 bits do not hold them all. Whole numbers
/// from 0 to 255 are hashed as pixels are.
fn numbers(values: &[f32], exact: Option<&[f64]>) -> u64 {
    if let Some(exact) = exact
        && exact.iter().any(|x| single(*x).is_none())
    {
        let bytes: Vec<u8> = exact.iter().flat_map(|x| x.to_le_bytes()).collect();
        return XxHash64::oneshot(DOUBLE, &bytes);
    }
    if values
        .iter()
        .all(|x| (0.0..=255.0).contains(x) && x.fract() == 0.0)
    {
        let bytes: Vec<u8> = values.iter().map(|x| *x as u8).collect();
        return XxHash64::oneshot(BYTES, &bytes);
    }
    single_precision(SINGLE, values)
}

fn single_precision(seed: u64, values: &[f32]) -> u64 {
    let bytes: Vec<u8> = values.iter().flat_map(|x| bits(*x).to_le_bytes()).collect();
    XxHash64::oneshot(seed, &bytes)
}

/// The hash of a sound's samples.
pub fn sound(samples: &[f32]) -> u64 {
    single_precision(SOUND, samples)
}

/// The hash of a picture's pixels, row by row: `channels` numbers each, of which opacity does not count. A picture whose
/// pixels are all grey has the same hash with one channel as with three.
pub fn pixels(values: &[u8], channels: usize) -> u64 {
    let colours = if channels < 3 { 1 } else { 3 };
    let pixels = values.chunks_exact(channels);
    let grey = colours == 1
        || pixels
            .clone()
            .all(|pixel| pixel[0] == pixel[1] && pixel[0] == pixel[2]);
    let kept = if grey { 1 } else { 3 };
    if kept == channels {
        return XxHash64::oneshot(BYTES, values);
    }
    let bytes: Vec<u8> = pixels
        .flat_map(|pixel| pixel[..kept].iter().copied())
        .collect();
    XxHash64::oneshot(BYTES, &bytes)
}

/// The bits of a number; the two zeros have the same.
fn bits(x: f32) -> u32 {
    (x + 0.0).to_bits()
}

/// The 32-bit number that stands for `x`: the one it is, or the one whose shortest decimals it is; `None` where there is none.
pub fn single(x: f64) -> Option<f32> {
    let near = x as f32;
    (f64::from(near) == x || shortest(near) == x).then_some(near)
}

/// The number that the shortest decimals of a 32-bit number mean in 64 bits: 0.1 for the one nearest to 0.1.
pub(super) fn shortest(x: f32) -> f64 {
    let exact = f64::from(x);
    // At most six digits are the only ones of that length for a 32-bit number, so they are its shortest.
    for power in [1e1, 1e2, 1e3, 1e4, 1e5, 1e6] {
        let digits = (exact * power).round();
        if digits.abs() >= 1e6 {
            break;
        }
        let decimal = digits / power;
        if decimal as f32 == x {
            return decimal;
        }
    }
    format!("{x:e}").parse().unwrap_or(exact)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn shortest_decimals_are_those_that_are_printed(bits: u32) {
            let x = f32::from_bits(bits);
            prop_assume!(x.is_finite());
            prop_assert_eq!(shortest(x), x.to_string().parse::<f64>().unwrap());
        }

        #[test]
        fn few_digits_stand_for_a_number_of_32_bits(digits in -999_999_i64..999_999, places in 0_i32..9) {
            let x: f64 = format!("{digits}e-{places}").parse().unwrap();
            prop_assert!(single(x).is_some());
        }
    }

    #[test]
    fn a_number_that_32_bits_cut_off_has_no_other_to_stand_for_it() {
        assert_eq!(single(2_459_000.512_34), None);
        assert_eq!(single(0.1), Some(0.1));
        assert_eq!(single(f64::from(0.1_f32)), Some(0.1));
        assert_eq!(bits(-0.0), bits(0.0));
    }

    #[test]
    fn hashes_are_the_published_ones() {
        // XXH64 of nothing, of `a` and of `abc`, seed 0: the reference implementation's.
        assert_eq!(XxHash64::oneshot(0, b""), 0xef46_db37_51d8_e999);
        assert_eq!(XxHash64::oneshot(0, b"a"), 0xd24e_c4f1_a98c_6e5b);
        assert_eq!(XxHash64::oneshot(0, b"abc"), 0x44bc_2cf5_ad77_0999);
    }
}
