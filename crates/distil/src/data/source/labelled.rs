//! Files whose classes stand in a table of files, or in their own names.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use distil_report::show::grouped;

use crate::data::raw::Group;
use crate::data::source::class_folders::{self, Classed};
use crate::data::source::contents::content_of;
use crate::data::source::file::{file_name, has_suffix};
use crate::data::source::limits::Limits;
use crate::data::source::listing::{LeftOut, Wanted, files_within};
use crate::data::source::table_file::read_table;
use crate::data::source::text_table::{Cut, TextColumn, TextTable};
use crate::error::{Error, Result};
use crate::weights::sha256;

/// Where classes stand, if not in the names of folders.
#[derive(Debug, Clone, Copy)]
pub struct Labelled<'a> {
    /// A table of files and their classes.
    pub list: Option<&'a Path>,
    /// Its column of files.
    pub file: Option<&'a str>,
    /// Its column of classes.
    pub label: Option<&'a str>,
    /// What the files' names are made of.
    pub pattern: Option<&'a str>,
}

/// Columns of a table that hold the class, unless told otherwise.
const CLASS: [&str; 8] = [
    "label", "class", "category", "target", "species", "breed", "word", "y",
];

/// The part of a pattern that is the class.
const CLASS_PART: &str = "class";

impl Labelled<'_> {
    /// The files in a folder with the classes that a list, a pattern or, where neither is named, the folders in it tell.
    pub fn read(&self, folder: &Path, base: &Path, wanted: Wanted) -> Result<Classed> {
        let classed = match (self.list, self.pattern) {
            (Some(_), Some(_)) => {
                return Err(Error::input(
                    "data.pattern",
                    "a list and a pattern both tell the classes",
                )
                .remedy("Name one of `list` and `pattern`"));
            }
            (Some(list), None) => self.listed(folder, &base.join(list), wanted)?,
            (None, Some(pattern)) => {
                let mut left_out = LeftOut::default();
                let found = files_within(folder, wanted, &mut left_out)?;
                named(folder, &Pattern::parse(pattern)?, found, &left_out, wanted)?
            }
            (None, None) if self.file.or(self.label).is_some() => {
                return Err(Error::input(
                    "data.list",
                    "`file` and `label` are columns of a list, and there is none",
                )
                .remedy("Name it, for example `list = \"labels.csv\"`"));
            }
            (None, None) => return class_folders::read(folder, wanted, 2),
        };
        if classed.names.len() < 2 {
            return Err(Error::input(
                folder.display(),
                format!(
                    "all {} are of one class, {}",
                    wanted.noun,
                    classed.names.join("")
                ),
            )
            .remedy("Bring samples of at least two classes"));
        }
        Ok(classed)
    }

    /// The same of new files: a folder whose list lies in it or beside it under the name of the list of training, or where that one
    /// lies; a list alone, whose files lie beside it. By a pattern classes are told only if the names of all files tell them.
    pub fn new_files(&self, path: &Path, wanted: Wanted) -> Result<Option<Classed>> {
        if let Some(list) = self.list {
            return match list_of(path, list, wanted) {
                Some((folder, list)) => self.listed(&folder, &list, wanted).map(Some),
                // Of other files that one tells nothing.
                None if path.is_dir() && list.is_file() => Ok(self.listed(path, list, wanted).ok()),
                None => Ok(None),
            };
        }
        let Some(pattern) = self.pattern else {
            return Ok(None);
        };
        let pattern = Pattern::parse(pattern)?;
        if !path.is_dir() {
            return Ok(None);
        }
        let mut left_out = LeftOut::default();
        let found = files_within(path, wanted, &mut left_out)?;
        let told = found
            .iter()
            .all(|file| pattern.parts(&below(path, file)).is_some());
        match told && !found.is_empty() {
            true => named(path, &pattern, found, &left_out, wanted).map(Some),
            false => Ok(None),
        }
    }

    /// After "pictures": how their classes are told.
    pub fn describe(&self) -> String {
        match (self.list, self.pattern) {
            (Some(list), _) => format!(", classed by {},", list.display()),
            (None, Some(pattern)) => format!(" named {pattern}"),
            (None, None) => ", a folder per class".into(),
        }
    }

    /// Whether new files' classes are told by what a person wrote beside them: answers do without.
    pub fn is_listed(&self) -> bool {
        self.list.is_some()
    }

    fn listed(&self, folder: &Path, list: &Path, wanted: Wanted) -> Result<Classed> {
        let limits = Limits::training(None);
        let wish = [self.file, self.label].into_iter().flatten();
        let wish: Vec<String> = wish.map(String::from).collect();
        let table = read_table(list, limits, &Cut::headed(&wish))?.table;
        let mut left_out = LeftOut::default();
        let found = files_within(folder, wanted, &mut left_out)?;
        let places = Places::of(folder, list, &found);
        let file = file_column(&table, self.file, &places)?;
        let class = class_column(&table, self.label, file)?;
        let mut rows = Rows::default();
        let (mut missing, mut blank) = (Vec::new(), 0_usize);
        let mut taken: HashMap<usize, usize> = HashMap::new();
        for (row, (name, class)) in table.columns[file]
            .texts()
            .zip(table.columns[class].texts())
            .enumerate()
        {
            let Some(at) = places.find(name) else {
                missing.push(name);
                continue;
            };
            if class.is_empty() {
                blank += 1;
                continue;
            }
            match taken.get(&at) {
                None => {
                    taken.insert(at, rows.files.len());
                    rows.push(at, class, row);
                }
                Some(&before) if rows.classes[before] == class => rows.twice += 1,
                Some(&before) => {
                    return Err(Error::input(
                        format!("{}, line {}", table.file, table.lines[row]),
                        format!(
                            "`{name}` is of class `{class}` here and of `{}` before",
                            rows.classes[before]
                        ),
                    )
                    .remedy("Keep one of the lines"));
                }
            }
        }
        if let (true, Some(first)) = (rows.files.is_empty(), missing.first()) {
            return Err(Error::input(
                &table.file,
                format!(
                    "none of the {} it names in `{}` lie in {}, for example `{first}`",
                    wanted.noun,
                    table.columns[file].name,
                    folder.display()
                ),
            )
            .remedy(
                "Name the folder they lie in as `path`, or the column of files with `file = \"…\"`",
            ));
        }
        let mut notes = vec![format!(
            "{} {} are classed by {}: files by its column {}, classes by {}",
            grouped(rows.files.len() as f64),
            wanted.noun,
            table.file,
            table.columns[file].name,
            table.columns[class].name
        )];
        notes.extend(table.notes.iter().cloned());
        let counted = |count: usize, what: String| {
            (count > 0).then(|| format!("{} {what}", grouped(count as f64)))
        };
        notes.extend(counted(
            missing.len(),
            format!(
                "files of {} are not in {} and are left out, the first `{}`",
                table.file,
                folder.display(),
                missing.first().unwrap_or(&"")
            ),
        ));
        notes.extend(counted(
            blank,
            format!("files have no class in {} and are left out", table.file),
        ));
        notes.extend(counted(
            rows.twice,
            format!(
                "lines of {} name a file again, with the same class",
                table.file
            ),
        ));
        let beside: Vec<&PathBuf> = found
            .iter()
            .enumerate()
            .filter(|(at, _)| !taken.contains_key(at))
            .map(|(_, path)| path)
            .collect();
        if let Some(first) = beside.first() {
            notes.extend(counted(
                beside.len(),
                format!(
                    "{} are not in {} and are left out, the first {}",
                    wanted.noun,
                    table.file,
                    first.display()
                ),
            ));
        }
        notes.extend(left_out.note(wanted.noun));
        let others = table
            .columns
            .iter()
            .enumerate()
            .filter(|(at, column)| *at != file && *at != class && !column.nameless);
        let groups = others.filter_map(|(_, column)| {
            let cells: Vec<&str> = rows.rows.iter().map(|row| column.cells.at(*row)).collect();
            group(&column.name, &cells)
        });
        let groups = groups.collect();
        let paths: Vec<PathBuf> = rows.files.iter().map(|at| found[*at].clone()).collect();
        Ok(classed(folder, paths, &rows.classes, groups, notes))
    }
}

