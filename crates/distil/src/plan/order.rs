//! The order of the stages, their circles, and the stage the recipe is for.

use std::collections::BTreeSet;

use distil_recipe::recipe::{Recipe, StageTable};
use distil_recipe::{Problem, Problems, Spanned};

/// Why a stage waits for another.
#[derive(Clone, Copy, PartialEq)]
enum Edge {
    Start,
    Learn,
    Base,
}

/// The stages one names in `start`, `learn` and `base`.
fn edges(stage: &StageTable) -> impl Iterator<Item = (Edge, &Spanned<String>)> {
    let start = stage.start.iter().map(|start| (Edge::Start, &start.from));
    let learn = stage.learn.iter().flat_map(|term| &term.from);
    let base = stage
        .train
        .iter()
        .filter_map(|train| train.base.as_ref()?.stage());
    start
        .chain(learn.map(|name| (Edge::Learn, name)))
        .chain(base.map(|name| (Edge::Base, name)))
}

fn needs(stage: &StageTable) -> impl Iterator<Item = &Spanned<String>> {
    edges(stage).map(|(_, name)| name)
}

/// The stages so that each comes after those it starts and learns from, else as written.
///
/// A circle is a problem, and then there is no order.
pub(super) fn order(stages: &[StageTable], problems: &mut Problems) -> Option<Vec<usize>> {
    let before = problems.len();
    stages.iter().for_each(|stage| itself(stage, problems));
    if problems.len() > before {
        return None;
    }
    let mut order: Vec<usize> = Vec::new();
    while order.len() < stages.len() {
        let done = |name: &str| order.iter().any(|&i| *stages[i].name == name);
        let exists = |name: &str| stages.iter().any(|stage| *stage.name == name);
        let ready = |i: &usize| {
            !order.contains(i) && needs(&stages[*i]).all(|name| done(name) || !exists(name))
        };
        let Some(next) = (0..stages.len()).find(ready) else {
            let rest: Vec<_> = (0..stages.len()).filter(|i| !order.contains(i)).collect();
            circle(stages, &rest, problems);
            return None;
        };
        order.push(next);
    }
    Some(order)
}

fn itself(stage: &StageTable, problems: &mut Problems) {
    let average = stage
        .train
        .as_ref()
        .is_some_and(|train| train.average.is_some());
    for (edge, name) in edges(stage).filter(|(_, name)| name.value == stage.name.value) {
        let problem = |message: String| Problem::at(name.span.clone(), message);
        problems.push(match edge {
            Edge::Start => problem(format!("stage `{name}` starts from itself"))
                .rule("`start` names another stage"),
            Edge::Base => problem(format!("stage `{name}` is its own base"))
                .rule("`base` names another stage, with whose network the settings were chosen"),
            Edge::Learn if average => problem(format!(
                "not yet: a mean teacher (stage `{name}` learns from its own average)"
            ))
            .rule("a stage learns from stages that are trained before it")
            .help("name another stage in `from`"),
            Edge::Learn => problem(format!("stage `{name}` learns from itself"))
                .rule("a stage learns from stages that are trained before it")
                .help("name another stage in `from`"),
        });
    }
}

