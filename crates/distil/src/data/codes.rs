//! Samples that hold integer codes beside numbers: the categories of a table.

use std::fmt;
use std::sync::Arc;

use crate::data::held::Held;
use crate::weights::Array;

/// The code of each row of a column; none where its cell is missing.
#[derive(Clone, PartialEq, Default)]
pub struct Codes(Held<u32>);

/// A cell without a code.
const NONE: u32 = u32::MAX;

impl Codes {
    /// Those of an array in which [`u32::MAX`] stands for none.
    pub(super) fn marked(codes: Held<u32>) -> Self {
        Self(codes)
    }

    /// The array in which [`u32::MAX`] stands for none.
    pub(super) fn held(&self) -> &Held<u32> {
        &self.0
    }

    /// The code of a row.
    pub fn at(&self, row: usize) -> Option<u32> {
        Some(self.0[row]).filter(|code| *code != NONE)
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<u32>> {
        let codes = self.0.iter();
        codes.map(|code| Some(*code).filter(|code| *code != NONE))
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Codes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl FromIterator<Option<u32>> for Codes {
    fn from_iter<I: IntoIterator<Item = Option<u32>>>(codes: I) -> Self {
        let codes = codes.into_iter();
        Self(codes.map(|code| code.unwrap_or(NONE)).collect())
    }
}

impl From<Vec<Option<u32>>> for Codes {
    fn from(codes: Vec<Option<u32>>) -> Self {
        codes.into_iter().collect()
    }
}

/// Where one feature of a sample comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The number of this column.
    Number(usize),
    /// 1 where this column holds this code, else 0: one place of a one-hot vector.
    Code {
        /// The column of codes.
        column: usize,
        /// The code.
        code: u32,
    },
}

/// Numbers and codes of samples, row by row the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Coded {
    /// `[rows, numbers]`
    pub numbers: Array,
    /// `[rows, columns]`; a code that no place has, makes all its column's features 0.
    pub codes: Vec<u32>,
    /// The features they stand for, in order.
    pub places: Arc<[Place]>,
}

impl Coded {
    /// Columns of codes.
    pub fn columns(&self) -> usize {
        self.codes.len() / self.rows().max(1)
    }

    /// Number of samples.
    pub fn rows(&self) -> usize {
        self.numbers.rows_cols().0
    }

    /// These rows, in this order.
    pub fn take(&self, rows: impl ExactSizeIterator<Item = usize> + Clone) -> Self {
        let width = self.columns();
        let numbers = rows.clone().flat_map(|row| self.numbers.row(row));
        let codes = rows
            .clone()
            .flat_map(|row| &self.codes[row * width..][..width]);
        let (_, columns) = self.numbers.rows_cols();
        Self {
            numbers: Array::new([rows.len(), columns], numbers.copied().collect()),
            codes: codes.copied().collect(),
            places: Arc::clone(&self.places),
        }
    }

    /// Appends the features of a row, codes as one-hot vectors.
    pub(super) fn push(&self, row: usize, out: &mut Vec<f32>) {
        let width = self.columns();
        let (numbers, codes) = (self.numbers.row(row), &self.codes[row * width..][..width]);
        out.extend(self.places.iter().map(|place| match *place {
            Place::Number(column) => numbers[column],
            Place::Code { column, code } => f32::from(u8::from(codes[column] == code)),
        }));
    }
}
