//! A recipe that cannot become a plan.

use std::fmt;

use distil_recipe::{Problem, Problems, RecipeText, render};

use crate::error::{Error, Kind};

/// Everything that is wrong with a recipe, and the text it is wrong in.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The recipe's text, an arm's changes included.
    pub text: RecipeText,
    /// The problems; at least one.
    pub problems: Problems,
}

impl Refusal {
    /// The problems with place, caret, rule and remedy; `color` adds terminal styling.
    pub fn render(&self, color: bool) -> String {
        render(&self.text, self.problems.as_slice(), color)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Error::new(Kind::Recipe, "", refusal)
    }
}

/// A library error as a problem of the recipe, at the place that led to it.
pub(super) fn problem(at: Option<distil_recipe::Span>, error: &Error) -> Problem {
    let problem = Problem::at(at, &error.reason);
    match error.remedy.as_str() {
        "" => problem,
        remedy => problem.help(lower_first(remedy)),
    }
}

/// The last clause of a one-sentence refusal is its remedy: "reason; remedy".
pub(super) fn sentence(at: Option<distil_recipe::Span>, sentence: &str) -> Problem {
    match sentence.rsplit_once("; ") {
        Some((reason, remedy)) => Problem::at(at, reason).help(remedy),
        None => Problem::at(at, sentence),
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}
