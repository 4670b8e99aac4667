//! Arms: the recipe, and the changes to it that make its controls.

use std::fmt;
use std::path::Path;

use distil_recipe::recipe::{
    Base, DEFAULT_SCHEDULE, ModelTable, Parametrization, Recipe, StageTable, TrainTable, TuneTable,
};
use distil_recipe::set::parse_arm;
use distil_recipe::{Choice, Entry, Kind, Problem, Problems, RecipeText, Spanned, Value, parse};
use distil_report::record::arm::{
    PLAIN_HALVED, PROXY, TRANSFERRED, arm_of_share, as_rung, rung_of, share_of_arm,
};

use crate::plan::stage::StagePlan;
use crate::plan::{like, order, settings};

/// Label smoothing of the arm `smooth`: the usual share (Szegedy et al. 2016).
const SMOOTHING: f64 = 0.1;

/// A change to the recipe: the unit of comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Arm {
    /// No change.
    Flow,
    /// The result's model trained without start and teachers.
    Plain {
        /// FLOPs it may use: the flow's. `None`: its declared budget, only to see what it is.
        flops: Option<f64>,
    },
    /// The same within its declared budget, or else that of the result.
    PlainFull,
    /// The same, its settings chosen by successive halving where every other arm tries each to the end: nobody asks for it by name.
    PlainHalved,
    /// Plain training in this share of its declared budget, 0.01 to 0.99: a point of its curve.
    PlainShare(f64),
    /// As `plain`, with smoothed labels: what distillation gives without any teacher.
    Smooth {
        /// As for `plain`.
        flops: Option<f64>,
    },
    /// The first stage that is trained for the result, alone, its learning rate brought to zero.
    Small,
    /// The result with its own stage's training, without start and teachers: what it is worth to have them.
    Alone,
    /// The result as `plain-full`, once, with settings that `Proxy` chose: under µP, whose base that is.
    Transferred,
    /// The first stage's network with the result's own training and view, as `plain-full`: nobody asks for it by name.
    Proxy,
    /// Another arm with the result trained for so many per cent of its length, 1 to 99, to see which settings go on: nobody asks for it
    /// by name.
    Rung(Box<Self>, u32),
    /// An arm of the recipe's `[compare.arm]`.
    Own(String),
    /// A swept value, written as in `--set`: `stage.large.train.lr=3e-4`.
    Swept(String),
}

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

impl fmt::Display for Arm {
    /// The name that [`Arm::named`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flow => "flow",
            Self::Plain { .. } => "plain",
            Self::PlainFull => "plain-full",
            Self::PlainHalved => PLAIN_HALVED,
            Self::PlainShare(share) => return f.write_str(&arm_of_share(*share)),
            Self::Smooth { .. } => "smooth",
            Self::Small => "small",
            Self::Alone => "alone",
            Self::Transferred => TRANSFERRED,
            Self::Proxy => PROXY,
            Self::Rung(of, per_cent) => return f.write_str(&rung_of(&of.to_string(), *per_cent)),
            Self::Own(name) | Self::Swept(name) => name,
        })
    }
}

impl Arm {
    /// The arm of this name; whether the recipe has such an arm is checked when it is applied.
    pub fn named(name: &str) -> Self {
        match name {
            "flow" => Self::Flow,
            "plain" => Self::Plain { flops: None },
            "plain-full" => Self::PlainFull,
            PLAIN_HALVED => Self::PlainHalved,
            "smooth" => Self::Smooth { flops: None },
            "small" => Self::Small,
            "alone" => Self::Alone,
            TRANSFERRED => Self::Transferred,
            PROXY => Self::Proxy,
            _ => match (share_of_arm(name), as_rung(name)) {
                (Some(share), _) => Self::PlainShare(share),
                (None, Some((per_cent, of))) => Self::named(of).rung(per_cent),
                (None, None) if name.contains('=') => Self::Swept(name.to_owned()),
                (None, None) => Self::Own(name.to_owned()),
            },
        }
    }

