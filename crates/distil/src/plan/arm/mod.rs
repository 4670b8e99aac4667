//! Arms: the recipe, and the changes to it that make its controls.

mod changes;
mod checks;

use std::fmt;

use distil_recipe::recipe::Recipe;
use distil_report::record::arm::{
    PLAIN_HALVED, PROXY, TRANSFERRED, arm_of_share, as_rung, rung_of, share_of_arm,
};

use crate::plan::stage::StagePlan;
use changes::small;
pub(super) use checks::check_chosen_by_small;

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
