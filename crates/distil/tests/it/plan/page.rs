//! The tables of a page about recipes, from their schema.
//!
//! Between a line `<!-- keys of NAME -->` and the next `<!-- end -->` stands what the schema's definition NAME says; `recipe` is the
//! recipe itself. Everything else on the page is left as it is.

use std::fmt::Write;

use serde_json::{Map, Value};

const BEGIN: &str = "<!-- keys of ";
const END: &str = "<!-- end -->";

/// The page with every table written anew.
///
/// # Errors
/// A sentence about a definition the schema does not have, or a table without an end.
pub fn fill(page: &str, schema: &Value) -> Result<String, String> {
    let mut filled = String::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        filled += line;
        filled.push('\n');
        let Some(name) = line
            .strip_prefix(BEGIN)
            .and_then(|rest| rest.strip_suffix(" -->"))
        else {
            continue;
        };
        if !lines.by_ref().any(|line| line == END) {
            return Err(format!("the keys of {name} have no `{END}`"));
        }
        let definition = match name {
            "recipe" => Some(schema),
            name => schema["definitions"].get(name),
        };
        let definition =
            definition.ok_or_else(|| format!("the schema has no definition `{name}`"))?;
        let _ = write!(filled, "\n{}{END}\n", described(definition, schema));
    }
    Ok(filled)
}

/// One table, or a named one for each alternative, with the keys they all share before them.
fn described(definition: &Value, schema: &Value) -> String {
    let tables: Vec<&Value> = match definition["oneOf"].as_array() {
        Some(alternatives) => alternatives
            .iter()
            .filter(|alternative| alternative["properties"].is_object())
            .collect(),
        None => vec![definition],
    };
    let keys = |table: &Value| table["properties"].as_object().cloned().unwrap_or_default();
    let named: Vec<(&str, &Value)> = tables
        .iter()
        .filter_map(|table| Some((name(table)?, *table)))
        .collect();
    if named.is_empty() {
        return match tables.as_slice() {
            [table] => rows(&keys(table), table, schema),
            several => alternatives(several),
        };
    }
    let mut shared = keys(named[0].1);
    shared.retain(|key, value| {
        let same = |(_, table): &(&str, &Value)| table["properties"].get(key) == Some(value);
        named.len() > 1 && named.iter().all(same)
    });
    let mut text = String::new();
    if !shared.is_empty() {
        text += &rows(&shared, named[0].1, schema);
    }
    for (name, table) in named {
        let mut own = keys(table);
        own.retain(|key, value| !shared.contains_key(key) && value.get("enum").is_none());
        let summary = sentence(table);
        let _ = write!(text, "**`{name}`**: {summary}.\n\n");
        text += match own.is_empty() {
            true => "No options.\n\n".to_owned(),
            false => rows(&own, table, schema),
        }
        .as_str();
    }
    text
}

/// What an alternative is called: the one word its `kind`, `source` or `method` can be.
fn name(table: &Value) -> Option<&str> {
    ["kind", "source", "method"].iter().find_map(|key| {
        match table["properties"][*key]["enum"].as_array()?.as_slice() {
            [Value::String(name)] => Some(name.as_str()),
            _ => None,
        }
    })
}

/// Alternatives of one key each.
fn alternatives(tables: &[&Value]) -> String {
    let mut text = "| key | |\n|---|---|\n".to_owned();
    for table in tables {
        let keys = table["properties"].as_object().into_iter().flatten();
        for (key, _) in keys {
            let _ = writeln!(text, "| `{key}` | {} |", sentence(table));
        }
    }
    text + "\n"
}

fn rows(keys: &Map<String, Value>, table: &Value, schema: &Value) -> String {
    let required: Vec<&str> = table["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut text = "| key | default | |\n|---|---|---|\n".to_owned();
    for (key, value) in keys {
        let default = match value.get("default") {
            Some(Value::Null) | None if required.contains(&key.as_str()) => "required".to_owned(),
            Some(Value::Null) | None => String::new(),
            Some(Value::String(word)) => format!("`{word}`"),
            Some(other) => format!(
                "`{}`",
                other.to_string().replace(',', ", ").replace(':', ": ")
            ),
        };
        let target = referred(value, schema);
        let mut meaning = sentence(value);
        if meaning.is_empty() {
            meaning = target.map(sentence).unwrap_or_default();
        }
        let words = target.map(words).unwrap_or_default();
        if !words.is_empty() {
            let _ = write!(meaning, " One of {}.", words.join(", "));
        }
        let _ = writeln!(text, "| `{key}` | {default} | {meaning} |");
    }
    text + "\n"
}

/// The definition a value refers to, in any of the ways a schema has for it.
fn referred<'s>(value: &Value, schema: &'s Value) -> Option<&'s Value> {
    let direct = value.get("$ref");
    let among = ["allOf", "anyOf"]
        .iter()
        .find_map(|key| value[*key].as_array()?.iter().find_map(|v| v.get("$ref")));
    let path = direct.or(among)?.as_str()?;
    schema["definitions"].get(path.strip_prefix("#/definitions/")?)
}

/// The words an enumeration allows.
fn words(definition: &Value) -> Vec<String> {
    let alternatives = definition["oneOf"].as_array().into_iter().flatten();
    alternatives
        .filter(|alternative| alternative["type"] == "string")
        .filter_map(|alternative| alternative["enum"].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .map(|word| format!("`{word}`"))
        .collect()
}

/// A description on one line, fit for a cell.
fn sentence(value: &Value) -> String {
    let text = value["description"].as_str().unwrap_or_default();
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
}
