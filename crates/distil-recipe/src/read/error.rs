//! What went wrong with one value, in words for people who do not write Rust.

use std::fmt;

use serde::de::{Error, Expected, Unexpected};

use crate::problem::{Problem, Span};

/// Why a value could not be read.
#[derive(Debug)]
pub(crate) struct ReadError {
    /// The innermost value that is wrong.
    pub(crate) span: Option<Span>,
    /// The key of that value.
    key: Option<String>,
    /// Whether the value is an item of that key's array.
    item: bool,
    what: What,
}

#[derive(Debug)]
enum What {
    /// Another type or range than the expected one.
    Expected { expected: String, found: String },
    /// A word that is none of the choices.
    Variant {
        word: String,
        choices: &'static [&'static str],
    },
    /// A key that must be there.
    MissingKey(&'static str),
    /// Anything else.
    Sentence(String),
}

impl ReadError {
    fn new(what: What) -> Self {
        Self {
            span: None,
            key: None,
            item: false,
            what,
        }
    }

    pub(crate) fn expected(expected: String, found: String) -> Self {
        Self::new(What::Expected { expected, found })
    }

    pub(crate) fn sentence(sentence: impl Into<String>) -> Self {
        Self::new(What::Sentence(sentence.into()))
    }

    pub(crate) fn one_key(found: usize, choices: &'static [&'static str]) -> Self {
        Self::expected(
            format!("a table with exactly one key of {}", choices.join(", ")),
            format!("a table with {found} keys"),
        )
    }

    /// Sets the place unless an inner one is known.
    pub(crate) fn at(mut self, span: &Span) -> Self {
        self.span.get_or_insert_with(|| span.clone());
        self
    }

    /// Sets the key unless an inner one is known.
    pub(crate) fn under(mut self, key: &str) -> Self {
        self.key.get_or_insert_with(|| key.to_owned());
        self
    }

    /// Marks an item of an array, unless the wrong value has a key of its own.
    pub(crate) fn in_array(mut self) -> Self {
        self.item = self.item || self.key.is_none();
        self
    }

    /// The key that is missing, if that is the error.
    pub(crate) fn missing_key(&self) -> Option<&'static str> {
        match self.what {
            What::MissingKey(name) => Some(name),
            _ => None,
        }
    }

    pub(crate) fn into_problem(self) -> Problem {
        let problem = Problem::at(self.span.clone(), self.to_string());
        match &self.what {
            What::Variant { word, choices } => {
                let problem = problem.rule(format!("the choices are {}", choices.join(", ")));
                problem.did_you_mean(word, choices.iter().copied())
            }
            _ => problem,
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.what, &self.key) {
            (What::Expected { expected, found }, Some(key)) if self.item => {
                write!(f, "every item of `{key}` must be {expected}, not {found}")
            }
            (What::Expected { expected, found }, Some(key)) => {
                write!(f, "`{key}` must be {expected}, not {found}")
            }
            (What::Expected { expected, found }, None) => {
                write!(f, "expected {expected}, found {found}")
            }
            (What::Variant { word, .. }, _) => write!(f, "`{word}` is none of the choices"),
            (What::MissingKey(name), Some(key)) => write!(f, "`{name}` is missing in `{key}`"),
            (What::MissingKey(name), None) => write!(f, "`{name}` is missing"),
            (What::Sentence(sentence), Some(key)) => write!(f, "`{key}`: {sentence}"),
            (What::Sentence(sentence), None) => f.write_str(sentence),
        }
    }
}

impl std::error::Error for ReadError {}

impl Error for ReadError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::sentence(message.to_string())
    }

    fn invalid_type(found: Unexpected, expected: &dyn Expected) -> Self {
        Self::expected(plain_expected(&expected.to_string()), plain_found(found))
    }

    fn invalid_value(found: Unexpected, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn invalid_length(found: usize, expected: &dyn Expected) -> Self {
        let items = if found == 1 { "item" } else { "items" };
        Self::expected(
            plain_expected(&expected.to_string()),
            format!("an array of {found} {items}"),
        )
    }

    fn unknown_variant(word: &str, choices: &'static [&'static str]) -> Self {
        Self::new(What::Variant {
            word: word.to_owned(),
            choices,
        })
    }

    fn missing_field(name: &'static str) -> Self {
        Self::new(What::MissingKey(name))
    }
}

/// Serde names what it expects in Rust's words; recipes are written by others too.
fn plain_expected(words: &str) -> String {
    match words {
        "f32" | "f64" => "a number".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "a nonzero u32" | "a nonzero u64" | "a nonzero usize" => {
            "a whole number, 1 or more".to_owned()
        }
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "an array".to_owned(),
        "a map" => "a table".to_owned(),
        other if other.starts_with("struct ") => "a table".to_owned(),
        other => match other.strip_prefix("an array of length ") {
            Some(length) => format!("an array of {length} items"),
            None => other.to_owned(),
        },
    }
}

fn plain_found(found: Unexpected) -> String {
    match found {
        Unexpected::Str(text) => format!("the string {text:?}"),
        Unexpected::Signed(number) => number.to_string(),
        Unexpected::Unsigned(number) => number.to_string(),
        Unexpected::Float(number) => format!("{number:?}"),
        Unexpected::Bool(truth) => truth.to_string(),
        Unexpected::Seq => "an array".to_owned(),
        Unexpected::Map => "a table".to_owned(),
        other => other.to_string(),
    }
}
