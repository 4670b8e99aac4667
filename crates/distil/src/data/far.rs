//! Numbers that stand far outside all others of a column, as markers of missing values do.

/// Values far outside the range of all others, as markers of missing values are, with the end of that range.
///
/// At most two on each side, and together no more than half of all. One counts if it repeats and lies 20 times that range away.
/// Written as markers are, it needs to lie but three times the range away, once if it is the only negative number; and 10 times
/// if it does not repeat.
pub fn far(values: &[f64]) -> Vec<(f64, f64)> {
    /// The others are no fewer different values; two are enough beside numbers written as markers are.
    const DIFFERENT: usize = 8;
    /// How many on the low and on the high side, most first.
    const SIDES: [(usize, usize); 8] = [
        (2, 2),
        (2, 1),
        (1, 2),
        (2, 0),
        (1, 1),
        (0, 2),
        (1, 0),
        (0, 1),
    ];
    let mut known: Vec<f64> = values.iter().copied().filter(|x| !x.is_nan()).collect();
    known.sort_by(f64::total_cmp);
    let different: Vec<(f64, usize)> = known
        .chunk_by(|a, b| a == b)
        .map(|same| (same[0], same.len()))
        .collect();
    for (low, high) in SIDES {
        let end = different.len().saturating_sub(high);
        let rest = different.get(low..end).unwrap_or_default();
        let (Some((first, _)), Some((last, _))) = (rest.first(), rest.last()) else {
            continue;
        };
        let range = last - first;
        let is_far = |(x, count): &(f64, usize)| {
            let gap = (first - x).max(x - last);
            let times = match (marker_like(*x), *count > 1) {
                (true, true) if *x < 0.0 && *first >= 0.0 => 1.0,
                (true, true) => 3.0,
                (true, false) => 10.0,
                (false, true) => 20.0,
                (false, false) => return false,
            };
            gap > times * range
        };
        let ends = || different[..low].iter().chain(&different[end..]);
        let few = 2 * ends().map(|(_, count)| count).sum::<usize>() <= known.len();
        let least = match ends().all(|(x, _)| marker_like(*x)) {
            true => 2,
            false => DIFFERENT,
        };
        if rest.len() >= least && few && ends().all(is_far) {
            return ends()
                .map(|(x, _)| (*x, if x < first { *first } else { *last }))
                .collect();
        }
    }
    Vec::new()
}

/// Whether a number is written as markers of missing values are: nines, the end of an integer type, or huge.
fn marker_like(x: f64) -> bool {
    let whole = format!("{}", x.abs().trunc());
    let ends = [
        32_767.0,
        32_768.0,
        65_535.0,
        2_147_483_647.0,
        2_147_483_648.0,
        4_294_967_295.0,
    ];
    whole.len() > 1 && whole.bytes().all(|digit| digit == b'9')
        || ends.contains(&x.abs())
        || x.abs() >= 1e20
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0 to 99 and these.
    fn found(more: &[f64]) -> Vec<f64> {
        let values: Vec<f64> = (0..100)
            .map(f64::from)
            .chain(more.iter().copied())
            .collect();
        far(&values).into_iter().map(|(x, _)| x).collect()
    }

    #[test]
    fn markers_of_missing_values_are_found_on_both_sides() {
        assert_eq!(found(&[-9999.0, -9999.0]), [-9999.0]);
        assert_eq!(
            found(&[-9999.0, -999.0, -999.0, -9999.0]),
            [-9999.0, -999.0]
        );
        assert_eq!(found(&[-999.0, 9999.0, 9999.0, -999.0]), [-999.0, 9999.0]);
        assert_eq!(found(&[999.0, 999.0, f64::NAN]), [999.0]);
        assert_eq!(found(&[1e30]), [1e30]);
        assert_eq!(found(&[5000.0, 5000.0]), [5000.0]);
    }

    #[test]
    fn columns_of_few_values_have_markers_too() {
        let rating = |marker: f64| {
            let values: Vec<f64> = (0..50)
                .map(|i| f64::from(i % 5 + 1))
                .chain([marker; 6])
                .collect();
            far(&values)
        };
        assert_eq!(rating(-9999.0), [(-9999.0, 1.0)]);
        assert_eq!(rating(99.0), [(99.0, 5.0)]);
        assert!(rating(6.0).is_empty());
        assert!(rating(60.0).is_empty());
    }

    #[test]
    fn large_numbers_of_heavy_tails_are_none() {
        // Quantiles of a log-normal distribution, whole numbers of another, prices, a capped income.
        let normal = |i: i32| {
            let p = (f64::from(i) + 0.5) / 1000.0;
            let t = (-2.0 * p.min(1.0 - p).ln()).sqrt();
            let x = t - (2.30753 + 0.27061 * t) / (1.0 + 0.99229 * t + 0.04481 * t * t);
            if p < 0.5 { -x } else { x }
        };
        for deviation in [1.0, 2.0, 3.0] {
            let values: Vec<f64> = (0..1000).map(|i| (deviation * normal(i)).exp()).collect();
            assert!(far(&values).is_empty(), "{deviation}");
            let whole: Vec<f64> = values.iter().map(|x| x.floor()).collect();
            assert!(far(&whole).is_empty(), "{deviation}");
        }
        let prices = [
            9.0, 19.0, 29.0, 49.0, 99.0, 149.0, 199.0, 299.0, 499.0, 999.0, 999.0,
        ];
        assert!(far(&prices.repeat(9)).is_empty());
        let mut capped: Vec<f64> = (0..900).map(|i| f64::from(i * 46)).collect();
        capped.extend([99_999.0; 15]);
        assert!(far(&capped).is_empty());
        assert_eq!(found(&[150.0, 150.0]), [0.0; 0]);
        assert_eq!(found(&[5000.0]), [0.0; 0]);
        // Most of the column is no exception.
        assert_eq!(found(&[-9999.0; 200]), [0.0; 0]);
    }
}
