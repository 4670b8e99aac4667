//! Rows of a table, put together as a batch.

use crate::simd::{LINE, fetch};

/// Rows asked for before they are copied: they come from anywhere in a table that no cache holds.
const AHEAD: usize = 2;

/// These rows of a table of numbers, one after the other.
///
/// # Shapes
/// - `table`: `[all, width]`
/// - result: `[rows, width]`
///
/// # Panics
/// If the table lacks one of the rows.
pub fn gather<R>(table: &[f32], width: usize, rows: R) -> Vec<f32>
where
    R: ExactSizeIterator<Item = usize> + Clone,
{
    let mut out = Vec::with_capacity(rows.len() * width);
    let mut later = rows.clone().skip(AHEAD);
    for row in rows {
        if let Some(row) = later.next() {
            let start = table.as_ptr().wrapping_add(row * width);
            (0..width)
                .step_by(LINE)
                .for_each(|at| fetch(start.wrapping_add(at)));
        }
        out.extend_from_slice(&table[row * width..(row + 1) * width]);
    }
    out
}
