//! Answers from elsewhere in the terms of our networks' outputs.

use distil_recipe::recipe::AnswersForm;

use crate::data::answers::RawAnswers;
use crate::data::targets::Targets;
use crate::error::{Error, Result};
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
    /// `[samples, outputs]` by row of the source: logits or standardised values.
    pub outputs: Array,
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
        let outputs = targets.outputs();
        if raw.width != outputs {
            return Err(Error::input(
                &raw.place,
                format!(
                    "{} a row, and the data needs {outputs}: {}",
                    match raw.width {
                        1 => "1 number".into(),
                        width => format!("{width} numbers"),
                    },
                    listed(targets.names())
                ),
            )
            .remedy(match targets {
                Targets::Classes { .. } => {
                    "Save a probability or a logit of every class, in this order (of classes alone: 1 for the class, 0 for the others)"
                }
                _ => "Save one number for each, in this order",
            }));
        }
        let (form, read_as) = form(raw, targets)?;
        let log = |p: f64| p.max(LEAST).ln();
        let values = raw.values.iter();
        let values: Vec<f32> = match (form, targets) {
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
        Ok(Self {
            outputs: Array::new([raw.len(), raw.width], values),
            form,
            read_as,
            hash: raw.hash.clone(),
        })
    }
}

/// What the numbers are, and how that is known.
fn form(raw: &RawAnswers, targets: &Targets) -> Result<(AnswersForm, String)> {
    use AnswersForm::{Logits, Probabilities, Values};
    let refuse = |place: String, reason: String, remedy: &str| {
        Err(Error::input(place, reason).remedy(remedy))
    };
    let outside = || raw.values.iter().position(|p| !(0.0..=1.0).contains(p));
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

/// The first row whose numbers do not sum to 1, and their sum.
fn far_from_one(raw: &RawAnswers, most: f64) -> Option<(usize, f64)> {
    let sums = raw
        .values
        .chunks(raw.width)
        .map(|row| row.iter().sum::<f64>());
    sums.enumerate().find(|(_, sum)| (sum - 1.0).abs() > most)
}

/// The names, or the first of many.
fn listed(names: &[String]) -> String {
    const MOST: usize = 12;
    match names.get(..MOST) {
        Some(first) if names.len() > MOST => format!("{}, …", first.join(", ")),
        _ => names.join(", "),
    }
}
