//! Student's t distribution, by the regularised incomplete beta function.

/// The probability of |t| or more under Student's distribution with `freedom` degrees of freedom.
pub(super) fn two_sided(t: f64, freedom: f64) -> f64 {
    if t.is_infinite() {
        return 0.0;
    }
    incomplete_beta(freedom / (freedom + t * t), freedom / 2.0, 0.5)
}

/// The t that is exceeded in size with probability 0.05: the half width of a 95 % confidence interval in standard errors.
pub(super) fn half_width_95(freedom: f64) -> f64 {
    exceeded_with(0.05, freedom)
}

/// The t that is exceeded in size with a probability from 0.05 to 0.5.
pub(super) fn exceeded_with(probability: f64, freedom: f64) -> f64 {
    // Of 0.05 it lies below 13 for one degree of freedom.
    let (mut low, mut high) = (0.0, 13.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if two_sided(middle, freedom) > probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// I_x(a, b) for x in [0, 1] by its continued fraction (DLMF 8.17.22), evaluated by Lentz's method.
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    // The fraction converges fast on this side; the other follows from I_x(a, b) = 1 − I_{1−x}(b, a).
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(1.0 - x, b, a);
    }
    let front =
        (a * x.ln() + b * (-x).ln_1p() + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b)).exp() / a;
    let away = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let (mut c, mut d) = (1.0, 1.0 / away(1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = d;
    for m in 1..10_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away(1.0 + even * d);
        c = away(1.0 + even / c);
        fraction *= c * d;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away(1.0 + odd * d);
        c = away(1.0 + odd / c);
        fraction *= c * d;
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    front * fraction
}

/// ln Γ(x) for x > 0: Stirling's series above 10 (DLMF 5.11.1), reached by Γ(x + 1) = x·Γ(x).
pub(super) fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut below) = (x, 0.0);
    while x < 10.0 {
        below += x.ln();
        x += 1.0;
    }
    let square = x * x;
    let series =
        1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - 1.0 / (1680.0 * square)) / square) / square;
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series / x - below
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of scipy.stats.t (`testdata/reference/measure/make.py`, "student").
    #[test]
    fn the_tails_equal_scipys() -> Result<(), serde_json::Error> {
        let vectors: serde_json::Value = serde_json::from_str(include_str!(
            "../../../../testdata/reference/measure/vectors.json"
        ))?;
        let cases = vectors["student"].as_array().map_or(&[][..], Vec::as_slice);
        assert_eq!(cases.len(), 6);
        for case in cases {
            let of = |name: &str| case[name].as_f64().unwrap_or(f64::NAN);
            let (ours, theirs) = (two_sided(of("t"), of("freedom")), of("p"));
            assert!((ours - theirs).abs() <= 1e-10 * theirs, "{case}: {ours}");
            assert!(
                (half_width_95(of("freedom")) - of("half_width")).abs() < 1e-10,
                "{case}"
            );
        }
        Ok(())
    }
}