/// The folder of new files and their list; `named` is the list of training.
fn list_of(path: &Path, named: &Path, wanted: Wanted) -> Option<(PathBuf, PathBuf)> {
    let around = path.parent()?;
    if path.is_file() {
        let wanted = content_of(path).is_some_and(|content| content.reader == wanted.reader)
            || has_suffix(path, wanted.suffixes);
        return (!wanted).then(|| (around.to_path_buf(), path.to_path_buf()));
    }
    let name = named.file_name()?;
    let within = named.is_relative().then(|| path.join(named));
    let mut places = within
        .into_iter()
        .chain([path.join(name), around.join(name)]);
    let list = places.find(|list| list.is_file())?;
    Some((path.to_path_buf(), list))
}

/// The rows of a list that are used.
#[derive(Default)]
struct Rows<'a> {
    files: Vec<usize>,
    classes: Vec<&'a str>,
    rows: Vec<usize>,
    twice: usize,
}

impl<'a> Rows<'a> {
    fn push(&mut self, file: usize, class: &'a str, row: usize) {
        self.files.push(file);
        self.classes.push(class);
        self.rows.push(row);
    }
}

/// Files by the names a list may have for them: the path from the folder or from the list's own, the name, each without its suffix.
struct Places(HashMap<String, Option<usize>>);

