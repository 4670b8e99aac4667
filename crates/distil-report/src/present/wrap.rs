//! Text broken at words.

use unicode_width::UnicodeWidthStr;

/// Columns that a text takes in a terminal.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// Lines of at most `width` columns, broken between words; all but the first begin with `indent`. A longer word keeps its line. Without
/// a width, one line.
pub fn wrapped(text: &str, width: Option<usize>, indent: &str) -> Vec<String> {
    broken(text, width, indent, "")
}

/// The same of a command: a shell goes on behind the mark at a line's end.
pub fn wrapped_command(text: &str, width: Option<usize>, indent: &str) -> Vec<String> {
    broken(text, width, indent, " \\")
}

fn broken(text: &str, width: Option<usize>, indent: &str, mark: &str) -> Vec<String> {
    let Some(width) = width.filter(|width| columns(text) > *width) else {
        return vec![text.to_owned()];
    };
    // The spaces a line begins with are its own.
    let start = text.len() - text.trim_start().len();
    let (first, words) = text.split_at(start);
    let mut lines = vec![first.to_owned()];
    let mut empty = true;
    for word in words.split(' ') {
        let line = lines.last().map_or("", String::as_str);
        let longer = columns(line) + usize::from(!empty) + columns(word);
        if !empty && longer + columns(mark) > width {
            if let Some(line) = lines.last_mut() {
                *line = format!("{}{mark}", line.trim_end());
            }
            lines.push(format!("{indent}{word}"));
        } else if let Some(line) = lines.last_mut() {
            if !empty {
                line.push(' ');
            }
            line.push_str(word);
        }
        empty = false;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_a_wide_letter_takes_two_columns() {
        assert_eq!(
            wrapped("one two three", Some(8), "  "),
            ["one two", "  three"]
        );
        assert_eq!(wrapped("one two", None, ""), ["one two"]);
        assert_eq!(wrapped("花 茎 叶", Some(5), ""), ["花 茎", "叶"]);
        assert_eq!(wrapped("unbreakable a", Some(4), ""), ["unbreakable", "a"]);
        assert_eq!(
            wrapped_command("  use   distil predict x", Some(16), "    "),
            ["  use   distil \\", "    predict x"]
        );
    }
}
