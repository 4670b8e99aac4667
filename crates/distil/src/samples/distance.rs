//! Distances between samples.

/// Σ (a − b)², in eight partial sums of fixed order, so that it is the same on every machine.
pub fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    let ((a_chunks, a_rest), (b_chunks, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for i in 0..8 {
            sums[i] += (a[i] - b[i]) * (a[i] - b[i]);
        }
    }
    let rest: f32 = a_rest
        .iter()
        .zip(b_rest)
        .map(|(a, b)| (a - b) * (a - b))
        .sum();
    sums.iter().sum::<f32>() + rest
}

/// The mean of these rows of a `[rows, width]` array.
pub fn mean(features: &crate::weights::Array, rows: &[usize]) -> Vec<f64> {
    let (_, width) = features.rows_cols();
    let mut mean = vec![0.0; width];
    for &row in rows {
        mean.iter_mut()
            .zip(features.row(row))
            .for_each(|(mean, x)| *mean += f64::from(*x) / rows.len() as f64);
    }
    mean
}
