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
    let std = square
        .iter()
        .zip(&mean)
        .map(|(square, mean)| deviation(*square, *mean))
        .collect();
    (mean.iter().map(|&m| m as f32).collect(), std)
}

/// Mean and standard deviation of numbers of 64 bits, as [`moments`] counts them; `None` of none.
pub fn exact_moments(values: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
    let count = values.clone().count() as f64;
    // Less the first, so that large numbers that differ little are summed without loss.
    let first = values.clone().next()?;
    let mean = first + values.clone().map(|x| (x - first) / count).sum::<f64>();
    let variance: f64 = values.map(|x| (x - mean) * ((x - mean) / count)).sum();
    let std = variance.sqrt();
    let constant = !(std > 1e-14 * mean.abs() && std.is_normal());
    Some((mean, if constant { 1.0 } else { std }))
}

/// Whether 32 bits are too few for numbers up to `largest` with this deviation: rounding would move a standardised one by more
/// than 1e-5, or they do not reach so far.
pub fn needs_64_bits(largest: f64, std: f64) -> bool {
    let rounding = largest * f64::from(f32::EPSILON) / 2.0;
    rounding > 1e-5 * std || largest > 1e37 || std < 1e-37
}

/// The nearest finite number of 32 bits.
pub fn narrow(x: f64) -> f32 {
    (x as f32).clamp(f32::MIN, f32::MAX)
}

/// [`moments`] of bytes, for every place of a sample modulo `period`: sums are exact.
pub fn byte_moments<'a>(
    samples: impl Iterator<Item = &'a [u8]>,
    period: usize,
) -> (Vec<f32>, Vec<f32>) {
    let mut sums = vec![(0_u64, 0_u64); period];
    let mut count = 0_u64;
    for part in samples.flat_map(|sample| sample.chunks_exact(period)) {
        count += 1;
        for ((sum, square), &x) in sums.iter_mut().zip(part) {
            *sum += u64::from(x);
            *square += u64::from(x) * u64::from(x);
        }
    }
    let count = u128::from(count.max(1));
    let of = |(sum, square): &(u64, u64)| {
        let (sum, square) = (u128::from(*sum), u128::from(*square));
        let mean = sum as f64 / count as f64;
        let variance = (count * square - sum * sum) as f64 / (count * count) as f64;
        (mean as f32, deviation(variance, mean))
    };
    sums.iter().map(of).unzip()
}

fn deviation(variance: f64, mean: f64) -> f32 {
    let std = variance.sqrt();
    if std <= 1e-7 * mean.abs() || std < f64::from(f32::MIN_POSITIVE) {
        1.0
    } else {
        std as f32
    }
}
