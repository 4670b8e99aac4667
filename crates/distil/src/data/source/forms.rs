//! How numbers are written: decimal marks, thousands, percent, currencies and units.

use crate::data::column_rule::ColumnRule;

/// How the numbers of a column are written. The default is `-1.5e3`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Form {
    /// Whether the decimal mark is a comma.
    pub comma: bool,
    /// What stands between thousands.
    pub thousands: Option<char>,
    /// What stands before or behind; `%` divides by 100.
    pub strip: Option<String>,
}

/// What the cells of a column leave open.
#[derive(Debug, PartialEq, Eq)]
pub enum Inferred {
    /// The form that reads most cells, and how many.
    Form(Form, usize),
    /// `1,234` and no other cell that tells which it is.
    Ambiguous,
}

/// Signs and codes of currencies: the only ones that may stand before a number.
const CURRENCIES: [&str; 27] = [
    "$", "€", "£", "¥", "₹", "₽", "₩", "₺", "₪", "R$", "US$", "C$", "A$", "USD", "EUR", "GBP",
    "CHF", "JPY", "CNY", "INR", "SEK", "NOK", "DKK", "PLN", "CAD", "AUD", "Fr.",
];

/// Letters of a unit behind a number, at most.
const UNIT: usize = 8;

impl Form {
    /// What a rule says, if it says anything of how numbers are written.
    pub fn of(rule: &ColumnRule) -> Option<Self> {
        let said = rule.decimal.is_some() || rule.thousands.is_some() || rule.strip.is_some();
        said.then(|| Self {
            comma: rule.decimal == Some(','),
            thousands: rule.thousands,
            strip: rule.strip.clone(),
        })
    }

    /// Writes the form into a rule.
    pub fn note(&self, rule: &mut ColumnRule) {
        rule.decimal = self.comma.then_some(',');
        rule.thousands = self.thousands;
        rule.strip.clone_from(&self.strip);
        if *self != Self::default() && rule.decimal.is_none() && rule.strip.is_none() {
            rule.decimal = Some('.');
        }
    }

    /// In words, for statements; empty for the usual form.
    pub fn words(&self) -> String {
        let mut words = Vec::new();
        if self.comma {
            words.push("decimal comma".to_owned());
        }
        match self.thousands {
            None => {}
            Some(' ') => words.push("thousands set apart by blanks".into()),
            Some(mark) => words.push(format!("thousands set apart by `{mark}`")),
        }
        match self.strip.as_deref() {
            None => {}
            Some("%") => words.push("percent, divided by 100".into()),
            Some(strip) => words.push(format!("`{strip}` taken off")),
        }
        words.join(", ")
    }

    /// The finite number that a cell is.
    pub fn number(&self, cell: &str) -> Option<f64> {
        if *self == Self::default() {
            return plain(cell);
        }
        let (negative, mut text) = signed(cell);
        let mut affixed = false;
        if let Some(strip) = &self.strip {
            let rest = text
                .strip_prefix(strip.as_str())
                .or_else(|| text.strip_suffix(strip.as_str()));
            affixed = rest.is_some();
            text = rest.unwrap_or(text).trim();
        }
        let (inner, text) = signed(text);
        // A share without its sign is not known to be one of 100.
        if self.strip.as_deref() == Some("%") && !affixed && plain(text) != Some(0.0) {
            return None;
        }
        let value = digits(text, self.comma, self.thousands)?;
        let value = if self.strip.as_deref() == Some("%") {
            value / 100.0
        } else {
            value
        };
        Some(if negative != inner { -value } else { value })
    }

    /// The form that reads most of these cells. `semicolons`: cells are separated by semicolons, as where the comma is the
    /// decimal mark; `comma`: another column of the file has it.
    pub fn infer<'a>(
        cells: impl Iterator<Item = &'a str> + Clone,
        separator: char,
        comma: bool,
    ) -> Inferred {
        let plainly = cells.clone().filter(|cell| plain(cell).is_some()).count();
        let all = cells.clone().count();
        let grouped_points = || {
            let mut dotted = cells.clone().filter(|cell| cell.contains('.')).peekable();
            dotted.peek().is_some() && dotted.all(|cell| groups(signed(cell).1, '.'))
        };
        if plainly == all && !(comma && grouped_points()) {
            return Inferred::Form(Self::default(), plainly);
        }
        let strip = affix(cells.clone());
        let forms = [
            (false, None),
            (true, None),
            (false, Some(',')),
            (true, Some('.')),
            (false, Some(' ')),
            (true, Some(' ')),
            (false, Some('\'')),
            (false, Some('’')),
        ];
        let mut found: Vec<(Self, usize)> = forms
            .into_iter()
            .map(|(comma, thousands)| {
                let form = Self {
                    comma,
                    thousands,
                    strip: strip.clone(),
                };
                let read = cells
                    .clone()
                    .filter(|cell| form.number(cell).is_some())
                    .count();
                (form, read)
            })
            .collect();
        let most = found.iter().map(|(_, read)| *read).max().unwrap_or(0);
        if plainly >= most && !(comma && grouped_points()) {
            return Inferred::Form(Self::default(), plainly);
        }
        found.retain(|(_, read)| *read == most);
        if comma
            && let Some(at) = found
                .iter()
                .position(|(form, _)| form.comma && form.thousands == Some('.'))
            && grouped_points()
        {
            return Inferred::Form(found.swap_remove(at).0, most);
        }
        let is = |comma: bool, thousands| {
            found
                .iter()
                .position(|(form, _)| (form.comma, form.thousands) == (comma, thousands))
        };
        let at = match (is(true, None), is(false, Some(','))) {
            (Some(decimal), Some(_)) if comma || separator == ';' => decimal,
            (Some(_), Some(thousands)) if separator == ',' => thousands,
            (Some(_), Some(_)) => return Inferred::Ambiguous,
            _ => 0,
        };
        Inferred::Form(found.swap_remove(at).0, most)
    }
}

