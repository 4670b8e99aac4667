//! Numbered draws: well-mixed bits without a generator to keep.

/// SplitMix64's output function (Steele, Lea and Flood 2014) of the n-th state.
pub(super) fn scramble(n: u64) -> u64 {
    let mut z = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The n-th draw from 0..`below`, `below` at most 2³².
pub(super) fn index(n: u64, below: usize) -> usize {
    (((scramble(n) >> 32) * below as u64) >> 32) as usize
}

/// The n-th standard normal draw (Box and Muller 1958).
pub fn normal_draw(n: u64) -> f64 {
    let uniform = |n: u64| (scramble(n) >> 11) as f64 / (1_u64 << 53) as f64;
    let (a, b) = (uniform(2 * n), uniform(2 * n + 1));
    (-2.0 * (1.0 - a).ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}
