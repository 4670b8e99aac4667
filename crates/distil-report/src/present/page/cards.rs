//! The headline numbers.

use serde::Serialize;

use super::arm_class::arm_class;
use crate::present::human::{human_flops, human_seconds};
use crate::present::show;
use crate::present::tables::{cost, mean_metric};
use crate::record::arm::FLOW;
use crate::record::arm::share_of_arm;
use crate::run_json::{RunJson, Status};

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
    /// Its cost as a share of the flow's; for the flow what is in it.
    pub share: String,
}

/// A card per arm, the flow first.
pub(super) fn cards(run: &RunJson) -> Vec<Card> {
    let (name, unit) = (run.metric.name.as_str(), run.metric.unit.as_deref());
    let of_flow = cost(run, FLOW).and_then(|total| total.flops);
    let value_of_flow = mean_metric(run, FLOW, name);
    run.arms()
        .into_iter()
        .filter(|arm| share_of_arm(arm).is_none())
        .map(|arm| {
            let value = mean_metric(run, arm, name);
            let total = cost(run, arm);
            let parts = [
                total.and_then(|total| total.flops).map(human_flops),
                total
                    .and_then(|total| total.reference_seconds.or(Some(total.cpu_seconds)))
                    .map(human_seconds),
            ];
            let share = total
                .and_then(|total| total.flops)
                .zip(of_flow)
                .filter(|(_, flow)| *flow > 0.0);
            let difference = value.zip(value_of_flow).filter(|_| arm != FLOW);
            Card {
                class: arm_class(run, arm),
                arm: arm.into(),
                meaning: meaning(arm).into(),
                value: value.map_or("–".into(), |value| show::value(name, unit, value)),
                difference: difference.map_or(
                    format!("{} on the test part", show::title(name)),
                    |(value, flow)| {
                        format!(
                            "{} against the flow",
                            show::difference(name, unit, value - flow)
                        )
                    },
                ),
                cost: parts.into_iter().flatten().collect::<Vec<_>>().join(" · "),
                share: match share {
                    Some((own, flow)) if arm != FLOW => {
                        format!("{} of the flow's FLOPs", show::per_cent(own / flow))
                    }
                    _ => "everything that equal cost compares".into(),
                },
            }
        })
        .collect()
}

fn meaning(arm: &str) -> &'static str {
    match arm {
        "flow" => "the recipe as written",
        "plain" => "the same model trained plainly, at the flow's cost",
        "plain-full" => "the same model trained plainly, at its full budget",
        "smooth" => "plain with label smoothing",
        "small" => "the small model alone",
        _ => "an arm of the recipe's own",
    }
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
            format!("{} {how}", trial.id())
        })
        .collect();
    (!broken.is_empty()).then(|| format!("Not every trial finished: {}.", broken.join(", ")))
}
