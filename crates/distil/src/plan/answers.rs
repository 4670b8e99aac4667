//! Answers from elsewhere: a stage without a model, which others can learn from.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use distil_recipe::recipe::{AnswersForm, AnswersTable, LearnTable, Recipe, StageTable};
use distil_recipe::{Problem, Problems, Span};
use distil_report::events::{Billed, Event, Time};
use distil_report::present::human::{human_flops, human_seconds};
use distil_report::show::grouped;
use distil_report::{Overlap, Purpose};

use crate::data::source::read_answers;
use crate::data::{Dataset, FittedAnswers, Raw, RawAnswers};
use crate::error::Error;
use crate::method::Method;
use crate::plan::answer_errors;
use crate::plan::refusal::problem;
use crate::sample::SampleId;

const RULE: &str = "answers from elsewhere are known for the samples as they are, and there is no model behind them";

/// Answers without their data.
#[derive(Debug)]
pub(super) struct AnswersDraft {
    pub name: String,
    pub table: AnswersTable,
    pub raw: Arc<RawAnswers>,
}

/// Answers of a plan; the numbers lie with the data.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswersPlan {
    /// What its numbers are.
    pub form: AnswersForm,
    /// SHA-256 of the file, in hexadecimal.
    pub hash: String,
    /// Whether the recipe says that no model answered what it was fitted on.
    pub out_of_fold: bool,
    /// CPU seconds that making them is said to have taken.
    pub seconds: Option<f64>,
    /// FLOPs that making them is said to have taken.
    pub flops: Option<f64>,
}

impl AnswersPlan {
    /// Their line of the bill; none where nothing is said of their cost.
    pub(super) fn billed(&self, stage: &str) -> Option<Event> {
        self.seconds.or(self.flops)?;
        let seconds = self.seconds.unwrap_or(0.0);
        let time = Time {
            cpu_seconds: seconds,
            wall_seconds: seconds,
        };
        Some(Event::Billed(Billed {
            stage: stage.to_owned(),
            purpose: Purpose::Train,
            flops: Some(self.flops.unwrap_or(0.0)),
            samples: 0,
            time,
            once: time,
        }))
    }
}

/// Reads the answers of every stage that has some; none if they cannot be used.
pub(super) fn read(
    recipe: &Recipe,
    base: &Path,
    problems: &mut Problems,
) -> Option<Vec<AnswersDraft>> {
    let mut read = Vec::new();
    for stage in &recipe.stages {
        let Some(table) = &stage.answers else {
            continue;
        };
        nothing_else(stage, problems);
        read.push(match read_answers(base, table) {
            Ok(raw) => Some(AnswersDraft {
                name: stage.name.value.clone(),
                table: table.clone(),
                raw: Arc::new(raw),
            }),
            Err(error) => {
                problems.push(of_file(table.file.span.clone(), error));
                None
            }
        });
    }
    let has_answers = |name: &str| {
        recipe
            .stage(name)
            .is_some_and(|stage| stage.answers.is_some())
    };
    let starts = recipe
        .stages
        .iter()
        .filter_map(|stage| stage.start.as_ref());
    for from in starts
        .map(|start| &start.from)
        .filter(|from| has_answers(from))
    {
        problems.push(
            Problem::at(
                from.span.clone(),
                format!("`{from}` has answers alone, there are no weights to start from"),
            )
            .rule(RULE)
            .help(format!(
                "learn = \"{from}\" learns from them; start from a stage with a `model`"
            )),
        );
    }
    read.into_iter().collect()
}

/// Refuses every other key of a stage that has answers.
fn nothing_else(stage: &StageTable, problems: &mut Problems) {
    let samples = &stage.samples;
    let others: [(&str, Option<Option<Span>>); 7] = [
        (
            "model",
            stage.model.as_ref().map(|_| stage.name.span.clone()),
        ),
        ("view", stage.view.as_ref().map(|view| view.span.clone())),
        (
            "samples",
            samples.kind.is_written().then(|| samples.kind.span.clone()),
        ),
        (
            "start",
            stage.start.as_ref().map(|start| start.from.span.clone()),
        ),
        ("learn", stage.learn.first().map(|term| term.span.clone())),
        (
            "train",
            stage.train.as_ref().map(|train| train.span.clone()),
        ),
        ("like", stage.like.as_ref().map(|like| like.span.clone())),
    ];
    for (key, place) in others
        .into_iter()
        .filter_map(|(key, place)| Some((key, place?)))
    {
        problems.push(
            Problem::at(
                place,
                format!("stage `{}` has `answers`, it takes no `{key}`", stage.name),
            )
            .rule(RULE)
            .help(format!(
                "remove `{key}`, or give it to a stage of its own that learns from `{}`",
                stage.name
            )),
        );
    }
}

/// An error of the file as a problem of the recipe, where it is named.
fn of_file(place: Option<Span>, error: Error) -> Problem {
    let reason = format!("{}: {}", error.place, error.reason);
    problem(place, &Error { reason, ..error })
}

