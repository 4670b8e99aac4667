//! The mean, and its standard error.

/// The mean; none of no numbers.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The standard error of the mean; none of fewer than two numbers.
pub fn standard_error(rows: &[f64]) -> Option<f64> {
    if rows.len() < 2 {
        return None;
    }
    let n = rows.len() as f64;
    let mean = rows.iter().sum::<f64>() / n;
    let variance = rows.iter().map(|row| (row - mean).powi(2)).sum::<f64>() / (n - 1.0);
    Some((variance / n).sqrt())
}
