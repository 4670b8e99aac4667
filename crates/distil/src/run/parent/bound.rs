//! What a run takes at most, before it begins.

use std::collections::BTreeMap;

use distil_recipe::RecipeText;
use distil_report::TrialId;
use distil_report::compare::{FLOW, SMALL};
use distil_report::record::arm::PROXY;

use super::trials::{arms, trials};
use crate::plan::{Arm, Draft, Plan, Tuning};
use crate::run::options::Options;
use crate::run::prepare::Prepared;

/// FLOPs of a trial of each arm; `known`: those of arms with data of their own. None where one of them cannot be planned.
pub(super) fn costs(
    text: &RecipeText,
    options: &Options,
    flow: &Prepared,
    mut known: BTreeMap<String, f64>,
) -> Option<BTreeMap<String, f64>> {
    let own = flow.plan.flops();
    let full = Arm::PlainFull.to_string();
    for name in arms(options, &flow.plan).into_iter().chain([full]) {
        if known.contains_key(&name) {
            continue;
        }
        let flops = match Arm::named(&name) {
            Arm::Flow => own,
            arm if arm.costs_as_the_flow() => own,
            arm => {
                let draft = Draft::read(text, &options.base, &arm).ok()?;
                draft.plan(&flow.data).ok()?.flops()
            }
        };
        known.insert(name, flops);
    }
    Some(known)
}

/// What all trials take, in trainings of the result at plain's full budget, in words; beside it what may come to that.
pub(super) fn bound(
    options: &Options,
    plan: &Plan,
    costs: &BTreeMap<String, f64>,
) -> Option<String> {
    let full = costs.get(&Arm::PlainFull.to_string())?;
    // Where an arm chooses for itself, one of the trials it chooses by is that which is tested.
    let counts = |trial: &TrialId, options: &Options| match &plan.tuning {
        Some(tuning) => trial.settings.is_some() || !tries(tuning, options, plan, trial),
        None => true,
    };
    let sum = |options: &Options, candidates: &[String]| -> Option<f64> {
        let trials = trials(options, plan, candidates);
        let counted = trials.iter().filter(|trial| counts(trial, options));
        counted
            .map(|trial| Some(costs.get(&trial.arm)? / full))
            .sum()
    };
    let first = options.at_first();
    let written = plan
        .tuning
        .as_ref()
        .map(|t| &t.candidates[..])
        .unwrap_or_default();
    let all = sum(&first, written)?;
    let mut said =
        format!("all of it takes the FLOPs of {all:.1} trainings at plain's full budget");
    if let Some(tuning) = &plan.tuning {
        if tuning.widest() != tuning.written() {
            let more = sum(&first, written)? - sum(&first, &written[1..])?;
            said += &format!("; with each value that a list gets beyond its ends {more:.1} more");
        }
        let checks = checks(tuning, options, plan, costs) / full;
        if checks > 0.0 {
            said += &format!("; to check what is shown at most {checks:.1} more");
        }
    }
    if first.seeds != options.seeds {
        let last = sum(options, written)?;
        said += &format!("; should {} seeds be needed {last:.1}", options.seeds);
    }
    Some(said + "\n")
}

/// Whether the trial's arm has tried its settings with this seed.
fn tries(tuning: &Tuning, options: &Options, plan: &Plan, trial: &TrialId) -> bool {
    let first = plan.run.seed.value;
    let choosers = tuning.choosers(trial.seed, first, options.seeds);
    !tuning.is_by_small(&trial.arm) && choosers.contains(&trial.seed)
}

/// FLOPs of the losers' trials at the winners' settings that their arms have not tried, should every comparison show something.
fn checks(tuning: &Tuning, options: &Options, plan: &Plan, costs: &BTreeMap<String, f64>) -> f64 {
    let of = |arm: &str| costs.get(arm).copied().unwrap_or_default();
    let first = plan.run.seed.value;
    let folds = options.folds().len() as u64;
    let untried = match tuning.seeds {
        Some(_) => {
            let choosers = tuning.choosers(first, first, options.seeds).len() as u64;
            options.seeds.saturating_sub(choosers)
        }
        None => 0,
    };
    let others = arms(options, plan).into_iter().filter(|arm| arm != FLOW);
    others
        .map(|arm| match (tuning.by_small, arm.as_str()) {
            (true, SMALL) => (options.seeds * folds) as f64 * of(FLOW),
            (true, _) => 0.0,
            (false, PROXY) => 0.0,
            (false, arm) => (untried * folds) as f64 * of(FLOW).max(of(arm)),
        })
        .sum()
}
