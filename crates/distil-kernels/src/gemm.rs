//! The matrix product, from the `gemm` crate, with the instruction set of our choice.

use gemm_common::Parallelism;

use crate::Isa;

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

/// Multiplications from which on a product is shared among threads: below, handing work over costs more than it saves.
const SHARED_FROM: usize = 192 * 192 * 192;

/// out ← a b, or out + a b if `add`; `out` is stored row by row.
///
/// # Panics
/// If the shapes do not fit.
pub fn product(isa: Isa, a: Matrix<'_>, b: Matrix<'_>, out: &mut [f32], add: bool) {
    assert_eq!(a.columns, b.rows);
    assert_eq!(out.len(), a.rows * b.columns);
    let (m, n, k) = (a.rows, b.columns, a.columns);
    let parallelism = match m * n * k {
        small if small < SHARED_FROM => Parallelism::None,
        _ => Parallelism::Rayon(0),
    };
    let kernel = kernel(isa);
    // SAFETY: `a` and `b` are borrowed and hold `rows * columns` elements, `out` is borrowed mutably and holds m * n:
    // asserted above and in `Matrix::new`, whose strides are its fields' only source, so all addresses
    // i * row + j * column with i < rows, j < columns are inside. `kernel` gives a function the processor can run.
    unsafe {
        kernel(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            add,
            a.values.as_ptr(),
            a.column as isize,
            a.row as isize,
            b.values.as_ptr(),
            b.column as isize,
            b.row as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            parallelism,
        );
    }
}

type Kernel = unsafe fn(
    usize,
    usize,
    usize,
    *mut f32,
    isize,
    isize,
    bool,
    *const f32,
    isize,
    isize,
    *const f32,
    isize,
    isize,
    f32,
    f32,
    bool,
    bool,
    bool,
    Parallelism,
);

/// The product for an instruction set: the `gemm` crate's own choice for the best one, which also covers other
/// architectures, and its lesser forms where a test forces them.
fn kernel(isa: Isa) -> Kernel {
    #[cfg(target_arch = "x86_64")]
    if isa < Isa::best() {
        return match isa {
            Isa::Portable => lesser::portable,
            _ => lesser::avx2,
        };
    }
    gemm_f32::gemm::f32::get_gemm_fn()
}

#[cfg(target_arch = "x86_64")]
mod lesser {
    use gemm_common::Parallelism;
    use gemm_common::gemm::gemm_basic_generic;
    use gemm_common::simd::{MixedSimd, Scalar, V3};
    use gemm_f32::microkernel::{fma, scalar};

    macro_rules! lesser {
        ($name:ident, $simd:ty, $kernels:ident, $lanes:literal) => {
            #[allow(clippy::too_many_arguments)]
            pub unsafe fn $name(
                m: usize,
                n: usize,
                k: usize,
                dst: *mut f32,
                dst_cs: isize,
                dst_rs: isize,
                read_dst: bool,
                lhs: *const f32,
                lhs_cs: isize,
                lhs_rs: isize,
                rhs: *const f32,
                rhs_cs: isize,
                rhs_rs: isize,
                alpha: f32,
                beta: f32,
                conj_dst: bool,
                conj_lhs: bool,
                conj_rhs: bool,
                parallelism: Parallelism,
            ) {
                use $kernels::f32 as kernels;
                let Some(simd) = <$simd as MixedSimd<f32, f32, f32, f32>>::try_new() else {
                    return;
                };
                // SAFETY: the caller's pointers and strides, as for any of the crate's products; `simd` proves that the
                // processor has the instructions.
                unsafe {
                    gemm_basic_generic::<
                        _,
                        f32,
                        $lanes,
                        { kernels::MR_DIV_N * $lanes },
                        { kernels::NR },
                        { kernels::MR_DIV_N },
                        { kernels::H_M },
                        { kernels::H_N },
                    >(
                        simd,
                        m,
                        n,
                        k,
                        dst,
                        dst_cs,
                        dst_rs,
                        read_dst,
                        lhs,
                        lhs_cs,
                        lhs_rs,
                        rhs,
                        rhs_cs,
                        rhs_rs,
                        alpha,
                        beta,
                        conj_dst,
                        conj_lhs,
                        conj_rhs,
                        |a, b, c| a * b + c,
                        &kernels::UKR,
                        &kernels::H_UKR,
                        false,
                        parallelism,
                    );
                }
            }
        };
    }

    lesser!(portable, Scalar, scalar, 1);
    lesser!(avx2, V3, fma, 8);
}
