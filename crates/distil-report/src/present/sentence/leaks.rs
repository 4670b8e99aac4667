//! What may have leaked from the test samples, in words.

use super::training::{by_heart, kept};
use crate::compare::FLOW;
use crate::measure::{self, Better, TaskKind};
use crate::present::show::grouped;
use crate::record::{EqualSamples, Overlap};
use crate::run_json::RunJson;
use crate::trials::Trial;

/// What is to be said of samples with equal inputs, where `test` samples are tested.
pub fn equal(found: &EqualSamples, test: usize) -> String {
    let count = |count: usize| grouped(count as f64);
    let said = format!(
        "{} samples are equal to another in all inputs ({} different ones)",
        count(found.samples),
        count(found.different)
    );
    let across = format!(
        "{} of {} test samples also stand in the training or validation part",
        count(found.across),
        count(test)
    );
    match (found.chance, found.across) {
        (true, _) => {
            format!("{said}, which is chance where so few values are possible; {across}.")
        }
        (false, 0) => format!("{said}; equal ones are in one part."),
        (false, _) => format!("{said}; {across}: nothing follows from these."),
    }
}

/// The same of a run, over all folds of the flow's first seed; none where all samples differ.
pub fn equal_samples(run: &RunJson) -> Option<String> {
    let flow = || run.arm(FLOW);
    let first = flow().next()?;
    let same =
        |trial: &&Trial| trial.id.seed == first.id.seed && trial.id.settings == first.id.settings;
    let folds = flow()
        .filter(same)
        .filter_map(|trial| Some((trial.findings.equal?, trial.data.test)));
    let (across, test) = folds.fold((0, 0), |(across, test), (equal, tested)| {
        (across + equal.across, test + tested)
    });
    let found = EqualSamples {
        across,
        ..first.findings.equal?
    };
    Some(equal(&found, test))
}

/// What was guessed, left out or changed while a run's data were read, whether the result is of any use or has learnt by heart, and
/// which weights were kept, a sentence each.
pub fn reading_notes(run: &RunJson) -> impl Iterator<Item = String> {
    let first = run.arm(FLOW).next().into_iter();
    let notes = first.flat_map(|trial| trial.findings.notes.iter().cloned());
    let all = no_better(run)
        .into_iter()
        .chain(by_heart(run))
        .chain(notes)
        .chain(kept(run));
    all.map(|said| note(&said))
}

/// A note as a sentence: with its full stop, unless it asks something.
pub fn note(note: &str) -> String {
    let ends = note.ends_with(['.', '?', '!']);
    format!("{note}{}", if ends { "" } else { "." })
}

/// That the flow's result is no better than one answer for all samples, in the trials in which it is not.
fn no_better(run: &RunJson) -> Option<String> {
    let metric = &run.metric;
    let tested: Vec<(f64, f64)> = run
        .arm(FLOW)
        .filter_map(|trial| {
            let result = trial.result()?;
            Some((*result.test.get(&metric.name)?, result.constant?))
        })
        .collect();
    let no_better = |&&(value, constant): &&(f64, f64)| match metric.better {
        Better::Higher => value <= constant,
        Better::Lower => value >= constant,
    };
    let found: Vec<&(f64, f64)> = tested.iter().filter(no_better).collect();
    let (value, constant) = found.first()?;
    let trials = match tested.len() {
        1 => String::new(),
        all => format!(" in {} of {all} trials", found.len()),
    };
    Some(format!(
        "warning: the result is no better than one answer for all samples{trials}: {}, where the {} of the training part gives {}",
        metric.named_value(*value),
        match measure::metric(&metric.name)
            .is_some_and(|metric| metric.tasks().contains(&TaskKind::Regression))
        {
            true => "mean",
            false => "commonest answer",
        },
        metric.value(Some(*constant))
    ))
}

/// How each column of a run's table was read.
pub fn columns_read(run: &RunJson) -> impl Iterator<Item = &str> {
    let first = run.arm(FLOW).next().into_iter();
    first.flat_map(|trial| trial.findings.columns.iter().map(String::as_str))
}

/// What given models have seen: `it was trained or chosen on 57 of the 60 test samples`.
pub fn overlap(overlap: &Overlap) -> String {
    let some = format!(
        "it was trained or chosen on {} of the {} test samples",
        grouped(overlap.rows as f64),
        grouped(overlap.of as f64)
    );
    match (overlap.rows, overlap.unknown) {
        (0, _) => "whether it has seen the test rows is not known".into(),
        (_, false) => some,
        (_, true) => format!("{some}, and whether it has seen more of them is not known"),
    }
}
