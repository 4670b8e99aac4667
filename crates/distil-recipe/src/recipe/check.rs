//! What a recipe's own words settle, before any name is resolved.

use crate::problem::{Problem, Problems};
use crate::recipe::{LearnTable, MixOrAdd, Recipe, SplitKind, SplitTable, StageTable, TrainTable};
use crate::spanned::Spanned;

pub(super) fn check(recipe: &Recipe, problems: &mut Problems) {
    split(&recipe.data.split, problems);
    names(recipe, problems);
    for stage in &recipe.stages {
        stage_shares(stage, problems);
        stage
            .train
            .iter()
            .for_each(|train| lengths(train, problems));
    }
    lengths(&recipe.train, problems);
    recipe
        .compare
        .plain
        .iter()
        .for_each(|plain| lengths(plain, problems));
    let run = &recipe.run;
    at_least_one("checkpoint_steps", &run.checkpoint_steps, problems);
    at_least_one("threads", &run.threads, problems);
    within(
        "checkpoint_seconds",
        &run.checkpoint_seconds,
        "0 or more",
        |s| s >= 0.0,
        problems,
    );
}

fn split(split: &SplitTable, problems: &mut Problems) {
    let official = *split.kind == SplitKind::Official;
    if official && split.test.is_written() {
        problems.push(
            Problem::at(
                split.test.span.clone(),
                "an official split has its own test part",
            )
            .rule("`test` belongs to a random split")
            .help("remove `test`, or write kind = \"random\""),
        );
    }
    let share = |share: f64| (0.0..1.0).contains(&share);
    within(
        "test",
        &split.test,
        "a share from 0 up to, but not, 1",
        share,
        problems,
    );
    within(
        "validation",
        &split.validation,
        "a share from 0 up to, but not, 1",
        share,
        problems,
    );
    let rest = 1.0 - split.test.value - split.validation.value;
    if !official && share(*split.test) && share(*split.validation) && rest <= 0.0 {
        let place = split.validation.span.clone().or(split.test.span.clone());
        problems.push(
            Problem::at(place, "nothing is left to train on")
                .rule("`test` and `validation` together are less than 1"),
        );
    }
}

/// Every stage that another one names exists.
fn names(recipe: &Recipe, problems: &mut Problems) {
    if recipe.stages.is_empty() {
        return;
    }
    let mut exists = |name: &Spanned<String>| {
        if recipe.stage(name).is_some() {
            return;
        }
        let known: Vec<_> = recipe
            .stages
            .iter()
            .map(|stage| stage.name.as_str())
            .collect();
        let problem = Problem::at(name.span.clone(), format!("there is no stage `{name}`"))
            .rule(format!("the stages are {}", known.join(", ")));
        problems.push(problem.did_you_mean(name, known));
    };
    recipe.result.iter().for_each(&mut exists);
    for stage in &recipe.stages {
        stage.start.iter().for_each(|start| exists(&start.from));
        stage.like.iter().for_each(&mut exists);
        stage
            .learn
            .iter()
            .flat_map(|learn| &learn.from)
            .for_each(&mut exists);
    }
}

fn stage_shares(stage: &StageTable, problems: &mut Problems) {
    if let Some(start) = &stage.start {
        let shrink = |factor: f64| factor > 0.0 && factor <= 1.0;
        within(
            "shrink",
            &start.shrink,
            "above 0 and at most 1",
            shrink,
            problems,
        );
        within(
            "noise",
            &start.noise,
            "0 or more",
            |noise| noise >= 0.0,
            problems,
        );
        within("lr", &start.new.lr, "above 0", |lr| lr > 0.0, problems);
    }
    stage.learn.iter().for_each(|learn| term(learn, problems));
    let mixed = || {
        stage.learn.iter().filter_map(|learn| match &learn.weight {
            MixOrAdd::Mix(mix) => Some((learn, mix)),
            MixOrAdd::Add(_) => None,
        })
    };
    let sum: f64 = mixed().map(|(_, mix)| mix.value).sum();
    let each_is_a_share = mixed().all(|(_, mix)| (0.0..=1.0).contains(&mix.value));
    if sum > 1.0 + 1e-9
        && each_is_a_share
        && let Some((learn, mix)) = mixed().next_back()
    {
        let place = mix.span.clone().or(learn.span.clone());
        problems.push(
            Problem::at(
                place,
                format!(
                    "the terms of stage `{}` mix to {}",
                    stage.name,
                    (sum * 1e6).round() / 1e6
                ),
            )
            .rule("the shares of all terms of a stage together are at most 1")
            .help("lower a `mix`; a term without `mix` or `add` takes 0.5"),
        );
    }
}

fn term(learn: &LearnTable, problems: &mut Problems) {
    match &learn.weight {
        MixOrAdd::Mix(mix) => {
            let share = |share: f64| (0.0..=1.0).contains(&share);
            within("mix", mix, "a share from 0 to 1", share, problems);
        }
        MixOrAdd::Add(add) => within("add", add, "0 or more", |add| add >= 0.0, problems),
    }
    if let Some(until) = &learn.until {
        let share = |share: f64| share > 0.0 && share <= 1.0;
        within(
            "until",
            until,
            "a share of the stage's steps, above 0 to 1",
            share,
            problems,
        );
    }
}

fn lengths(train: &TrainTable, problems: &mut Problems) {
    at_least_one("epochs", &train.epochs, problems);
    at_least_one("steps", &train.steps, problems);
    at_least_one("batch", &train.batch, problems);
    at_least_one("accumulate", &train.accumulate, problems);
    at_least_one("patience", &train.patience, problems);
    at_least_one("evaluate", &train.evaluate, problems);
    if let Some(lr) = &train.lr {
        within("lr", lr, "above 0", |lr| lr > 0.0, problems);
    }
    if let Some(clip) = &train.clip {
        within("clip", clip, "above 0", |clip| clip > 0.0, problems);
    }
    if let Some(average) = &train.average {
        let decay = |decay: f64| (0.0..1.0).contains(&decay);
        within(
            "average",
            average,
            "from 0 up to, but not, 1",
            decay,
            problems,
        );
    }
}

fn at_least_one(key: &str, value: &Option<Spanned<u64>>, problems: &mut Problems) {
    if let Some(value) = value
        && value.value == 0
    {
        problems.push(
            Problem::at(value.span.clone(), format!("`{key}` is 0"))
                .rule(format!("`{key}` is 1 or more")),
        );
    }
}

fn within(
    key: &str,
    value: &Spanned<f64>,
    range: &str,
    holds: impl Fn(f64) -> bool,
    problems: &mut Problems,
) {
    // A number that is not finite has been reported already.
    if value.is_finite() && !holds(value.value) {
        problems.push(
            Problem::at(value.span.clone(), format!("`{key}` is {}", value.value))
                .rule(format!("`{key}` is {range}")),
        );
    }
}
