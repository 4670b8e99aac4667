//! What is wrong with a recipe, where, and what to do about it.

use std::ops::Range;

use crate::suggest::suggest;

/// A place in the recipe's text, in bytes.
pub type Span = Range<usize>;

/// One thing that is wrong: a sentence, the rule it breaks and the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The exact value or key that is wrong; `None` if no single place is.
    pub span: Option<Span>,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// The rule that it breaks.
    pub rule: Option<String>,
    /// What to do now.
    pub help: Option<String>,
}

impl Problem {
    /// A problem without a place.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            span: None,
            message: message.into(),
            rule: None,
            help: None,
        }
    }

    /// A problem at a place: a [`Span`], or the optional span of a [`crate::Spanned`] value.
    pub fn at(span: impl Into<Option<Span>>, message: impl Into<String>) -> Self {
        Self {
            span: span.into(),
            ..Self::new(message)
        }
    }

    /// Adds the rule that is broken.
    pub fn rule(mut self, rule: impl Into<String>) -> Self {
        self.rule = Some(rule.into());
        self
    }

    /// Adds what to do now.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds "did you mean" if one of the candidates resembles `word`.
    pub fn did_you_mean<'a>(
        self,
        word: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        match suggest(word, candidates) {
            Some(near) => self.help(format!("did you mean `{near}`?")),
            None => self,
        }
    }
}

/// Collects every problem, so that all of them are reported at once.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    list: Vec<Problem>,
}

impl Problems {
    /// No problem yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a problem. The same problem at the same place is kept once.
    pub fn push(&mut self, problem: Problem) {
        if !self.list.contains(&problem) {
            self.list.push(problem);
        }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many things are wrong.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The problems in the order in which they were found.
    pub fn as_slice(&self) -> &[Problem] {
        &self.list
    }

    /// `Ok(value)` if nothing is wrong, else the problems.
    pub fn or<T>(self, value: T) -> Result<T, Problems> {
        if self.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }
}

impl Extend<Problem> for Problems {
    fn extend<I: IntoIterator<Item = Problem>>(&mut self, problems: I) {
        for problem in problems {
            self.push(problem);
        }
    }
}

impl FromIterator<Problem> for Problems {
    fn from_iter<I: IntoIterator<Item = Problem>>(problems: I) -> Self {
        let mut found = Self::new();
        found.extend(problems);
        found
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self {
            list: vec![problem],
        }
    }
}
