//! The order of time: which samples came before which, and parts that respect it.

use distil_report::show::grouped;

use crate::data::column_rule::ColumnKind;
use crate::data::raw::{Cells, Column, Inputs, Moments, Raw};
use crate::data::source::date;
use crate::data::table::shown;
use crate::error::{Error, Result};
use crate::sample::SampleId;

/// Training, validation and test part by the order of a column, each ascending: of all samples the share `test` that is latest, and the
/// share `validation` before it. Samples of the same time stay in one part.
///
/// Of `k` folds, `k` + 1 stretches of time are made: fold i is tested on stretch i + 1 and trained and validated on all before
/// it; what comes later is in no part.
///
/// # Errors
/// No such column, a missing cell, a column that does not order the samples.
pub fn parts(
    raw: &Raw,
    column: &str,
    [test, validation]: [f64; 2],
    fold: Option<(usize, usize)>,
) -> Result<[Vec<SampleId>; 3]> {
    let times = times(raw, column)?;
    let mut rows: Vec<usize> = (0..times.values.len()).collect();
    rows.sort_by(|a, b| times.values[*a].total_cmp(&times.values[*b]));
    let count = rows.len();
    // Where the parts may end: between samples of different times.
    let differ = |place: &usize| times.values[rows[place - 1]] != times.values[rows[*place]];
    let ends: Vec<usize> = (1..count).filter(differ).collect();
    let nearest = |wanted: usize, below: usize| {
        let ends = ends.iter().copied().filter(|end| *end < below);
        ends.min_by_key(|end| end.abs_diff(wanted))
    };
    let share = |share: f64, of: usize| (share * of as f64).round() as usize;
    let found = match fold {
        None => {
            let first = nearest(count - share(test, count), count);
            first.map(|first| (first, count, share(validation, count)))
        }
        Some((index, of)) if of >= 2 && index < of => {
            let stretch = |i: usize| share(i as f64 / (of + 1) as f64, count);
            let end = |i: usize| match i > of {
                true => Some(count),
                false => nearest(stretch(i), count),
            };
            let ends = end(index + 1)
                .zip(end(index + 2))
                .filter(|(first, end)| first < end);
            ends.map(|(first, end)| (first, end, share(validation, first)))
        }
        Some((index, of)) => {
            return Err(
                Error::input("folds", format!("fold {index} of {of} does not exist"))
                    .remedy("Use at least 2 folds, counted from 0"),
            );
        }
    };
    let found = found.and_then(|(first, end, validation)| {
        let chosen = nearest(first.saturating_sub(validation), first)?;
        Some([0..chosen, chosen..first, first..end])
    });
    let Some(places) = found else {
        let reason = format!(
            "column `{column}` has {} different times in {} samples, too few for these parts: samples of the same time stay together",
            grouped((ends.len() + 1) as f64),
            grouped(count as f64)
        );
        return Err(Error::input("data.split.column", reason)
            .remedy("Name a finer column, give the parts other shares, or use fewer folds"));
    };
    Ok(places.map(|places| {
        let ids = rows[places].iter().map(|row| SampleId(*row as u32));
        let mut ids: Vec<SampleId> = ids.collect();
        ids.sort_unstable();
        ids
    }))
}

/// From when to when each part goes, as a sentence without its full stop.
pub fn said(
    raw: &Raw,
    [train, validation, test]: [&[SampleId]; 3],
    column: &str,
) -> Result<String> {
    let times = times(raw, column)?;
    let ends = |ids: &[SampleId]| {
        let of = || ids.iter().map(|id| times.values[id.row()]);
        let (first, last) = (
            of().fold(f64::INFINITY, f64::min),
            of().fold(f64::NEG_INFINITY, f64::max),
        );
        format!("{} to {}", times.word(first), times.word(last))
    };
    let left = raw.len() - train.len() - validation.len() - test.len();
    let left = match left {
        0 => String::new(),
        left => format!(
            "; {} later samples are in no part of this fold",
            grouped(left as f64)
        ),
    };
    Ok(format!(
        "parts in the order of {column}: {} to train on, {} to choose by, {} to test on{left}",
        ends(train),
        ends(validation),
        ends(test)
    ))
}

