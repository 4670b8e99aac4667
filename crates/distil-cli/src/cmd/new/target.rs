//! The column of a table that is to be predicted: that which was asked for, else by its name, else the last.

use distil::data::source::{ColumnLook, TableLook};
use distil_recipe::suggest;
use distil_report::foreign::terminal;

use crate::exit::Failure;

// Of a column that is what a table is made for, by usual names; those earlier in the list come first: those of little else before those
// that name a feature as often.
const TARGETS: [&str; 27] = [
    "target",
    "label",
    "labels",
    "survived",
    "diagnosis",
    "churn",
    "outcome",
    "response",
    "class",
    "classes",
    "y",
    "species",
    "price",
    "saleprice",
    "salary",
    "income",
    "quality",
    "rating",
    "default",
    "category",
    "output",
    "result",
    "目标",
    "标签",
    "类别",
    "等级",
    "价格",
];
const TARGET_ENDS: [&str; 5] = ["target", "label", "class", "price", "value"];
/// A name's letters and digits, small.
pub fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .collect::<String>()
        .to_lowercase()
}

/// The column to predict.
pub struct Target<'a> {
    pub column: &'a ColumnLook,
    /// How it was found, for a sentence.
    pub how: &'static str,
    /// Other columns that are called as one to predict is.
    pub others: Vec<&'a str>,
}

/// Why a column cannot be predicted.
fn unfit(column: &ColumnLook) -> Option<String> {
    match column {
        ColumnLook {
            texts: Some(why), ..
        } => Some(why.clone()),
        ColumnLook { dates: true, .. } => Some("it holds dates".into()),
        ColumnLook { different: 0, .. } => Some("it is empty".into()),
        ColumnLook { different: 1, .. } => Some("all its cells are alike".into()),
        _ => None,
    }
}

/// That of this name; refused if there is none, or it cannot be predicted.
pub fn asked<'a>(look: &'a TableLook, file: &str, name: &str) -> Result<Target<'a>, Failure> {
    let names = || look.columns.iter().map(|column| column.name.as_str());
    let Some(column) = look.columns.iter().find(|column| column.name == name) else {
        let remedy = match suggest(name, names()) {
            Some(near) => format!("Did you mean `{}`?", terminal(&near)),
            None => format!("It has {}.", terminal(&few(names().collect()))),
        };
        return Err(Failure::usage(format_args!(
            "{file}: has no column `{}` to predict. {remedy}",
            terminal(name)
        )));
    };
    match unfit(column) {
        Some(why) => Err(Failure::usage(format_args!(
            "{file}: column `{}` cannot be predicted: {}. Name a column of classes or numbers.",
            terminal(name),
            terminal(&why)
        ))),
        None => Ok(Target {
            column,
            how: "as asked",
            others: Vec::new(),
        }),
    }
}

/// By its name, or the last one.
pub fn found<'a>(look: &'a TableLook, file: &str) -> Result<Target<'a>, Failure> {
    let columns = || {
        let fit = |column: &&ColumnLook| unfit(column).is_none() && !column.nameless;
        look.columns.iter().filter(fit)
    };
    // Beside a `z`, `y` is a place or a length.
    let is_place = |name: &str| name == "y" && columns().any(|column| plain(&column.name) == "z");
    let mut named: Vec<&ColumnLook> = TARGETS
        .iter()
        .filter(|name| !is_place(name))
        .flat_map(|name| columns().filter(move |column| plain(&column.name) == *name))
        .collect();
    if named.is_empty() {
        let ends = |end: &&str| columns().find(|column| plain(&column.name).ends_with(*end));
        named.extend(TARGET_ENDS.iter().find_map(ends));
    }
    let (column, how) = match (named.first(), columns().next_back()) {
        (Some(column), _) => (*column, "found by its name"),
        (None, Some(column)) => (column, "found as the last column"),
        (None, None) => {
            return Err(Failure::usage(format_args!(
                "{file}: no column varies as one to predict does. Bring a column of classes or numbers."
            )));
        }
    };
    Ok(Target {
        column,
        how,
        others: named
            .iter()
            .skip(1)
            .map(|column| column.name.as_str())
            .collect(),
    })
}

/// Some names, for a sentence.
fn few(names: Vec<&str>) -> String {
    match names.len() {
        0..=12 => names.join(", "),
        count => format!("{}, … ({count} columns)", names[..12].join(", ")),
    }
}
