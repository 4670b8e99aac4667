//! Principal component analysis.

use nalgebra::{DMatrix, SymmetricEigen};

use crate::data::features::Features;
use crate::data::moments::moments;
use crate::error::{Error, Result};
use crate::sample::SampleId;
use crate::weights::Array;

/// The first `count` principal axes of the training rows, `[features, count]`: unit columns, largest
/// variance first, each with its largest weight (the first of equals) positive.
pub fn principal_axes(inputs: &Features, train: &[SampleId], count: usize) -> Result<Array> {
    let width = inputs.width();
    if train.len() <= count {
        return Err(Error::input(
            "view",
            format!(
                "{count} principal components need more than {} training samples",
                train.len()
            ),
        )
        .remedy("Use fewer components"));
    }
    let rows = inputs.rows(train);
    let (mean, _) = moments(&rows.values, width, 0..train.len());
    let centred = DMatrix::from_fn(train.len(), width, |i, j| {
        f64::from(rows.row(i)[j]) - f64::from(mean[j])
    });
    let eigen = SymmetricEigen::new(centred.tr_mul(&centred));
    let mut order: Vec<usize> = (0..width).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
    let mut axes = Array::zeros([width, count]);
    for (column, &which) in order.iter().take(count).enumerate() {
        let axis = eigen.eigenvectors.column(which);
        let largest = axis.iter().fold(0.0_f64, |best, x| {
            if x.abs() > best.abs() * (1.0 + 1e-9) {
                *x
            } else {
                best
            }
        });
        for (row, x) in axis.iter().enumerate() {
            axes.values[row * count + column] = (x * largest.signum()) as f32;
        }
    }
    Ok(axes)
}