    /// The arm whose shorter trainings, of so many per cent, tell which of its settings to go on with: of plain training a point of its
    /// curve, which is the same for all its budgets.
    pub fn rung(self, per_cent: u32) -> Self {
        match self {
            Self::Plain { .. }
            | Self::Smooth { .. }
            | Self::PlainFull
            | Self::PlainHalved
            | Self::PlainShare(_) => Self::PlainShare(f64::from(per_cent) / 100.0),
            other => Self::Rung(Box::new(other), per_cent),
        }
    }

    /// The same arm with so many FLOPs to use, where the arm is one that costs what the flow costs.
    pub fn within(self, flops: f64) -> Self {
        match self {
            Self::Plain { .. } => Self::Plain { flops: Some(flops) },
            Self::Smooth { .. } => Self::Smooth { flops: Some(flops) },
            other => other,
        }
    }

    /// Whether the arm costs what its own seed's flow cost, and so waits for it.
    pub fn costs_as_the_flow(&self) -> bool {
        matches!(self, Self::Plain { .. } | Self::Smooth { .. })
    }

    /// What has to be planned before a run begins, as it may be refused though the flow is not; none where it cannot.
    pub fn to_plan_first(&self) -> Vec<Self> {
        match self {
            Self::Own(_) | Self::Swept(_) => vec![self.clone()],
            Self::Proxy => vec![Self::Proxy],
            Self::Transferred => vec![Self::Proxy, Self::Transferred],
            _ => Vec::new(),
        }
    }

    /// Whether the arm has the small network's settings where that chooses for all: every one of the large network.
    pub(crate) fn takes_over(&self) -> bool {
        !matches!(self, Self::Small | Self::Proxy)
    }

    /// FLOPs the arm may use.
    pub(super) fn budget(&self) -> Option<f64> {
        match self {
            Self::Plain { flops } | Self::Smooth { flops } => *flops,
            _ => None,
        }
    }

    /// The share of its declared budget that the result trains for.
    pub(super) fn share(&self) -> f64 {
        match self {
            Self::PlainShare(share) => *share,
            Self::Rung(_, per_cent) => f64::from(*per_cent) / 100.0,
            _ => 1.0,
        }
    }

    /// The recipe as this arm changes it, `like` followed; the flow keeps every stage, other arms those they reach.
    pub(super) fn applied(
        &self,
        text: &mut RecipeText,
        base: &Path,
        problems: &mut Problems,
    ) -> Option<Recipe> {
        if let Self::Rung(of, _) = self {
            return of.applied(text, base, problems);
        }
        if let Self::Own(_) | Self::Swept(_) = self {
            let unchanged = read(text, base, problems)?;
            let result = order::result(&unchanged, problems)?;
            self.patch(text, &unchanged, problems);
            let mut recipe = read(text, base, problems)?;
            if recipe.result.is_none() && recipe.stage(&result).is_some() {
                recipe.result = Some(result.into());
            }
            // Whatever the arm changes, it is the flow's small network that chooses.
            if let Some(network) = chooser(&unchanged, problems)? {
                let result = order::result(&recipe, problems)?;
                take_over(&mut recipe, &result, network, problems);
            }
            return pruned(recipe);
        }
        let mut recipe = read(text, base, problems)?;
        let chooser = chooser(&recipe, problems)?.filter(|_| self.takes_over());
        if *self == Self::Flow {
            // A recipe without a result is refused as such.
            if let Some((network, result)) =
                chooser.zip(order::result(&recipe, &mut Problems::new()))
            {
                take_over(&mut recipe, &result, network, problems);
            }
            return Some(recipe);
        }
        let result = order::result(&recipe, problems)?;
        match self {
            Self::Small => {
                let small = small(&recipe, &result).map(|stage| stage.name.value.clone());
                let Some(small) = small else {
                    problems.push(
                        Problem::new("the recipe has no small stage")
                            .rule("`small` is the first stage that is trained for the result"),
                    );
                    return None;
                };
                anneal(&mut recipe, &small);
                recipe.result = Some(small.into());
            }
            Self::Proxy | Self::Transferred => {
                let Some(small) = small(&recipe, &result).cloned() else {
                    problems.push(
                        Problem::new("the recipe has no small stage whose settings could be taken over")
                            .rule("`transferred` has settings that the network of the first stage trained for the result chose"),
                    );
                    return None;
                };
                plain(&mut recipe, &result);
                match (self, small.model) {
                    (Self::Transferred, Some(ModelTable::Family(network))) => {
                        take_over(&mut recipe, &result, network, problems);
                    }
                    (Self::Proxy, model) => {
                        recipe.stages.iter_mut().find(|s| *s.name == result)?.model = model;
                    }
                    _ => {}
                }
            }
            Self::Alone => {
                alone(&mut recipe, &result);
            }
            _ => {
                plain(&mut recipe, &result);
                if let Self::Smooth { .. } = self {
                    smooth(&mut recipe, problems);
                }
            }
        }
        if let Some(network) = chooser {
            take_over(&mut recipe, &result, network, problems);
        }
        recipe.result.get_or_insert(result.into());
        pruned(recipe)
    }