impl Places {
    fn of(folder: &Path, list: &Path, files: &[PathBuf]) -> Self {
        let mut places: HashMap<String, Option<usize>> = HashMap::new();
        let own = list.parent().unwrap_or(Path::new(""));
        for (at, file) in files.iter().enumerate() {
            let mut names = vec![
                below(folder, file),
                below(own, file),
                file_name(file),
                file.display().to_string(),
            ];
            let stems: Vec<String> = names
                .iter()
                .filter_map(|name| Some(name.rsplit_once('.')?.0.to_string()))
                .collect();
            names.extend(stems);
            names.sort();
            names.dedup();
            for name in names {
                // What could be either of two files is neither.
                places
                    .entry(name)
                    .and_modify(|place| *place = None)
                    .or_insert(Some(at));
            }
        }
        Self(places)
    }

    fn find(&self, name: &str) -> Option<usize> {
        let name = name.replace('\\', "/");
        let name = name.trim_start_matches("./");
        let by_suffix = || self.0.get(name.rsplit_once('/')?.1).copied().flatten();
        self.0.get(name).copied().flatten().or_else(by_suffix)
    }
}

/// The path of a file from a folder, with `/`.
fn below(folder: &Path, file: &Path) -> String {
    let path = file.strip_prefix(folder).unwrap_or(file);
    path.to_string_lossy().replace('\\', "/")
}

fn named_column(table: &TextTable, key: &str, name: &str) -> Result<usize> {
    let found = table.columns.iter().position(|column| column.name == name);
    found.ok_or_else(|| {
        Error::input(&table.file, format!("there is no column `{name}`"))
            .remedy(format!("Name one of {} as `{key}`", columns(table)))
    })
}

fn columns(table: &TextTable) -> String {
    let names: Vec<String> = table
        .columns
        .iter()
        .map(|column| format!("`{}`", column.name))
        .collect();
    names.join(", ")
}

/// The column whose cells most often name a file.
fn file_column(table: &TextTable, told: Option<&str>, places: &Places) -> Result<usize> {
    if let Some(name) = told {
        return named_column(table, "file", name);
    }
    let names = |column: &TextColumn| {
        column
            .texts()
            .filter(|cell| places.find(cell).is_some())
            .count()
    };
    let best = table
        .columns
        .iter()
        .enumerate()
        .map(|(at, column)| (names(column), std::cmp::Reverse(at)))
        .max();
    match best {
        Some((count, std::cmp::Reverse(at))) if count > 0 => Ok(at),
        _ => Err(
            Error::input(&table.file, "no column names files of the folder").remedy(format!(
                "Name the folder they lie in as `path`; the columns are {}",
                columns(table)
            )),
        ),
    }
}

fn class_column(table: &TextTable, told: Option<&str>, file: usize) -> Result<usize> {
    if let Some(name) = told {
        return named_column(table, "label", name);
    }
    let mut others = (0..table.columns.len()).filter(|at| *at != file);
    let called = |name: &&str| {
        let is = |at: &usize| table.columns[*at].name.to_lowercase() == **name;
        (0..table.columns.len()).filter(|at| *at != file).find(is)
    };
    let by_name = CLASS.iter().find_map(called);
    let (first, rest) = (others.next(), others.next());
    match (by_name, first, rest) {
        (Some(at), _, _) | (None, Some(at), None) => Ok(at),
        _ => Err(
            Error::input(&table.file, "which column holds the class is not told").remedy(format!(
                "Name it with `label = \"…\"`; the columns are {}",
                columns(table)
            )),
        ),
    }
}