/// A finite number as programs write it.
pub fn plain(cell: &str) -> Option<f64> {
    cell.parse().ok().filter(|x: &f64| x.is_finite())
}

/// Whether a cell is a short number of digits and at most a point between them, which [`plain`] reads: seen without reading it.
pub fn is_decimal(cell: &str) -> bool {
    const SHORT: usize = 32;
    let digits = cell.strip_prefix('-').unwrap_or(cell).as_bytes();
    let point = digits.iter().filter(|byte| **byte == b'.').count();
    let all = digits
        .iter()
        .all(|byte| byte.is_ascii_digit() || *byte == b'.');
    all && point <= 1 && digits.len() > point && digits.len() <= SHORT
}

/// Whether a number is negative, and the rest: `-5`, `−5`, `(5)`, `5-`, `+5`.
fn signed(text: &str) -> (bool, &str) {
    let text = text.trim();
    if let Some(inner) = text
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
    {
        return (true, inner.trim());
    }
    for sign in ["-", "−", "–"] {
        if let Some(rest) = text.strip_prefix(sign) {
            return (true, rest.trim_start());
        }
    }
    (false, text.strip_prefix('+').unwrap_or(text))
}

/// Whether the digits are in groups of three, at least two groups.
fn groups(text: &str, mark: char) -> bool {
    let mut parts = text.split(mark);
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let first = parts.next().unwrap_or_default();
    let mut rest = parts.peekable();
    (1..=3).contains(&first.len())
        && all_digits(first)
        && !first.starts_with('0')
        && rest.peek().is_some()
        && rest.all(|part| part.len() == 3 && all_digits(part))
}

/// A number without sign, its whole part perhaps in groups of three.
fn digits(text: &str, comma: bool, thousands: Option<char>) -> Option<f64> {
    let mark = if comma { ',' } else { '.' };
    let (whole, fraction) = match text.split_once(mark) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let blank = |c: char| matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}');
    let whole: String = match thousands {
        Some(' ') if whole.contains(blank) => {
            let spaced = whole.replace(blank, " ");
            groups(&spaced, ' ').then(|| spaced.replace(' ', ""))?
        }
        Some(group) if whole.contains(group) => {
            groups(whole, group).then(|| whole.replace(group, ""))?
        }
        _ => whole.into(),
    };
    // Behind the mark no other mark may stand, nor within the whole part.
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent = |text: &str| text.to_ascii_lowercase().find('e').unwrap_or(text.len());
    if fraction.is_some() && !is_digits(&whole) || !is_digits(&whole[..exponent(&whole)]) {
        return None;
    }
    let text = match fraction {
        Some(fraction) => format!("{whole}.{fraction}"),
        None => whole,
    };
    let begins = |text: &str| text.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    begins(&text).then(|| plain(&text)).flatten()
}

/// What stands before or behind nearly all numbers of a column: one currency, `%` or one unit.
fn affix<'a>(cells: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut found: Option<&str> = None;
    for cell in cells {
        let (_, text) = signed(cell);
        let text = signed(text).1;
        let before = text.find(|c: char| c.is_ascii_digit());
        let Some(before) = before else { continue };
        let after = text
            .rfind(|c: char| c.is_ascii_digit())
            .map_or(text.len(), |at| at + 1);
        let mark = |c: char| matches!(c, '-' | '−' | '+' | '.' | ',');
        let prefix = text[..before].trim_end_matches(mark).trim();
        let suffix = text[after..].trim_start_matches(['.', ',', ')']).trim();
        let one = match (prefix, suffix) {
            ("", "") => continue,
            (prefix, "") if CURRENCIES.contains(&prefix) => prefix,
            ("", suffix) if unit(suffix) => suffix,
            _ => continue,
        };
        match found {
            None => found = Some(one),
            Some(first) if first == one => {}
            // More than one: the column holds something else.
            Some(_) => return None,
        }
    }
    found.map(str::to_owned)
}

/// Whether this may be a unit: no digits, no blanks but within a currency, few letters.
fn unit(text: &str) -> bool {
    text.chars().count() <= UNIT
        && text
            .chars()
            .all(|c| c.is_alphabetic() || "%‰°/²³$€£¥₹₽₩₺₪".contains(c))
}