    /// Changes the text as an own arm or a swept value says.
    fn patch(&self, text: &mut RecipeText, recipe: &Recipe, problems: &mut Problems) {
        let outcome = match self {
            Self::Own(name) => match recipe.compare.arm.iter().find(|arm| *arm.name == *name) {
                Some(arm) => {
                    let edits = arm.edits(text.text());
                    edits
                        .iter()
                        .try_for_each(|(path, toml)| text.patch(path, toml))
                        .map_err(Problems::from)
                }
                None => Err(unknown(&Spanned::from(name.clone()), recipe).into()),
            },
            Self::Swept(argument) => parse_arm(argument).and_then(|sets| {
                let values = sets
                    .iter()
                    .flat_map(|set| set.values.iter().map(move |value| (set, value)));
                values
                    .into_iter()
                    .try_for_each(|(set, value)| text.set(set, value))
                    .map_err(Problems::from)
            }),
            _ => Ok(()),
        };
        if let Err(found) = outcome {
            problems.extend(found);
        }
    }

    /// Reports what is wrong with the names of arms in `[compare]`.
    pub(super) fn check_names(recipe: &Recipe, problems: &mut Problems) {
        for arm in &recipe.compare.arm {
            let name = &arm.name;
            let unasked = [PROXY, PLAIN_HALVED].contains(&name.as_str());
            let reserved = unasked || BUILT_IN.contains(&name.as_str());
            let taken = reserved || share_of_arm(name).is_some() || as_rung(name).is_some();
            if !taken {
                continue;
            }
            let message = format!("there is an arm `{name}` already");
            problems.push(Problem::at(name.span.clone(), message).rule(format!(
                "an own arm has a name that is none of {}",
                BUILT_IN.join(", ")
            )));
        }
        for name in recipe.compare.arms.iter().flatten() {
            let own = recipe
                .compare
                .arm
                .iter()
                .any(|arm| arm.name.value == name.value);
            if !own && !BUILT_IN.contains(&name.as_str()) && share_of_arm(name).is_none() {
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
pub(super) fn check_chosen_by_small(tune: &TuneTable, problems: &mut Problems) {
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

fn unknown(name: &Spanned<String>, recipe: &Recipe) -> Problem {
    let own = recipe.compare.arm.iter().map(|arm| arm.name.as_str());
    let known: Vec<_> = BUILT_IN.into_iter().chain(own).collect();
    Problem::at(name.span.clone(), format!("there is no arm `{name}`"))
        .rule(format!("the arms are {}", known.join(", ")))
        .did_you_mean(name, known)
}

fn read(text: &RecipeText, base: &Path, problems: &mut Problems) -> Option<Recipe> {
    let (recipe, found) = parse(text);
    problems.extend(found);
    let mut recipe = recipe?;
    recipe.stages = like::settle(&recipe.stages, problems);
    settings::read(&mut recipe.stages, base, problems);
    Some(recipe)
}

/// Leaves out the stages that the result does not need.
fn pruned(mut recipe: Recipe) -> Option<Recipe> {
    if let Some(result) = &recipe.result {
        let reached = order::reached(&recipe.stages, result);
        recipe
            .stages
            .retain(|stage| reached.contains(&stage.name.value));
    }
    Some(recipe)
}

/// The first stage that is trained for the result, other than the result.
fn small<'a>(recipe: &'a Recipe, result: &str) -> Option<&'a StageTable> {
    let reached = order::reached(&recipe.stages, result);
    let order = order::order(&recipe.stages, &mut Problems::new())?;
    let stages = order.into_iter().map(|i| &recipe.stages[i]);
    let mut trained = stages.filter(|stage| !stage.is_given() && *stage.name != result);
    trained.find(|stage| reached.contains(&stage.name.value))
}

/// The network that chooses settings for all arms, where one does. None: that there is no such network was reported.
fn chooser(recipe: &Recipe, problems: &mut Problems) -> Option<Option<Choice>> {
    let tune = recipe.compare.tune.as_ref().filter(|t| t.is_by_small());
    // A recipe without a result is refused as such.
    let result = order::result(recipe, &mut Problems::new());
    let Some((tune, result)) = tune.zip(result) else {
        return Some(None);
    };
    let model = small(recipe, &result).and_then(|small| small.model.clone());
    if let Some(ModelTable::Family(network)) = model {
        return Some(Some(network));
    }
    problems.push(
        Problem::at(tune.by.span.clone(), "the recipe has no small stage that could choose")
            .rule("`by = \"small\"`: the network of the first stage trained for the result chooses for all arms")
            .help("remove `by`: every arm chooses for itself"),
    );
    None
}

/// Gives the result settings that this network chose: under µP, whose base that is. A parametrisation of its own is refused.
fn take_over(recipe: &mut Recipe, result: &str, chooser: Choice, problems: &mut Problems) {
    let stage = recipe.stages.iter_mut().find(|stage| *stage.name == result);
    let Some(stage) = stage else {
        return;
    };
    let train = stage.train.get_or_insert_default();
    let standard = |param: &Spanned<Parametrization>| param.value == Parametrization::Standard;
    let param = train.param.as_ref().filter(|param| standard(param));
    let own = param.and_then(|param| param.span.clone());
    if let Some(place) = own.or(train.base.as_ref().and_then(Base::span)) {
        problems.push(
            Problem::at(place, "the arms would not be in this parametrisation")
                .rule("where the small network chooses for all, every arm of the large one is under µP, and its base is the network that chooses")
                .help("remove it, or let every arm choose for itself: without `by` in `tune`"),
        );
    }
    train.param = Some(Parametrization::Mup.into());
    train.base = Some(Base::Network(chooser));
}

/// The result without start and teachers, with its own training.
fn alone<'a>(recipe: &'a mut Recipe, result: &str) -> Option<&'a mut StageTable> {
    let mut stages = recipe.stages.iter_mut();
    let stage = stages.find(|stage| *stage.name == result)?;
    stage.start = None;
    stage.learn.clear();
    standard(stage);
    Some(stage)
}

/// Lets a stage train by itself: it has no other from which it could take settings.
fn standard(stage: &mut StageTable) {
    let train = stage.train.get_or_insert_default();
    train.param = Some(Parametrization::Standard.into());
    train.base = None;
}

/// The same within plain's declared budget.
fn plain(recipe: &mut Recipe, result: &str) {
    let declared = recipe.compare.plain.clone();
    if let Some((stage, declared)) = alone(recipe, result).zip(declared) {
        stage.train = Some(declared.over(&stage.train.take().unwrap_or_default()));
    }
}

/// Brings the learning rate of a stage to zero at its end, unless its schedule does something of the kind.
fn anneal(recipe: &mut Recipe, name: &str) {
    let top = recipe.train.schedule.clone();
    let Some(stage) = recipe.stages.iter_mut().find(|stage| *stage.name == name) else {
        return;
    };
    standard(stage);
    let train = stage.train.get_or_insert_with(TrainTable::default);
    let schedule = train.schedule.clone().or(top);
    if schedule.is_none_or(|schedule| *schedule.kind == DEFAULT_SCHEDULE) {
        train.schedule = Some(Choice::default_of("linear"));
    }
}

fn smooth(recipe: &mut Recipe, problems: &mut Problems) {
    let task = &mut recipe.task;
    let place = task.kind.span.clone();
    if task.kind.as_str() != "classification" {
        problems.push(
            Problem::at(
                place,
                format!(
                    "the arm `smooth` smooths labels, and the task is {}",
                    task.kind
                ),
            )
            .rule("the arm `smooth` is for classification"),
        );
        return;
    }
    task.table.take("smoothing");
    let value = Value {
        span: place.unwrap_or_default(),
        kind: Kind::Float(SMOOTHING),
    };
    task.table.entries.push(Entry {
        key: Spanned::from("smoothing".to_owned()),
        value,
    });
}

/// The stages the result learns from, where an answer of all of them together costs more than one of its own; else none.
pub(super) fn costlier_teachers<'a>(
    stages: &'a [StagePlan],
    result: &StagePlan,
) -> Vec<&'a StagePlan> {
    let terms = result
        .training()
        .map_or(&[][..], |training| &training.learn);
    let named = |stage: &&StagePlan| terms.iter().any(|term| term.teachers.contains(&stage.name));
    let teachers: Vec<&StagePlan> = stages.iter().filter(named).collect();
    let forward: f64 = teachers.iter().map(|t| t.layout.flops_forward()).sum();
    match forward > result.layout.flops_forward() {
        true => teachers,
        false => Vec::new(),
    }
}