/// Says where a column of dates, or one of numbers that all differ, rises or falls from row to row: the file is in order of time,
/// and a split at random asks for what lies between samples that are known.
pub fn hint(raw: &Raw) -> Vec<String> {
    /// In a shorter file an order may be chance.
    const FEWEST: usize = 20;
    let Inputs::Table(columns) = &raw.inputs else {
        return Vec::new();
    };
    if raw.len() < FEWEST {
        return Vec::new();
    }
    let inputs = columns.iter().filter_map(|column| moments(raw, column));
    let found = inputs.chain(raw.moments.iter().cloned()).filter_map(|times| {
        let pairs = || times.values.windows(2);
        let (rises, falls) = (
            pairs().all(|pair| pair[0] <= pair[1]),
            pairs().all(|pair| pair[0] >= pair[1]),
        );
        let steps = pairs().filter(|pair| pair[0] != pair[1]).count() + 1;
        let least = match times.dates {
            true => FEWEST / 2,
            false => times.values.len(),
        };
        if rises == falls || steps < least {
            return None;
        }
        let (name, word) = (&times.name, if rises { "rises" } else { "falls" });
        let (first, last) = (times.values[0], times.values[times.values.len() - 1]);
        Some(format!(
            "column {name} {word} from row to row ({} to {}){}: at random, the samples to test on lie between those to train on; `split = {{ kind = \"time\", column = \"{name}\" }}` tests on the latest",
            times.word(first),
            times.word(last),
            if times.dates { "" } else { "; if it is a time" }
        ))
    });
    found.collect()
}

impl Moments {
    fn word(&self, x: f64) -> String {
        match self.dates {
            true => date(x),
            false => shown(x),
        }
    }
}

/// The column that orders the samples, none of its cells missing.
fn times(raw: &Raw, name: &str) -> Result<Moments> {
    let refused = |reason: String| Error::input("data.split.column", reason);
    let input = match &raw.inputs {
        Inputs::Table(columns) => columns.iter().find(|column| column.name == name),
        _ => {
            return Err(
                refused("this data has no columns to be put in order by".into()).remedy(
                    "Use `split = \"random\"`, or give the parts as files or folders of their own",
                ),
            );
        }
    };
    let aside = raw.moments.iter().find(|moments| moments.name == name);
    let found = aside.cloned().or_else(|| moments(raw, input?));
    let Some(found) = found else {
        let known: Vec<&str> = match &raw.inputs {
            Inputs::Table(columns) => {
                let numbers = columns
                    .iter()
                    .filter(|column| matches!(column.cells, Cells::Numeric(_)));
                let names = numbers.map(|column| column.name.as_str());
                let plain = names.filter(|name| !name.contains(" ("));
                plain
                    .chain(raw.moments.iter().map(|moments| moments.name.as_str()))
                    .collect()
            }
            _ => Vec::new(),
        };
        let remedy = match distil_recipe::suggest(name, known.iter().copied()) {
            Some(suggestion) => format!("Perhaps it is `{suggestion}`"),
            None => format!(
                "Numbers and dates are {}; how dates are written says `columns = {{ \"{name}\" = {{ format = \"%d.%m.%Y\" }} }}`",
                known.join(", ")
            ),
        };
        return Err(
            refused(format!("there is no column `{name}` of numbers or dates")).remedy(remedy),
        );
    };
    match found.values.iter().position(|x| x.is_nan()) {
        Some(row) => Err(
            refused(format!("column `{name}` has no value in row {}", row + 1))
                .remedy("Fill in the cell, or leave the row out"),
        ),
        None => Ok(found),
    }
}

/// An input column of numbers or dates.
fn moments(raw: &Raw, column: &Column) -> Option<Moments> {
    let Cells::Numeric(cells) = &column.cells else {
        return None;
    };
    let rules = raw.reading.as_ref().map(|reading| &reading.rules);
    let rule = rules.and_then(|rules| rules.get(&column.name));
    Some(Moments {
        name: column.name.clone(),
        values: match raw.wide.get(&column.name) {
            Some(wide) => wide.to_vec(),
            None => cells.iter().map(|x| f64::from(*x)).collect(),
        },
        dates: rule.is_some_and(|rule| rule.kind == Some(ColumnKind::Date)),
    })
}
