//! The recipe as an arm changes it.

use std::path::Path;

use distil_recipe::recipe::{
    Base, DEFAULT_SCHEDULE, ModelTable, Parametrization, Recipe, StageTable, TrainTable,
};
use distil_recipe::set::parse_arm;
use distil_recipe::{Choice, Entry, Kind, Problem, Problems, RecipeText, Spanned, Value, parse};

use super::Arm;
use super::checks::unknown;
use crate::plan::{like, order, settings};

/// Label smoothing of the arm `smooth`: the usual share (Szegedy et al. 2016).
const SMOOTHING: f64 = 0.1;

impl Arm {
    /// The recipe as this arm changes it, `like` followed; the flow keeps every stage, other arms those they reach.
    pub(in crate::plan) fn applied(
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
pub(super) fn small<'a>(recipe: &'a Recipe, result: &str) -> Option<&'a StageTable> {
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
