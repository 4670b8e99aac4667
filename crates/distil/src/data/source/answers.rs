//! Files of answers from elsewhere: arrays and tables.

use std::collections::HashSet;
use std::path::Path;

use distil_recipe::Spanned;
use distil_recipe::recipe::AnswersTable;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error as ValueError;

use crate::data::answers::{Ids, RawAnswers};
use crate::data::held::Held;
use crate::data::source::arrays::{Archive, Found, Named, find_npy};
use crate::data::source::called::is_id;
use crate::data::source::cells::{Markers, USUAL, whole};
use crate::data::source::encoding::TextEncoding;
use crate::data::source::file::{has_suffix, hash_of, read_within};
use crate::data::source::forms::{Form, Inferred, plain};
use crate::data::source::limits::Limits;
use crate::data::source::table_file::read_table;
use crate::data::source::text_table::{Cut, TextColumn, TextTable};
use crate::error::{Error, Result};
use crate::weights::sha256;

/// Reads the file that a table of the recipe names.
///
/// Of an array `[samples]` or `[samples, outputs]` every column is an answer; of a table the columns that are named in the recipe, else those with a
/// name, but `id`, that hold numbers alone. A row without any number has no answer.
///
/// # Errors
/// Files of another kind, other shapes, columns that are not there, numbers that are not finite.
pub fn read_answers(base: &Path, wanted: &AnswersTable) -> Result<RawAnswers> {
    let path = &base.join(wanted.file.as_str());
    let limits = Limits::training(None);
    let array = has_suffix(path, &["npy", "npz"]);
    let keys = [
        ("columns", wanted.columns.is_some(), array),
        ("id", wanted.id.is_some(), array),
        (
            "encoding",
            wanted.encoding.is_some(),
            array || has_suffix(path, &["parquet"]),
        ),
        ("array", wanted.array.is_some(), !has_suffix(path, &["npz"])),
    ];
    if let Some((key, ..)) = keys.iter().find(|(_, said, useless)| *said && *useless) {
        let reason = format!("`{key}` is of no use for such a file");
        return Err(Error::input(path.display(), reason).remedy(
            "Remove it; `array` is for .npz files, `columns` and `id` for tables, `encoding` for text",
        ));
    }
    let raw = match array {
        true => of_array(path, wanted, limits)?,
        false => of_table(path, wanted, limits)?,
    };
    check(&raw)?;
    // What else decides which number answers what.
    let chosen = [&wanted.array, &wanted.id, &wanted.encoding]
        .map(|key| key.as_ref().map(|key| key.as_str()));
    let hash = match keys.iter().any(|(_, said, _)| *said) {
        false => raw.hash,
        true => sha256(format!("{} {chosen:?} {:?}", raw.hash, names(wanted)).as_bytes()),
    };
    Ok(RawAnswers {
        form: wanted.form.as_ref().map(|form| form.value),
        hash,
        ..raw
    })
}

fn of_array(path: &Path, wanted: &AnswersTable, limits: Limits) -> Result<RawAnswers> {
    let bytes = read_within(path, limits)?;
    let found = match has_suffix(path, &["npz"]) {
        false => find_npy(path, &bytes, limits)?,
        true => of_archive(path, &bytes, wanted.array.as_ref(), limits)?,
    };
    let named = found.numbers()?;
    let width = match named.shape.as_slice() {
        [_] => 1,
        [_, width] => *width,
        shape => {
            let reason = format!("shape {shape:?} is no table of answers");
            return Err(
                Error::input(named.place, reason).remedy("Save an array `[samples, outputs]`")
            );
        }
    };
    if named.values.is_empty() {
        let reason = format!("shape {:?} holds no number", named.shape);
        return Err(Error::input(named.place, reason).remedy("Save an array `[samples, outputs]`"));
    }
    let Named {
        place,
        values,
        wide,
        ..
    } = named;
    let single = || values.iter().copied().map(f64::from).collect();
    Ok(RawAnswers {
        place,
        values: wide.map_or_else(single, Held::into_vec),
        width,
        names: None,
        ids: None,
        others: Vec::new(),
        form: None,
        hash: hash_of(&bytes),
        notes: Vec::new(),
    })
}

