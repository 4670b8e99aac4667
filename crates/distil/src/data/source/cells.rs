//! Text cells as numbers, levels or classes.

use std::collections::{BTreeSet, HashSet};

use distil_report::measure::TaskKind;
use distil_report::show::grouped;

use crate::data::moments::narrow;
use crate::data::raw::{Cells, RawTargets, Wide};
use crate::data::rows::single;
use crate::data::source::forms::{Form, is_decimal, plain};
use crate::data::source::text_table::{TextColumn, TextTable};
use crate::error::{Error, Result};

/// More different texts than this in a column are names or remarks, not categories.
const MAX_LEVELS: usize = 1000;

/// So many may be declared: each is a feature, and a weight of each unit of the first layer.
const MAX_DECLARED: usize = 20_000;

/// So few different texts are categories in however small a table.
const FEW_LEVELS: usize = 20;

/// What usually stands for a missing value, in any case; an empty cell always does.
pub const USUAL: [&str; 22] = [
    "?", "-", "--", "—", ".", "NA", "N/A", "#N/A", "#NA", "NaN", "-NaN", "<NA>", "null", "(null)",
    "nil", "None", "NaT", "\\N", "#VALUE!", "#DIV/0!", "#REF!", "#NUM!",
];

/// Which of [`USUAL`] may be words: in a column of text they are categories.
const WORDS: [&str; 6] = ["-", "--", "—", ".", "nil", "None"];

/// What usually stands for a missing value among texts.
pub fn usual_of_texts() -> Vec<&'static str> {
    let words = USUAL.into_iter();
    words.filter(|word| !WORDS.contains(word)).collect()
}

/// What models of version 0.1.0 read as missing, and what is no name of a class unless the recipe says so.
pub const FIRST: [&str; 4] = ["NA", "N/A", "NaN", "null"];

/// What stands for a missing value.
pub struct Markers {
    words: Vec<String>,
    /// The same as numbers: -9999 is also -9999.0.
    numbers: Vec<f64>,
}

impl Markers {
    /// These and the empty cell.
    pub fn new<T: AsRef<str>>(words: &[T]) -> Self {
        Self {
            words: words
                .iter()
                .map(|word| word.as_ref().trim().to_lowercase())
                .collect(),
            numbers: words
                .iter()
                .filter_map(|word| plain(word.as_ref().trim()))
                .collect(),
        }
    }

    /// Whether a cell is missing.
    pub fn has(&self, cell: &str) -> bool {
        let [first, rest @ ..] = cell.as_bytes() else {
            return true;
        };
        let number = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
        if number(first)
            && rest.iter().all(u8::is_ascii_digit)
            && self.numbers.is_empty()
            && !rest.is_empty()
        {
            return false;
        }
        self.words.iter().any(|word| {
            cell.eq_ignore_ascii_case(word) || !cell.is_ascii() && cell.to_lowercase() == *word
        }) || !self.numbers.is_empty() && plain(cell).is_some_and(|x| self.numbers.contains(&x))
    }

    /// The cells of a column that are not missing.
    pub fn known<'a>(&'a self, column: &'a TextColumn) -> impl Iterator<Item = &'a str> + Clone {
        column.texts().filter(|cell| !self.has(cell))
    }
}

/// Numbers of a column, NaN where missing.
pub struct Numbers {
    /// In 32 bits.
    pub cells: Vec<f32>,
    /// In 64 bits, where 32 do not hold them.
    pub wide: Option<Vec<f64>>,
}

impl Numbers {
    /// Of numbers in 64 bits.
    pub fn of(values: Vec<f64>) -> Self {
        Self {
            cells: values.iter().map(|x| narrow(*x)).collect(),
            wide: values
                .iter()
                .any(|x| !x.is_nan() && single(*x).is_none())
                .then_some(values),
        }
    }
}