/// Says which stages wait for each other, at one edge of the circle.
fn circle(stages: &[StageTable], rest: &[usize], problems: &mut Problems) {
    let waiting = |name: &str| rest.iter().copied().find(|&i| *stages[i].name == name);
    // From any waiting stage, following edges between waiting stages must end in a circle.
    let mut trail: Vec<(usize, Edge, &Spanned<String>)> = Vec::new();
    let mut at = rest[0];
    while !trail.iter().any(|(i, ..)| *i == at) {
        let Some((next, edge, name)) =
            edges(&stages[at]).find_map(|(edge, name)| Some((waiting(name)?, edge, name)))
        else {
            return;
        };
        trail.push((at, edge, name));
        at = next;
    }
    let start = trail.iter().position(|(i, ..)| *i == at).unwrap_or(0);
    let mut circle = trail.split_off(start);
    circle.sort_by_key(|(i, ..)| *i);
    let names: Vec<_> = circle
        .iter()
        .map(|(i, ..)| format!("`{}`", stages[*i].name))
        .collect();
    let names = names.join(" and ");
    let learns = circle.iter().find(|(_, edge, _)| *edge == Edge::Learn);
    let bases = circle.iter().any(|(_, edge, _)| *edge == Edge::Base);
    let place = |(_, _, name): &(usize, Edge, &Spanned<String>)| name.span.clone();
    problems.push(match learns {
        Some(edge) => Problem::at(
            place(edge),
            format!("not yet: mutual learning (stages {names} learn from each other)"),
        )
        .rule("a stage learns from stages that are trained before it")
        .help("remove one of the edges"),
        None if bases => Problem::at(
            place(&circle[0]),
            format!("stages {names} wait for each other"),
        )
        .rule("a stage comes after its `base` and after what it starts from")
        .help("remove one `base`"),
        None => Problem::at(
            place(&circle[0]),
            format!("stages {names} start from each other"),
        )
        .rule("a stage starts from one that is trained before it")
        .help("remove one `start`"),
    });
}

/// The stage the recipe is for: the one it names, or the only one nobody starts or learns from.
pub(super) fn result(recipe: &Recipe, problems: &mut Problems) -> Option<String> {
    if recipe.stages.is_empty() {
        // The recipe was reported for that.
        return None;
    }
    let given = |name: &str| recipe.stage(name).is_some_and(StageTable::is_given);
    if let Some(result) = &recipe.result {
        recipe.stage(result)?;
        if given(result) {
            let what = match recipe.stage(result)?.answers {
                Some(_) => "has answers alone",
                None => "is a given model",
            };
            problems.push(
                Problem::at(
                    result.span.clone(),
                    format!("the result `{result}` {what}, so nothing is trained"),
                )
                .rule("the result is a stage that is trained"),
            );
            return None;
        }
        return Some(result.value.clone());
    }
    let used: BTreeSet<&str> = recipe
        .stages
        .iter()
        .flat_map(needs)
        .map(|name| name.as_str())
        .collect();
    let trained = || recipe.stages.iter().filter(|stage| !stage.is_given());
    let last: Vec<_> = trained()
        .filter(|stage| !used.contains(stage.name.as_str()))
        .collect();
    match last.as_slice() {
        [only] => Some(only.name.value.clone()),
        [] if trained().next().is_none() => {
            let place = recipe
                .stages
                .first()
                .and_then(|stage| stage.name.span.clone());
            problems.push(
                Problem::at(place, "every stage is a given model, so nothing is trained")
                    .rule("the result is a stage that is trained"),
            );
            None
        }
        // Every stage is used by another: a circle.
        [] => {
            order(&recipe.stages, problems);
            None
        }
        several => {
            let names: Vec<_> = several.iter().map(|stage| stage.name.as_str()).collect();
            problems.push(
                Problem::at(
                    several[names.len() - 1].name.span.clone(),
                    format!(
                        "no stage starts or learns from {}: which one is the result?",
                        names.join(", ")
                    ),
                )
                .rule("the result is the one stage nobody starts or learns from")
                .help(format!(
                    "if it shall go on from `{0}`, write in [stage.{1}]: start = \"{0}\" (or learn = \"{0}\"); else at the top: result = \"{1}\"",
                    names[0],
                    names[names.len() - 1]
                )),
            );
            None
        }
    }
}

/// The result and every stage it starts or learns from, directly or not.
pub(super) fn reached(stages: &[StageTable], result: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![result.to_owned()];
    while let Some(name) = open.pop() {
        if let Some(stage) = stages.iter().find(|stage| *stage.name == name)
            && reached.insert(name)
        {
            open.extend(needs(stage).map(|name| name.value.clone()));
        }
    }
    reached
}
