//! Text that is not ours, and where it may go: a function per medium.
//!
//! Names of columns, classes, files, runs and arms, units, and what a file says are somebody else's. In a terminal they could move the
//! cursor, in a page they could be markup, in a table of numbers formulas. Whatever prints them prints them through here.

use std::borrow::Cow;

/// For a terminal, on one line: control characters, line breaks and marks of direction are shown by their escapes (`\n`, `\u{1b}`).
pub fn terminal(text: &str) -> Cow<'_, str> {
    visible(text, |_| false)
}

/// The same of text that has lines of its own.
pub fn terminal_lines(text: &str) -> Cow<'_, str> {
    visible(text, |c| c == '\n')
}

/// For text and quoted attributes in HTML and SVG.
pub fn html(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in visible(text, |c| matches!(c, '\n' | '\t')).chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            _ => html.push(c),
        }
    }
    html
}

/// For a line or a cell of GitHub's Markdown: nothing in it begins a tag, an entity, a link, emphasis or another cell.
pub fn markdown(text: &str) -> String {
    let text = terminal(text);
    let struck = text.matches('~').count() > 1;
    let mut markdown = String::with_capacity(text.len());
    let mut before = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let after = rest.peek().copied();
        let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        match c {
            '<' if after.is_some_and(|c| c.is_ascii_alphabetic() || "/!?".contains(c)) => {
                markdown.push_str("&lt;");
            }
            '&' if after.is_some_and(|c| c.is_ascii_alphanumeric() || c == '#') => {
                markdown.push_str("&amp;");
            }
            '\\' => markdown.push_str("&#92;"),
            '|' | '*' | '[' | ']' => markdown.extend(['\\', c]),
            '_' if !word(before) || !word(after) => markdown.push_str("\\_"),
            '~' if struck => markdown.push_str("\\~"),
            _ => markdown.push(c),
        }
        before = Some(c);
    }
    markdown
}

/// For a cell of text in a CSV file: what a spreadsheet would take for a formula stands behind an apostrophe; numbers stay.
pub fn csv(text: &str) -> Cow<'_, str> {
    let shown = csv_id(text);
    match shown.trim_start().starts_with(FORMULA) && !is_number(&shown) {
        true => Cow::Owned(format!("'{shown}")),
        false => shown,
    }
}

/// For a cell of a CSV file by which rows are found again: only what cannot be seen is shown by its escapes.
pub fn csv_id(text: &str) -> Cow<'_, str> {
    terminal(text)
}

/// For a string in JSON that was written already: what a terminal could take for a command is escaped there too.
pub fn json(text: &str) -> Cow<'_, str> {
    let hidden = |c: char| is_hidden(c) && c != '\n';
    match text.contains(hidden) {
        false => Cow::Borrowed(text),
        true => Cow::Owned(
            text.chars()
                .flat_map(|c| {
                    match hidden(c) {
                        false => c.to_string(),
                        true => {
                            let mut units = [0; 2];
                            let units = c.encode_utf16(&mut units).iter();
                            units.map(|unit| format!("\\u{unit:04x}")).collect()
                        }
                    }
                    .chars()
                    .collect::<Vec<_>>()
                })
                .collect(),
        ),
    }
}

/// What spreadsheets take for the beginning of a formula, in the wide form of East Asian text too.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Whether a cell is a number, however its digits are grouped.
fn is_number(cell: &str) -> bool {
    let cell = cell.trim();
    let digits = cell.strip_prefix(['+', '-']).unwrap_or(cell);
    let digits = digits.strip_suffix('%').unwrap_or(digits).trim_end();
    let grouped = |c: char| c.is_ascii_digit() || c == '.' || c == ',';
    cell.parse::<f64>().is_ok()
        || (digits.contains(|c: char| c.is_ascii_digit()) && digits.chars().all(grouped))
}

fn visible(text: &str, kept: impl Fn(char) -> bool) -> Cow<'_, str> {
    let hidden = |c: char| is_hidden(c) && !kept(c);
    match text.contains(hidden) {
        false => Cow::Borrowed(text),
        true => {
            let mut shown = String::with_capacity(text.len());
            for c in text.chars() {
                match hidden(c) {
                    true => shown.extend(c.escape_default()),
                    false => shown.push(c),
                }
            }
            Cow::Owned(shown)
        }
    }
}

/// Control characters, line breaks, marks that turn the direction of writing, and characters without width that no script needs.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "=x\u{1b}[2J\r\n<b>&amp;|*a*_a_`\u{202e}\u{9b}";

    #[test]
    fn what_cannot_be_seen_is_shown_by_its_escapes_and_the_rest_stays() {
        assert_eq!(
            terminal("a\nb\tc\u{1b}[31m\u{9b}"),
            "a\\nb\\tc\\u{1b}[31m\\u{9b}"
        );
        assert_eq!(terminal_lines("a\nb\u{1b}"), "a\nb\\u{1b}");
        for plain in ["données", "数字 👩‍🚀", "50 %", "−0.1", "a\\n"] {
            assert!(matches!(terminal(plain), Cow::Borrowed(_)), "{plain}");
            assert_eq!(terminal(plain), plain);
        }
        let once = terminal(HOSTILE).into_owned();
        assert_eq!(terminal(&once), once, "twice is as good as once");
    }

    #[test]
    fn html_is_no_markup() {
        let html = html(HOSTILE);
        assert!(
            !html.contains(['<', '>', '"', '\'', '\u{1b}', '\u{9b}']),
            "{html}"
        );
        assert!(html.contains("&lt;b&gt;&amp;amp;"), "{html}");
    }

    #[test]
    fn markdown_holds_no_tag_link_emphasis_or_further_cell() {
        assert_eq!(
            markdown("a|b <b>x</b> [x](y) *a* _a_ a_b ~~s~~ &lt; \\| <!--"),
            "a\\|b &lt;b>x&lt;/b> \\[x\\](y) \\*a\\* \\_a\\_ a_b \\~\\~s\\~\\~ &amp;lt; &#92;\\| &lt;!--"
        );
        for plain in [
            "p < 0.001",
            "flow-s1~lr=0.001",
            "macro_f1",
            "a & b",
            "+0.28 points",
            "`a`",
        ] {
            assert_eq!(markdown(plain), plain);
        }
    }

    #[test]
    fn formulas_stand_behind_an_apostrophe_and_numbers_do_not() {
        for formula in [
            "=1+1", "@SUM(A1)", "-1+1", "+a", " =1", "-", "＝1", "=", "-1.5.x", "\t=1",
        ] {
            assert!(csv(formula).starts_with(['\'', '\\']), "{formula}");
        }
        for number in [
            "-1", "+1", "-0.5", "-1e-3", "+1,5", "-1,234.5", "-50 %", "-inf", "a=b", "a-1", "",
        ] {
            assert_eq!(csv(number), number);
        }
        assert_eq!(csv_id("=1\n"), "=1\\n");
    }

    #[test]
    fn json_stays_the_same_json() {
        let text = serde_json::to_string_pretty(&[HOSTILE, "\u{e0041}\u{7f}"]).unwrap();
        let shown = json(&text);
        assert!(!shown.contains(['\u{7f}', '\u{9b}', '\u{202e}', '\u{e0041}']));
        let read: Vec<String> = serde_json::from_str(&shown).unwrap();
        assert_eq!(read, [HOSTILE, "\u{e0041}\u{7f}"]);
    }
}
