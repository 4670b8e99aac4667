//! The exponential function as loops without branches or calls, which compile to vector code.

/// exp(x) for each x ≤ 0, to within 1e-11 of itself; 0 below −700, near where f64 ends; NaN stays.
#[inline(always)]
pub fn exp_of_negative(values: &mut [f64]) {
    for x in values {
        // 2ⁿ · exp(r) with n = round(x / ln 2), |r| ≤ ln 2 / 2: adding 1.5 · 2⁵² leaves n in the low bits.
        const ROUND: f64 = 6_755_399_441_055_744.0;
        const LOWEST: f64 = -700.0;
        // ln 2 in two parts, the first with so few bits that n times it is exact.
        const LN_2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];
        let lost = *x < LOWEST;
        let y = if lost { LOWEST } else { *x };
        let shifted = y * std::f64::consts::LOG2_E + ROUND;
        let n = shifted - ROUND;
        let r = y - n * LN_2[0] - n * LN_2[1];
        // The Taylor polynomial of degree 9: its remainder is below 1e-11 there.
        let mut p = 1.0 / 362_880.0;
        for factorial in [40_320.0, 5040.0, 720.0, 120.0, 24.0, 6.0, 2.0, 1.0, 1.0] {
            p = p * r + 1.0 / factorial;
        }
        let power = f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52);
        *x = if lost { 0.0 } else { p * power };
    }
}

/// exp(x) for −87 ≤ x ≤ 88, to within 3e-7 of itself; below, exp(−87).
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    // As above: adding 1.5 · 2²³ leaves n in the low bits.
    const ROUND: f32 = 12_582_912.0;
    const LN_2: [f32; 2] = [6.931_457_5e-1, 1.428_606_8e-6];
    let y = x.max(-87.0);
    let shifted = y * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = y - n * LN_2[0] - n * LN_2[1];
    let mut p = 1.0 / 5040.0;
    for factorial in [720.0, 120.0, 24.0, 6.0, 2.0, 1.0, 1.0] {
        p = p * r + 1.0 / factorial;
    }
    p * f32::from_bits(shifted.to_bits().wrapping_add(127) << 23)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_32_bits_it_is_the_exponential_function_where_a_number_can_hold_it() {
        for x in (-8700..8800).map(|i| 1e-2 * i as f32) {
            let wanted = f64::from(x).exp();
            let apart = (f64::from(exp(x)) - wanted).abs();
            assert!(apart <= 3e-7 * wanted, "{x}: {apart}");
        }
        assert!(exp(-1e9) < 1e-37);
    }

    #[test]
    fn it_is_the_exponential_function_down_to_where_f64_ends() {
        let values: Vec<f64> = (0..70_000).map(|i| -1e-2 * f64::from(i)).collect();
        let mut found = values.clone();
        exp_of_negative(&mut found);
        for (x, y) in values.iter().zip(found) {
            assert!((y - x.exp()).abs() <= 1e-11 * x.exp(), "{x}: {y}");
        }
        let mut ends = [0.0, -0.0, -701.0, f64::NEG_INFINITY, f64::NAN];
        exp_of_negative(&mut ends);
        assert_eq!(ends[..4], [1.0, 1.0, 0.0, 0.0]);
        assert!(ends[4].is_nan());
    }
}
