//! Dates and times of day as numbers: days since 1970, and where in the year, week and day.

use std::f64::consts::TAU;

/// Formats that are tried, the date's part of each.
const FORMATS: [&str; 18] = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d %b %Y",
    "%b %d, %Y",
    "%d-%b-%Y",
    "%b %d %Y",
    "%Y-%m",
    "%d.%m.%y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d-%b-%y",
    "%H",
];

/// The format of a time of day without a date.
pub const TIME: &str = "%H";

/// A date, and a time where the cell has one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// Days since 1 January 1970, with the time of day as a fraction.
    pub days: f64,
    /// Day of the year from 0, as a share of the year.
    pub year: f64,
}

/// What the cells of a column are, if they are dates.
#[derive(Debug, PartialEq, Eq)]
pub enum Inferred {
    /// Every cell is one.
    Format(&'static str),
    /// Day and month cannot be told apart.
    Ambiguous(&'static str, &'static str),
    /// They are something else.
    None,
}

/// The format that reads all of these cells.
pub fn infer<'a>(cells: impl Iterator<Item = &'a str> + Clone) -> Inferred {
    let Some(first) = cells.clone().next() else {
        return Inferred::None;
    };
    if !first.contains(|c: char| c.is_ascii_digit()) {
        return Inferred::None;
    }
    let mut formats: Vec<&'static str> = FORMATS
        .into_iter()
        .filter(|format| moment(first, format).is_some())
        .collect();
    for cell in cells {
        formats.retain(|format| moment(cell, format).is_some());
        if formats.is_empty() {
            return Inferred::None;
        }
    }
    match formats[..] {
        [] => Inferred::None,
        [one] => Inferred::Format(one),
        [one, other, ..] => Inferred::Ambiguous(one, other),
    }
}

/// What the features of a date are called, after the column's name.
pub fn features(format: &str, time: bool) -> Vec<&'static str> {
    let mut names = Vec::new();
    if format != TIME {
        names.extend(["", " (year, sine)", " (year, cosine)"]);
        if format.contains("%d") {
            names.extend([" (week, sine)", " (week, cosine)"]);
        }
    }
    if time || format == TIME {
        names.extend([" (day, sine)", " (day, cosine)"]);
    }
    names
}

/// One feature of a moment.
pub fn feature(moment: Moment, name: &str) -> f64 {
    let day = moment.days.floor();
    let turn = match name {
        "" => return moment.days,
        name if name.contains("year") => moment.year,
        name if name.contains("week") => (day + 3.0).rem_euclid(7.0) / 7.0,
        _ => moment.days - day,
    };
    if name.ends_with("cosine)") {
        (TAU * turn).cos()
    } else {
        (TAU * turn).sin()
    }
}

/// A cell in this format; a time of day may follow.
pub fn moment(cell: &str, format: &str) -> Option<Moment> {
    if format == TIME {
        let time = time_of_day(cell)?;
        return Some(Moment {
            days: time,
            year: 0.0,
        });
    }
    let mut text = cell.trim();
    let (mut year, mut month, mut day) = (None, None, 1_u32);
    let mut format = format.chars();
    while let Some(wanted) = format.next() {
        if wanted != '%' {
            text = text.strip_prefix(wanted)?;
            continue;
        }
        match format.next()? {
            'Y' => year = Some(i64::from(number(&mut text, 4, 4)?)),
            'y' => {
                let short = i64::from(number(&mut text, 2, 2)?);
                year = Some(if short < 69 {
                    2000 + short
                } else {
                    1900 + short
                });
            }
            'm' => month = Some(number(&mut text, 1, 2)?),
            'd' => day = number(&mut text, 1, 2)?,
            'b' | 'B' => month = Some(month_name(&mut text)?),
            _ => return None,
        }
    }
    let (year, month) = (year?, month?);
    let fraction = match text {
        "" => 0.0,
        _ => {
            let rest = text.strip_prefix(['T', 't', ' '])?;
            time_of_day(rest.trim_start())?
        }
    };
    if !(1..=12).contains(&month) || day == 0 || day > month_days(year, month) {
        return None;
    }
    let first = days(year, 1, 1);
    let date = days(year, month, day);
    let length = (days(year + 1, 1, 1) - first) as f64;
    Some(Moment {
        days: date as f64 + fraction,
        year: (date - first) as f64 / length,
    })
}

