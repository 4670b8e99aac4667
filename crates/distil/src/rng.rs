//! The one source of randomness: every draw is a pure function of (seed, purpose, place).
//!
//! There is no generator state to save: a resumed run asks for the same stream and gets the same numbers.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng};
use sha2::{Digest, Sha256};

/// The seed of a trial (or of the split, which has its own).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Seed(pub u64);

impl Seed {
    /// The stream for `purpose` at `place` (for example epoch and step).
    ///
    /// Streams of different purposes or places are independent: their keys are SHA-256 digests.
    pub fn stream(self, purpose: &str, place: &[u64]) -> Stream {
        Stream(ChaCha8Rng::from_seed(self.digest(purpose, place)))
    }

    /// One 64-bit number for `purpose` at `place`, for generators we do not own (a device's dropout).
    pub fn number(self, purpose: &str, place: &[u64]) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.digest(purpose, place)[..8]);
        u64::from_le_bytes(bytes)
    }

    fn digest(self, purpose: &str, place: &[u64]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"distil.rng.1");
        hash.update(self.0.to_le_bytes());
        hash.update((purpose.len() as u64).to_le_bytes());
        hash.update(purpose.as_bytes());
        for index in place {
            hash.update(index.to_le_bytes());
        }
        hash.finalize().into()
    }
}

