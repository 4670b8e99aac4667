//! What is wrong with the names of arms, and with who chooses for them.

use distil_recipe::recipe::{Recipe, TuneTable};
use distil_recipe::{Problem, Problems, Spanned};
use distil_report::record::arm::{PLAIN_HALVED, PROXY, TRANSFERRED, as_rung, share_of_arm};

use super::Arm;

/// Arms that a recipe may name.
const BUILT_IN: [&str; 7] = [
    "flow",
    "plain",
    "plain-full",
    "smooth",
    "small",
    "alone",
    TRANSFERRED,
];

/// Settings that are chosen with another network: those that carry over between widths, not what keeps a network from overfitting.
const CARRIED_OVER: [&str; 3] = ["lr", "schedule", "warmup"];

impl Arm {
    /// Reports what is wrong with the names of arms in `[compare]`.
    pub(in crate::plan) fn check_names(recipe: &Recipe, problems: &mut Problems) {
        for arm in &recipe.compare.arm {
            let name = &arm.name;
            let is_reserved = reserved().any(|other| other == name.as_str());
            let taken = is_reserved || share_of_arm(name).is_some() || as_rung(name).is_some();
            if !taken {
                continue;
            }
            let message = format!("there is an arm `{name}` already");
            problems.push(Problem::at(name.span.clone(), message).rule(format!(
                "an own arm has a name that is none of {}",
                reserved().collect::<Vec<_>>().join(", ")
            )));
        }
        for name in recipe.compare.arms.iter().flatten() {
            let own = recipe
                .compare
                .arm
                .iter()
                .any(|arm| arm.name.value == name.value);
            if name.as_str() == PLAIN_HALVED {
                problems.push(
                    Problem::at(name.span.clone(), "`plain-halved` is not asked for by name")
                        .rule("it runs where `tune` has `halving` beside the arm `transferred`")
                        .help("name `transferred`, or `plain-full`: without `transferred` that goes by `halving` itself"),
                );
            } else if !own && !BUILT_IN.contains(&name.as_str()) && share_of_arm(name).is_none() {
                problems.push(unknown(name, recipe));
            }
            if name.as_str() == TRANSFERRED {
                check_transferred(name, recipe, problems);
            }
            if name.as_str() == "smooth"
                && !recipe.task.is_missing()
                && recipe.task.kind.as_str() != "classification"
            {
                problems.push(
                    Problem::at(
                        name.span.clone(),
                        format!(
                            "`smooth` smooths labels, and the task is {}",
                            recipe.task.kind
                        ),
                    )
                    .rule("the arm `smooth` is for classification")
                    .help("remove it; `plain` is a control for every task"),
                );
            }
        }
    }
}

/// The names that no own arm can have.
fn reserved() -> impl Iterator<Item = &'static str> {
    BUILT_IN.into_iter().chain([PROXY, PLAIN_HALVED])
}

/// Reports why the arm `transferred` cannot be.
fn check_transferred(name: &Spanned<String>, recipe: &Recipe, problems: &mut Problems) {
    let Some(tune) = &recipe.compare.tune else {
        problems.push(
            Problem::at(name.span.clone(), "there are no settings to choose from")
                .rule("`transferred` trains the result once, with settings that the small network chose from the lists of `tune`")
                .help("write for instance: tune = { lr = [5e-4, 1e-3, 2e-3, 4e-3] }"),
        );
        return;
    };
    match tune.is_by_small() {
        true => problems.push(
            Problem::at(
                name.span.clone(),
                "every arm has the small network's settings: `transferred` would be `plain-full`",
            )
            .rule("beside `transferred` the other arms choose for themselves")
            .help("name `plain-full`, or remove `by` from `tune`"),
        ),
        false => check_chosen_by_small(tune, problems),
    }
}

/// Reports why the small network cannot choose settings for the large one.
pub(in crate::plan) fn check_chosen_by_small(tune: &TuneTable, problems: &mut Problems) {
    if let Some(seeds) = &tune.seeds {
        problems.push(
            Problem::at(
                seeds.span.clone(),
                "the first seeds would choose for all arms, and the small network for the large one",
            )
            .rule("where the small network chooses, it does with the first seed, and each seed of an arm that chooses for itself by itself")
            .help("remove `seeds`"),
        );
    }
    for list in &tune.lists {
        let key = list.key();
        if CARRIED_OVER.contains(&key.as_str()) {
            continue;
        }
        problems.push(
            Problem::at(
                key.span.clone(),
                format!(
                    "the small network cannot choose `{}` for the large one",
                    key.value
                ),
            )
            .rule(format!(
                "what carries over between widths is {}",
                CARRIED_OVER.join(", ")
            ))
            .help("give it one value in `train`, or let every arm choose for itself: without `transferred` and `by`"),
        );
    }
}

pub(super) fn unknown(name: &Spanned<String>, recipe: &Recipe) -> Problem {
    let own = recipe.compare.arm.iter().map(|arm| arm.name.as_str());
    let known: Vec<_> = BUILT_IN.into_iter().chain(own).collect();
    Problem::at(name.span.clone(), format!("there is no arm `{name}`"))
        .rule(format!("the arms are {}", known.join(", ")))
        .did_you_mean(name, known)
}
