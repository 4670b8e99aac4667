//! A view's matrix, by its entries that are not zero: of large pictures it would take gigabytes as a whole.

use crate::weights::Array;

/// The matrix P `[fine, coarse]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Reduction {
    coarse: usize,
    /// For each fine place the coarse places it counts in, ascending, and how much: its own end where the next place's begin.
    weights: Vec<(u32, f32)>,
    ends: Vec<usize>,
}

impl From<Array> for Reduction {
    fn from(matrix: Array) -> Self {
        let (fine, coarse) = matrix.rows_cols();
        let (mut weights, mut ends) = (Vec::new(), Vec::with_capacity(fine));
        for i in 0..fine {
            let row = (0..).zip(matrix.row(i));
            // The negative zero stays what it is.
            weights.extend(row.filter_map(|(j, w)| (w.to_bits() != 0).then_some((j, *w))));
            ends.push(weights.len());
        }
        Self {
            coarse,
            weights,
            ends,
        }
    }
}

impl Reduction {
    /// Of so many fine places: for each coarse place, those that count in it, and how much.
    pub fn of_columns(fine: usize, columns: &[Vec<(usize, f32)>]) -> Self {
        let mut ends = vec![0; fine];
        for (i, _) in columns.iter().flatten() {
            ends[*i] += 1;
        }
        let mut sum = 0;
        for end in &mut ends {
            // Where its own begin, until they are put down.
            (*end, sum) = (sum, sum + *end);
        }
        let mut weights = vec![(0, 0.0); sum];
        for (j, column) in (0..).zip(columns) {
            for (i, weight) in column {
                weights[ends[*i]] = (j, *weight);
                ends[*i] += 1;
            }
        }
        Self {
            coarse: columns.len(),
            weights,
            ends,
        }
    }

    /// Length of a fine sample.
    pub fn fine(&self) -> usize {
        self.ends.len()
    }

    /// Length of a coarse sample.
    pub fn coarse(&self) -> usize {
        self.coarse
    }

    /// The matrix with all its zeros.
    pub fn to_array(&self) -> Array {
        let mut matrix = Array::zeros([self.fine(), self.coarse]);
        let mut begin = 0;
        for (i, end) in self.ends.iter().enumerate() {
            for (j, weight) in &self.weights[begin..*end] {
                matrix.values[i * self.coarse + *j as usize] = *weight;
            }
            begin = *end;
        }
        matrix
    }

    /// The coarse samples `[rows, coarse]` of `fine`, `[rows, fine]`; sums are taken in double precision.
    pub fn apply(&self, fine: &[f32], coarse: &mut [f32]) {
        let mut sums = vec![0.0; self.coarse];
        let coarse = coarse.chunks_exact_mut(self.coarse.max(1));
        for (row, out) in fine.chunks_exact(self.ends.len().max(1)).zip(coarse) {
            sums.fill(0.0);
            let mut begin = 0;
            for (x, end) in row.iter().zip(&self.ends) {
                for (j, weight) in &self.weights[begin..*end] {
                    sums[*j as usize] += f64::from(*x) * f64::from(*weight);
                }
                begin = *end;
            }
            out.iter_mut()
                .zip(&sums)
                .for_each(|(out, sum)| *out = *sum as f32);
        }
    }
}