/// A stream of random numbers (ChaCha8, the same on every platform).
#[derive(Debug, Clone)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in [0, 1), 24 bits.
    pub fn unit(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 * (1.0 / 16_777_216.0)
    }

    /// Uniform in [low, high).
    pub fn uniform(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Standard normal (Box–Muller, computed in f64).
    pub fn normal(&mut self) -> f32 {
        let mut number = [0.0];
        self.normals(&mut number);
        number[0]
    }

    /// Uniform in [0, 1), 53 bits.
    fn fraction(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    /// Fills with standard normal numbers: both of each Box–Muller pair, computed in f64.
    pub fn normals(&mut self, numbers: &mut [f32]) {
        for pair in numbers.chunks_mut(2) {
            let radius = (-2.0 * (1.0 - self.fraction()).ln()).sqrt();
            let (sin, cos) = (std::f64::consts::TAU * self.fraction()).sin_cos();
            pair[0] = (radius * cos) as f32;
            if let Some(second) = pair.get_mut(1) {
                *second = (radius * sin) as f32;
            }
        }
    }

    /// Beta(`alpha`, `alpha`), in [0, 1]; `alpha` from 0.001 to 1000.
    ///
    /// x / (x + y) of two Gamma(`alpha`) numbers, by their logarithms: for small `alpha` they are below the smallest f64.
    pub fn beta(&mut self, alpha: f64) -> f64 {
        let (x, y) = (self.ln_gamma(alpha), self.ln_gamma(alpha));
        1.0 / (1.0 + (y - x).exp())
    }

    /// The logarithm of a Gamma(`alpha`) number: Marsaglia & Tsang 2000, for `alpha` + 1 and brought down to `alpha` by a
    /// factor U^(1 / `alpha`).
    fn ln_gamma(&mut self, alpha: f64) -> f64 {
        let d = alpha + 2.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = f64::from(self.normal());
            let v = (1.0 + c * x).powi(3);
            let u = 1.0 - self.fraction();
            if v > 0.0 && u.ln() < 0.5 * x * x + d * (1.0 - v + v.ln()) {
                return (d * v).ln() + (1.0 - self.fraction()).ln() / alpha;
            }
        }
    }

    /// Uniform in 0..n without bias (rejection). `n` must be positive; 0 gives 0.
    pub fn below(&mut self, n: u64) -> u64 {
        let Some(limit) = (u64::MAX / n.max(1)).checked_mul(n.max(1)) else {
            return 0;
        };
        loop {
            let bits = self.bits();
            if bits < limit {
                return bits % n.max(1);
            }
        }
    }

    /// Fisher–Yates shuffle in place.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_a_pure_function_of_seed_purpose_and_place() {
        let draw = |seed, purpose, place: &[u64]| Seed(seed).stream(purpose, place).bits();
        assert_eq!(draw(1, "order", &[2, 3]), draw(1, "order", &[2, 3]));
        assert_ne!(draw(1, "order", &[2, 3]), draw(2, "order", &[2, 3]));
        assert_ne!(draw(1, "order", &[2, 3]), draw(1, "weights", &[2, 3]));
        assert_ne!(draw(1, "order", &[2, 3]), draw(1, "order", &[3, 2]));
    }

    #[test]
    fn normal_draws_have_mean_zero_variance_one_and_no_correlation() {
        let mut draws = vec![0.0; 100_001];
        Seed(7).stream("test", &[]).normals(&mut draws);
        let mut stream = Seed(7).stream("test", &[]);
        assert_eq!(draws[0], stream.normal());
        assert_eq!(draws[2], stream.normal());
        let draws: Vec<f64> = draws.into_iter().map(f64::from).collect();
        let mean = draws.iter().sum::<f64>() / 1e5;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 1e5;
        let next = draws.windows(2).map(|pair| pair[0] * pair[1]).sum::<f64>() / 1e5;
        assert!(
            mean.abs() < 0.02 && (variance - 1.0).abs() < 0.02 && next.abs() < 0.02,
            "{mean} {variance} {next}"
        );
    }

    #[test]
    fn beta_draws_follow_the_distribution_for_small_and_large_alpha() {
        const DRAWS: usize = 20_000;
        let draws = |alpha: f64| {
            let mut stream = Seed(7).stream("test", &[]);
            let mut draws: Vec<f64> = (0..DRAWS).map(|_| stream.beta(alpha)).collect();
            draws.sort_by(f64::total_cmp);
            draws
        };
        for alpha in [0.001, 0.2, 0.5, 1.0, 2.0, 8.0, 1000.0] {
            let draws = draws(alpha);
            assert!(draws.iter().all(|x| (0.0..=1.0).contains(x)), "{alpha}");
            let mean = draws.iter().sum::<f64>() / DRAWS as f64;
            let spread = draws.iter().map(|x| (x - 0.5).powi(2)).sum::<f64>() / DRAWS as f64;
            let variance = 1.0 / (4.0 * (2.0 * alpha + 1.0));
            // Four standard errors of a mean; the square's relative error is at most √(2 / n).
            assert!(
                (mean - 0.5).abs() < 4.0 * (variance / DRAWS as f64).sqrt(),
                "alpha {alpha}: {mean}"
            );
            assert!(
                (spread / variance - 1.0).abs() < 4.0 * (2.0 / DRAWS as f64).sqrt(),
                "alpha {alpha}: {spread} {variance}"
            );
        }
        // Kolmogorov and Smirnov's distance where the distribution function is elementary; 1.63 / √n is its 1 % point.
        type Below = fn(f64) -> f64;
        let functions: [(f64, Below); 3] = [
            (0.5, |x| x.sqrt().asin() * std::f64::consts::FRAC_2_PI),
            (1.0, |x| x),
            (2.0, |x| x * x * (3.0 - 2.0 * x)),
        ];
        for (alpha, below) in functions {
            let distance = |(at, x): (usize, &f64)| {
                let share = |count: usize| count as f64 / DRAWS as f64;
                f64::max(
                    (below(*x) - share(at)).abs(),
                    (below(*x) - share(at + 1)).abs(),
                )
            };
            let largest = draws(alpha)
                .iter()
                .enumerate()
                .map(distance)
                .fold(0.0, f64::max);
            assert!(
                largest < 1.63 / (DRAWS as f64).sqrt(),
                "alpha {alpha}: {largest}"
            );
        }
    }

    #[test]
    fn below_is_uniform_and_a_shuffle_keeps_every_item() {
        let mut stream = Seed(7).stream("test", &[]);
        let mut counts = [0; 5];
        (0..50_000).for_each(|_| counts[stream.below(5) as usize] += 1);
        assert!(
            counts.iter().all(|c| (9_500..10_500).contains(c)),
            "{counts:?}"
        );
        let mut items: Vec<u32> = (0..100).collect();
        stream.shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
