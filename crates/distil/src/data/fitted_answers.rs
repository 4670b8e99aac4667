//! Answers from elsewhere in the terms of our networks' outputs.

use std::borrow::Cow;

use distil_recipe::recipe::AnswersForm;

use crate::data::answers::RawAnswers;
use crate::data::targets::Targets;
use crate::error::{Error, Result};
use crate::sample::SampleId;
use crate::weights::Array;

/// The least probability: logarithms of smaller ones, 0 among them, are its own.
const LEAST: f64 = 1e-7;
/// How far the sum of a row's probabilities may be from 1: half precision keeps it to 0.0005.
const ROUNDING: f64 = 1e-3;
/// The same where the recipe says that they are probabilities: they may be rounded to two digits.
const SAID_ROUNDING: f64 = 0.05;

/// Answers in the terms of our networks' outputs.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedAnswers {
    /// `[samples, outputs]` by row of the source: logits or standardised values; zeros where there is no answer.
    pub outputs: Array,
    /// Whether each sample has an answer; none where all have.
    pub answered: Option<Vec<bool>>,
    /// What they were in the file.
    pub form: AnswersForm,
    /// How that was known, in words: `probabilities, for every row sums to 1`.
    pub read_as: String,
    /// SHA-256 of the file, in hexadecimal.
    pub hash: String,
}

impl FittedAnswers {
    /// The answers as outputs of a network for these targets.
    ///
    /// Probabilities become ln p, those of labels ln p/(1 − p), with p at least 1e-7; values are standardised as the targets are.
    ///
    /// # Errors
    /// Another number of outputs, and numbers that are not what they are said to be, or do not tell what they are.
    pub fn fit(raw: &RawAnswers, targets: &Targets) -> Result<Self> {
        let (raw, by_name) = &by_name(raw, targets)?;
        let outputs = targets.outputs();
        if raw.width != outputs {
            return Err(other_width(raw, targets));
        }
        let (form, read_as) = form(raw, targets)?;
        let read_as = match by_name {
            true => format!("{read_as}, its columns by name"),
            false => read_as,
        };
        let answered: Vec<bool> = (0..raw.len()).map(|row| raw.row(row).is_some()).collect();
        // f64::max takes the number where the other is none.
        let log = |p: f64| if p.is_nan() { p } else { p.max(LEAST).ln() };
        let values = raw.values.iter();
        let mut values: Vec<f32> = match (form, targets) {
            (AnswersForm::Probabilities, Targets::Labels { .. }) => {
                values.map(|&p| (log(p) - log(1.0 - p)) as f32).collect()
            }
            (AnswersForm::Probabilities, _) => values.map(|&p| log(p) as f32).collect(),
            (AnswersForm::Values, Targets::Values { scale, .. }) => {
                let scales = scale.mean.iter().zip(&scale.std).cycle();
                let standard = |(value, (mean, std)): (&f64, (&f32, &f32))| {
                    ((value - f64::from(*mean)) / f64::from(*std)) as f32
                };
                values.zip(scales).map(standard).collect()
            }
            _ => values.map(|&logit| logit as f32).collect(),
        };
        for value in values.iter_mut().filter(|value| value.is_nan()) {
            *value = 0.0;
        }
        Ok(Self {
            outputs: Array::new([raw.len(), raw.width], values),
            answered: answered.contains(&false).then_some(answered),
            form,
            read_as,
            hash: raw.hash.clone(),
        })
    }

    /// Those of these samples that have an answer.
    pub fn answers<'a>(&self, ids: &'a [SampleId]) -> Cow<'a, [SampleId]> {
        match &self.answered {
            None => Cow::Borrowed(ids),
            Some(answered) => ids
                .iter()
                .copied()
                .filter(|id| answered[id.row()])
                .collect(),
        }
    }
}

