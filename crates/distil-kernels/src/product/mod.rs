//! The matrix product of a layer.
//!
//! Operands are cut into blocks and, where they would be read often or lie badly, copied into the order in which the inner
//! loop reads them (Goto & van de Geijn 2008). Each element of the output is one sum, its terms added in order by one
//! register lane: the bits do not depend on the number of threads, nor on the other rows and columns.

mod tile;
mod transpose;

use std::cell::RefCell;

use rayon::prelude::*;

use self::tile::{Tile, compute, shape};
pub(crate) use self::transpose::transpose;
use crate::Isa;
use crate::simd::{LINE, Lanes, SimdWork, dispatch, fetch};

/// A matrix in a slice: element (i, j) is at `i * row + j * column`.
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row: usize,
    column: usize,
}

impl<'a> Matrix<'a> {
    /// A matrix stored row by row.
    ///
    /// # Panics
    /// If `values` has another length than the matrix.
    pub fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        assert_eq!(values.len(), rows * columns);
        Self {
            values,
            rows,
            columns,
            row: columns,
            column: 1,
        }
    }

    /// The transposed matrix; nothing moves.
    pub fn t(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row: self.column,
            column: self.row,
            ..self
        }
    }
}

/// What happens to the product on its way.
#[derive(Debug, Clone, Copy, Default)]
pub struct Epilogue<'a> {
    /// Added to every row, if any.
    pub bias: Option<&'a [f32]>,
    /// Whether max(0, sum) is the result.
    pub relu: bool,
}

/// Multiplications from which on a product is shared among threads: below, handing work over costs more than it saves.
pub const SHARED_FROM: usize = 1 << 22;

/// Terms of the sums worked on at a time.
const TERMS: usize = 256;

/// Elements an operand may have and still be read where it lies: half a first-level cache.
const SMALL: usize = 4096;

/// Elements an operand may have and still be found in the second-level cache: a quarter of one.
const NEAR: usize = 1 << 16;

/// a b, row by row, finished.
///
/// # Panics
/// If the shapes do not fit.
pub fn product(isa: Isa, a: Matrix<'_>, b: Matrix<'_>, epilogue: Epilogue<'_>) -> Vec<f32> {
    assert_eq!(a.columns, b.rows);
    assert!(epilogue.bias.is_none_or(|bias| bias.len() == b.columns));
    let (rows, columns, terms) = (a.rows, b.columns, a.columns);
    let mut out: Vec<f32> = Vec::with_capacity(rows * columns);
    let job = Job {
        a,
        b,
        epilogue,
        out: out.as_mut_ptr(),
    };
    let threads = match rows * columns * terms {
        small if small < SHARED_FROM => 1,
        _ => rayon::current_num_threads(),
    };
    if threads == 1 {
        job.run(isa, 0..rows, 0..columns);
    } else if rows > columns {
        let step = rows.div_ceil(threads).next_multiple_of(8);
        let parts = (0..rows).into_par_iter().step_by(step);
        parts.for_each(|top| job.run(isa, top..rows.min(top + step), 0..columns));
    } else {
        let step = columns.div_ceil(threads).next_multiple_of(16);
        let parts = (0..columns).into_par_iter().step_by(step);
        parts.for_each(|left| job.run(isa, 0..rows, left..columns.min(left + step)));
    }
    // SAFETY: room for this many was reserved, and the parts, which cover all rows and columns, were written.
    unsafe { out.set_len(rows * columns) };
    out
}

type Range = std::ops::Range<usize>;

/// A product at work.
struct Job<'a> {
    a: Matrix<'a>,
    b: Matrix<'a>,
    epilogue: Epilogue<'a>,
    out: *mut f32,
}

// SAFETY: `out` is the only field that is not shared by itself, and threads write disjoint parts of it.
unsafe impl Sync for Job<'_> {}

thread_local! {
    static COPIES: RefCell<[Vec<f32>; 2]> = const { RefCell::new([Vec::new(), Vec::new()]) };
}

impl Job<'_> {
    /// Computes a part of the output, which the ranges must be inside.
    fn run(&self, isa: Isa, rows: Range, columns: Range) {
        COPIES.with_borrow_mut(|copies| {
            let part = Part {
                job: self,
                rows,
                columns,
                copies,
            };
            dispatch(isa, part);
        });
    }
}

/// A part of the output at work, and room for copies of the operands.
struct Part<'a> {
    job: &'a Job<'a>,
    rows: Range,
    columns: Range,
    copies: &'a mut [Vec<f32>; 2],
}

