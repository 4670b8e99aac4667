//! The settings of a stage's training, every default filled.

use distil_recipe::recipe::{
    DEFAULT_BATCH, DEFAULT_EPOCHS, DEFAULT_OPTIMIZER, DEFAULT_SCHEDULE, TrainTable,
};
use distil_recipe::{Choice, Problem, Problems};

use crate::optim::{RULES, Rule, SCHEDULES, Schedule, WarmUp};
use crate::plan::refusal::sentence;
use crate::train::Length;

/// What a learning rate's schedule spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleScope {
    /// The stage that says so.
    Stage,
    /// All stages of a chain of growth that have no schedule of their own.
    Chain,
}

/// How one stage trains.
#[derive(Debug)]
pub struct TrainPlan {
    /// Samples in a batch.
    pub batch: usize,
    /// Batches whose gradients make one update.
    pub accumulate: usize,
    /// How long.
    pub length: Length,
    /// The update rule.
    pub optimizer: Box<dyn Rule>,
    /// Peak learning rate per step.
    pub lr: f64,
    /// The learning rate's curve, warm-up included.
    pub schedule: Box<dyn Schedule>,
    /// What the schedule spans.
    pub scope: ScheduleScope,
    /// Largest norm of all gradients together.
    pub clip: Option<f64>,
    /// Decay per step of the weights' average, which is then the stage's model.
    pub average: Option<f64>,
    /// Evaluations without a better metric after which training stops.
    pub patience: Option<u64>,
    /// Evaluations on the validation part per epoch.
    pub evaluate: u64,
    /// The optimiser and the schedule as they were chosen, every option filled in.
    pub(super) chosen: [toml::Table; 2],
    /// Steps of warm-up at the curve's start.
    pub(super) warmup: u64,
}

/// Settles a stage's own `train` over the recipe's `[train]`.
pub(super) fn settle(
    own: Option<&TrainTable>,
    top: &TrainTable,
    problems: &mut Problems,
) -> Option<TrainPlan> {
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
    let train = own.over(top);
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
    let (rule, shape) = (rule?, shape?);
    Some(TrainPlan {
        batch: number(train.batch, DEFAULT_BATCH) as usize,
        accumulate: number(train.accumulate, 1) as usize,
        length: match (train.epochs, train.steps) {
            (_, Some(steps)) => Length::Steps(steps.value),
            (epochs, None) => Length::Epochs(number(epochs, DEFAULT_EPOCHS)),
        },
        lr: train.lr.map_or_else(|| rule.default_lr(), |lr| lr.value),
        optimizer: rule,
        schedule: match warmup {
            0 => shape,
            steps => Box::new(WarmUp { steps, then: shape }),
        },
        scope,
        clip: train.clip.map(|clip| clip.value),
        average: train.average.map(|average| average.value),
        patience: train.patience.map(|patience| patience.value),
        evaluate: number(train.evaluate, 1),
        chosen: [
            RULES.settings(&optimizer, "kind"),
            SCHEDULES.settings(&schedule, "kind"),
        ],
        warmup,
    })
}

/// Reports why a choice's options are out of range.
pub(super) fn refused(choice: &Choice, check: Result<(), String>, problems: &mut Problems) {
    if let Err(reason) = check {
        let place = choice.table.span.clone().or(choice.kind.span.clone());
        problems.push(sentence(place, &reason));
    }
}

impl TrainPlan {
    /// Samples of one update.
    pub fn window(&self) -> usize {
        self.batch * self.accumulate
    }

    /// Updates in an epoch of so many samples.
    pub fn steps_per_epoch(&self, samples: usize) -> u64 {
        samples.div_ceil(self.window()) as u64
    }

    /// Updates in all, if an epoch has so many samples.
    pub fn steps(&self, samples: usize) -> u64 {
        match self.length {
            Length::Steps(steps) => steps,
            Length::Epochs(epochs) => epochs * self.steps_per_epoch(samples),
        }
    }
}
