//! What a reader of the plan should know, and what is no mistake.

use std::collections::BTreeMap;

use distil_recipe::Recipe;

use distil_report::present::sentence;

use crate::data::Dataset;
use crate::plan::stage::{StagePlan, Work};
use crate::plan::{AnswersPlan, answers, order};

/// What is to be said of how the data was read, of samples that are equal, and of given models that have seen test samples.
pub(super) fn of_data(data: &Dataset, stages: &[StagePlan]) -> Vec<String> {
    let test = data.split.test.len();
    let equal = data.equal.iter().map(|equal| sentence::equal(equal, test));
    let seen = stages.iter().filter_map(|stage| match &stage.work {
        Work::Given { met, .. } if !met.overlap.is_none() => Some(format!(
            "of the given model `{}`, {}",
            stage.name,
            sentence::overlap(&met.overlap)
        )),
        _ => None,
    });
    let equal = equal.map(|said| said.trim_end_matches('.').to_owned());
    let read = data.notes.iter().cloned();
    read.chain(equal).chain(seen).collect()
}

/// What is to be said of answers from elsewhere.
pub(super) fn of_answers(
    plans: &BTreeMap<String, AnswersPlan>,
    stages: &[StagePlan],
    tested: usize,
) -> Vec<String> {
    let trained = || stages.iter().filter_map(StagePlan::training);
    let note = |name: &String| {
        let used = trained().any(|training| training.needs().any(|needed| needed == name));
        match used {
            true => format!(
                "of the model behind the answers `{name}`, {}",
                sentence::overlap(&answers::overlap(tested))
            ),
            false => format!("no stage learns from the answers `{name}`"),
        }
    };
    plans.keys().map(note).collect()
}

pub(super) fn notes(recipe: &Recipe, stages: &[StagePlan], result: &str) -> Vec<String> {
    let mut notes = Vec::new();
    let reached = order::reached(&recipe.stages, result);
    for stage in stages.iter().filter(|stage| !reached.contains(&stage.name)) {
        notes.push(format!(
            "stage `{}` runs, and the result `{result}` does not use it",
            stage.name
        ));
    }
    for stage in stages {
        let Some(start) = stage.training().and_then(|t| t.start.as_ref()) else {
            continue;
        };
        let parent = stages
            .iter()
            .find(|other| other.name == start.from)
            .and_then(StagePlan::training);
        let annealed = parent.filter(|t| {
            t.span.offset + t.steps == t.span.steps
                && t.train.schedule.factor(t.span.steps, t.span.steps) == 0.0
        });
        if annealed.is_some() {
            notes.push(format!("stage `{}` is annealed to zero before `{}` grows from it; whether that costs quality is open", start.from, stage.name));
        }
    }
    notes
}
