//! Answers from elsewhere as their file has them, and beside the rows of the source.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use distil_recipe::recipe::AnswersForm;
use distil_report::show::grouped;

use crate::error::{Error, Result};

/// What another program predicts for samples.
#[derive(Debug, Clone, PartialEq)]
pub struct RawAnswers {
    /// The file, for messages.
    pub place: String,
    /// `[rows, width]`, row-major; finite, or NaN throughout a row that has no answer.
    pub values: Vec<f64>,
    /// Numbers a row, at least 1.
    pub width: usize,
    /// What the file calls its columns, where the recipe does not put them in order.
    pub names: Option<Vec<String>>,
    /// What the rows call their samples; without, they stand in the order of the data.
    pub ids: Option<Ids>,
    /// Other columns that may name the samples: no cell stands twice.
    pub others: Vec<Ids>,
    /// What the recipe says the numbers are.
    pub form: Option<AnswersForm>,
    /// SHA-256 of the file, in hexadecimal.
    pub hash: String,
    /// What was left out, a sentence each without its full stop.
    pub notes: Vec<String>,
}

/// A column that names samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Ids {
    /// The column.
    pub column: String,
    /// Its cells.
    pub texts: Vec<Box<str>>,
}

impl RawAnswers {
    /// How many rows it has.
    pub fn len(&self) -> usize {
        self.values.len() / self.width
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The numbers of a row; none where it has no answer.
    pub fn row(&self, row: usize) -> Option<&[f64]> {
        let numbers = &self.values[row * self.width..][..self.width];
        (!numbers[0].is_nan()).then_some(numbers)
    }

    /// A row for each of so many samples, in their order; `names` are what the data calls them.
    ///
    /// # Errors
    /// Another number of rows, or names that do not tell samples apart or are none of the data's.
    pub fn beside(self: &Arc<Self>, samples: usize, names: Option<&[String]>) -> Result<Arc<Self>> {
        let Some(ids) = &self.ids else {
            return match self.len() == samples {
                true => self
                    .in_order(names.unwrap_or_default())
                    .map(|()| Arc::clone(self)),
                false => Err(self.other_count(samples)),
            };
        };
        let column = &ids.column;
        let Some(names) = names else {
            return Err(Error::input(
                &self.place,
                format!("its column `{column}` names samples, and the data has no names for them"),
            )
            .remedy("Name the data's own column of them with `data.id`, or save a row for every sample, in the order of the data"));
        };
        let mut rows: HashMap<&str, usize> = HashMap::with_capacity(names.len());
        for (row, name) in names.iter().enumerate() {
            if let Some(first) = rows.insert(written(name), row) {
                return Err(Error::input(
                    "data",
                    format!("`{name}` names row {first} and row {row}, counted from 0: answers by name cannot tell them apart"),
                )
                .remedy("Name a column with `data.id` in which every row has a name of its own"));
            }
        }
        let mut values = vec![f64::NAN; samples * self.width];
        let mut taken = vec![false; samples];
        let place = |id: &str| rows.get(written(id)).copied();
        let mut unknown = ids.texts.iter().filter(|id| place(id).is_none());
        let first_unknown = unknown.next();
        let unknown = unknown.count() + usize::from(first_unknown.is_some());
        for (at, id) in ids.texts.iter().enumerate() {
            let Some(row) = place(id) else {
                continue;
            };
            if std::mem::replace(&mut taken[row], true) {
                return Err(
                    Error::input(&self.place, format!("`{column}` names `{id}` twice"))
                        .remedy("Keep one answer for each sample"),
                );
            }
            values[row * self.width..][..self.width]
                .copy_from_slice(&self.values[at * self.width..][..self.width]);
        }
        let mut notes = self.notes.clone();
        if let Some(first) = first_unknown {
            let first = match first.trim() {
                "" => "an empty cell".to_owned(),
                first => format!("`{first}`"),
            };
            if unknown == ids.texts.len() {
                let own = names.first().map_or("", String::as_str);
                return Err(Error::input(
                    &self.place,
                    format!("none of its `{column}` is a sample's name: it has for example {first}, the data `{own}`"),
                )
                .remedy("Write both the same way"));
            }
            if counted_otherwise(&ids.texts, |id| place(id).is_some()) {
                return Err(Error::input(
                    &self.place,
                    format!("not all of its `{column}` are samples' names, and more would be if they counted from another number by 1: each answer would go to the sample beside its own"),
                )
                .remedy("Let both count from the same number, or leave `id` out if the rows stand in the order of the data"));
            }
            notes.push(match unknown {
                1 => format!(
                    "a row of {} is of no sample of the data: {first}",
                    self.place
                ),
                _ => format!(
                    "{} rows of {} are of no sample of the data, the first {first}",
                    grouped(unknown as f64),
                    self.place
                ),
            });
        }
        Ok(Arc::new(Self {
            notes,
            ..self.with(values)
        }))
    }

    /// Refuses a file that goes by the order of the data, and names its samples in another.
    fn in_order(&self, names: &[String]) -> Result<()> {
        let names = || names.iter().map(|name| written(name));
        let known: HashSet<&str> = names().collect();
        let named = |ids: &&Ids| {
            let texts = ids.texts.iter().map(|id| written(id));
            let of_the_data = texts.clone().filter(|id| known.contains(id)).count();
            // One name that is not the data's hides no order; most that are not are of something else.
            10 * of_the_data > 9 * texts.len() && !texts.eq(names())
        };
        let Some(Ids { column, .. }) = self.others.iter().find(named) else {
            return Ok(());
        };
        Err(Error::input(
            &self.place,
            format!(
                "its column `{column}` names samples of the data, and not those at its rows' places"
            ),
        )
        .remedy(format!("Say id = \"{column}\" beside its name")))
    }

    fn other_count(&self, samples: usize) -> Error {
        let count = |count: usize, one: &str, more: &str| match count {
            1 => format!("1 {one}"),
            _ => format!("{} {more}", grouped(count as f64)),
        };
        Error::input(
            &self.place,
            format!(
                "{}, and the data has {}",
                count(self.len(), "row of answers", "rows of answers"),
                count(samples, "sample", "samples")
            ),
        )
        .remedy("Save one row for every sample of the data, in its order: those to choose by and to test on, too, but none for rows that the data leaves out; or let a column name the samples, with `id`")
    }

    /// Those of these rows only, in this order.
    pub fn keep(&self, rows: &[usize]) -> Self {
        let kept = rows
            .iter()
            .flat_map(|row| &self.values[row * self.width..][..self.width]);
        self.with(kept.copied().collect())
    }

    /// Other numbers of the same file, in the order of the data.
    pub(crate) fn with(&self, values: Vec<f64>) -> Self {
        Self {
            place: self.place.clone(),
            values,
            width: self.width,
            names: self.names.clone(),
            ids: None,
            others: Vec::new(),
            form: self.form,
            hash: self.hash.clone(),
            notes: self.notes.clone(),
        }
    }
}

/// A sample's name without blanks around it, and without the fraction that a spreadsheet gives to whole numbers.
fn written(name: &str) -> &str {
    let name = name.trim();
    let digits = |whole: &str| {
        let digits = whole.strip_prefix('-').unwrap_or(whole);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    match name.split_once('.') {
        Some((whole, zeros)) if digits(whole) && zeros.bytes().all(|byte| byte == b'0') => whole,
        _ => name,
    }
}

/// Whether more of these whole numbers name samples if each is one more, or one less.
fn counted_otherwise(ids: &[Box<str>], is_name: impl Fn(&str) -> bool) -> bool {
    let numbers: Option<Vec<i64>> = ids.iter().map(|id| written(id).parse().ok()).collect();
    let Some(numbers) = numbers else {
        return false;
    };
    let named = |shift: i64| {
        let known = numbers
            .iter()
            .filter(|id| is_name(&(*id + shift).to_string()));
        known.count()
    };
    named(1).max(named(-1)) > named(0)
}
