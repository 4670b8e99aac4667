//! The order of an epoch.

use crate::rng::Seed;

/// Shuffles an epoch's samples: a pure function of the samples, the seed and the epoch.
pub fn epoch_order<T>(mut samples: Vec<T>, seed: Seed, epoch: u64) -> Vec<T> {
    seed.stream("order", &[epoch]).shuffle(&mut samples);
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_a_pure_function_of_seed_and_epoch() {
        let order = |seed, epoch| epoch_order((0..50).collect::<Vec<u32>>(), Seed(seed), epoch);
        assert_eq!(order(1, 2), order(1, 2));
        assert_ne!(order(1, 2), order(1, 3));
        assert_ne!(order(1, 2), order(2, 2));
        let mut sorted = order(1, 2);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..50).collect::<Vec<u32>>());
    }
}
