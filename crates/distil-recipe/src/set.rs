//! `--set key.path=value`: changes to a recipe's text from the command line and from arms.

use std::str::FromStr;

use toml_edit::{DocumentMut, InlineTable, Item, Key, Table, TableLike, Value};

use crate::name::is_in_names;
use crate::problem::{Problem, Problems, Span};
use crate::recipe::strings;

/// One `--set` argument. Several values make a sweep: each value an arm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    /// The argument as it was typed: `stage.large.train.lr=1e-3,3e-4`.
    pub argument: String,
    /// The key path: `stage.large.train.lr`.
    pub path: String,
    /// One value or several.
    pub values: Vec<SetValue>,
}

/// One value of a [`Set`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetValue {
    /// The value in TOML; a bare word has become a string.
    pub toml: String,
    /// Where it stands in the argument.
    pub place: Span,
}

/// Reads `--set` arguments, reporting every one that cannot be understood.
///
/// A value is a TOML value; a word that is none is taken as a string. Only commas outside brackets
/// and quotes separate values.
pub fn parse_sets<S: AsRef<str>>(arguments: &[S]) -> Result<Vec<Set>, Problems> {
    let mut problems = Problems::new();
    let mut sets = Vec::new();
    for argument in arguments {
        match parse_set(argument.as_ref()) {
            Ok(set) => sets.push(set),
            Err(problem) => problems.push(problem),
        }
    }
    problems.or(sets)
}

/// Between the settings of an arm that changes several: `stage.large.train.lr=0.1;stage.large.train.batch=16`.
pub const AND: char = ';';

/// Reads the settings of one arm, as [`crossed`] writes them.
pub fn parse_arm(argument: &str) -> Result<Vec<Set>, Problems> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for end in split_points(argument, AND)
        .into_iter()
        .chain([argument.len()])
    {
        pieces.push(&argument[start..end]);
        start = end + AND.len_utf8();
    }
    parse_sets(&pieces)
}

/// The arms of sweeps: each value an arm, `key=value`; or with `grid` each combination of values, one of every sweep.
pub fn crossed(sweeps: &[Set], grid: bool) -> Vec<String> {
    let values = |set: &Set| -> Vec<String> {
        let values = set.values.iter();
        values
            .map(|value| format!("{}={}", set.path, value.toml))
            .collect()
    };
    if !grid {
        return sweeps.iter().flat_map(values).collect();
    }
    sweeps
        .iter()
        .map(values)
        .fold(Vec::new(), |arms, values| match arms.is_empty() {
            true => values,
            false => arms
                .iter()
                .flat_map(|arm| values.iter().map(move |value| format!("{arm}{AND}{value}")))
                .collect(),
        })
}

fn parse_set(argument: &str) -> Result<Set, Problem> {
    let refuse = |reason: String| {
        Problem::new(format!("--set {argument}: {reason}"))
            .rule("--set takes a key path and a value")
            .help("write for instance: --set stage.large.train.lr=3e-4")
    };
    let equals = split_points(argument, '=').first().copied();
    let equals = equals.ok_or_else(|| refuse("there is no `=`".to_owned()))?;
    let path = argument[..equals].trim();
    key_path(path).map_err(&refuse)?;
    let mut values = Vec::new();
    let mut start = equals + 1;
    let commas = split_points(&argument[start..], ',');
    let ends = commas
        .into_iter()
        .map(|comma| equals + 1 + comma)
        .chain([argument.len()]);
    for end in ends {
        let piece = &argument[start..end];
        let word = piece.trim();
        let first = start + (piece.len() - piece.trim_start().len());
        let place = first..first + word.len();
        values.push(SetValue {
            toml: toml_value(word).map_err(&refuse)?,
            place,
        });
        start = end + 1;
    }
    Ok(Set {
        argument: argument.to_owned(),
        path: path.to_owned(),
        values,
    })
}

/// Where a character stands outside quotes and brackets.
fn split_points(text: &str, separator: char) -> Vec<usize> {
    let mut points = Vec::new();
    let mut depth = 0usize;
    let mut quote = None;
    let mut escaped = false;
    for (index, c) in text.char_indices() {
        match quote {
            Some(open) => {
                if c == open && !escaped {
                    quote = None;
                }
                escaped = open == '"' && c == '\\' && !escaped;
            }
            None if c == separator && depth == 0 => points.push(index),
            None => match c {
                '"' | '\'' => quote = Some(c),
                '[' | '{' => depth += 1,
                ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            },
        }
    }
    points
}

/// A word as a TOML value: itself, or a string if it is none and does not look like one.
fn toml_value(word: &str) -> Result<String, String> {
    match Value::from_str(word) {
        Ok(Value::Datetime(_)) => Ok(Value::from(word).to_string()),
        Ok(_) => Ok(word.to_owned()),
        Err(_) if word.is_empty() => Err("the value is empty".to_owned()),
        Err(error) if word.starts_with(['[', '{', '"', '\'']) => {
            Err(format!("`{word}` is not a TOML value: {}", error.message()))
        }
        Err(_) => Ok(Value::from(word).to_string()),
    }
}