/// The columns in the order of the targets, where all of them are called so, and whether they are.
///
/// # Errors
/// Not all of the targets have a column of their name: which number answers what is then a guess.
fn by_name<'a>(raw: &'a RawAnswers, targets: &Targets) -> Result<(Cow<'a, RawAnswers>, bool)> {
    let wanted = targets.names();
    let Some(names) = raw
        .names
        .as_ref()
        .filter(|_| wanted.len() > 1 || raw.width > 1)
    else {
        return Ok((Cow::Borrowed(raw), false));
    };
    let exact = |target: &String| names.iter().position(|name| name == target);
    let close = |target: &String| names.iter().position(|name| called(name, target));
    let places: Vec<Option<usize>> = wanted
        .iter()
        .map(|t| exact(t).or_else(|| close(t)))
        .collect();
    let Some(order) = places.iter().copied().collect::<Option<Vec<usize>>>() else {
        let missing = places.iter().position(Option::is_none);
        let found = places.iter().flatten().next();
        return match (missing, found) {
            // One column of two: what to do is said where widths are compared.
            (Some(missing), Some(&found)) if raw.width > 1 => Err(Error::input(
                &raw.place,
                format!("its column `{}` is called like one of {}, and none like `{}`", names[found], listed(wanted), wanted[missing]),
            )
            .remedy("Call the columns as these, or name those that hold the answers, in this order, with `columns`")),
            _ if raw.width == wanted.len() => Err(Error::input(
                &raw.place,
                format!("its columns {} are called like none of {}", listed(names), listed(wanted)),
            )
            .remedy(format!("If they answer these in this order, say columns = [\"{}\"]", names.join("\", \"")))),
            _ => Ok((Cow::Borrowed(raw), false)),
        };
    };
    let rows = raw.values.chunks(raw.width);
    let values = rows.flat_map(|row| order.iter().map(|at| row[*at]));
    let own = RawAnswers {
        width: order.len(),
        names: Some(wanted.to_vec()),
        ..raw.with(values.collect())
    };
    Ok((Cow::Owned(own), true))
}

/// Whether a column is called as a target: but for case, blanks, how a number is written, and words for what it holds.
fn called(column: &str, target: &str) -> bool {
    const WORDS: [&str; 9] = [
        "probability ",
        "value ",
        "probability_",
        "proba_",
        "prob_",
        "pred_",
        "p_",
        "p(",
        "class_",
    ];
    let plain = |text: &str| text.trim().to_lowercase();
    let same = |column: &str, target: &str| {
        let numbers = || column.parse::<f64>().ok().zip(target.parse::<f64>().ok());
        column == target || numbers().is_some_and(|(a, b)| a == b)
    };
    let (column, target) = (plain(column), plain(target));
    let short = WORDS.iter().filter_map(|word| column.strip_prefix(word));
    let mut short = short.map(|rest| rest.trim_end_matches(')').trim());
    same(&column, &target) || short.any(|rest| same(rest, &target))
}

fn other_width(raw: &RawAnswers, targets: &Targets) -> Error {
    let found = match raw.width {
        1 => "1 number".into(),
        width => format!("{width} numbers"),
    };
    let called = match &raw.names {
        Some(names) => format!(" ({})", listed(names)),
        None => String::new(),
    };
    let reason = format!(
        "{found} a row{called}, and the data needs {}: {}",
        targets.outputs(),
        listed(targets.names())
    );
    let remedy = match (targets, &raw.names) {
        (Targets::Classes { .. }, _) if (raw.width, targets.outputs()) == (1, 2) => {
            "Save the probabilities of both classes: 1 − p for the first and p for the second"
        }
        (_, Some(_)) => {
            "Call the columns as these, or name those that hold the answers, in this order, with `columns`"
        }
        (Targets::Classes { .. }, None) => {
            "Save a probability or a logit of every class, in this order (of classes alone: 1 for the class, 0 for the others)"
        }
        _ => "Save one number for each, in this order",
    };
    Error::input(&raw.place, reason).remedy(remedy)
}

