//! What a reader of the plan should know, and what is no mistake.

use std::collections::BTreeMap;

use distil_recipe::Recipe;
use distil_recipe::recipe::Cut;

use distil_report::present::sentence;
use distil_report::show::{exact, grouped, per_cent};

use crate::data::Dataset;
use crate::plan::cost::shortened;
use crate::plan::stage::{StagePlan, Training, Work};
use crate::plan::{AnswersPlan, answers, order};
use crate::train::Base;

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

/// That two rungs of halving are one training, as it has so few steps.
fn of_rungs(recipe: &Recipe, training: &Training) -> Option<String> {
    let cuts = &recipe.compare.tune.as_ref()?.halving;
    let steps = |cut: &Cut| shortened(training.steps, f64::from(cut.per_cent()) / 100.0);
    let mut pairs = cuts.windows(2);
    let same = pairs.find(|pair| steps(&pair[0]) == steps(&pair[1]))?;
    Some(format!(
        "of {} steps the rungs at {} and {} % are the same training, which tells nothing new and is in the bill twice",
        training.steps,
        same[0].per_cent(),
        same[1].per_cent()
    ))
}

pub(super) fn notes(recipe: &Recipe, stages: &[StagePlan], result: &str) -> Vec<String> {
    let mut notes = Vec::new();
    let reached = order::reached(&recipe.stages, result);
    for stage in stages.iter().filter(|stage| !reached.contains(&stage.name)) {
        notes.push(format!(
            "stage `{0}` runs, and the result `{result}` does not use it: in [stage.{result}], `start = \"{0}\"` hands on its weights, `learn = \"{0}\"` its answers",
            stage.name
        ));
    }
    notes.extend(stages.iter().filter_map(of_mup));
    let training = stages.iter().find(|stage| stage.name == result);
    let training = training.and_then(StagePlan::training);
    notes.extend(training.and_then(|training| of_rungs(recipe, training)));
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

/// What the settings of another network's width come to.
pub(super) fn of_mup(stage: &StagePlan) -> Option<String> {
    let training = stage.training()?;
    let (mup, base) = (training.mup.as_ref()?, training.train.base.as_ref()?);
    let name = &stage.name;
    let base = match base {
        Base::Stage(stage) => format!("its base `{stage}`"),
        Base::Network(_) => "the network that chose its settings".to_owned(),
    };
    match mup.view() {
        _ if mup.is_none() => Some(format!(
            "stage `{name}` is nowhere wider than {base}: `param = \"mup\"` changes nothing, and settings need not carry over between depths"
        )),
        1.0 => None,
        view => Some(format!(
            "stage `{name}` sees {} times as many inputs as {base}: the rate of its first weights is multiplied by {}",
            exact(1.0 / view),
            exact(view)
        )),
    }
}

/// Settings that take longer than the run: each with both numbers.
pub(super) fn too_long(stages: &[StagePlan]) -> Vec<String> {
    stages
        .iter()
        .filter_map(|stage| Some((stage, stage.training()?)))
        .flat_map(|(stage, training)| of_stage(&stage.name, training))
        .collect()
}

fn of_stage(name: &str, training: &Training) -> Vec<String> {
    let Training {
        train, steps, span, ..
    } = training;
    let steps = *steps;
    let count = |count: u64| grouped(count as f64);
    let mut notes = Vec::new();
    let mut note = |said: String| notes.push(format!("stage `{name}`: {said}"));
    // More than half of a training is no beginning of it.
    let long = |warmup: u64, of: u64| warmup > 0 && warmup.saturating_mul(2) > of;
    if long(train.warmup, span.steps) {
        let reached = ((span.offset + steps).min(span.steps) as f64 / train.warmup as f64).min(1.0);
        note(format!(
            "a warm-up of {} steps, and the schedule has {} in all: {}",
            count(train.warmup),
            count(span.steps),
            match reached < 1.0 {
                true => format!(
                    "the learning rate never passes {} of {}",
                    per_cent(reached),
                    exact(train.lr)
                ),
                false => "more than half of it is warm-up".to_owned(),
            }
        ));
    }
    if let Some(start) = &training.start
        && long(start.rule.new_warmup, steps)
    {
        note(format!(
            "new units warm up over {} steps, and the stage has {}",
            count(start.rule.new_warmup),
            count(steps)
        ));
    }
    if let Some(decay) = train.average {
        let reach = 1.0 / (1.0 - decay);
        if reach > steps as f64 {
            note(format!(
                "`average = {decay}` looks back over {} steps, and the stage has {}: it averages all weights from the first step on",
                grouped(reach),
                count(steps)
            ));
        }
    }
    for term in &training.learn {
        let Some(until) = term.until else { continue };
        let last = until * steps as f64;
        if last < 1.0 {
            note(format!(
                "`until = {until}` is {} steps of the stage's {}: `{}` has faded before the second",
                exact(last),
                count(steps),
                term.name
            ));
        }
    }
    if let Some(patience) = train.patience {
        let epochs = steps as f64 / train.steps_per_epoch(training.epoch_samples).max(1) as f64;
        let evaluations = (epochs * train.evaluate as f64).ceil() as u64;
        if patience >= evaluations {
            note(format!(
                "a patience of {} evaluations, and {} are made in {} steps: it never stops early",
                count(patience),
                count(evaluations),
                count(steps)
            ));
        }
    }
    notes
}
