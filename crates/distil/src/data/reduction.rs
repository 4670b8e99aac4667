//! A view's matrix as samples are brought through it.

use crate::weights::Array;

/// The matrix P by its entries that are not zero.
#[derive(Debug)]
pub struct Reduction {
    coarse: usize,
    /// For each fine place the coarse places it counts in, and how much: its own end where the next place's begin.
    weights: Vec<(usize, f64)>,
    ends: Vec<usize>,
}

impl Reduction {
    /// Of the matrix `[fine, coarse]`.
    pub fn of(matrix: &Array) -> Self {
        let (fine, coarse) = matrix.rows_cols();
        let (mut weights, mut ends) = (Vec::new(), Vec::with_capacity(fine));
        for i in 0..fine {
            let row = matrix.row(i).iter().enumerate();
            let row = row.filter(|(_, w)| **w != 0.0);
            weights.extend(row.map(|(j, w)| (j, f64::from(*w))));
            ends.push(weights.len());
        }
        Self {
            coarse,
            weights,
            ends,
        }
    }

    /// Length of a coarse sample.
    pub fn coarse(&self) -> usize {
        self.coarse
    }

    /// The coarse samples `[rows, coarse]` of `fine`, `[rows, fine]`; sums are taken in double precision.
    pub fn apply(&self, fine: &[f32], coarse: &mut [f32]) {
        let mut sums = vec![0.0; self.coarse];
        let coarse = coarse.chunks_exact_mut(self.coarse.max(1));
        for (row, out) in fine.chunks_exact(self.ends.len().max(1)).zip(coarse) {
            sums.fill(0.0);
            let mut begin = 0;
            for (x, end) in row.iter().zip(&self.ends) {
                for &(j, weight) in &self.weights[begin..*end] {
                    sums[j] += f64::from(*x) * weight;
                }
                begin = *end;
            }
            out.iter_mut()
                .zip(&sums)
                .for_each(|(out, sum)| *out = *sum as f32);
        }
    }
}