/// The number of each cell that is not missing, else NaN; a text that is none is an error.
/// `exact`: whether they are kept in 64 bits, else that is seen from the cells.
pub fn numbers(
    table: &TextTable,
    column: &TextColumn,
    form: &Form,
    markers: &Markers,
    log: bool,
    exact: Option<bool>,
) -> Result<Numbers> {
    if *form == Form::default() && !log {
        return plain_numbers(table, column, markers, exact);
    }
    let read = |(row, cell): (usize, &str)| -> Result<f64> {
        if markers.has(cell) {
            return Ok(f64::NAN);
        }
        let number = form
            .number(cell)
            .ok_or_else(|| no_number(table, column, row, form, markers))?;
        if log && number <= -1.0 {
            return Err(Error::input(
                table.place(row, &column.name),
                format!("ln(1 + x) of `{cell}` does not exist"),
            )
            .remedy("Leave out `log`"));
        }
        Ok(if log { number.ln_1p() } else { number })
    };
    let cells = column.texts().enumerate().map(read);
    let cells: Vec<f64> = cells.collect::<Result<_>>()?;
    let wide = (exact == Some(true)).then(|| cells.clone());
    let found = Numbers::of(cells);
    Ok(Numbers {
        wide: wide.or(found.wide),
        ..found
    })
}

fn plain_numbers(
    table: &TextTable,
    column: &TextColumn,
    markers: &Markers,
    exact: Option<bool>,
) -> Result<Numbers> {
    let read = |(row, cell): (usize, &str)| match cell.parse() {
        Ok(x) if f32::is_finite(x) && markers.numbers.is_empty() => Ok(x),
        _ if markers.has(cell) => Ok(f32::NAN),
        Ok(x) if f32::is_finite(x) => Ok(x),
        _ => match plain(cell) {
            Some(x) => Ok(narrow(x)),
            None => Err(no_number(table, column, row, &Form::default(), markers)),
        },
    };
    let cells: Vec<f32> = column
        .texts()
        .enumerate()
        .map(read)
        .collect::<Result<_>>()?;
    let wide = match exact {
        Some(false) => None,
        exact => wide(column, markers, exact == Some(true)),
    };
    Ok(Numbers { cells, wide })
}

fn no_number(
    table: &TextTable,
    column: &TextColumn,
    row: usize,
    form: &Form,
    markers: &Markers,
) -> Error {
    let cell = column.cells.at(row);
    let name = &column.name;
    let words = match form.words() {
        words if words.is_empty() => String::new(),
        words => format!(" (the column's others are: {words})"),
    };
    let same = column.cells.iter().filter(|other| *other == cell).count();
    let others = markers
        .known(column)
        .filter(|cell| form.number(cell).is_none())
        .count()
        - same;
    let remedy = if same > 1 {
        format!(
            "If the {} cells that say so have no value, name it with `missing = [\"{cell}\", …]`; or declare the column as text with `categorical = [\"{name}\"]`",
            grouped(same as f64)
        )
    } else {
        format!("Correct the cell, or declare the column as text with `categorical = [\"{name}\"]`")
    };
    let more = match others {
        0 => String::new(),
        1 => ", nor is another cell".into(),
        others => format!(", nor are {} other cells", grouped(others as f64)),
    };
    Error::input(
        table.place(row, name),
        format!("`{cell}` is not a number{words}{more}"),
    )
    .remedy(remedy)
}

/// Whether all cells are missing or numbers as programs write them.
pub fn plain_only(column: &TextColumn, markers: &Markers) -> bool {
    column
        .cells
        .iter()
        .all(|cell| is_decimal(cell) || plain(cell).is_some() || markers.has(cell))
}

/// A column of numbers in 64 bits, NaN where missing; `None` if 32 bits hold them all and it is not `asked` for.
fn wide(column: &TextColumn, markers: &Markers, asked: bool) -> Option<Vec<f64>> {
    /// So few digits always stand for a number of 32 bits.
    const FEW: usize = 6;
    let number = |cell: &str| match markers.has(cell) {
        true => f64::NAN,
        false => cell.parse().unwrap_or(f64::NAN),
    };
    let needs = |cell: &str| {
        let digits = cell.len() > FEW && cell.bytes().filter(u8::is_ascii_digit).count() > FEW;
        let number = if digits || cell.contains(['e', 'E']) {
            number(cell)
        } else {
            f64::NAN
        };
        !number.is_nan() && single(number).is_none()
    };
    let needed = asked || column.cells.iter().any(needs);
    needed.then(|| column.cells.iter().map(number).collect())
}

