//! The inner loop of the matrix product: a tile of the output held in registers.

use crate::simd::Lanes;

/// Rows of a tile and registers it is wide: as many sums as leave registers for a row of one operand and an element of
/// the other.
pub const fn shape<L: Lanes>() -> [usize; 2] {
    match L::REGISTERS {
        32 => [8, 3],
        16 => [6, 2],
        _ => [3, 2],
    }
}

/// A tile: `rows` × `columns` of the output, and where its operands lie.
#[derive(Clone, Copy)]
pub struct Tile {
    /// Terms of each sum.
    pub terms: usize,
    /// Element (i, p) is at `a + i * a_row + p * a_term`.
    pub a: *const f32,
    pub a_row: usize,
    pub a_term: usize,
    /// Element (p, j) is at `b + p * b_term + j`.
    pub b: *const f32,
    pub b_term: usize,
    /// What the sums start from: element (i, j) is at `from + i * from_row + j`; null: zero.
    pub from: *const f32,
    pub from_row: usize,
    /// Element (i, j) of the output is at `out + i * out_row + j`.
    pub out: *mut f32,
    pub out_row: usize,
    pub columns: usize,
    /// Whether max(0, sum) is written.
    pub relu: bool,
}

/// Computes `ROWS` rows of a tile that is `REGISTERS` wide, the last of which may be partly used.
///
/// # Safety
/// All elements the tile speaks of must be there, and the processor must have the instructions of `L`.
#[inline(always)]
unsafe fn fill<L: Lanes, const ROWS: usize, const REGISTERS: usize>(tile: &Tile) {
    let last = tile.columns - (REGISTERS - 1) * L::WIDTH;
    // SAFETY: the caller's; each register covers `WIDTH` columns and the last one `last`, together `columns`.
    unsafe {
        let load = |from: *const f32, register: usize| match register + 1 == REGISTERS {
            true => L::load_first(from.add(register * L::WIDTH), last),
            false => L::load(from.add(register * L::WIDTH)),
        };
        let mut sums = [[L::splat(0.0); REGISTERS]; ROWS];
        if !tile.from.is_null() {
            for (i, sums) in sums.iter_mut().enumerate() {
                for (register, sum) in sums.iter_mut().enumerate() {
                    *sum = load(tile.from.add(i * tile.from_row), register);
                }
            }
        }
        let (mut a, mut b) = (tile.a, tile.b);
        for _ in 0..tile.terms {
            let b_row: [L::V; REGISTERS] = std::array::from_fn(|register| load(b, register));
            for (i, sums) in sums.iter_mut().enumerate() {
                let a = L::splat(*a.add(i * tile.a_row));
                for (sum, b) in sums.iter_mut().zip(b_row) {
                    *sum = L::mul_add(a, b, *sum);
                }
            }
            a = a.wrapping_add(tile.a_term);
            b = b.wrapping_add(tile.b_term);
        }
        for (i, sums) in sums.into_iter().enumerate() {
            for (register, sum) in sums.into_iter().enumerate() {
                // NaN is kept: 0 is taken where it is greater.
                let sum = match tile.relu {
                    true => L::max(L::splat(0.0), sum),
                    false => sum,
                };
                let to = tile.out.add(i * tile.out_row + register * L::WIDTH);
                match register + 1 == REGISTERS {
                    true => L::store_first(to, last, sum),
                    false => L::store(to, sum),
                }
            }
        }
    }
}

/// Computes a tile of so many rows, within the [`shape`].
///
/// # Safety
/// As for [`fill`].
#[inline(always)]
pub unsafe fn compute<L: Lanes>(tile: &Tile, rows: usize) {
    macro_rules! choose {
        ($($rows:literal)*) => {
            match (rows, tile.columns.div_ceil(L::WIDTH)) {
                // SAFETY: the caller's.
                $(
                    ($rows, 1) => unsafe { fill::<L, $rows, 1>(tile) },
                    ($rows, 2) => unsafe { fill::<L, $rows, 2>(tile) },
                    ($rows, _) if shape::<L>()[1] == 3 => unsafe { fill::<L, $rows, 3>(tile) },
                )*
                _ => unreachable!("a tile has at most 8 rows and 3 registers"),
            }
        };
    }
    choose!(1 2 3 4 5 6 7 8);
}
