//! The rows of a table, whose features are computed when they are asked for.

use std::fmt;

use crate::data::codes::{Coded, Place};
use crate::weights::Array;

/// What a column has in a row.
type Of<T> = Box<dyn Fn(usize) -> T + Send + Sync>;

/// How the features of a row are computed from columns that stay where they are.
#[derive(Default)]
pub struct TableRows {
    numbers: Vec<Of<f32>>,
    codes: Vec<Of<u32>>,
    places: Vec<Place>,
    rows: usize,
    mapped: bool,
}

impl fmt::Debug for TableRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableRows")
            .field("places", &self.places)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

impl TableRows {
    /// Of a table without columns yet.
    pub fn new(rows: usize) -> Self {
        Self {
            rows,
            ..Self::default()
        }
    }

    /// Adds one feature of numbers; `mapped`: what it is computed from lies in a file.
    pub fn number(&mut self, mapped: bool, number: impl Fn(usize) -> f32 + Send + Sync + 'static) {
        self.places.push(Place::Number(self.numbers.len()));
        self.numbers.push(Box::new(number));
        self.mapped |= mapped;
    }

    /// Adds one feature for each code below `count`.
    pub fn code(
        &mut self,
        count: u32,
        mapped: bool,
        code: impl Fn(usize) -> u32 + Send + Sync + 'static,
    ) {
        let column = self.codes.len();
        let places = (0..count).map(|code| Place::Code { column, code });
        self.places.extend(places);
        self.codes.push(Box::new(code));
        self.mapped |= mapped;
    }

    /// Whether some of it lies in a file.
    pub fn is_mapped(&self) -> bool {
        self.mapped
    }

    /// Whether there are codes beside numbers.
    pub fn has_codes(&self) -> bool {
        !self.codes.is_empty()
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Number of features.
    pub fn width(&self) -> usize {
        self.places.len()
    }

    /// These rows, in this order.
    pub fn take(&self, rows: impl ExactSizeIterator<Item = usize> + Clone) -> Coded {
        Coded {
            numbers: Array::new(
                [rows.len(), self.numbers.len()],
                by_row(&self.numbers, rows.clone()),
            ),
            codes: by_row(&self.codes, rows),
            places: self.places.as_slice().into(),
        }
    }

    /// All rows.
    pub fn join(&self) -> Coded {
        self.take(0..self.rows)
    }

    /// Appends the features of a row, codes as one-hot vectors.
    pub fn push(&self, row: usize, out: &mut Vec<f32>) {
        out.extend(self.places.iter().map(|place| match *place {
            Place::Number(column) => self.numbers[column](row),
            Place::Code { column, code } => f32::from(u8::from(self.codes[column](row) == code)),
        }));
    }
}

/// Columns as `[rows, columns]`, computed column by column.
fn by_row<T: Copy + Default>(
    columns: &[Of<T>],
    rows: impl ExactSizeIterator<Item = usize> + Clone,
) -> Vec<T> {
    let width = columns.len();
    let mut all = vec![T::default(); rows.len() * width];
    for (at, column) in columns.iter().enumerate() {
        let places = all.iter_mut().skip(at).step_by(width);
        places
            .zip(rows.clone())
            .for_each(|(place, row)| *place = column(row));
    }
    all
}
