//! A view's matrix as samples are brought through it.

use crate::weights::Array;

/// The matrix P by its entries that are not zero.
#[derive(Debug)]
pub struct Reduction {
    coarse: usize,
    /// For each fine place the coarse places it counts in, and how much.
    weights: Vec<Vec<(usize, f64)>>,
}

impl Reduction {
    /// Of the matrix `[fine, coarse]`.
    pub fn of(matrix: &Array) -> Self {
        let (fine, coarse) = matrix.rows_cols();
        let weights = |i: usize| {
            let row = matrix.row(i).iter().enumerate();
            row.filter(|(_, w)| **w != 0.0)
                .map(|(j, w)| (j, f64::from(*w)))
                .collect()
        };
        Self {
            coarse,
            weights: (0..fine).map(weights).collect(),
        }
    }

    /// Length of a coarse sample.
    pub fn coarse(&self) -> usize {
        self.coarse
    }

    /// Appends the coarse samples of `fine`, `[rows, fine]`; sums are taken in double precision.
    pub fn apply(&self, fine: &[f32], out: &mut Vec<f32>) {
        let mut sums = vec![0.0; self.coarse];
        for row in fine.chunks_exact(self.weights.len()) {
            sums.fill(0.0);
            for (x, weights) in row.iter().zip(&self.weights) {
                weights
                    .iter()
                    .for_each(|&(j, weight)| sums[j] += f64::from(*x) * weight);
            }
            out.extend(sums.iter().map(|sum| *sum as f32));
        }
    }
}
