//! The text of a recipe, and where each part of it came from: the file or a `--set`.

use std::ops::Range;

use crate::problem::{Problem, Problems, Span};
use crate::set::{self, Set, SetValue};
use crate::tree::{self, Kind, Table, Value};

/// A recipe's text and the name under which problems quote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeText {
    /// The path of the file, or the name of a shipped recipe.
    pub name: String,
    /// The text that is parsed: the file's, after all edits.
    text: String,
    /// For every line of the text the line of the file, from 0, that it was.
    lines: Vec<usize>,
    edits: Vec<Edit>,
}

/// A value that came from an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Edit {
    argument: String,
    path: Vec<String>,
    place: Span,
}

/// What a problem quotes: one line, its number if it has one, and the place in it.
pub(crate) struct Quote<'a> {
    pub(crate) origin: &'a str,
    pub(crate) line: &'a str,
    /// From 1; `None` for an argument.
    pub(crate) number: Option<usize>,
    pub(crate) place: Span,
}

impl RecipeText {
    /// The text of a file.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let lines = (0..text.split('\n').count()).collect();
        Self {
            name: name.into(),
            text,
            lines,
            edits: Vec::new(),
        }
    }

    /// The text that is parsed: the file's, after all edits.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Changes one value; problems with it will quote the argument.
    ///
    /// # Errors
    ///
    /// As [`set::apply`].
    pub fn set(&mut self, set: &Set, value: &SetValue) -> Result<(), Problem> {
        self.patch(&set.path, &value.toml)?;
        let keys = toml_edit::Key::parse(&set.path).unwrap_or_default();
        self.edits.push(Edit {
            argument: set.argument.clone(),
            path: keys.iter().map(|key| key.get().to_owned()).collect(),
            place: value.place.clone(),
        });
        Ok(())
    }

    /// Changes one value as [`set::apply`] does; problems with it will quote the changed line.
    ///
    /// # Errors
    ///
    /// As [`set::apply`].
    pub fn patch(&mut self, path: &str, toml: &str) -> Result<(), Problem> {
        let new = set::apply(&self.text, path, toml)?;
        self.lines = follow_lines(&self.text, &self.lines, &new);
        self.text = new;
        Ok(())
    }

    /// What to show for a place in the text.
    pub(crate) fn quote(&self, span: &Span) -> Quote<'_> {
        if let Some(quote) = self
            .edits
            .iter()
            .rev()
            .find_map(|edit| self.quote_edit(edit, span))
        {
            return quote;
        }
        let text = self.text.as_str();
        let start = text.floor_char_boundary(span.start.min(text.len()));
        let end = text.ceil_char_boundary(span.end.clamp(start, text.len()));
        let first = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line = text[first..].split('\n').next().unwrap_or_default();
        let line = line.strip_suffix('\r').unwrap_or(line);
        let index = text[..first].matches('\n').count();
        Quote {
            origin: &self.name,
            line,
            number: self.lines.get(index).map(|number| number + 1),
            place: (start - first).min(line.len())..(end - first).min(line.len()),
        }
    }

    /// The argument, if the place is the edit's value or one of the keys that lead to it.
    fn quote_edit<'a>(&'a self, edit: &'a Edit, span: &Span) -> Option<Quote<'a>> {
        let document = tree::parse(&self.text, &mut Problems::new())?;
        let place = edit.place_of(&document, span)?;
        Some(Quote {
            origin: "--set",
            line: &edit.argument,
            number: None,
            place,
        })
    }
}

impl Edit {
    fn place_of(&self, document: &Table, span: &Span) -> Option<Span> {
        let (first, keys) = self.path.split_first()?;
        let mut place = self.key_place(first, 0);
        let mut entry = document.entry(first)?;
        let mut value = &entry.value;
        for key in keys {
            if entry.key.span.as_ref() == Some(span) {
                return Some(place);
            }
            place = self.key_place(key, place.end);
            value = match &value.kind {
                Kind::Table(table) => {
                    entry = table.entry(key)?;
                    &entry.value
                }
                Kind::Array(items) => items.get(key.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        if entry.key.span.as_ref() == Some(span) {
            return Some(place);
        }
        inside(value, span).then(|| self.place.clone())
    }

    fn key_place(&self, key: &str, from: usize) -> Range<usize> {
        let rest = self.argument.get(from..).unwrap_or_default();
        let start = from + rest.find(key).unwrap_or(0);
        start..(start + key.len()).min(self.argument.len())
    }
}

fn inside(value: &Value, span: &Span) -> bool {
    value.span.start <= span.start && span.end <= value.span.end
}

/// The lines of the file that the lines of the new text were: an edit changes one stretch of lines.
fn follow_lines(old: &str, lines: &[usize], new: &str) -> Vec<usize> {
    // An edit may turn carriage returns into plain newlines.
    let old: Vec<_> = old.split('\n').map(str::trim_end).collect();
    let new: Vec<_> = new.split('\n').map(str::trim_end).collect();
    let same = |(a, b): &(&&str, &&str)| a == b;
    let head = old.iter().zip(&new).take_while(same).count();
    let room = old.len().min(new.len()) - head;
    let tail = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take(room)
        .take_while(same)
        .count();
    let at = |index: usize| lines.get(index).or(lines.last()).copied().unwrap_or(0);
    let last_changed = (old.len() - tail)
        .saturating_sub(1)
        .max(head.min(old.len() - 1));
    let changed = head..new.len() - tail;
    let kept = old.len() - tail..old.len();
    (0..head)
        .map(at)
        .chain(changed.map(|index| at(index.min(last_changed))))
        .chain(kept.map(at))
        .collect()
}