/// What names are made of: `{class}_{speaker}_*`.
#[derive(Debug)]
struct Pattern {
    tokens: Vec<Token>,
    /// Whether the folders belong to it.
    whole: bool,
    text: String,
}

#[derive(Debug, PartialEq)]
enum Token {
    Text(String),
    /// A named part, or `*`.
    Part(Option<String>),
}

impl Pattern {
    fn parse(text: &str) -> Result<Self> {
        let wrong = |reason: String| {
            Err(Error::input("data.pattern", reason)
                .remedy("Write for instance `pattern = \"{class}_{speaker}_*\"`: the name without its suffix; with a `/`, the path from the folder"))
        };
        let mut tokens = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (token, after) = match rest.strip_prefix('{') {
                Some(inside) => match inside.split_once('}') {
                    Some((name, after)) if !name.is_empty() && !name.contains('{') => {
                        (Token::Part(Some(name.into())), after)
                    }
                    _ => return wrong(format!("a part of `{text}` does not end, or has no name")),
                },
                None if rest.starts_with('*') => (Token::Part(None), &rest[1..]),
                None => {
                    let end = rest.find(['{', '*']).unwrap_or(rest.len());
                    (Token::Text(rest[..end].into()), &rest[end..])
                }
            };
            if matches!(
                (tokens.last(), &token),
                (Some(Token::Part(_)), Token::Part(_))
            ) {
                return wrong(format!("nothing divides two parts of `{text}`"));
            }
            tokens.push(token);
            rest = after;
        }
        let names: Vec<&String> = tokens
            .iter()
            .filter_map(|token| match token {
                Token::Part(name) => name.as_ref(),
                Token::Text(_) => None,
            })
            .collect();
        if names.iter().filter(|name| **name == CLASS_PART).count() != 1 {
            return wrong(format!("`{text}` has to hold `{{class}}` once"));
        }
        if let Some(name) = names
            .iter()
            .enumerate()
            .find_map(|(at, name)| names[..at].contains(name).then_some(name))
        {
            return wrong(format!("`{text}` holds `{{{name}}}` twice"));
        }
        Ok(Self {
            tokens,
            whole: text.contains('/'),
            text: text.into(),
        })
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.tokens.iter().filter_map(|token| match token {
            Token::Part(name) => name.as_deref(),
            Token::Text(_) => None,
        })
    }

    /// The named parts of a path, in order; each is as short as can be, and not empty.
    fn parts(&self, path: &str) -> Option<Vec<String>> {
        let name = match self.whole {
            true => path,
            false => path.rsplit('/').next().unwrap_or(path),
        };
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let mut found = Vec::new();
        let matched = [stem, name]
            .iter()
            .any(|name| fits(&self.tokens, name, &mut found));
        matched.then(|| found.into_iter().rev().collect())
    }
}

/// Whether these tokens are the whole text; if so, the named parts are added from the last to the first.
fn fits(tokens: &[Token], text: &str, found: &mut Vec<String>) -> bool {
    match tokens.split_first() {
        None => text.is_empty(),
        Some((Token::Text(fixed), rest)) => text
            .strip_prefix(fixed.as_str())
            .is_some_and(|text| fits(rest, text, found)),
        Some((Token::Part(name), rest)) => {
            let ends = text
                .char_indices()
                .skip(1)
                .map(|(at, _)| at)
                .chain([text.len()]);
            // A part ends where the text after it begins.
            for end in ends.filter(|end| *end > 0) {
                let part = &text[..end];
                if part.contains('/') {
                    return false;
                }
                if fits(rest, &text[end..], found) {
                    found.extend(name.as_ref().map(|_| part.to_string()));
                    return true;
                }
            }
            false
        }
    }
}