fn key_path(path: &str) -> Result<Vec<Key>, String> {
    let parsed = Key::parse(path).or_else(|_| Key::parse(&quoted(path)));
    parsed.map_err(|_| format!("`{path}` is not a key path"))
}

/// The path with names that TOML wants quoted between quotes: letters of any script may be typed bare here.
fn quoted(path: &str) -> String {
    let mut whole = String::new();
    let mut start = 0;
    for end in split_points(path, '.').into_iter().chain([path.len()]) {
        let key = path[start..end].trim();
        let bare = !key.is_ascii() && key.chars().all(is_in_names);
        whole += &match bare {
            true => format!("\"{key}\"."),
            false => format!("{key}."),
        };
        start = end + 1;
    }
    whole.pop();
    whole
}

/// Sets one value in a recipe's text and returns the new text; comments and layout stay.
///
/// Missing tables are created. Where a string stands for a table (`start = "small"`), a path below
/// it turns the string into that table (`{ from = "small", … }`). A number in the path counts the
/// items of an array from 0: `stage.large.learn.0.mix`.
///
/// # Errors
///
/// A problem without a place if the path or the value is not TOML, or if the path leads through
/// something that is not a table; a problem with a place if `text` itself is not TOML.
pub fn apply(text: &str, path: &str, toml: &str) -> Result<String, Problem> {
    let refuse = |reason: String| Problem::new(format!("cannot set {path}: {reason}"));
    let mut document =
        DocumentMut::from_str(text).map_err(|error| Problem::at(error.span(), error.message()))?;
    let keys = key_path(path).map_err(refuse)?;
    let value = Value::from_str(toml)
        .map_err(|error| refuse(format!("`{toml}` is not a TOML value: {}", error.message())))?;
    let (last, parents) = keys
        .split_last()
        .ok_or_else(|| refuse("the path is empty".to_owned()))?;
    if let Some(problem) = misspelt_stage(&document, &keys) {
        return Err(problem);
    }

    let mut item = document.as_item_mut();
    let mut name = "";
    for (depth, key) in parents.iter().enumerate() {
        item = child(item, name, key, depth == 0).map_err(refuse)?;
        if key.get().parse::<usize>().is_err() {
            name = key.get();
        }
    }
    put(item, name, last, value).map_err(refuse)?;
    Ok(document.to_string())
}

/// A setting that another goes before wherever it would count: to change it changes nothing.
pub fn overruled(text: &str, path: &str) -> Option<Problem> {
    let document = DocumentMut::from_str(text).ok()?;
    let keys = key_path(path).ok()?;
    let keys: Vec<&str> = keys.iter().map(Key::get).collect();
    match keys.as_slice() {
        ["train", key, ..] => overruled_by_stages(&document, path, key),
        ["compare", "plain", key, ..] => overruled_by_tuning(&document, path, key),
        ["stage", name, "train", key, ..] if is_result(&document, name) => {
            overruled_by_tuning(&document, path, key)
        }
        _ => None,
    }
}

/// Whether a stage is the recipe's result: it says so, or no other starts or learns from any but this one.
fn is_result(document: &DocumentMut, name: &str) -> bool {
    if let Some(result) = document.get("result") {
        return result.as_str() == Some(name);
    }
    let Some(stages) = document.get("stage").and_then(Item::as_table_like) else {
        return false;
    };
    let used = |other: &str| {
        let word = format!("\"{other}\"");
        let mut from = stages
            .iter()
            .filter_map(|(_, stage)| stage.as_table_like())
            .flat_map(|stage| [stage.get("start"), stage.get("learn")])
            .flatten();
        from.any(|item| item.to_string().contains(&word))
    };
    stages.contains_key(name)
        && stages
            .iter()
            .all(|(other, _)| (other == name) != used(other))
}

/// A setting of the result's training, of which `[compare] tune` tries others in every arm.
fn overruled_by_tuning(document: &DocumentMut, path: &str, key: &str) -> Option<Problem> {
    let tune = document.get("compare")?.get("tune")?;
    tune.get(key)?;
    Some(
        Problem::new(format!(
            "setting `{path}` changes nothing: every arm chooses its own"
        ))
        .rule("what `[compare] tune` tries goes before what the result's training says")
        .help(format!("set compare.tune.{key}")),
    )
}

/// A setting of `[train]` that every stage sets for itself.
fn overruled_by_stages(document: &DocumentMut, path: &str, key: &str) -> Option<Problem> {
    // The one length goes before the other as well.
    let same: &[&str] = match key {
        "epochs" | "steps" => &["epochs", "steps"],
        _ => &[key],
    };
    let stages = document.get("stage")?.as_table_like()?;
    let mut own = Vec::new();
    for (name, stage) in stages.iter() {
        let given = stage.get("model").is_some_and(|m| m.get("file").is_some());
        match stage.get("train") {
            None if given || stage.get("like").is_some() => {}
            train => {
                let key = same
                    .iter()
                    .find(|key| train.is_some_and(|t| t.get(key).is_some()))?;
                own.push(format!("stage.{name}.train.{key}"));
            }
        }
    }
    (!own.is_empty()).then(|| {
        Problem::new(format!(
            "setting `{path}` changes nothing: every stage sets its own"
        ))
        .rule("what a stage sets for itself goes before `[train]`")
        .help(format!("set {}", own.join(", ")))
    })
}

