//! How metrics are written for people: in sentences, tables and pages alike.

use std::fmt;

use super::table::NONE;
use crate::measure::{MainMetric, Quantity, metric};

fn quantity(name: &str) -> Quantity {
    metric(name).map_or(Quantity::Plain, |metric| metric.quantity)
}

/// The metric as people call it: `macro_f1` → `macro F1`.
pub fn title(name: &str) -> &str {
    metric(name).map_or(name, |metric| metric.title)
}

/// A value with its unit: `97.22 %`, `0.0749`, `51,234 $`.
pub fn value(name: &str, unit: Option<&str>, value: f64) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    match quantity(name) {
        Quantity::Share => format!("{:.2} %", value * 100.0),
        Quantity::Target => with_unit(number(value), unit),
        Quantity::Nats | Quantity::Plain => plain(value),
    }
}

/// A value with its unit and the metric's name: `97.22 % accuracy`, `RMSE 51,234 $`.
pub fn named_value(name: &str, unit: Option<&str>, number: f64) -> String {
    match quantity(name) {
        Quantity::Share => format!("{} {}", value(name, unit, number), title(name)),
        Quantity::Nats | Quantity::Target | Quantity::Plain => {
            format!("{} {}", title(name), value(name, unit, number))
        }
    }
}

/// A difference with sign, without its unit: `−0.80`.
pub fn bare_difference(name: &str, value: f64) -> String {
    let sign = if value < 0.0 { "−" } else { "+" };
    match quantity(name) {
        Quantity::Share => format!("{sign}{:.2}", value.abs() * 100.0),
        Quantity::Target => format!("{sign}{}", number(value.abs())),
        Quantity::Nats | Quantity::Plain => format!("{sign}{}", plain(value.abs())),
    }
}

/// A difference with sign and unit: `+0.28 points`, `−0.0031`, `−1,102 $`.
pub fn difference(name: &str, unit: Option<&str>, value: f64) -> String {
    let sign = if value < 0.0 { "−" } else { "+" };
    format!("{sign}{}", width(name, unit, value.abs()))
}

/// A difference's size with its unit: `0.28 points`.
pub fn width(name: &str, unit: Option<&str>, value: f64) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    match quantity(name) {
        Quantity::Share => format!("{:.2} points", value * 100.0),
        Quantity::Target => with_unit(number(value), unit),
        Quantity::Nats | Quantity::Plain => plain(value),
    }
}

impl MainMetric {
    /// As people call it.
    pub fn title(&self) -> &str {
        title(&self.name)
    }

    /// See [`value`]; `–` where there is none.
    pub fn value(&self, known: Option<f64>) -> String {
        known.map_or(NONE.into(), |known| value(&self.name, self.unit(), known))
    }

    /// See [`named_value`].
    pub fn named_value(&self, known: f64) -> String {
        named_value(&self.name, self.unit(), known)
    }

    /// See [`difference`]; `–` where there is none.
    pub fn difference(&self, known: Option<f64>) -> String {
        known.map_or(NONE.into(), |known| {
            difference(&self.name, self.unit(), known)
        })
    }

    /// `−0.80 to +1.36`; `–` where there is none.
    pub fn interval(&self, ends: Option<[f64; 2]>) -> String {
        ends.map_or(NONE.into(), |ends| {
            ends.map(|end| bare_difference(&self.name, end))
                .join(" to ")
        })
    }

    /// See [`width`]; `–` where there is none.
    pub fn width(&self, known: Option<f64>) -> String {
        known.map_or(NONE.into(), |known| width(&self.name, self.unit(), known))
    }

    fn unit(&self) -> Option<&str> {
        self.unit.as_deref()
    }
}

/// p = 0.031, p < 0.001.
pub fn p(p: f64) -> String {
    if p < 0.001 {
        "p < 0.001".into()
    } else {
        format!("p = {p:.3}")
    }
}

/// The same for a table: 0.031, < 0.001.
pub fn bare_p(p: f64) -> String {
    if p < 0.001 {
        "< 0.001".into()
    } else {
        format!("{p:.3}")
    }
}

