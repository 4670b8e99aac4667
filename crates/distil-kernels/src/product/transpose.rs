//! Transposing a small matrix.

/// to(j, i) ← from(i, j) for i < `rows`, j < `columns`: element (i, j) is at `from[i * from_row + j]`, (j, i) at
/// `to[j * to_row + i]`.
///
/// # Panics
/// If one of them is outside.
#[inline(always)]
pub fn transpose(
    from: &[f32],
    from_row: usize,
    [rows, columns]: [usize; 2],
    to: &mut [f32],
    to_row: usize,
) {
    if rows == 0 || columns == 0 {
        return;
    }
    assert!((rows - 1) * from_row + columns <= from.len());
    assert!((columns - 1) * to_row + rows <= to.len());
    let (even_rows, even_columns) = (rows / 4 * 4, columns / 4 * 4);
    for i in (0..even_rows).step_by(4) {
        for j in (0..even_columns).step_by(4) {
            // SAFETY: the 4 × 4 elements from (i, j) on are inside `rows` and `columns`, whose last elements are inside the
            // slices, as asserted.
            unsafe {
                four(
                    from.as_ptr().add(i * from_row + j),
                    from_row,
                    to.as_mut_ptr().add(j * to_row + i),
                    to_row,
                );
            }
        }
    }
    for i in 0..rows {
        let first = if i < even_rows { even_columns } else { 0 };
        for j in first..columns {
            to[j * to_row + i] = from[i * from_row + j];
        }
    }
}

/// # Safety
/// 4 rows of 4 elements must be readable at `from` and writable at `to`.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn four(from: *const f32, from_row: usize, to: *mut f32, to_row: usize) {
    use std::arch::x86_64::*;
    // SAFETY: the caller's; every x86-64 processor has SSE.
    unsafe {
        let row = |i: usize| _mm_loadu_ps(from.add(i * from_row));
        let (low, high) = (
            _mm_unpacklo_ps(row(0), row(1)),
            _mm_unpackhi_ps(row(0), row(1)),
        );
        let (low2, high2) = (
            _mm_unpacklo_ps(row(2), row(3)),
            _mm_unpackhi_ps(row(2), row(3)),
        );
        _mm_storeu_ps(to, _mm_movelh_ps(low, low2));
        _mm_storeu_ps(to.add(to_row), _mm_movehl_ps(low2, low));
        _mm_storeu_ps(to.add(2 * to_row), _mm_movelh_ps(high, high2));
        _mm_storeu_ps(to.add(3 * to_row), _mm_movehl_ps(high2, high));
    }
}

/// # Safety
/// As above.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
unsafe fn four(from: *const f32, from_row: usize, to: *mut f32, to_row: usize) {
    for i in 0..4 {
        for j in 0..4 {
            // SAFETY: the caller's.
            unsafe { *to.add(j * to_row + i) = *from.add(i * from_row + j) };
        }
    }
}
