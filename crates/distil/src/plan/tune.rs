//! Settings that are chosen on the validation part: every arm has the same to choose from.

use distil_recipe::recipe::{Candidate, Cut, Recipe, TuneTable};
use distil_recipe::{Problem, Problems};
use distil_report::record::arm::{PLAIN_HALVED, PROXY, SMALL, TRANSFERRED};

use crate::plan::{arm, mup, order, train};

/// What the arms of a run may choose from.
#[derive(Debug, Clone, PartialEq)]
pub struct Tuning {
    /// Names of the combinations of settings as they are written, at least two.
    pub candidates: Vec<String>,
    /// The run's first seeds that choose for all; none where each seed chooses for itself.
    pub seeds: Option<u64>,
    /// Whether the small network chooses for every arm of the large one.
    pub small_chooses: bool,
    /// Whether a choice at an end of its list counts as tuned: in runs begun before lists were widened.
    pub any_end: bool,
    /// The rungs of successive halving, the shortest first; none where every value is tried to the end.
    pub cuts: Vec<Cut>,
    /// Whether the rungs are those of [`PLAIN_HALVED`] alone: beside [`TRANSFERRED`], which has to hold against plain training at its best
    /// single value, every other arm tries each value to the end.
    pub cuts_one: bool,
    table: TuneTable,
    /// How many values more each list can have below and above.
    room: Vec<[usize; 2]>,
}

/// The seeds that chose for all in runs begun before each seed chose for itself.
const SEEDS_THAT_CHOSE: u64 = 3;

impl Tuning {
    /// `beside_route`: whether [`TRANSFERRED`] is among the arms. `can_train` says whether the result could be trained with a combination.
    pub(super) fn of(
        table: &TuneTable,
        beside_route: bool,
        can_train: impl Fn(&Candidate) -> bool,
    ) -> Self {
        let mut room = vec![[0; 2]; table.lists.len()];
        for list in 0..room.len() {
            for end in 0..2 {
                while room[list][end] < table.widen.value as usize {
                    let before = table.wider(&room);
                    room[list][end] += 1;
                    let after = table.wider(&room);
                    let mut new = after[before.len()..].iter().peekable();
                    if new.peek().is_none() || !new.all(&can_train) {
                        room[list][end] -= 1;
                        break;
                    }
                }
            }
        }
        Self {
            candidates: names(&table.candidates),
            seeds: table.seeds.as_ref().map(|seeds| seeds.value),
            small_chooses: table.is_by_small(),
            any_end: false,
            cuts: table.halving.clone(),
            cuts_one: beside_route,
            table: table.clone(),
            room,
        }
    }

    /// As in a run begun before each seed chose for itself.
    pub fn shared(&mut self) {
        self.seeds.get_or_insert(SEEDS_THAT_CHOSE);
    }

    /// As in a run begun before lists were widened.
    pub fn as_written(&mut self) {
        self.any_end = true;
        self.room.fill([0; 2]);
    }

    /// Whether it is the small network that chooses what an arm is trained with, by its loss; with all of them, that it tries itself.
    pub fn small_chooses_for(&self, arm: &str) -> bool {
        match arm {
            TRANSFERRED | PROXY => true,
            arm => self.small_chooses && arm != SMALL,
        }
    }

    /// Whether values are left out before they are trained with to the end, by some arm.
    pub fn halves(&self) -> bool {
        !self.cuts.is_empty()
    }

    /// Whether this arm leaves values out.
    pub fn halves_for(&self, arm: &str) -> bool {
        let its = !self.cuts_one || arm == PLAIN_HALVED;
        self.halves() && its && !self.small_chooses_for(arm)
    }

    /// The seeds that choose for this one, of a run with so many from `first`.
    pub fn choosers(&self, seed: u64, first: u64, seeds: u64) -> Vec<u64> {
        match self.seeds {
            Some(most) => (first..first + seeds.max(1).min(most)).collect(),
            None => vec![seed],
        }
    }

    /// The lists as they are written.
    pub fn written(&self) -> Width {
        Width(vec![[0; 2]; self.room.len()])
    }

    /// The lists with all the values they may get.
    pub fn widest(&self) -> Width {
        Width(self.room.clone())
    }

    /// The lists as they are written but for one that has one value more, of each that can have one.
    pub fn one_wider(&self) -> impl Iterator<Item = Width> {
        let ends = self
            .room
            .iter()
            .map(|room| room.iter().position(|by| *by > 0));
        ends.enumerate().filter_map(|(list, end)| {
            let mut width = self.written();
            width.0[list][end?] = 1;
            Some(width)
        })
    }

    /// Names of the combinations with so many values more, those as written first.
    pub fn names(&self, width: &Width) -> Vec<String> {
        names(&self.table.wider(&width.0))
    }

    /// The lists with one value more wherever one of these choices lies at an end; as they are where none does or none can be added.
    pub fn wider(&self, width: &Width, chosen: &[String]) -> Width {
        let all = self.table.wider(&width.0);
        let mut wider = width.clone();
        for name in chosen {
            for (list, at) in TuneTable::ends(&all, name).into_iter().enumerate() {
                for (end, at) in at.into_iter().enumerate() {
                    let by = width.0[list][end];
                    if at && by < self.room[list][end] {
                        wider.0[list][end] = by + 1;
                    }
                }
            }
        }
        wider
    }

    /// Whether this choice lies at an end of a list, and what lies beyond could have been tried.
    pub fn is_at_an_end(&self, width: &Width, chosen: &str) -> bool {
        let all = self.table.wider(&width.0);
        let most = self.table.widen.value as usize;
        let ends = TuneTable::ends(&all, chosen).into_iter().zip(&self.room);
        !self.any_end
            && ends
                .flat_map(|(at, room)| at.into_iter().zip(room))
                .any(|(at, room)| at && *room == most)
    }
}

/// How many values each list has beyond those that are written, below and above.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Width(Vec<[usize; 2]>);

fn names(candidates: &[Candidate]) -> Vec<String> {
    candidates.iter().map(|one| one.name.clone()).collect()
}

/// The recipe with the settings of this name in the training of the arm's result.
pub(super) fn applied(mut recipe: Recipe, name: &str, problems: &mut Problems) -> Option<Recipe> {
    let result = order::result(&recipe, problems)?;
    let candidate = recipe
        .compare
        .tune
        .as_ref()
        .and_then(|tune| tune.candidate(name));
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

/// Whether the result could be trained with a combination.
pub(super) fn can_train(candidate: &Candidate, recipe: &Recipe) -> bool {
    let mut problems = Problems::new();
    settle(candidate, recipe, &mut problems);
    problems.is_empty()
}

/// Reports why the result could not be trained with a combination.
fn settle(candidate: &Candidate, recipe: &Recipe, problems: &mut Problems) {
    let result = order::result(recipe, &mut Problems::new());
    let own = result
        .and_then(|name| recipe.stage(&name)?.train.clone())
        .unwrap_or_default();
    let train = candidate.train.clone().over(&own);
    train::settle(Some(&train), &recipe.train, problems);
}

/// Reports every combination that the result could not be trained with.
pub(super) fn check(tune: &TuneTable, recipe: &Recipe, problems: &mut Problems) {
    if tune.is_by_small() {
        arm::check_chosen_by_small(tune, problems);
    }
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
        settle(candidate, recipe, problems);
    }
}