/// A new stage begins with its model or its likeness to another; anything else set in a stage that does not exist is set in the
/// wrong one, if the name is close to a stage that does.
fn misspelt_stage(document: &DocumentMut, keys: &[Key]) -> Option<Problem> {
    let [table, name, key, ..] = keys else {
        return None;
    };
    let stages = document.get("stage")?.as_table_like()?;
    if table.get() != "stage"
        || stages.contains_key(name.get())
        || matches!(key.get(), "model" | "like")
    {
        return None;
    }
    let known: Vec<&str> = stages.iter().map(|(name, _)| name).collect();
    crate::suggest(name.get(), known.iter().copied())?;
    Some(
        Problem::new(format!("there is no stage `{}`", name.get()))
            .rule(format!("the stages are {}", known.join(", ")))
            .did_you_mean(name.get(), known),
    )
}

/// The item below `item`, created if it is missing.
fn child<'a>(
    item: &'a mut Item,
    name: &str,
    key: &Key,
    at_root: bool,
) -> Result<&'a mut Item, String> {
    string_to_table(item, name);
    if is_array(item) {
        return element(item, name, key);
    }
    // Headers belong directly below the root or below a table that has no header of its own.
    let header = at_root
        || item
            .as_table()
            .is_some_and(|table| table.is_implicit() && !table.is_dotted());
    let table = table_like(item, name)?;
    if table.get(key.get()).is_none_or(Item::is_none) {
        let new = match header {
            true => {
                let mut new = Table::new();
                new.set_implicit(true);
                Item::Table(new)
            }
            false => Item::Value(Value::InlineTable(InlineTable::new())),
        };
        table.insert(key.get(), new);
        tidy(item);
    }
    table_like(item, name)?
        .get_mut(key.get())
        .ok_or_else(|| format!("`{key}` cannot be created"))
}

fn put(item: &mut Item, name: &str, key: &Key, value: Value) -> Result<(), String> {
    string_to_table(item, name);
    if is_array(item) {
        return match (element(item, name, key)?, value) {
            (Item::Table(old), Value::InlineTable(new)) => {
                let mut new = new.into_table();
                new.set_position(old.position());
                *new.decor_mut() = old.decor().clone();
                *old = new;
                Ok(())
            }
            (Item::Table(_), new) => Err(format!(
                "item {key} of `{name}` is a table, not of type {}",
                new.type_name()
            )),
            (place, new) => {
                replace(place, new);
                Ok(())
            }
        };
    }
    let table = table_like(item, name)?;
    match table.get_mut(key.get()) {
        Some(old @ Item::Value(_)) => replace(old, value),
        _ => {
            // The header of a table that becomes a value has its own layout.
            table.remove(key.get());
            table.insert(key.get(), Item::Value(value));
            tidy(item);
        }
    }
    Ok(())
}

/// Puts a value in the place of another, with the spaces and comments around it.
fn replace(place: &mut Item, mut new: Value) {
    if let Item::Value(old) = place {
        *new.decor_mut() = old.decor().clone();
    }
    *place = Item::Value(new);
}

/// Puts the spaces of a table in braces right after an insertion.
fn tidy(item: &mut Item) {
    if let Item::Value(Value::InlineTable(table)) = item {
        table.fmt();
    }
}

/// Turns `start = "small"` into `start = { from = "small" }`.
fn string_to_table(item: &mut Item, name: &str) {
    let strings = strings();
    let holder = strings.iter().find(|[table, _]| *table == name);
    if let (Some([_, key]), Item::Value(value @ Value::String(_))) = (holder, item) {
        let decor = value.decor().clone();
        let mut table = InlineTable::new();
        table.insert(*key, value.clone());
        table.fmt();
        *value = Value::InlineTable(table);
        *value.decor_mut() = decor;
    }
}

fn is_array(item: &Item) -> bool {
    item.is_array() || item.is_array_of_tables()
}

fn table_like<'a>(item: &'a mut Item, name: &str) -> Result<&'a mut dyn TableLike, String> {
    let found = item.type_name();
    item.as_table_like_mut()
        .ok_or_else(|| format!("`{name}` is not a table but of type {found}"))
}

fn element<'a>(item: &'a mut Item, name: &str, key: &Key) -> Result<&'a mut Item, String> {
    let length = match &*item {
        Item::ArrayOfTables(tables) => tables.len(),
        Item::Value(Value::Array(items)) => items.len(),
        _ => 0,
    };
    let refusal = format!("`{name}` is a list of {length}; its items are numbered from 0");
    let index: usize = key.get().parse().map_err(|_| refusal.clone())?;
    item.get_mut(index).ok_or(refusal)
}
