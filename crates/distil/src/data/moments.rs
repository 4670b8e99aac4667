//! Means and standard deviations of columns, in double precision.

/// Mean and standard deviation (divisor n) of each column of `[rows, width]`, over the given rows.
/// A column whose deviation vanishes against its size counts as constant: its deviation is 1.
pub fn moments(
    values: &[f32],
    width: usize,
    rows: impl Iterator<Item = usize> + Clone,
) -> (Vec<f32>, Vec<f32>) {
    let count = rows.clone().count().max(1) as f64;
    let mut mean = vec![0.0; width];
    let mut square = vec![0.0; width];
    for row in rows.clone() {
        let row = &values[row * width..(row + 1) * width];
        mean.iter_mut()
            .zip(row)
            .for_each(|(sum, &x)| *sum += f64::from(x) / count);
    }
    for row in rows {
        let row = &values[row * width..(row + 1) * width];
        let centred = row.iter().zip(&mean).map(|(&x, mean)| f64::from(x) - mean);
        square
            .iter_mut()
            .zip(centred)
            .for_each(|(sum, x)| *sum += x * x / count);
    }
    let deviation = |(square, mean): (&f64, &f64)| {
        let std = square.sqrt();
        if std <= 1e-7 * mean.abs() || std < f64::from(f32::MIN_POSITIVE) {
            1.0
        } else {
            std as f32
        }
    };
    let std = square.iter().zip(&mean).map(deviation).collect();
    (mean.iter().map(|&m| m as f32).collect(), std)
}