/// Why the texts of a column are no categories; `None` if they are.
pub fn no_categories(column: &TextColumn, markers: &Markers, declared: bool) -> Option<String> {
    let known = markers.known(column);
    let rows = known.clone().count();
    let levels = known.clone().collect::<HashSet<_>>().len();
    let count = |count: usize| grouped(count as f64);
    if levels > MAX_DECLARED {
        return Some(format!(
            "{} different texts are too many for categories (at most {}, where `categorical` names the column)",
            count(levels),
            count(MAX_DECLARED)
        ));
    }
    if levels > MAX_LEVELS && !declared {
        return Some(format!(
            "its {} different texts are many for categories, more than {}",
            count(levels),
            count(MAX_LEVELS)
        ));
    }
    if declared || levels <= FEW_LEVELS || 2 * levels <= rows {
        return None;
    }
    let words: usize = known.map(|cell| cell.split_whitespace().count()).sum();
    let what = if words >= 4 * rows {
        "free text"
    } else {
        "names or numbers of rows"
    };
    Some(format!(
        "{} of {} texts are different, so they are {what}, no categories",
        count(levels),
        count(rows)
    ))
}

/// A whole number as a category is called: `1` for 1, 1.0, 01 and +1.
pub fn whole(cell: &str) -> Option<String> {
    let number = plain(cell).filter(|x| x.fract() == 0.0 && x.abs() < 1e15)?;
    Some(format!("{}", number + 0.0))
}

/// Whether a column's categories are whole numbers, none written with a leading zero.
pub fn are_whole<'a>(mut cells: impl Iterator<Item = &'a str>) -> bool {
    let leading = |cell: &str| {
        let digits = cell.trim_start_matches(['-', '+']);
        digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.")
    };
    cells.all(|cell| whole(cell).is_some() && !leading(cell))
}

/// A column of text; with `whole`, categories that are whole numbers are called as such.
pub fn categorical(column: &TextColumn, markers: &Markers, as_whole: bool) -> Cells {
    let level = |cell: &'_ str| -> String {
        let number = if as_whole { whole(cell) } else { None };
        number.unwrap_or_else(|| cell.to_owned())
    };
    let different: HashSet<&str> = markers.known(column).collect();
    let names: BTreeSet<String> = different.into_iter().map(level).collect();
    let levels: Vec<String> = names.into_iter().collect();
    let code = |cell: &str| match as_whole {
        true => code(&levels, &level(cell)),
        false => code(&levels, cell),
    };
    let cells = column.texts();
    let codes = cells
        .map(|cell| (!markers.has(cell)).then(|| code(cell)))
        .collect();
    Cells::Categorical { levels, codes }
}

/// The members of a group column and each row's member; a missing cell is an error.
pub fn members(
    table: &TextTable,
    column: &TextColumn,
    markers: &Markers,
) -> Result<(Vec<String>, Vec<u32>)> {
    refuse_missing(table, column, markers, "group")?;
    let members = levels(column.cells.iter());
    let codes = column
        .cells
        .iter()
        .map(|cell| code(&members, cell))
        .collect();
    Ok((members, codes))
}

