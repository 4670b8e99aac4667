//! Whether student, teachers and method of a term fit, and what the term asks of the stage.

use std::collections::BTreeMap;

use distil_recipe::recipe::{LearnTable, MixOrAdd};
use distil_recipe::{Chosen, Problem, Problems};

use crate::method::{Fit, Method, OutputShape};
use crate::model::Layout;
use crate::plan::refusal::sentence;
use crate::plan::stage::TermPlan;
use crate::train::TermWeight;

/// A term, once its method agrees with student and teachers.
pub(super) fn term(
    table: &LearnTable,
    method: Chosen<Box<dyn Method>>,
    student: &OutputShape,
    teachers: &[OutputShape],
    problems: &mut Problems,
) -> Option<TermPlan> {
    let from = || {
        table
            .from
            .first()
            .and_then(|name| name.span.clone())
            .or(table.span.clone())
    };
    let teacher = match teachers {
        [] => None,
        several => match OutputShape::of_several(several) {
            Ok(shape) => Some(shape),
            Err(reason) => {
                problems.push(sentence(from(), &reason));
                return None;
            }
        },
    };
    let layers: Vec<_> = table
        .layers
        .iter()
        .map(|(own, other)| (own.value.clone(), other.value.clone()))
        .collect();
    let fit = Fit {
        student,
        teacher: teacher.as_ref(),
        layers: &layers,
    };
    let needs = match method.check(&fit) {
        Ok(needs) => needs,
        Err(reason) => {
            problems.push(sentence(table.span.clone(), &reason));
            return None;
        }
    };
    let features = !needs.student_taps.is_empty();
    let weight = match &table.weight() {
        MixOrAdd::Mix(mix) if features => {
            let name = &table.method.kind;
            let message = match mix.is_written() {
                true => format!(
                    "`{name}` compares features, it cannot replace a share of the label loss"
                ),
                false => format!("`{name}` compares features, and its coefficient is not given"),
            };
            problems.push(
                Problem::at(mix.span.clone().or(table.span.clone()), message)
                    .rule("a method on features is an extra term: it takes `add`, not `mix`")
                    .help("write for instance: add = 100"),
            );
            return None;
        }
        MixOrAdd::Mix(mix) => TermWeight::Mix(mix.value),
        MixOrAdd::Add(add) => TermWeight::Add(add.value),
    };
    Some(TermPlan {
        name: table.method.kind.value.clone(),
        teachers: table.from.iter().map(|name| name.value.clone()).collect(),
        method,
        weight,
        until: table.until.as_ref().map(|until| until.value),
        layers,
        needs,
    })
}

/// Numbers the terms of a stage that share a method: `kd`, `kd.2`.
pub(super) fn number(terms: &mut [TermPlan]) {
    let mut seen = BTreeMap::<String, usize>::new();
    for term in terms {
        let count = seen.entry(term.name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            term.name = format!("{}.{count}", term.name);
        }
    }
}

/// Whether a method on features meets one network on either side: each member of an ensemble has others.
pub(super) fn of_one_network(
    term: &LearnTable,
    method: &dyn Method,
    student: &Layout,
    is_ensemble: impl Fn(&str) -> bool,
    problems: &mut Problems,
) -> bool {
    let teacher = term.from.iter().find(|name| is_ensemble(name));
    let who = match teacher {
        Some(name) => format!("`{name}` is an ensemble"),
        None if student.members() > 1 => "this stage's network is an ensemble".to_owned(),
        None => return true,
    };
    if !method.compares_features() {
        return true;
    }
    problems.push(
        Problem::at(
            term.span.clone(),
            format!("`{}` compares features, and {who}", term.method.kind),
        )
        .rule("each member of an ensemble has features of its own")
        .help("use a method that compares outputs"),
    );
    false
}