fn of_archive(
    path: &Path,
    bytes: &[u8],
    wanted: Option<&Spanned<String>>,
    limits: Limits,
) -> Result<Found> {
    let mut archive = Archive::open(path, bytes, limits)?;
    let names = archive.names();
    let name = match (wanted, names.as_slice()) {
        (Some(wanted), _) => wanted.value.clone(),
        (None, [only]) => only.clone(),
        (None, _) => {
            let reason = format!("it holds {} arrays: {}", names.len(), names.join(", "));
            return Err(Error::input(path.display(), reason)
                .remedy("Say which one holds the answers, with `array = \"…\"`"));
        }
    };
    archive.read(&name)?.ok_or_else(|| {
        let reason = format!("it has no array `{name}`");
        let remedy = format!("Its arrays are {}", names.join(", "));
        Error::input(path.display(), reason).remedy(remedy)
    })
}

fn of_table(path: &Path, wanted: &AnswersTable, limits: Limits) -> Result<RawAnswers> {
    let named = names(wanted);
    let encoding = wanted.encoding.as_ref().map(|name| {
        TextEncoding::deserialize(name.value.as_str().into_deserializer())
            .map_err(|error: ValueError| Error::input("`encoding` of answers", error))
    });
    let id = wanted.id.as_ref().map(|id| id.value.clone());
    let wish: Vec<String> = named.iter().cloned().chain(id.clone()).collect();
    let cut = Cut {
        skip_blank: false,
        encoding: encoding.transpose()?,
        ..Cut::headed(&wish)
    };
    let read = read_table(path, limits, &cut)?;
    let table = read.table;
    let column = |name: &str| {
        table.column(name).ok_or_else(|| {
            let known: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
            let remedy = match distil_recipe::suggest(name, known.iter().copied()) {
                Some(close) => format!("Perhaps it is `{close}`"),
                None => format!("Its columns are {}", known.join(", ")),
            };
            Error::input(&table.file, format!("it has no column `{name}`")).remedy(remedy)
        })
    };
    if let Some(id) = id.as_ref().filter(|id| named.contains(id)) {
        return Err(Error::input(
            &table.file,
            format!("`{id}` names the samples, and is one of the `columns` of answers, too"),
        )
        .remedy("Remove it from `columns`"));
    }
    let markers = Markers::new(&USUAL);
    let comma = decimal_commas(&table, &markers);
    let ids = id.as_deref().map(column).transpose()?;
    let mut notes = table.notes.clone();
    let columns: Vec<&TextColumn> = match wanted.columns.is_some() {
        true => named
            .iter()
            .map(|name| column(name))
            .collect::<Result<_>>()?,
        false => {
            // A column without a name is the index that a data frame writes.
            let others = table
                .columns
                .iter()
                .filter(|c| Some(&c.name) != id.as_ref() && !c.nameless);
            let (numbers, texts): (Vec<_>, Vec<_>) =
                others.partition(|column| form(&table, column, &markers, comma).is_some());
            for column in &texts {
                no_infinity(&table, column, &markers)?;
            }
            if !texts.is_empty() {
                let names: Vec<&str> = texts.iter().map(|column| column.name.as_str()).collect();
                notes.push(format!(
                    "of {} these columns hold no numbers and are no answers: {}",
                    table.file,
                    names.join(", ")
                ));
            }
            numbers
        }
    };
    if columns.is_empty() {
        return Err(Error::input(&table.file, "no column holds numbers alone")
            .remedy("Save a number for every class, label or target, under a header"));
    }
    let forms = columns.iter();
    let forms = forms.map(|column| form(&table, column, &markers, comma).unwrap_or_default());
    let forms: Vec<Form> = forms.collect();
    let mut values = Vec::with_capacity(table.rows() * columns.len());
    for row in 0..table.rows() {
        for (column, form) in columns.iter().zip(&forms) {
            let cell = column.cells.at(row);
            values.push(match (markers.has(cell), form.number(cell)) {
                (true, _) => f64::NAN,
                (false, Some(number)) => number,
                (false, None) => {
                    let place = table.place(row, &column.name);
                    return Err(
                        Error::input(place, format!("`{cell}` is no number")).remedy(
                            "Correct the cell, or name the columns of answers with `columns`",
                        ),
                    );
                }
            });
        }
        let numbers = &values[row * columns.len()..];
        let gap = numbers.iter().position(|x| x.is_nan());
        if let Some(at) = gap.filter(|_| !numbers.iter().all(|x| x.is_nan())) {
            let place = table.place(row, &columns[at].name);
            return Err(Error::input(place, "the cell is empty, and others of its row are not")
                .remedy("Fill it in, or leave all numbers of the row out: its sample then has no answer"));
        }
    }
    Ok(RawAnswers {
        values,
        width: columns.len(),
        names: wanted
            .columns
            .is_none()
            .then(|| columns.iter().map(|column| column.name.clone()).collect()),
        ids: ids.map(of_ids),
        others: table
            .columns
            .iter()
            .filter(|column| Some(&column.name) != id.as_ref() && !column.nameless)
            .filter(|column| columns.iter().all(|answers| answers.name != column.name))
            .filter_map(unlike)
            .collect(),
        form: None,
        hash: read.hash,
        notes,
        place: table.file,
    })
}