/// `12:30`, `12:30:05.25`, `1:30 PM`, with `Z` or `+02:00` behind; as a share of the day in UTC.
fn time_of_day(text: &str) -> Option<f64> {
    let mut text = text.trim();
    let mut hour = number(&mut text, 1, 2)?;
    text = text.strip_prefix(':')?;
    let minute = number(&mut text, 2, 2)?;
    let mut second = 0.0;
    if let Some(rest) = text.strip_prefix(':') {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        second = rest[..end].parse::<f64>().ok()?;
        text = &rest[end..];
    }
    text = text.trim_start();
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("am") || lower.starts_with("pm") {
        if !(1..=12).contains(&hour) {
            return None;
        }
        hour = hour % 12 + if lower.starts_with("pm") { 12 } else { 0 };
        text = text[2..].trim_start();
    }
    let mut offset = 0.0;
    if let Some(rest) = text.strip_prefix(['Z', 'z']) {
        text = rest;
    } else if text.starts_with(['+', '-']) {
        let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
        let mut rest = &text[1..];
        let hours = number(&mut rest, 2, 2)?;
        rest = rest.strip_prefix(':').unwrap_or(rest);
        let minutes = if rest.is_empty() {
            0
        } else {
            number(&mut rest, 2, 2)?
        };
        offset = sign * (f64::from(hours) * 60.0 + f64::from(minutes));
        text = rest;
    } else if let Some(rest) = text.strip_prefix("UTC") {
        text = rest;
    }
    let valid = hour < 24 && minute < 60 && (0.0..61.0).contains(&second) && text.is_empty();
    valid.then(|| {
        (f64::from(hour) * 3600.0 + (f64::from(minute) - offset) * 60.0 + second) / 86_400.0
    })
}

fn number(text: &mut &str, least: usize, most: usize) -> Option<u32> {
    let length = text
        .bytes()
        .take(most)
        .take_while(u8::is_ascii_digit)
        .count();
    let value = text[..length].parse().ok()?;
    *text = &text[length..];
    (length >= least).then_some(value)
}

fn month_name(text: &mut &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let length = text
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let word = text[..length].to_ascii_lowercase();
    let found = MONTHS
        .iter()
        .position(|month| word == *month || word.len() >= 3 && month.starts_with(&word))?;
    *text = text[length..].strip_prefix('.').unwrap_or(&text[length..]);
    Some(found as u32 + 1)
}

fn month_days(year: i64, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1 January 1970 in the Gregorian calendar (Howard Hinnant, `days_from_civil`).
fn days(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year =
        (153 * (i64::from(month) + if month > 2 { -3 } else { 9 }) + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Days since 1 January 1970 as a date, `2024-02-29`, with the time of day where there is one.
pub fn date(moment: f64) -> String {
    let minutes = (moment * 1440.0).round() as i64;
    let (day, minute) = (minutes.div_euclid(1440), minutes.rem_euclid(1440));
    // The year of a day: at most one off, by leap days.
    let mut year = 1970 + (day as f64 / 365.2425).floor() as i64;
    year += i64::from(days(year + 1, 1, 1) <= day) - i64::from(days(year, 1, 1) > day);
    let month = (1..=12).rev().find(|month| days(year, *month, 1) <= day);
    let month = month.unwrap_or(1);
    let date = format!("{year:04}-{month:02}-{:02}", day - days(year, month, 1) + 1);
    match minute {
        0 => date,
        _ => format!("{date} {:02}:{:02}", minute / 60, minute % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_as_the_date_they_were_read_from() {
        for cell in [
            "1970-01-01",
            "1969-12-31",
            "2000-02-29",
            "1900-03-01",
            "2024-12-31",
            "2025-01-01 06:30",
        ] {
            let moment = moment(cell, "%Y-%m-%d").unwrap();
            assert_eq!(date(moment.days), cell);
        }
    }

    #[test]
    fn days_are_counted_from_1970() {
        let days = |cell, format| moment(cell, format).map(|moment| moment.days);
        assert_eq!(days("1970-01-01", "%Y-%m-%d"), Some(0.0));
        assert_eq!(days("29.02.2000", "%d.%m.%Y"), Some(11_016.0));
        assert_eq!(days("29.02.1900", "%d.%m.%Y"), None);
        assert_eq!(days("Jan 2, 1970 6:00 PM", "%b %d, %Y"), Some(1.75));
        assert_eq!(days("1969-12-31T23:00:00-01:00", "%Y-%m-%d"), Some(0.0));
        assert_eq!(days("12:00", TIME), Some(0.5));
    }

    #[test]
    fn day_and_month_are_told_apart_where_a_day_is_above_12() {
        assert_eq!(
            infer(["03/04/2024", "25/04/2024"].into_iter()),
            Inferred::Format("%d/%m/%Y")
        );
        assert_eq!(
            infer(["03/04/2024", "05/06/2024"].into_iter()),
            Inferred::Ambiguous("%d/%m/%Y", "%m/%d/%Y")
        );
        assert_eq!(infer(["3-4", "5-6"].into_iter()), Inferred::None);
    }
}
