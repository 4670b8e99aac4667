//! Settings that are chosen on the validation part: every arm has the same to choose from.

use distil_recipe::recipe::{Recipe, TuneTable};
use distil_recipe::{Problem, Problems};

use crate::plan::{mup, order, train};

/// What the arms of a run may choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tuning {
    /// Names of the combinations of settings, at least two.
    pub candidates: Vec<String>,
    /// The run's first seeds that choose for all; none where each seed chooses for itself.
    pub seeds: Option<u64>,
}

/// The seeds that chose for all in runs begun before each seed chose for itself.
const SEEDS_THAT_CHOSE: u64 = 3;

impl Tuning {
    pub(super) fn of(table: &TuneTable) -> Self {
        let names = table.candidates.iter().map(|c| c.name.clone());
        Self {
            candidates: names.collect(),
            seeds: table.seeds.as_ref().map(|seeds| seeds.value),
        }
    }

    /// As in a run begun before each seed chose for itself.
    pub fn shared(&mut self) {
        self.seeds.get_or_insert(SEEDS_THAT_CHOSE);
    }

    /// The seeds that choose for this one, of a run with so many from `first`.
    pub fn choosers(&self, seed: u64, first: u64, seeds: u64) -> Vec<u64> {
        match self.seeds {
            Some(most) => (first..first + seeds.max(1).min(most)).collect(),
            None => vec![seed],
        }
    }
}

/// The recipe with the settings of this name in the training of the arm's result.
pub(super) fn applied(mut recipe: Recipe, name: &str, problems: &mut Problems) -> Option<Recipe> {
    let result = order::result(&recipe, problems)?;
    let candidate = recipe
        .compare
        .tune
        .as_ref()
        .and_then(|tune| tune.candidate(name))
        .cloned();
    let Some(candidate) = candidate else {
        problems.push(Problem::new(format!(
            "there are no settings `{name}` to tune in [compare]"
        )));
        return None;
    };
    let stage = recipe
        .stages
        .iter_mut()
        .find(|stage| *stage.name == result)?;
    stage.train = Some(
        candidate
            .train
            .over(&stage.train.take().unwrap_or_default()),
    );
    Some(recipe)
}

/// Reports every combination that the result could not be trained with.
pub(super) fn check(tune: &TuneTable, recipe: &Recipe, problems: &mut Problems) {
    let result = order::result(recipe, &mut Problems::new());
    let own = result
        .and_then(|name| recipe.stage(&name)?.train.clone())
        .unwrap_or_default();
    for candidate in &tune.candidates {
        let length = [
            candidate.train.epochs.as_ref().map(|n| n.span.clone()),
            candidate.train.steps.as_ref().map(|n| n.span.clone()),
        ];
        for span in length.into_iter().flatten() {
            problems.push(
                Problem::at(span, "the length of a training is no setting to tune")
                    .rule("it is the budget: arms are compared at the same one")
                    .help("`--curve` shows plain training at several budgets"),
            );
        }
        mup::refuse_in_tune(&candidate.train, problems);
        train::settle(
            Some(&candidate.train.clone().over(&own)),
            &recipe.train,
            problems,
        );
    }
}
