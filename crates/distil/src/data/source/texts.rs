//! The cells of a table, column by column: in memory, and from some size on in a file.

use std::fmt;
use std::sync::Arc;

use crate::data::growing::Growing;
use crate::data::held::Held;
use crate::error::{Error, Result};

/// Bytes of all columns' cells that are put down at once.
const TOGETHER: usize = 8 << 20;

/// The cells of one column.
#[derive(Clone, Default)]
pub struct Texts {
    bytes: Held<u8>,
    /// Where each cell ends, from the beginning of its piece on.
    ends: Held<u32>,
    pieces: Vec<Piece>,
    rows: usize,
    /// The rows that are left, where some were left out.
    kept: Option<Arc<Vec<u32>>>,
}

/// Cells that follow each other.
#[derive(Debug, Clone, Copy)]
struct Piece {
    /// The row of the first.
    row: usize,
    /// Where its bytes and its end stand.
    byte: usize,
    end: usize,
}

/// The cells of a piece: those of the rows from `row` to the one before `after`.
#[derive(Clone, Copy, Default)]
struct Run<'a> {
    row: usize,
    after: usize,
    text: &'a str,
    ends: &'a [u32],
}

impl<'a> Run<'a> {
    fn at(&self, row: usize) -> &'a str {
        let at = row - self.row;
        let start = if at == 0 {
            0
        } else {
            self.ends[at - 1] as usize
        };
        self.text
            .get(start..self.ends[at] as usize)
            .unwrap_or_default()
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Texts {
    /// How many.
    pub fn len(&self) -> usize {
        self.kept.as_ref().map_or(self.rows, |kept| kept.len())
    }

    /// The cell of a row.
    pub fn at(&self, row: usize) -> &str {
        let row = self.kept.as_ref().map_or(row, |kept| kept[row] as usize);
        let after = self.pieces.partition_point(|piece| piece.row <= row);
        let piece = self.pieces[after - 1];
        let end = |row: usize| self.ends[piece.end + (row - piece.row)] as usize;
        let start = match row == piece.row {
            true => 0,
            false => end(row - 1),
        };
        let cell = &self.bytes[piece.byte + start..piece.byte + end(row)];
        // They were texts when they were put down.
        std::str::from_utf8(cell).unwrap_or_default()
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        let mut run = Run::default();
        (0..self.len()).map(move |row| {
            let row = self.kept.as_ref().map_or(row, |kept| kept[row] as usize);
            if row >= run.after {
                run = self.run(row);
            }
            run.at(row)
        })
    }

    /// Whether no cell holds this character of ASCII, as far as that is seen at a glance.
    pub fn lack(&self, character: u8) -> bool {
        let holds = |piece: &Piece| self.run(piece.row).text.as_bytes().contains(&character);
        !self.pieces.iter().any(holds)
    }

    /// The cells that a row lies among.
    fn run(&self, row: usize) -> Run<'_> {
        let next = self.pieces.partition_point(|piece| piece.row <= row);
        let piece = self.pieces[next - 1];
        let after = self.pieces.get(next).map_or(self.rows, |piece| piece.row);
        let ends = &self.ends[piece.end..piece.end + after - piece.row];
        let bytes = ends.last().map_or(0, |end| *end as usize);
        let bytes = &self.bytes[piece.byte..piece.byte + bytes];
        Run {
            row: piece.row,
            after,
            // They were texts when they were put down.
            text: std::str::from_utf8(bytes).unwrap_or_default(),
            ends,
        }
    }

    /// The rows for which `keep` is true.
    pub fn kept(&self, keep: &[bool]) -> Self {
        let rows = (0..self.len()).zip(keep).filter(|(_, keep)| **keep);
        let row = |row: usize| self.kept.as_ref().map_or(row as u32, |kept| kept[row]);
        Self {
            kept: Some(Arc::new(rows.map(|(at, _)| row(at)).collect())),
            ..self.clone()
        }
    }

    /// Gives back what memory holds of a file, until it is read again.
    pub fn give_back(&self) {
        self.bytes.give_back();
        self.ends.give_back();
    }
}

/// Cells of several columns as they come, row by row.
#[derive(Debug, Default)]
pub struct Gathered {
    columns: Vec<Column>,
    bytes: Growing<u8>,
    ends: Growing<u32>,
    /// Bytes of cells, and what stands beside them, that are not put down yet.
    waiting: usize,
}

#[derive(Debug, Default)]
struct Column {
    text: Vec<u8>,
    ends: Vec<u32>,
    rows: usize,
    pieces: Vec<Piece>,
}

impl Gathered {
    /// Of about so many bytes of text.
    pub fn expecting(bytes: usize) -> Self {
        /// Of a cell and what separates it from the next.
        const CELL: usize = 8;
        Self {
            bytes: Growing::expecting(bytes),
            ends: Growing::expecting(bytes / CELL),
            ..Self::default()
        }
    }

    /// So many columns.
    pub fn widen(&mut self, columns: usize) {
        self.columns.resize_with(columns, Column::default);
    }

    /// Adds a cell to a column.
    pub fn push(&mut self, column: usize, cell: &str) -> Result<()> {
        let column = &mut self.columns[column];
        column.text.extend_from_slice(cell.as_bytes());
        let end = u32::try_from(column.text.len());
        column
            .ends
            .push(end.map_err(|_| Error::input("data", "a cell holds more than 4 GB"))?);
        self.waiting += cell.len() + size_of::<u32>();
        match self.waiting < TOGETHER {
            true => Ok(()),
            false => self.put_down(),
        }
    }

    fn put_down(&mut self) -> Result<()> {
        for column in &mut self.columns {
            if column.ends.is_empty() {
                continue;
            }
            column.pieces.push(Piece {
                row: column.rows,
                byte: self.bytes.len(),
                end: self.ends.len(),
            });
            self.bytes.extend(&column.text)?;
            self.ends.extend(&column.ends)?;
            column.rows += column.ends.len();
            column.text.clear();
            column.ends.clear();
        }
        self.waiting = 0;
        Ok(())
    }

    /// The columns.
    pub fn finish(mut self) -> Result<Vec<Texts>> {
        self.put_down()?;
        let (bytes, ends) = (self.bytes.finish()?, self.ends.finish()?);
        let columns = self.columns.into_iter();
        let texts = columns.map(|column| Texts {
            bytes: bytes.clone(),
            ends: ends.clone(),
            pieces: column.pieces,
            rows: column.rows,
            kept: None,
        });
        Ok(texts.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_back_by_row_however_many_pieces_they_lie_in() {
        let cell = |row: usize, column: usize| match row % 3 {
            0 => String::new(),
            _ => format!("{row} é {}", "x".repeat(column * 300 + row % 7)),
        };
        let mut all = Gathered::default();
        all.widen(2);
        for row in 0..60_000 {
            for column in 0..2 {
                all.push(column, &cell(row, column)).unwrap();
            }
        }
        let columns = all.finish().unwrap();
        assert!(columns[1].pieces.len() > 1);
        for (column, texts) in columns.iter().enumerate() {
            assert_eq!(texts.len(), 60_000);
            assert!(
                texts
                    .iter()
                    .enumerate()
                    .all(|(row, text)| text == cell(row, column))
            );
            let odd: Vec<bool> = (0..60_000).map(|row| row % 2 == 1).collect();
            let odd = texts.kept(&odd);
            assert_eq!((odd.len(), odd.at(100)), (30_000, &*cell(201, column)));
            let fourth: Vec<bool> = (0..30_000).map(|row| row % 2 == 1).collect();
            assert_eq!(odd.kept(&fourth).at(5), cell(23, column));
        }
    }
}
