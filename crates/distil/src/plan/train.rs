//! A stage's training: what its own `train` and the recipe's say, every default filled.

use distil_recipe::recipe::{
    Base, DEFAULT_BATCH, DEFAULT_EPOCHS, DEFAULT_OPTIMIZER, DEFAULT_SCHEDULE, Keep,
    Parametrization, TrainTable,
};
use distil_recipe::{Choice, Chosen, Problem, Problems};

use crate::model::MODELS;
use crate::optim::{RULES, SCHEDULES, WarmUp};
use crate::plan::refusal::sentence;
use crate::train::{self, Length, ScheduleScope, Train};

/// Settles a stage's own `train` over the recipe's `[train]`.
pub(super) fn settle(
    own: Option<&TrainTable>,
    top: &TrainTable,
    problems: &mut Problems,
) -> Option<Train> {
    let own = own.cloned().unwrap_or_default();
    let scope = match (&own.schedule, &top.schedule) {
        (None, Some(_)) => ScheduleScope::Chain,
        _ => ScheduleScope::Stage,
    };
    if scope == ScheduleScope::Chain
        && let Some(warmup) = &own.warmup
    {
        problems.push(
            Problem::at(warmup.span.clone(), "this stage's schedule is the recipe's, and it warms up where that begins")
                .rule("a schedule and its warm-up span the table they are written in")
                .help("give the stage a `schedule` of its own, or slow new units with start = { new = { warmup = … } }"),
        );
    }
    let base = own.base.clone();
    let train = own.over(top);
    let param = train
        .param
        .map_or(Parametrization::Standard, |param| param.value);
    let mup = param == Parametrization::Mup;
    if let Some(base) = base.filter(|_| !mup) {
        problems.push(
            Problem::at(base.span(), format!("{} without `param = \"mup\"`", match &base {
                Base::Stage(name) => format!("`base = \"{name}\"`"),
                Base::Network(_) => "`base`".to_owned(),
            }))
                .rule("a base is the network whose settings suit this one, and in the standard parametrisation none do")
                .help("write `param = \"mup\"` beside it, or remove it"),
        );
    }
    let choice = |written: Option<Choice>, default: &str| {
        written.unwrap_or_else(|| Choice::default_of(default))
    };
    let optimizer = choice(train.optimizer, DEFAULT_OPTIMIZER);
    let schedule = choice(train.schedule, DEFAULT_SCHEDULE);
    let rule = RULES.resolve(&optimizer, problems);
    if let Some(rule) = &rule {
        refused(&optimizer, rule.check(), problems);
    }
    let shape = SCHEDULES.resolve(&schedule, problems);
    if let Some(shape) = &shape {
        refused(&schedule, shape.check(), problems);
    }
    let number = |written: Option<distil_recipe::Spanned<u64>>, default: u64| {
        written.map_or(default, |n| n.value)
    };
    let warmup = number(train.warmup, 0);
    let decay_schedule = match &train.decay_schedule {
        None => None,
        Some(choice) => {
            let decay = SCHEDULES.resolve(choice, problems);
            if let Some(decay) = &decay {
                refused(choice, decay.check(), problems);
            }
            Some(decay?)
        }
    };
    let (rule, shape) = (rule?, shape?);
    Some(Train {
        length: match (train.epochs, train.steps) {
            (_, Some(steps)) => Length::Steps(steps.value),
            (epochs, None) => Length::Epochs(number(epochs, DEFAULT_EPOCHS)),
        },
        batch: number(train.batch, DEFAULT_BATCH) as usize,
        accumulate: number(train.accumulate, 1) as usize,
        lr: train.lr.map_or_else(|| rule.default_lr(), |lr| lr.value),
        param,
        base: match train.base.filter(|_| mup) {
            Some(Base::Stage(name)) => Some(train::Base::Stage(name.value)),
            Some(Base::Network(choice)) => {
                let network = MODELS.resolve(&choice, problems)?;
                refused(
                    &choice,
                    network.value.problem().map_or(Ok(()), Err),
                    problems,
                );
                Some(train::Base::Network(network.value))
            }
            None => None,
        },
        optimizer: rule,
        schedule: match warmup {
            0 => shape,
            steps => Chosen {
                value: Box::new(WarmUp {
                    steps,
                    then: shape.value,
                }),
                ..shape
            },
        },
        scope,
        warmup,
        decay_schedule,
        clip: train.clip.map(|clip| clip.value),
        average: train.average.map(|average| average.value),
        keep: train.keep.map_or(Keep::Last, |keep| keep.value),
        patience: train.patience.map(|patience| patience.value),
        evaluate: number(train.evaluate, 1),
    })
}

/// Reports why a choice's options are out of range.
pub(super) fn refused(choice: &Choice, check: Result<(), String>, problems: &mut Problems) {
    if let Err(reason) = check {
        let place = choice.table.span.clone().or(choice.kind.span.clone());
        problems.push(sentence(place, &reason));
    }
}
