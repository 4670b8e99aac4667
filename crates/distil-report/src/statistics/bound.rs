//! A one-sided bound of a mean.

use super::mean::standard_error;
use super::student::exceeded_with;

/// How far below their mean, or above it, the one-sided 95 % bound of so many independent values lies, by Student's t; none of fewer
/// than two.
pub fn bound_95(values: &[f64]) -> Option<f64> {
    let error = standard_error(values)?;
    // One side of 0.05 is both of 0.1.
    Some(exceeded_with(0.1, (values.len() - 1) as f64) * error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_table_of_students_t() {
        // scipy.stats.t.ppf(0.95, [1, 2, 5]).
        let t = [
            6.313_751_514_675_041,
            2.919_985_580_355_516,
            2.015_048_372_669_157,
        ];
        for (values, t) in [
            &[1.0, 3.0][..],
            &[1.0, 2.0, 3.0],
            &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        ]
        .into_iter()
        .zip(t)
        {
            let error = standard_error(values).unwrap();
            assert!((bound_95(values).unwrap() / error - t).abs() < 1e-9);
        }
        assert_eq!(bound_95(&[1.0]), None);
        assert_eq!(bound_95(&[2.0; 6]), Some(0.0));
    }
}
