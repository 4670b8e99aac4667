//! Whole numbers that are marks rather than amounts.

use std::collections::HashMap;

/// More different ones are amounts.
const MOST: usize = 1000;

/// Samples of each but the commonest, on average: fewer say little of one.
const EACH: usize = 10;

/// From one to the next, at the median, in steps of which all are multiples.
const APART: i64 = 8;

/// Whole numbers, few, far apart, that repeat, such as codes, sums fixed by law and round figures. A network that reads them as amounts
/// sees hardly more than how large they are; as categories each has weights of its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Marks {
    /// How many different ones.
    pub different: usize,
    /// The one that at least half of all are, where there is such: its quartiles are alike, so that nothing scales the others.
    pub mostly: Option<f64>,
}

/// The marks that numbers are; `None` where they are something else.
pub fn marks(values: impl Iterator<Item = f64>) -> Option<Marks> {
    let mut counts: HashMap<i64, usize> = HashMap::new();
    let mut known = 0;
    for value in values.filter(|value| !value.is_nan()) {
        // Whole, and exact also of 32 bits.
        let whole = value.fract() == 0.0 && value.abs() < 16_777_216.0;
        *counts.entry(value as i64).or_default() += 1;
        known += 1;
        if !whole || counts.len() > MOST {
            return None;
        }
    }
    let others = counts.len().checked_sub(1).filter(|others| *others > 1)?;
    // Of equals the least, whatever order a map has.
    let (commonest, count) = counts
        .iter()
        .map(|(x, count)| (*x, *count))
        .max_by_key(|(x, count)| (*count, -x))?;
    if known - count < EACH * others {
        return None;
    }
    let mostly = (2 * count >= known).then_some(commonest as f64);
    let mut different: Vec<i64> = counts.into_keys().collect();
    different.sort_unstable();
    let mut gaps: Vec<i64> = different.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let step = gaps.iter().copied().fold(0, common_divisor);
    gaps.sort_unstable();
    let different = different.len();
    (gaps[gaps.len() / 2] >= APART * step).then_some(Marks { different, mostly })
}

/// The greatest number that divides both.
fn common_divisor(a: i64, b: i64) -> i64 {
    match b {
        0 => a,
        _ => common_divisor(b, a % b),
    }
}

#[cfg(test)]
mod tests {
    use super::{Marks, marks};

    fn of(different: &[i64], each: usize) -> Option<usize> {
        let all = different.iter().flat_map(|x| std::iter::repeat_n(*x, each));
        marks(all.map(|x| x as f64)).map(|found| found.different)
    }

    #[test]
    fn codes_and_sums_fixed_by_law_are_marks() {
        // Some of Adult's capital gains.
        let gains = [0, 594, 914, 2174, 3103, 5178, 7298, 7688, 15024, 99999];
        assert_eq!(of(&gains, 20), Some(10));
        // Days at which concrete is tested.
        assert_eq!(
            of(&[1, 3, 14, 28, 56, 90, 100, 120, 180, 270, 365], 30),
            Some(11)
        );
        assert_eq!(of(&gains, 5), None, "too few of each");
        let mostly_none = gains
            .iter()
            .flat_map(|x| std::iter::repeat_n(*x as f64, if *x == 0 { 200 } else { 12 }));
        let found = Marks {
            different: 10,
            mostly: Some(0.0),
        };
        assert_eq!(marks(mostly_none.chain([f64::NAN])), Some(found));
    }

    #[test]
    fn counts_grades_and_amounts_are_none() {
        let counts: Vec<i64> = (0..60).chain([500, 9000]).collect();
        assert_eq!(of(&counts, 20), None);
        let steps: Vec<i64> = (1..40).map(|i| 50 * i).collect();
        assert_eq!(of(&steps, 20), None);
        assert_eq!(of(&[0, 100], 50), None, "a yes or no");
        assert_eq!(of(&[7], 50), None);
        assert_eq!(marks((0..4000).map(|i| f64::from(i % 40) * 10.5)), None);
        let amounts: Vec<i64> = (0..1200).map(|i| 13 * i * i).collect();
        assert_eq!(of(&amounts, 20), None);
    }
}
