//! Sharing out a number of samples among strata.

/// Shares `total` among strata in proportion to their sizes, by largest remainders: each share is
/// its exact proportion rounded down or up, never more than `room`, and the shares add up to
/// `total` unless the room is less.
///
/// Equal remainders go to the earlier stratum. A proportion above its room passes on what does not fit.
pub fn apportion(total: usize, sizes: &[usize], room: &[usize]) -> Vec<usize> {
    let all: usize = sizes.iter().sum();
    if all == 0 {
        return vec![0; sizes.len()];
    }
    let exact = |size: usize| total as u128 * size as u128;
    let mut shares: Vec<usize> = sizes
        .iter()
        .zip(room)
        .map(|(&size, &room)| ((exact(size) / all as u128) as usize).min(room))
        .collect();
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(exact(sizes[i]) % all as u128));
    let mut left = total - shares.iter().sum::<usize>();
    while left > 0 {
        let before = left;
        for &i in &order {
            if left > 0 && shares[i] < room[i] && sizes[i] > 0 {
                shares[i] += 1;
                left -= 1;
            }
        }
        if left == before {
            break;
        }
    }
    shares
}

/// The members of each stratum: positions in `codes` by code.
pub fn strata(codes: &[u32], count: usize) -> Vec<Vec<usize>> {
    let mut members = vec![Vec::new(); count];
    for (position, &code) in codes.iter().enumerate() {
        members[code as usize].push(position);
    }
    members
}

/// The bin of each value, from 0, where `count` bins divide the values by their quantiles.
///
/// Equal values share a bin, so that bins may differ in size or be empty.
pub fn quantiles(values: &[f32], count: usize) -> Vec<u32> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut bins = vec![0; values.len()];
    let mut first = 0;
    for (rank, &position) in order.iter().enumerate() {
        if values[position] != values[order[first]] {
            first = rank;
        }
        bins[position] = (first * count / values.len()) as u32;
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_proportions_rounded_and_add_up() {
        assert_eq!(apportion(10, &[50, 30, 20], &[50, 30, 20]), [5, 3, 2]);
        assert_eq!(apportion(4, &[3, 3, 3], &[3, 3, 3]), [2, 1, 1]);
        assert_eq!(apportion(5, &[1, 9], &[0, 9]), [0, 5]);
        assert_eq!(apportion(3, &[0, 2], &[0, 2]), [0, 2]);
        assert_eq!(apportion(3, &[], &[]), [0; 0]);
    }

    #[test]
    fn bins_hold_equally_many_values_and_equal_values_share_one() {
        assert_eq!(quantiles(&[9.0, 1.0, 4.0, -3.0], 2), [1, 0, 1, 0]);
        assert_eq!(quantiles(&[2.0, 2.0, 2.0, 5.0, 1.0], 5), [1, 1, 1, 4, 0]);
        assert_eq!(quantiles(&[], 3), [0; 0]);
    }
}
