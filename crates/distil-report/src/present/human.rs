//! Numbers as people read them: three significant digits and a unit.

/// `1_234_000_000.0` → `1.23 GFLOPs`.
pub fn human_flops(flops: f64) -> String {
    format!(
        "{}FLOPs",
        scaled(flops, 1000.0, &["", "k", "M", "G", "T", "P", "E"])
    )
}

/// `1_234_000_000.0` → `1.23 G`, under a title that says FLOPs.
pub fn human_scaled_flops(flops: f64) -> String {
    human_flops(flops)
        .trim_end_matches("FLOPs")
        .trim_end()
        .to_owned()
}

/// Epochs, with a digit only where a training or an evaluation ends within one.
pub fn human_epochs(epochs: f64) -> String {
    let digits = usize::from(epochs.fract() > 0.05);
    format!("{epochs:.digits$}")
}

/// A moment, in seconds since 1970, as a day in UTC: `27 November 2026`.
pub fn human_day(seconds: u64) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let (mut days, mut year) = (seconds / 86_400, 1970);
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let mut month = 0;
    let lengths = [
        31,
        28 + u64::from(leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    while days >= lengths[month] {
        days -= lengths[month];
        month += 1;
    }
    format!("{} {} {year}", days + 1, MONTHS[month])
}

/// `1_234_567.0` → `1.23 M`; numbers below 1,000 stay whole.
pub fn human_count(count: f64) -> String {
    scaled(count, 1000.0, &["", "k", "M", "G", "T"])
        .trim_end()
        .to_owned()
}

/// Binary multiples: `1_363_149` → `1.30 MiB`.
pub fn human_bytes(bytes: u64) -> String {
    format!(
        "{}B",
        scaled(bytes as f64, 1024.0, &["", "Ki", "Mi", "Gi", "Ti"])
    )
}

/// `0.0123` → `12.3 ms`, `75.0` → `1 min 15 s`, `7_260.0` → `2 h 1 min`.
pub fn human_seconds(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "–".into();
    }
    if seconds == 0.0 {
        return "0 s".into();
    }
    let milliseconds = seconds * 1e3;
    if milliseconds < 0.9995 {
        return format!("{} µs", significant(seconds * 1e6));
    }
    if milliseconds < 999.5 {
        return format!("{} ms", significant(milliseconds));
    }
    if seconds < 59.95 {
        return format!("{} s", significant(seconds));
    }
    let whole = seconds.round() as u64;
    if whole < 3600 {
        return format!("{} min {} s", whole / 60, whole % 60);
    }
    let minutes = (seconds / 60.0).round() as u64;
    format!("{} h {} min", minutes / 60, minutes % 60)
}

/// Three significant digits without exponent, for numbers from 0 to 1,000.
fn significant(value: f64) -> String {
    if value < 9.995 {
        format!("{value:.2}")
    } else if value < 99.95 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

fn scaled(value: f64, step: f64, units: &[&str]) -> String {
    if !value.is_finite() {
        return "– ".into();
    }
    let mut value = value;
    let mut unit = 0;
    while value.abs() >= step - 0.5 && unit + 1 < units.len() {
        value /= step;
        unit += 1;
    }
    let digits = if unit == 0 {
        format!("{value:.0}")
    } else {
        significant(value)
    };
    format!("{digits} {}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_that_ends_within_an_epoch_is_shown_with_a_digit() {
        assert_eq!([6.0, 6.02, 6.27].map(human_epochs), ["6", "6", "6.3"]);
    }

    #[test]
    fn a_moment_has_its_day() {
        let days = [0, 951_782_400, 1_795_779_193, 4_107_542_399].map(human_day);
        assert_eq!(
            days,
            [
                "1 January 1970",
                "29 February 2000",
                "27 November 2026",
                "28 February 2100"
            ]
        );
    }

    #[test]
    fn numbers_keep_three_digits_and_their_unit() {
        let flops = [0.0, 999.0, 999.7, 1_234.0, 12_345_678.0, 999.6e9, 3.4e13].map(human_flops);
        assert_eq!(
            flops,
            [
                "0 FLOPs",
                "999 FLOPs",
                "1.00 kFLOPs",
                "1.23 kFLOPs",
                "12.3 MFLOPs",
                "1.00 TFLOPs",
                "34.0 TFLOPs"
            ]
        );
        let seconds = [
            0.0, 4.2e-6, 0.0123, 0.9996, 1.0, 59.94, 75.0, 7_260.0, 3_599.6,
        ]
        .map(human_seconds);
        assert_eq!(
            seconds,
            [
                "0 s",
                "4.20 µs",
                "12.3 ms",
                "1.00 s",
                "1.00 s",
                "59.9 s",
                "1 min 15 s",
                "2 h 1 min",
                "1 h 0 min"
            ]
        );
        assert_eq!([512, 1_363_149].map(human_bytes), ["512 B", "1.30 MiB"]);
        assert_eq!([12.0, 555_110.0].map(human_count), ["12", "555 k"]);
    }
}
