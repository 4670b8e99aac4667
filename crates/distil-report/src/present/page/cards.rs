//! The headline numbers.

use serde::Serialize;

use super::arm_class::arm_class;
use crate::bill::Total;
use crate::present::human::{human_bytes, human_flops, human_seconds};
use crate::present::sentence::meaning;
use crate::present::show;
use crate::record::arm::FLOW;
use crate::record::arm::share_of_arm;
use crate::run_json::{RunJson, Status};
use crate::summary::Summary;

/// One arm's headline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Card {
    /// Chooses the colour.
    pub class: String,
    /// The arm.
    pub arm: String,
    /// What the arm is.
    pub meaning: String,
    /// The main metric on the test part.
    pub value: String,
    /// How far it is from the flow; for the flow the metric's name.
    pub difference: String,
    /// What it cost.
    pub cost: String,
    /// Its cost as a share of the flow's; for the flow its model's size.
    pub share: String,
}

/// A card per arm, the flow first.
pub(super) fn cards(run: &RunJson) -> Vec<Card> {
    let flow = Summary::of(run, FLOW);
    Summary::with_teachers(run)
        .into_iter()
        .filter(|arm| share_of_arm(arm.arm).is_none())
        .map(|arm| card(run, &arm, &flow))
        .collect()
}

fn card(run: &RunJson, arm: &Summary<'_>, flow: &Summary<'_>) -> Card {
    let metric = &run.metric;
    let other = arm.arm != FLOW;
    let seconds = |total: Total| total.reference_seconds.unwrap_or(total.cpu_seconds);
    let cost = [
        arm.flops().map(human_flops),
        arm.cost.map(|total| human_seconds(seconds(total))),
    ];
    let difference = arm.value.zip(flow.value).filter(|_| other);
    let share = arm.share_of(flow).filter(|_| other);
    Card {
        class: arm_class(run, arm.arm),
        arm: arm.arm.into(),
        meaning: meaning(run, arm.arm),
        value: metric.value(arm.value),
        difference: match difference {
            Some((own, flow)) => {
                format!("{} against the flow", metric.difference(Some(own - flow)))
            }
            None => format!("{} on the test part", metric.title()),
        },
        cost: cost.into_iter().flatten().collect::<Vec<_>>().join(" · "),
        share: match share {
            Some(share) => format!("{} of the flow's FLOPs", show::per_cent(share)),
            None => size(run, arm.arm).unwrap_or_default(),
        },
    }
}

/// `100,234 parameters, 392 KiB`
fn size(run: &RunJson, arm: &str) -> Option<String> {
    let parameters = run.arm(arm).find_map(|trial| trial.result())?.parameters;
    Some(format!(
        "{} parameters, {}",
        show::grouped(parameters as f64),
        human_bytes(4 * parameters)
    ))
}

/// What went wrong, where anything did.
pub(super) fn warning(run: &RunJson) -> Option<String> {
    let broken: Vec<String> = run
        .trials
        .iter()
        .filter(|trial| trial.status != Status::Finished)
        .map(|trial| {
            let how = match trial.status {
                Status::Stopped => "was stopped by a signal",
                Status::Diverged => "diverged",
                Status::Failed | Status::Finished => "did not finish",
            };
            format!("{} {how}", trial.id)
        })
        .collect();
    (!broken.is_empty()).then(|| format!("Not every trial finished: {}.", broken.join(", ")))
}