/// What the numbers are, and how that is known.
fn form(raw: &RawAnswers, targets: &Targets) -> Result<(AnswersForm, String)> {
    use AnswersForm::{Logits, Probabilities, Values};
    let refuse = |place: String, reason: String, remedy: &str| {
        Err(Error::input(place, reason).remedy(remedy))
    };
    let outside = || {
        let known = |p: &f64| !p.is_nan() && !(0.0..=1.0).contains(p);
        raw.values.iter().position(known)
    };
    let at = |at: usize| {
        format!(
            "{}, row {}, column {}",
            raw.place,
            at / raw.width,
            at % raw.width
        )
    };
    let classes = match targets {
        Targets::Values { .. } => {
            return match raw.form {
                None => Ok((Values, "values in the targets' own unit".into())),
                Some(Values) => Ok((Values, "values, as the recipe says".into())),
                Some(Logits | Probabilities) => refuse(
                    raw.place.clone(),
                    "the task is regression, whose answers are values".into(),
                    "Remove `form`, and save values in the targets' own unit",
                ),
            };
        }
        Targets::Classes { .. } => true,
        Targets::Labels { .. } => false,
    };
    match raw.form {
        Some(Values) => refuse(
            raw.place.clone(),
            "answers of classes or labels are logits or probabilities, not values".into(),
            "Remove `form`, or say which of the two they are",
        ),
        Some(Logits) => Ok((Logits, "logits, as the recipe says".into())),
        Some(Probabilities) => {
            if let Some(place) = outside() {
                return refuse(
                    at(place),
                    format!("{} is no probability", raw.values[place]),
                    "Correct the file, or say form = \"logits\"",
                );
            }
            match far_from_one(raw, SAID_ROUNDING).filter(|_| classes) {
                Some((row, sum)) => refuse(
                    format!("{}, row {row}", raw.place),
                    format!("the probabilities sum to {sum:.3}"),
                    "Give every class its probability, or say form = \"logits\"",
                ),
                None => Ok((Probabilities, "probabilities, as the recipe says".into())),
            }
        }
        None if classes && per_cent(raw) => refuse(
            raw.place.clone(),
            "every row sums to 100 and nothing is below 0: these look like per cent".into(),
            "Divide by 100, or say form = \"logits\" if that is what they are",
        ),
        None if outside().is_some() => Ok((
            Logits,
            "logits, for not all numbers lie between 0 and 1".into(),
        )),
        None if !classes => Ok((
            Probabilities,
            "probabilities, for all numbers lie between 0 and 1".into(),
        )),
        None => match far_from_one(raw, ROUNDING) {
            None => Ok((
                Probabilities,
                "probabilities, for every row sums to 1".into(),
            )),
            Some((row, sum)) => refuse(
                format!("{}, row {row}", raw.place),
                format!(
                    "the numbers lie between 0 and 1 and sum to {sum:.3}, so they may be logits or rounded probabilities"
                ),
                "Say which: answers = { file = \"…\", form = \"probabilities\" } or form = \"logits\"",
            ),
        },
    }
}

/// Whether the numbers are shares of 100.
fn per_cent(raw: &RawAnswers) -> bool {
    let mut rows = (0..raw.len()).filter_map(|row| raw.row(row)).peekable();
    rows.peek().is_some()
        && rows.all(|row| {
            row.iter().all(|p| *p >= 0.0) && (row.iter().sum::<f64>() - 100.0).abs() <= 1.0
        })
}

/// The first row whose numbers do not sum to 1, and their sum.
fn far_from_one(raw: &RawAnswers, most: f64) -> Option<(usize, f64)> {
    let sums = (0..raw.len()).filter_map(|row| Some((row, raw.row(row)?.iter().sum::<f64>())));
    sums.into_iter().find(|(_, sum)| (sum - 1.0).abs() > most)
}

/// The names, or the first of many.
fn listed(names: &[String]) -> String {
    const MOST: usize = 12;
    match names.get(..MOST) {
        Some(first) if names.len() > MOST => format!("{}, …", first.join(", ")),
        _ => names.join(", "),
    }
}