/// The arms of a run that is told nothing: the flow, the small stage, the result without costlier teachers, plain training, and the
/// recipe's own arms.
pub(super) fn arms(recipe: &Recipe, stages: &[StagePlan], result: usize) -> Vec<Arm> {
    let result = &stages[result];
    let mut arms = vec![Arm::Flow];
    let uses_others = result
        .training()
        .is_some_and(|t| t.start.is_some() || !t.learn.is_empty());
    let small = small(recipe, &result.name)
        .and_then(|small| stages.iter().find(|stage| stage.name == small.name.value));
    let smaller = small.is_some_and(|small| small.layout.parameters() < result.layout.parameters());
    if smaller {
        arms.push(Arm::Small);
    }
    if !costlier_teachers(stages, result).is_empty() {
        arms.push(Arm::Alone);
    }
    match &recipe.compare.arms {
        Some(names) => {
            arms.extend(names.iter().map(|name| Arm::named(name)));
            // What it is held against.
            let transferred = arms.contains(&Arm::Transferred);
            arms.extend(transferred.then_some(Arm::PlainFull));
            let halves = recipe.compare.tune.as_ref();
            let halves = halves.is_some_and(|tune| !tune.halving.is_empty());
            arms.extend((transferred && halves).then_some(Arm::PlainHalved));
        }
        None => {
            arms.extend(uses_others.then_some(Arm::Plain { flops: None }));
            arms.extend(
                recipe
                    .compare
                    .arm
                    .iter()
                    .map(|arm| Arm::Own(arm.name.value.clone())),
            );
        }
    }
    let mut seen = Vec::new();
    arms.retain(|arm| {
        let possible = *arm != Arm::Small || small.is_some();
        let new = !seen.contains(arm);
        seen.push(arm.clone());
        possible && new
    });
    arms
}