/// Refuses a column of numbers that are not all finite: it would pass for one of text.
fn no_infinity(table: &TextTable, column: &TextColumn, markers: &Markers) -> Result<()> {
    let number = |cell: &str| cell.trim().parse::<f64>().ok();
    let infinite = |cell: &str| number(cell).is_some_and(f64::is_infinite);
    let all_numbers = || {
        column
            .texts()
            .all(|cell| markers.has(cell) || number(cell).is_some())
    };
    let Some(row) = column.texts().position(infinite).filter(|_| all_numbers()) else {
        return Ok(());
    };
    let place = table.place(row, &column.name);
    let reason = format!("`{}` is no finite number", column.cells.at(row).trim());
    Err(Error::input(place, reason)
        .remedy("Correct it, or leave all numbers of the row out: its sample then has no answer"))
}

/// How a column writes numbers; none if it does not hold numbers alone.
fn form(table: &TextTable, column: &TextColumn, markers: &Markers, comma: bool) -> Option<Form> {
    let known = markers.known(column);
    match Form::infer(known.clone(), table.delimiter, comma) {
        Inferred::Form(form, read) if read > 0 && read == known.count() => Some(form),
        _ => None,
    }
}

/// Whether a column has the comma for its decimal mark, beyond doubt.
fn decimal_commas(table: &TextTable, markers: &Markers) -> bool {
    let mut forms = table
        .columns
        .iter()
        .map(|column| form(table, column, markers, false));
    forms.any(|form| form.is_some_and(|form| form.comma))
}

/// A column of texts, or of whole numbers and called as ids are, each of which stands once: it may name the samples. Other whole
/// numbers, an index or a rank, are among those of the data by chance.
fn unlike(column: &TextColumn) -> Option<Ids> {
    let mut different = HashSet::with_capacity(column.cells.len());
    let once = |cell: &str| {
        let fraction = plain(cell).is_some() && whole(cell).is_none();
        !cell.is_empty() && !fraction && different.insert(cell.to_owned())
    };
    let called = is_id(&column.name) || !column.texts().all(|cell| whole(cell).is_some());
    (called && column.texts().all(once)).then(|| of_ids(column))
}

fn of_ids(column: &TextColumn) -> Ids {
    Ids {
        column: column.name.clone(),
        texts: column.texts().map(Box::from).collect(),
    }
}

/// The columns that are named.
fn names(wanted: &AnswersTable) -> Vec<String> {
    let named = wanted.columns.iter().flatten();
    named.map(|name| name.value.clone()).collect()
}

/// Refuses what is no number, but in rows that hold none at all.
fn check(raw: &RawAnswers) -> Result<()> {
    for (row, numbers) in raw.values.chunks(raw.width).enumerate() {
        let finite = |x: &f64| x.is_finite() && (*x as f32).is_finite();
        let at = numbers.iter().position(|x| !finite(x));
        let Some(at) = at.filter(|_| !numbers.iter().all(|x| x.is_nan())) else {
            continue;
        };
        return Err(Error::input(
            format!("{}, row {row}, column {at}", raw.place),
            format!("{} is not a finite 32-bit number", numbers[at]),
        )
        .remedy("Fill it in, or leave all numbers of the row out: it then has no answer; rows and columns count from 0"));
    }
    if raw.values.iter().all(|x| x.is_nan()) {
        return Err(Error::input(&raw.place, "no row has an answer"));
    }
    Ok(())
}