/// Puts the answers beside the rows that were read.
///
/// # Errors
/// Answers to another number of rows.
pub(super) fn beside(answers: &[AnswersDraft], raw: &mut Raw) -> Result<(), Problems> {
    let mut problems = Problems::new();
    for AnswersDraft {
        name,
        table,
        raw: read,
    } in answers
    {
        match read.beside(raw.len(), raw.rows.as_deref()) {
            Ok(beside) => {
                raw.answers.insert(name.clone(), beside);
            }
            Err(error) => problems.push(of_file(table.file.span.clone(), error)),
        }
    }
    problems.or(())
}

/// Puts the answers, in the terms of its targets, to the data, and notes how they were read. `rows` are those that were kept.
///
/// # Errors
/// Answers that are not to these targets.
pub(super) fn fit(
    answers: &[AnswersDraft],
    rows: &BTreeMap<String, Arc<RawAnswers>>,
    data: &mut Dataset,
) -> Result<(), Problems> {
    let mut problems = Problems::new();
    for AnswersDraft { name, table, raw } in answers {
        let raw = rows.get(name).unwrap_or(raw);
        let fit = || {
            let raw = raw.beside(data.len(), data.rows.as_deref())?;
            let fitted = FittedAnswers::fit(&raw, &data.targets)?;
            Ok((some_to_learn_from(&raw, fitted, data)?, raw))
        };
        match fit() {
            Ok((fitted, raw)) => {
                data.notes.extend(raw.notes.iter().cloned());
                let said = said(name, table, &fitted, data);
                data.notes.extend(said);
                data.answers.insert(name.clone(), fitted);
            }
            Err(error) => problems.push(of_file(table.file.span.clone(), error)),
        }
    }
    problems.or(())
}

/// Refuses answers of which none is to a training sample.
fn some_to_learn_from(
    raw: &RawAnswers,
    fitted: FittedAnswers,
    data: &Dataset,
) -> crate::error::Result<FittedAnswers> {
    match fitted.answers(&data.split.train).is_empty() {
        false => Ok(fitted),
        true => Err(Error::input(&raw.place, "it answers no training sample")
            .remedy("Save the answers to those that a stage is to learn from")),
    }
}

/// How answers were read, whom they answer, what they cost, and how wrong they are.
fn said(name: &str, table: &AnswersTable, fitted: &FittedAnswers, data: &Dataset) -> Vec<String> {
    let fold = match table.out_of_fold.value {
        true => ", out-of-fold, as the recipe says",
        false => "",
    };
    let cost = match (&table.seconds, &table.flops) {
        (None, None) => "what they cost is not known".to_owned(),
        (Some(seconds), _) => format!("said to have cost {}", human_seconds(seconds.value)),
        (None, Some(flops)) => format!("said to have cost {}", human_flops(flops.value)),
    };
    let file = &table.file;
    let read = format!(
        "`{name}` is the answers of another program ({file}), read as {}{fold}; {cost}",
        fitted.read_as
    );
    let count = |ids: &[SampleId]| grouped(ids.len() as f64);
    let train = &data.split.train;
    let known = fitted.answers(train);
    let some = (known.len() < train.len()).then(|| {
        format!(
            "`{name}` answers {} of {} training samples; the others are learnt from their labels alone",
            count(&known),
            count(train)
        )
    });
    let errors = answer_errors::said(name, table.out_of_fold.value, fitted, data);
    [Some(read), some]
        .into_iter()
        .flatten()
        .chain(errors)
        .collect()
}

/// What a plan holds of its answers.
pub(super) fn planned(drafts: &[AnswersDraft], data: &Dataset) -> BTreeMap<String, AnswersPlan> {
    let plan = |draft: &AnswersDraft| {
        let FittedAnswers { form, hash, .. } = data.answers.get(&draft.name)?;
        let AnswersTable {
            out_of_fold,
            seconds,
            flops,
            ..
        } = &draft.table;
        let plan = AnswersPlan {
            form: *form,
            hash: hash.clone(),
            out_of_fold: out_of_fold.value,
            seconds: seconds.as_ref().map(|seconds| seconds.value),
            flops: flops.as_ref().map(|flops| flops.value),
        };
        Some((draft.name.clone(), plan))
    };
    drafts.iter().filter_map(plan).collect()
}

/// Whether a term can learn from answers: not features, and not of varied samples.
pub(super) fn teach(
    term: &LearnTable,
    method: &dyn Method,
    data: &Dataset,
    problems: &mut Problems,
) -> bool {
    let before = problems.len();
    let named = term
        .from
        .iter()
        .filter(|name| data.answers.contains_key(name.as_str()));
    for name in named {
        if method.compares_features() {
            problems.push(
                Problem::at(
                    name.span.clone(),
                    format!(
                        "`{}` compares features, and `{name}` has answers alone",
                        term.method.kind
                    ),
                )
                .rule(RULE)
                .help("use a method that compares outputs, or learn from a stage with a `model`"),
            );
        }
        if data.augment.is_some() {
            problems.push(
                Problem::at(name.span.clone(), format!("`data.augment` varies or mixes the samples, and `{name}` has answers to them as they are"))
                    .rule(RULE)
                    .help("remove `augment`, or learn from a stage with a `model`"),
            );
        }
    }
    problems.len() == before
}

/// What answers have seen of what is tested: nobody knows.
pub(super) fn overlap(tested: usize) -> Overlap {
    Overlap {
        unknown: true,
        of: tested,
        ..Overlap::default()
    }
}
