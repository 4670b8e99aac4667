//! Which arrays of an archive are inputs, which are labels, and of which part.

use std::collections::BTreeMap;
use std::path::Path;

use distil_report::Part;

use crate::data::source::parts::split_name;
use crate::error::{Error, Result};

/// Inputs and labels of a part, by name.
#[derive(Debug, PartialEq)]
pub struct Pair {
    /// The part its names tell.
    pub part: Option<Part>,
    /// The array of inputs.
    pub inputs: String,
    /// The array of labels, if there is one.
    pub labels: Option<String>,
}

/// The arrays that are read.
#[derive(Debug, PartialEq)]
pub struct Pairs {
    /// In the order in which they are joined.
    pub pairs: Vec<Pair>,
    /// What is to be said of the choice.
    pub notes: Vec<String>,
}

const INPUTS: &[&str] = &[
    "x", "xs", "inputs", "input", "images", "image", "imgs", "data", "features", "samples",
];
const LABELS: &[&str] = &["y", "ys", "labels", "label", "targets", "target", "classes"];

#[derive(Default)]
struct Found<'a> {
    inputs: Vec<&'a str>,
    labels: Vec<&'a str>,
}

/// Chooses among the arrays of an archive: those of these names, else (`usual`) those that are usually called so; and of
/// arrays whose name tells a part those of the other parts.
pub fn pairs(
    path: &Path,
    names: &[String],
    inputs: &str,
    labels: &str,
    usual: bool,
) -> Result<Pairs> {
    let mut found: BTreeMap<Option<usize>, Found> = BTreeMap::new();
    for name in names {
        let (part, role) = split_name(name);
        let found = found.entry(part.map(order)).or_default();
        match role.as_str() {
            role if INPUTS.contains(&role) => found.inputs.push(name),
            role if LABELS.contains(&role) => found.labels.push(name),
            _ => {}
        }
    }
    let has = |name: &str| names.iter().any(|found| found == name);
    let named = Pair {
        part: split_name(inputs).0,
        inputs: inputs.to_string(),
        labels: has(labels).then(|| labels.to_string()),
    };
    if has(inputs) && named.part.is_none() {
        return Ok(Pairs {
            pairs: vec![named],
            notes: Vec::new(),
        });
    }
    let mut chosen = Pairs {
        pairs: Vec::new(),
        notes: Vec::new(),
    };
    if has(inputs) {
        chosen.pairs.push(named);
    } else if !usual {
        return Err(no_array(path, names, inputs));
    }
    let taken = chosen.pairs.first().and_then(|pair| pair.part);
    let whole = found.iter().filter(|(part, found)| {
        let part = part.and_then(|part| PARTS.get(part).copied());
        !(found.inputs.is_empty() || part.is_some() && part == taken)
    });
    for (part, found) in whole {
        let part = part.and_then(|part| PARTS.get(part).copied());
        if taken.is_some() && part.is_none() {
            continue;
        }
        let ([only], [] | [_]) = (found.inputs.as_slice(), found.labels.as_slice()) else {
            return Err(no_array(path, names, inputs));
        };
        let labelled = found.labels.first();
        if labelled.is_none() && part.is_some_and(|part| part != Part::Train) {
            let note = format!(
                "{}: the array `{only}` has no labels beside it and is left out; `distil predict` answers it",
                path.display()
            );
            chosen.notes.push(note);
            continue;
        }
        chosen.pairs.push(Pair {
            part,
            inputs: (*only).to_string(),
            labels: labelled.map(|name| (*name).to_string()),
        });
    }
    let train = |pair: &Pair| pair.part.is_none_or(|part| part == Part::Train);
    let told = chosen
        .pairs
        .iter()
        .filter(|pair| pair.part.is_some())
        .count();
    if !chosen.pairs.iter().any(train) || told > 0 && told < chosen.pairs.len() {
        return Err(no_array(path, names, inputs));
    }
    let said: Vec<String> = chosen
        .pairs
        .iter()
        .map(|pair| match &pair.labels {
            Some(labels) => format!("`{}` with `{labels}`", pair.inputs),
            None => format!("`{}`", pair.inputs),
        })
        .collect();
    chosen.notes.insert(
        0,
        format!("{}: read is {}", path.display(), said.join(", ")),
    );
    Ok(chosen)
}

const PARTS: [Part; 3] = [Part::Train, Part::Validation, Part::Test];

fn order(part: Part) -> usize {
    PARTS.iter().position(|other| *other == part).unwrap_or(0)
}

/// The error for an array that an archive does not have.
pub fn no_array(path: &Path, names: &[String], name: &str) -> Error {
    Error::input(
        path.display(),
        format!("there is no array `{name}`; there are {}", names.join(", ")),
    )
    .remedy("Name the arrays with `inputs = \"…\"` and `labels = \"…\"`")
}