impl SimdWork for Part<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let Self {
            job,
            rows,
            columns,
            copies: [a_copy, b_copy],
        } = self;
        let (a, b, epilogue) = (job.a, job.b, job.epilogue);
        let [tall, registers] = const { shape::<L>() };
        let (wide, width) = (registers * L::WIDTH, b.columns);
        let copy_a = rows.len() * a.columns > SMALL && columns.len() > 2 * wide;
        let copy_b = b.column != 1 || (rows.len() > 4 * tall && b.rows * columns.len() > SMALL);
        let far = b.rows * columns.len() > NEAR;
        let mut done = 0;
        loop {
            let terms = TERMS.min(a.columns - done);
            let last = done + terms == a.columns;
            if copy_a {
                copy_tall(a, rows.clone(), done..done + terms, tall, a_copy);
            }
            for left in columns.clone().step_by(wide) {
                let right = columns.end.min(left + wide);
                if copy_b {
                    // SAFETY: the caller's.
                    unsafe { copy_wide::<L>(b, done..done + terms, left..right, wide, b_copy) };
                }
                // Of the columns that come next, a share is fetched beside each tile.
                let next = match right < columns.end {
                    true => (done..done + terms, right..columns.end.min(right + wide)),
                    false => (
                        done + terms..a.columns.min(done + terms + TERMS),
                        columns.start..columns.end.min(columns.start + wide),
                    ),
                };
                for top in rows.clone().step_by(tall) {
                    let bottom = rows.end.min(top + tall);
                    if far {
                        let share = [top - rows.start, bottom - rows.start];
                        fetch_share(b, next.clone(), share, rows.len());
                    }
                    // SAFETY: `top` and `left` are inside the matrices, as are `done..done + terms`; a matrix's elements
                    // are inside its slice (`Matrix::new`), and the copies hold whole tiles.
                    unsafe {
                        let (a, a_row, a_term) = match copy_a {
                            true => (a_copy.as_ptr().add((top - rows.start) * terms), 1, tall),
                            false => (
                                a.values.as_ptr().add(top * a.row + done * a.column),
                                a.row,
                                a.column,
                            ),
                        };
                        let (b, b_term) = match copy_b {
                            true => (b_copy.as_ptr(), wide),
                            false => (b.values.as_ptr().add(done * b.row + left), b.row),
                        };
                        let out = job.out.add(top * width + left);
                        let (from, from_row) = match (done, epilogue.bias) {
                            (0, None) => (std::ptr::null(), 0),
                            (0, Some(bias)) => (bias.as_ptr().add(left), 0),
                            _ => (out.cast_const(), width),
                        };
                        let tile = Tile {
                            terms,
                            a,
                            a_row,
                            a_term,
                            b,
                            b_term,
                            from,
                            from_row,
                            out,
                            out_row: width,
                            columns: right - left,
                            relu: last && epilogue.relu,
                        };
                        compute::<L>(&tile, bottom - top);
                    }
                }
            }
            done += terms;
            if last {
                return;
            }
        }
    }
}

/// Asks for a share, from one of `parts` to another, of these terms and columns of `b`.
#[inline(always)]
fn fetch_share(
    b: Matrix<'_>,
    (terms, columns): (Range, Range),
    [from, to]: [usize; 2],
    parts: usize,
) {
    // Runs of elements that lie one after the other, and the elements between two runs.
    let (runs, run, step) = match b.column {
        1 => (terms, columns, b.row),
        _ => (columns, terms, b.column),
    };
    let at = |part: usize| runs.start + runs.len() * part / parts;
    for i in at(from)..at(to) {
        for j in run.clone().step_by(LINE) {
            fetch(b.values.as_ptr().wrapping_add(i * step + j));
        }
    }
}

/// Copies rows of `a` in tiles of `tall`, each term by term; rows that fill the last tile up are left as they are.
#[inline(always)]
fn copy_tall(a: Matrix<'_>, rows: Range, terms: Range, tall: usize, copy: &mut Vec<f32>) {
    let size = rows.len().next_multiple_of(tall) * terms.len();
    if copy.len() < size {
        copy.resize(size, 0.0);
    }
    for (top, tile) in rows
        .clone()
        .step_by(tall)
        .zip(copy.chunks_exact_mut(tall * terms.len().max(1)))
    {
        let count = tall.min(rows.end - top);
        if a.row == 1 {
            for (p, term) in terms.clone().zip(tile.chunks_exact_mut(tall)) {
                term[..count].copy_from_slice(&a.values[p * a.column + top..][..count]);
            }
        } else {
            let from = &a.values[top * a.row + terms.start..];
            transpose(from, a.row, [count, terms.len()], tile, tall);
        }
    }
}

/// Copies columns of `b` term by term, `wide` to a term; what fills a term up is left as it is.
///
/// # Safety
/// The processor must have the instructions of `L`.
#[inline(always)]
unsafe fn copy_wide<L: Lanes>(
    b: Matrix<'_>,
    terms: Range,
    columns: Range,
    wide: usize,
    copy: &mut Vec<f32>,
) {
    let size = terms.len() * wide;
    if copy.len() < size {
        copy.resize(size, 0.0);
    }
    if b.column == 1 {
        for (p, term) in terms.zip(copy.chunks_exact_mut(wide)) {
            let row = &b.values[p * b.row..][columns.clone()];
            if row.len() < wide {
                term[..row.len()].copy_from_slice(row);
                continue;
            }
            for (to, from) in term
                .chunks_exact_mut(L::WIDTH)
                .zip(row.chunks_exact(L::WIDTH))
            {
                // SAFETY: both have `WIDTH` elements.
                unsafe { L::store(to.as_mut_ptr(), L::load(from.as_ptr())) };
            }
        }
    } else {
        // By 16 terms, so that the lines written stay in the cache until they are full.
        for (block, copy) in terms.clone().step_by(16).zip(copy.chunks_mut(16 * wide)) {
            let count = 16.min(terms.end - block);
            let from = &b.values[columns.start * b.column + block..];
            transpose(from, b.column, [columns.len(), count], copy, wide);
        }
    }
}
