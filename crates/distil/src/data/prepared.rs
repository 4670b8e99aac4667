//! Features, and what had to be guessed to make them.

use crate::data::features::Features;

/// Features `[samples, features]`, and what had to be guessed to make them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Prepared {
    /// The features of all samples, all finite.
    pub inputs: Features,
    /// Cells whose text no training sample has, by column: they became zeros.
    pub unknown: Vec<Guess>,
    /// Missing cells by column, in columns complete in training: they became the median, or zeros.
    pub missing: Vec<Guess>,
}

/// Cells of a column that had to be guessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    /// The column.
    pub column: String,
    /// How many cells.
    pub cells: usize,
    /// The row of the first.
    pub row: usize,
}

impl Prepared {
    pub(super) fn note(list: &mut Vec<Guess>, column: &str, row: usize) {
        match list.last_mut() {
            Some(last) if last.column == column => last.cells += 1,
            _ => list.push(Guess {
                column: column.to_string(),
                cells: 1,
                row,
            }),
        }
    }
}
