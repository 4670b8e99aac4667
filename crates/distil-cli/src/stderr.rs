//! What every part of the program says on stderr, and in which colours.

use std::io::{self, IsTerminal, Write};

use distil_report::foreign::terminal_lines;

/// Tells the user something on stderr; if even that is closed there is nobody to tell.
pub fn complain(text: &str) {
    // Where there are colours the text has codes of ours; what is foreign in it was made visible when it was put in.
    let _ = match colours() {
        true => writeln!(io::stderr(), "{text}"),
        false => writeln!(io::stderr(), "{}", terminal_lines(text)),
    };
}

/// Tells what the user has to know, and what stops nothing.
pub fn warn(text: &str) {
    complain(&format!("warning: {text}"));
}

/// Tells what was noted while data were read, a sentence each.
pub fn note(notes: &[String]) {
    for said in notes {
        complain(&format!("note: {}", distil_report::note(said)));
    }
}

/// Whether stderr understands colours and wants them.
pub fn colours() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// How every error begins.
pub fn error_title() -> &'static str {
    if colours() {
        "\x1b[1;31merror\x1b[0m:"
    } else {
        "error:"
    }
}
