//! What runs, stages and arms may be called: their names become parts of paths, of tables and of pages.

use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// The rule that [`is_name`] decides, as problems state it.
pub const NAME_RULE: &str = "a name has letters and digits of any script, `.`, `_` and `-`, does not begin with `.` or `-`, and is at most 64 bytes long";

/// Bytes of the longest name.
pub const LONGEST_NAME: usize = 64;

/// Whether a run, a stage or an arm may be called so, and a file of the run folder. A name is [`composed`], so that no two look
/// alike and are one folder on some systems.
pub fn is_name(word: &str) -> bool {
    (1..=LONGEST_NAME).contains(&word.len())
        && !word.starts_with(begins_no_name)
        && word.chars().all(is_in_names)
        && is_nfc(word)
}

/// What no name begins with: hidden files, parent folders and options do; and a mark has no letter there.
pub fn begins_no_name(c: char) -> bool {
    matches!(c, '.' | '-') || is_combining_mark(c)
}

/// Whether a name may have this character: letters, the marks that some scripts write them with, and digits, if they can be seen.
pub fn is_in_names(c: char) -> bool {
    match c {
        // Fillers, joiners and selectors: letters and marks to Unicode, nothing to the eye.
        '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{ffa0}'
        | '\u{e0100}'..='\u{e01ef}' => false,
        '.' | '_' | '-' => true,
        _ => c.is_alphanumeric() || is_combining_mark(c),
    }
}

/// The word in Unicode's composed form (NFC): one character where a letter and its mark may also be two.
pub fn composed(word: &str) -> String {
    word.nfc().collect()
}