/// A share as per cent, with a digit where it is small: `12 %`, `0.4 %`.
pub fn per_cent(share: f64) -> String {
    if share.is_infinite() {
        "∞".into()
    } else if share < 0.0995 {
        format!("{:.1} %", share * 100.0)
    } else {
        format!("{:.0} %", share * 100.0)
    }
}

/// A number with its unit: `51,234 $`.
pub fn with_unit(number: String, unit: Option<&str>) -> String {
    match unit {
        Some(unit) => format!("{number} {unit}"),
        None => number,
    }
}

/// Whether a number is written in powers of ten: its zeros would say no more than that there are many.
fn in_powers(value: f64) -> bool {
    let size = value.abs();
    size.is_finite() && size != 0.0 && !(1e-4..=1e7).contains(&size)
}

/// Four digits behind the point; of the smallest and largest, four digits and the power of ten.
pub fn plain(value: f64) -> String {
    match in_powers(value) {
        true => number(value),
        false => format!("{value:.4}"),
    }
}

/// All digits of a number, for a program to read: `0.25`, `3.9011263e-38`.
pub fn exact<N: Copy + Into<f64> + fmt::Display + fmt::LowerExp>(value: N) -> String {
    match in_powers(value.into()) {
        true => format!("{value:e}"),
        false => value.to_string(),
    }
}

/// Four significant digits at least, thousands set apart: `51,234`, `12.35`, `0.001235`; below 1e-4 and above 1e7 with the power of
/// ten: `3.901e-38`.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if in_powers(value) {
        return format!("{}{size:.3e}", if value < 0.0 { "−" } else { "" });
    }
    if size >= 1000.0 {
        return grouped(value);
    }
    if size == 0.0 || !size.is_finite() {
        return format!("{value}");
    }
    let digits = (3 - size.log10().floor() as i32).clamp(0, 12) as usize;
    format!("{}{size:.digits$}", if value < 0.0 { "−" } else { "" })
}

/// A whole number, thousands set apart: `1,234,567`.
pub fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 && digits != "0" {
        format!("−{text}")
    } else {
        text
    }
}

/// `a, b and c`
pub fn listed(names: &[&str]) -> String {
    match names {
        [before @ .., last] if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        names => names.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_and_largest_numbers_are_written_in_powers_of_ten() {
        assert_eq!(
            [3.9011263e-38, -9.99e-5, 1e-4, 1e7, 1.00001e7, -2.5e30, 0.0].map(number),
            [
                "3.901e-38",
                "−9.990e-5",
                "0.0001000",
                "10,000,000",
                "1.000e7",
                "−2.500e30",
                "0"
            ]
        );
        assert_eq!(value("rmse", Some("m"), 1.5e-30), "1.500e-30 m");
        assert_eq!(value("r2", None, -2.5e9), "−2.500e9");
        assert_eq!(value("nll", None, 0.00005), "5.000e-5");
        assert_eq!(difference("rmse", None, -1.5e-30), "−1.500e-30");
        assert_eq!(
            [exact(1.5e-30), exact(0.25), exact(1e7), exact(2e7)],
            ["1.5e-30", "0.25", "10000000", "2e7"]
        );
        assert_eq!([exact(1.5e-30_f32), exact(0.1_f32)], ["1.5e-30", "0.1"]);
    }

    #[test]
    fn values_carry_their_unit_and_differences_their_sign() {
        assert_eq!(value("accuracy", None, 0.97222), "97.22 %");
        assert_eq!(value("rmse", Some("$"), 51_234.4), "51,234 $");
        assert_eq!(value("nll", None, 0.07494), "0.0749");
        assert_eq!(value("nll", None, f64::NAN), "–");
        assert_eq!(difference("accuracy", None, -0.00277), "−0.28 points");
        assert_eq!(difference("rmse", Some("$"), 1_102.0), "+1,102 $");
        assert_eq!(
            [0.0012346, 12.346, -0.5, 999.9, 1e6].map(number),
            ["0.001235", "12.35", "−0.5000", "999.9", "1,000,000"]
        );
        assert_eq!([p(0.0004), p(0.0312)], ["p < 0.001", "p = 0.031"]);
        assert_eq!(
            [per_cent(0.004), per_cent(0.12), per_cent(1.03)],
            ["0.4 %", "12 %", "103 %"]
        );
    }
}
