//! The normal distribution, from the incomplete gamma function.

use super::student::ln_gamma;

/// Φ(z): the share of a standard normal below `z`.
pub fn normal_below(z: f64) -> f64 {
    let tail = 0.5 * upper_gamma_half(0.5 * z * z);
    if z > 0.0 { 1.0 - tail } else { tail }
}

/// Φ⁻¹(share), infinite at 0 and 1: by halving, to the last digits of Φ.
pub fn normal_quantile(share: f64) -> f64 {
    if share <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if share >= 1.0 {
        return f64::INFINITY;
    }
    let (mut low, mut high) = (-40.0, 40.0);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if normal_below(middle) < share {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// Q(½, x) = erfc(√x): by its series below 1.5 (DLMF 8.7.1), by its continued fraction above (8.9.2).
fn upper_gamma_half(x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let front = (-x + 0.5 * x.ln() - ln_gamma(0.5)).exp();
    if x < 1.5 {
        let (mut term, mut sum) = (2.0, 2.0);
        for n in 1..200 {
            term *= x / (0.5 + f64::from(n));
            sum += term;
            if term < sum * 1e-17 {
                break;
            }
        }
        return 1.0 - front * sum;
    }
    // Lentz's method.
    let (mut b, mut c) = (x + 0.5, 1e300);
    let mut d = 1.0 / b;
    let mut fraction = d;
    for n in 1..500 {
        let n = f64::from(n);
        let a = -n * (n - 0.5);
        b += 2.0;
        d = 1.0 / (a * d + b);
        c = b + a / c;
        fraction *= c * d;
        if (c * d - 1.0).abs() < 1e-16 {
            break;
        }
    }
    front * fraction
}