/// The targets in these columns, whose numbers are written in `forms`; and those that 32 bits do not hold, by name.
pub fn targets(
    table: &TextTable,
    columns: &[&TextColumn],
    forms: &[Form],
    markers: &Markers,
    kind: TaskKind,
) -> Result<(RawTargets, Wide)> {
    columns
        .iter()
        .try_for_each(|column| refuse_missing(table, column, markers, "target"))?;
    let names = columns.iter().map(|column| column.name.clone()).collect();
    match (kind, columns) {
        (TaskKind::Classification, [column]) => {
            let (names, labels) = classes(column);
            Ok((
                RawTargets::Classes {
                    names,
                    labels: labels.into(),
                },
                Wide::new(),
            ))
        }
        (TaskKind::Classification, _) => Err(Error::input(
            "data.target",
            format!("{} columns, where one holds the class", columns.len()),
        )
        .remedy("Name one column, or use `task = \"multi-label\"` for several labels")),
        (TaskKind::Regression, _) => {
            let exact = by_row(table, columns, forms, |x| x.is_finite(), "a number")?;
            let narrowed = |(i, x): (usize, &f64)| {
                // As 32 bits are read directly: by way of 64 the last bit may differ.
                let (row, column) = (i / columns.len(), i % columns.len());
                match columns[column].cells.at(row).parse() {
                    Ok(single) if forms[column] == Form::default() && f32::is_finite(single) => {
                        single
                    }
                    _ => narrow(*x),
                }
            };
            let values = exact.iter().enumerate().map(narrowed).collect();
            let wide = columns.iter().enumerate().filter_map(|(at, column)| {
                let values: Vec<f64> = exact
                    .iter()
                    .skip(at)
                    .step_by(columns.len())
                    .copied()
                    .collect();
                let needed = values.iter().any(|x| single(*x).is_none());
                needed.then(|| (column.name.clone(), values.into()))
            });
            Ok((RawTargets::Values { names, values }, wide.collect()))
        }
        (TaskKind::MultiLabel, _) => {
            let values = by_row(table, columns, forms, |x| x == 0.0 || x == 1.0, "0 or 1")?;
            let values = values.into_iter().map(|x| x as f32).collect();
            Ok((RawTargets::Labels { names, values }, Wide::new()))
        }
    }
}

/// `[rows, columns]`, every cell as wanted.
fn by_row(
    table: &TextTable,
    columns: &[&TextColumn],
    forms: &[Form],
    accept: fn(f64) -> bool,
    wanted: &str,
) -> Result<Vec<f64>> {
    let mut values = Vec::with_capacity(table.lines.len() * columns.len());
    for row in 0..table.lines.len() {
        for (column, form) in columns.iter().zip(forms) {
            let cell = column.cells.at(row);
            values.push(form.number(cell).filter(|x| accept(*x)).ok_or_else(|| {
                Error::input(table.place(row, &column.name), format!("the target `{cell}` is not {wanted}"))
                    .remedy("Correct the cell, or use `task = \"classification\"` if it is the name of a class")
            })?);
        }
    }
    Ok(values)
}

fn refuse_missing(
    table: &TextTable,
    column: &TextColumn,
    markers: &Markers,
    what: &str,
) -> Result<()> {
    let mut missing = (0..column.cells.len()).filter(|row| markers.has(column.cells.at(*row)));
    let Some(row) = missing.next() else {
        return Ok(());
    };
    let reason = match missing.count() {
        0 => format!("the {what} is missing"),
        more => format!(
            "the {what} is missing, here and in {} more rows",
            grouped(more as f64)
        ),
    };
    let remedy = match what {
        "target" => {
            "Fill it in, leave the row out, or leave out all rows without a target with `drop_unlabelled = true`"
        }
        _ => "Fill it in or leave the row out",
    };
    Err(Error::input(table.place(row, &column.name), reason).remedy(remedy))
}

/// Classes by name; in the order of numbers if all are integers.
fn classes(column: &TextColumn) -> (Vec<String>, Vec<u32>) {
    let mut names = levels(column.cells.iter());
    if names.iter().all(|name| name.parse::<i64>().is_ok()) {
        names.sort_by_key(|name| name.parse::<i64>().unwrap_or_default());
    }
    let place: std::collections::HashMap<&str, u32> =
        names.iter().map(String::as_str).zip(0..).collect();
    let labels = column.cells.iter().map(|cell| place[cell]).collect();
    (names, labels)
}

fn levels<'a>(cells: impl Iterator<Item = &'a str>) -> Vec<String> {
    let different: BTreeSet<&str> = cells.collect();
    different.into_iter().map(str::to_string).collect()
}

fn code(levels: &[String], cell: &str) -> u32 {
    levels.partition_point(|level| level.as_str() < cell) as u32
}
