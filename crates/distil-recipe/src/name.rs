//! What runs, stages and arms may be called: their names become parts of paths, of tables and of pages.

/// The rule that [`is_name`] decides, as problems state it.
pub const NAME_RULE: &str = "a name has letters from a to z, digits, `.`, `_` and `-`, does not begin with `.` or `-`, and is at most 64 bytes long";

/// Bytes of the longest name.
pub const LONGEST_NAME: usize = 64;

/// Whether a run, a stage or an arm may be called so, and a file of the run folder.
pub fn is_name(word: &str) -> bool {
    (1..=LONGEST_NAME).contains(&word.len())
        && !word.starts_with(BEGINS_NO_NAME)
        && word.chars().all(is_in_names)
}

/// What no name begins with: hidden files, parent folders and options do.
pub const BEGINS_NO_NAME: [char; 2] = ['.', '-'];

/// Whether a name may have this character.
pub fn is_in_names(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}