/// Those of the files found whose names fit.
fn named(
    folder: &Path,
    pattern: &Pattern,
    found: Vec<PathBuf>,
    left_out: &LeftOut,
    wanted: Wanted,
) -> Result<Classed> {
    let told: Vec<(PathBuf, Option<Vec<String>>)> = found
        .into_iter()
        .map(|path| {
            let parts = pattern.parts(&below(folder, &path));
            (path, parts)
        })
        .collect();
    let mut notes = Vec::new();
    let mut others = told.iter().filter(|(_, parts)| parts.is_none());
    if let Some((first, _)) = others.next() {
        let count = 1 + others.count();
        if count == told.len() {
            return Err(Error::input(
                folder.display(),
                format!(
                    "no name of the {count} {} is like `{}`, for example {}",
                    wanted.noun,
                    pattern.text,
                    below(folder, first)
                ),
            )
            .remedy("Write the pattern as the names are, without their suffix"));
        }
        notes.push(format!(
            "{} {} are left out, for their names are not like `{}`, the first {}",
            grouped(count as f64),
            wanted.noun,
            pattern.text,
            first.display()
        ));
    }
    notes.extend(left_out.note(wanted.noun));
    let (paths, parts): (Vec<PathBuf>, Vec<Vec<String>>) = told
        .into_iter()
        .filter_map(|(path, parts)| Some((path, parts?)))
        .unzip();
    let cells = |at: usize| -> Vec<&str> { parts.iter().map(|parts| parts[at].as_str()).collect() };
    let (mut classes, mut groups) = (Vec::new(), Vec::new());
    for (at, name) in pattern.names().enumerate() {
        match name == CLASS_PART {
            true => classes = cells(at),
            false => groups.extend(group(name, &cells(at))),
        }
    }
    Ok(classed(folder, paths, &classes, groups, notes))
}

/// What may keep samples together: a column with at most half as many values as rows.
fn group(name: &str, cells: &[&str]) -> Option<Group> {
    let (members, codes) = coded(cells);
    (2 * members.len() <= cells.len() && members.len() > 1).then(|| Group {
        name: name.into(),
        members,
        codes,
    })
}

/// Texts as sorted names and indices into them; whole numbers in their own order.
pub fn coded(cells: &[&str]) -> (Vec<String>, Vec<u32>) {
    let mut names: Vec<&str> = cells.to_vec();
    names.sort_unstable();
    names.dedup();
    if names.iter().all(|name| name.parse::<i64>().is_ok()) {
        names.sort_by_key(|name| name.parse::<i64>().unwrap_or_default());
    }
    let index: HashMap<&str, u32> = names.iter().copied().zip(0..).collect();
    (
        names.iter().map(ToString::to_string).collect(),
        cells.iter().map(|cell| index[cell]).collect(),
    )
}

fn classed(
    folder: &Path,
    paths: Vec<PathBuf>,
    classes: &[&str],
    groups: Vec<Group>,
    notes: Vec<String>,
) -> Classed {
    let (names, labels) = coded(classes);
    Classed {
        rows: paths.iter().map(|path| below(folder, path)).collect(),
        told: sha256(classes.join("\n").as_bytes()),
        paths,
        names,
        labels,
        groups,
        official: None,
        notes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(pattern: &str, path: &str) -> Option<Vec<String>> {
        Pattern::parse(pattern).unwrap().parts(path)
    }

    #[test]
    fn a_pattern_takes_a_name_apart() {
        let speech = "{class}_{speaker}_{index}";
        assert_eq!(parts(speech, "7_theo_12.wav").unwrap(), ["7", "theo", "12"]);
        assert_eq!(
            parts(speech, "in/folders/7_theo_12.wav").unwrap(),
            ["7", "theo", "12"]
        );
        assert_eq!(parts(speech, "7_theo.wav"), None);
        assert_eq!(parts(speech, "7__12.wav"), None, "a part is never empty");
        assert_eq!(
            parts("*-{class}", "1-100032-A-0.wav").unwrap(),
            ["100032-A-0"]
        );
        assert_eq!(parts("*-*-*-{class}", "1-100032-A-0.wav").unwrap(), ["0"]);
        assert_eq!(
            parts("{speaker}/{class} *", "anna/chat 3.ogg").unwrap(),
            ["anna", "chat"]
        );
        assert_eq!(parts("{class}.*", "chat.3.ogg").unwrap(), ["chat"]);
        assert_eq!(parts("{class}_*.wav", "chat_3.wav").unwrap(), ["chat"]);
        assert_eq!(parts("{class}_*", "é\u{301}_3.wav").unwrap(), ["é\u{301}"]);
    }

    #[test]
    fn a_pattern_that_tells_no_class_is_refused() {
        for wrong in [
            "",
            "*",
            "{speaker}_*",
            "{class}_{class}",
            "{class}{n}",
            "{class",
            "{}_{class}",
            "{class}_{n}_{n}",
        ] {
            assert!(Pattern::parse(wrong).is_err(), "{wrong}");
        }
    }
}
