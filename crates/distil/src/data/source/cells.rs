//! Text cells as numbers, levels or classes.

use distil_report::measure::TaskKind;

use crate::data::raw::{Cells, RawTargets};
use crate::data::rows::single;
use crate::data::source::text_table::{TextColumn, TextTable};
use crate::error::{Error, Result};

/// More different texts than this in a column are names or remarks, not categories.
const MAX_LEVELS: usize = 1000;

/// Whether a cell is missing: empty, or NA, N/A, NaN or null in any case.
pub fn is_missing(cell: &str) -> bool {
    cell.is_empty()
        || ["na", "n/a", "nan", "null"]
            .iter()
            .any(|word| cell.eq_ignore_ascii_case(word))
}

fn number(cell: &str) -> Option<f32> {
    cell.parse().ok().filter(|x: &f32| x.is_finite())
}

/// Whether a column that nobody declared holds numbers: more than half of its cells that are not missing do.
pub fn looks_numeric(column: &TextColumn) -> bool {
    let known = column.cells.iter().filter(|cell| !is_missing(cell));
    let (numbers, all) = known.fold((0, 0), |(n, all), cell| {
        (n + usize::from(number(cell).is_some()), all + 1)
    });
    2 * numbers > all || all == 0
}

/// A column of numbers; NaN where missing.
pub fn numeric(table: &TextTable, column: &TextColumn) -> Result<Cells> {
    let read = |row: usize, cell: &str| match number(cell) {
        _ if is_missing(cell) => Ok(f32::NAN),
        Some(x) => Ok(x),
        None => Err(Error::input(
            table.place(row, &column.name),
            format!("`{cell}` is not a number"),
        )
        .remedy(format!(
            "Correct the cell, or declare the column as text with `categorical = [\"{}\"]`",
            column.name
        ))),
    };
    let cells = column.cells.iter().enumerate();
    let numbers = cells.map(|(row, cell)| read(row, cell));
    Ok(Cells::Numeric(numbers.collect::<Result<_>>()?))
}

/// A column of numbers in 64 bits, NaN where missing; `None` if 32 bits hold them all.
pub fn wide(column: &TextColumn) -> Option<Vec<f64>> {
    /// So few digits always stand for a number of 32 bits.
    const FEW: usize = 6;
    let number = |cell: &str| match is_missing(cell) {
        true => f64::NAN,
        false => cell.parse().unwrap_or(f64::NAN),
    };
    let needs = |cell: &str| {
        let long = cell.len() > FEW && cell.bytes().filter(u8::is_ascii_digit).count() > FEW;
        let number = if long { number(cell) } else { f64::NAN };
        !number.is_nan() && single(number).is_none()
    };
    let needed = column.cells.iter().any(|cell| needs(cell));
    needed.then(|| column.cells.iter().map(|cell| number(cell)).collect())
}

/// A column of text.
pub fn categorical(table: &TextTable, column: &TextColumn) -> Result<Cells> {
    let levels = levels(column.cells.iter().filter(|cell| !is_missing(cell)));
    if levels.len() > MAX_LEVELS {
        return Err(Error::input(
            format!("{}, column `{}`", table.file, column.name),
            format!(
                "{} different texts are too many for categories (at most {MAX_LEVELS})",
                levels.len()
            ),
        )
        .remedy(format!(
            "Leave the column out with `ignore = [\"{}\"]`",
            column.name
        )));
    }
    let codes = column
        .cells
        .iter()
        .map(|cell| (!is_missing(cell)).then(|| code(&levels, cell)))
        .collect();
    Ok(Cells::Categorical { levels, codes })
}

/// The members of a group column and each row's member; a missing cell is an error.
pub fn members(table: &TextTable, column: &TextColumn) -> Result<(Vec<String>, Vec<u32>)> {
    refuse_missing(table, column, "group")?;
    let members = levels(column.cells.iter());
    let codes = column
        .cells
        .iter()
        .map(|cell| code(&members, cell))
        .collect();
    Ok((members, codes))
}

/// The targets in these columns.
pub fn targets(table: &TextTable, columns: &[&TextColumn], kind: TaskKind) -> Result<RawTargets> {
    columns
        .iter()
        .try_for_each(|column| refuse_missing(table, column, "target"))?;
    let names = columns.iter().map(|column| column.name.clone()).collect();
    match (kind, columns) {
        (TaskKind::Classification, [column]) => {
            let (names, labels) = classes(column);
            Ok(RawTargets::Classes { names, labels })
        }
        (TaskKind::Classification, _) => Err(Error::input(
            "data.target",
            format!("{} columns, where one holds the class", columns.len()),
        )
        .remedy("Name one column, or use `task = \"multi-label\"` for several labels")),
        (TaskKind::Regression, _) => Ok(RawTargets::Values {
            names,
            values: by_row(table, columns, |x| x.is_finite(), "a number")?,
        }),
        (TaskKind::MultiLabel, _) => Ok(RawTargets::Labels {
            names,
            values: by_row(table, columns, |x| x == 0.0 || x == 1.0, "0 or 1")?,
        }),
    }
}

/// `[rows, columns]`, every cell as wanted.
fn by_row(
    table: &TextTable,
    columns: &[&TextColumn],
    accept: fn(f32) -> bool,
    wanted: &str,
) -> Result<Vec<f32>> {
    let mut values = Vec::with_capacity(table.lines.len() * columns.len());
    for row in 0..table.lines.len() {
        for column in columns {
            let cell = &column.cells[row];
            values.push(number(cell).filter(|x| accept(*x)).ok_or_else(|| {
                Error::input(table.place(row, &column.name), format!("the target `{cell}` is not {wanted}"))
                    .remedy("Correct the cell, or use `task = \"classification\"` if it is the name of a class")
            })?);
        }
    }
    Ok(values)
}

fn refuse_missing(table: &TextTable, column: &TextColumn, what: &str) -> Result<()> {
    match column.cells.iter().position(|cell| is_missing(cell)) {
        None => Ok(()),
        Some(row) => Err(Error::input(
            table.place(row, &column.name),
            format!("the {what} is missing"),
        )
        .remedy("Fill it in or leave the row out")),
    }
}

/// Classes by name; in the order of numbers if all are integers.
fn classes(column: &TextColumn) -> (Vec<String>, Vec<u32>) {
    let mut names = levels(column.cells.iter());
    if names.iter().all(|name| name.parse::<i64>().is_ok()) {
        names.sort_by_key(|name| name.parse::<i64>().unwrap_or_default());
    }
    let place: std::collections::HashMap<&str, u32> =
        names.iter().map(String::as_str).zip(0..).collect();
    let labels = column.cells.iter().map(|cell| place[&**cell]).collect();
    (names, labels)
}

fn levels<'a>(cells: impl Iterator<Item = &'a Box<str>>) -> Vec<String> {
    let different: std::collections::BTreeSet<&str> = cells.map(|cell| &**cell).collect();
    different.into_iter().map(str::to_string).collect()
}

fn code(levels: &[String], cell: &str) -> u32 {
    levels.partition_point(|level| level.as_str() < cell) as u32
}
