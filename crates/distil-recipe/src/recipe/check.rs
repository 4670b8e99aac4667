//! What a recipe's own words settle, before any name is resolved.

use std::collections::HashSet;

use crate::name::{NAME_RULE, is_name};
use crate::problem::{Problem, Problems};
use crate::recipe::{MixOrAdd, Recipe, SplitKind, SplitTable, StageTable};
use crate::spanned::Spanned;

pub(crate) fn check(recipe: &Recipe, problems: &mut Problems) {
    split(&recipe.data.split, problems);
    own_names(recipe, problems);
    names(recipe, problems);
    for stage in &recipe.stages {
        mixes(stage, problems);
    }
}

fn split(split: &SplitTable, problems: &mut Problems) {
    let by_time = *split.kind == SplitKind::Time;
    match &split.column {
        None if by_time => problems.push(
            Problem::at(split.kind.span.clone(), "a split by time needs a column")
                .help("name it: split = { kind = \"time\", column = \"date\" }"),
        ),
        Some(column) if !by_time => problems.push(
            Problem::at(column.span.clone(), "`column` belongs to a split by time")
                .help("write kind = \"time\", or remove `column`"),
        ),
        _ => {}
    }
    let kept = split.group.as_ref().map(|group| (&group.span, "group"));
    let kept = kept.or(match &split.stratify {
        Some(stratify) if stratify.value => Some((&stratify.span, "stratify")),
        _ => None,
    });
    if let Some((span, key)) = kept.filter(|_| by_time) {
        problems.push(
            Problem::at(
                span.clone(),
                format!("`{key}` does not go with a split by time"),
            )
            .rule("samples are divided by their time alone")
            .help(format!("remove `{key}`, or write kind = \"random\"")),
        );
    }
    if split.rare.value > 0 && (by_time || split.group.is_some()) {
        let other = if by_time {
            "a split by time"
        } else {
            "`group`"
        };
        problems.push(
            Problem::at(
                split.rare.span.clone(),
                format!("`rare` does not go with {other}"),
            )
            .rule("what belongs together is in one part, whatever its class")
            .help("remove `rare`, or leave the rows of such classes out"),
        );
    }
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
    let mut known = HashSet::new();
    for (what, name) in run.chain(stages).chain(arms) {
        if !is_name(name) {
            let article = if what == "arm" { "an" } else { "a" };
            let message = format!("{article} {what} cannot be named `{name}`");
            problems.push(Problem::at(name.span.clone(), message).rule(NAME_RULE));
        }
        if !known.insert((what, name.as_str())) {
            let message = format!("there are two {what}s named `{name}`");
            let problem = Problem::at(name.span.clone(), message);
            problems.push(problem.rule("names are compared in Unicode's composed form (NFC)"));
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

/// The shares of all terms together leave something to the labels.
fn mixes(stage: &StageTable, problems: &mut Problems) {
    let mixed = || {
        stage.learn.iter().filter_map(|learn| match learn.weight() {
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
