//! What a recipe's own words settle, before any name is resolved.

use crate::name::{NAME_RULE, is_name};
use crate::problem::{Problem, Problems};
use crate::recipe::{LearnTable, MixOrAdd, Recipe, SplitKind, SplitTable, StageTable, TrainTable};
use crate::spanned::Spanned;

pub(super) fn check(recipe: &Recipe, problems: &mut Problems) {
    split(&recipe.data.split, problems);
    own_names(recipe, problems);
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
    count(
        "checkpoint_steps",
        &run.checkpoint_steps,
        MOST_STEPS,
        problems,
    );
    count("threads", &run.threads, MOST_THREADS, problems);
    within(
        "checkpoint_seconds",
        &run.checkpoint_seconds,
        "0 to 1e9",
        |s| (0.0..=1e9).contains(&s),
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

/// Every name the recipe gives may be part of a path.
fn own_names(recipe: &Recipe, problems: &mut Problems) {
    let run = recipe.name.iter().map(|name| ("run", name));
    let stages = recipe.stages.iter().map(|stage| ("stage", &stage.name));
    let arms = recipe.compare.arm.iter().map(|arm| ("arm", &arm.name));
    for (what, name) in run.chain(stages).chain(arms) {
        if !is_name(name) {
            let article = if what == "arm" { "an" } else { "a" };
            let message = format!("{article} {what} cannot be named `{name}`");
            problems.push(Problem::at(name.span.clone(), message).rule(NAME_RULE));
        }
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
    count("epochs", &train.epochs, MOST_EPOCHS, problems);
    count("steps", &train.steps, MOST_STEPS, problems);
    count("batch", &train.batch, MOST_SAMPLES, problems);
    count("accumulate", &train.accumulate, MOST_SAMPLES, problems);
    count("patience", &train.patience, MOST_STEPS, problems);
    count("evaluate", &train.evaluate, MOST_EPOCHS, problems);
    if let Some(warmup) = train
        .warmup
        .as_ref()
        .filter(|warmup| warmup.value > MOST_STEPS)
    {
        out_of_range("warmup", warmup, &format!("0 to {MOST_STEPS}"), problems);
    }
    // Beyond these a 32-bit number is infinite or zero.
    let of_32_bits = |x: f64| (1e-30..=1e30).contains(&x);
    if let Some(lr) = &train.lr {
        within(
            "lr",
            lr,
            "above 0, from 1e-30 to 1e30",
            of_32_bits,
            problems,
        );
    }
    if let Some(clip) = &train.clip {
        within(
            "clip",
            clip,
            "above 0, from 1e-30 to 1e30",
            of_32_bits,
            problems,
        );
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

/// What no training comes near, and what products of can be counted.
const MOST_EPOCHS: u64 = 1_000_000;
const MOST_STEPS: u64 = 1_000_000_000;
const MOST_SAMPLES: u64 = 1_000_000_000;
/// Threads that any machine has.
const MOST_THREADS: u64 = 1024;

fn count(key: &str, value: &Option<Spanned<u64>>, most: u64, problems: &mut Problems) {
    match value {
        Some(value) if value.value == 0 => out_of_range(key, value, "1 or more", problems),
        Some(value) if value.value > most => {
            out_of_range(key, value, &format!("1 to {most}"), problems);
        }
        _ => {}
    }
}

fn out_of_range(key: &str, value: &Spanned<u64>, range: &str, problems: &mut Problems) {
    problems.push(
        Problem::at(value.span.clone(), format!("`{key}` is {}", value.value))
            .rule(format!("`{key}` is {range}")),
    );
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
