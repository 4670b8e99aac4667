//! What a run takes at most, before it begins.

use std::collections::{BTreeMap, BTreeSet};

use distil_recipe::RecipeText;
use distil_report::TrialId;
use distil_report::compare::{FLOW, LOOKS, PLAIN_FULL, SMALL};
use distil_report::record::arm::{as_rung, share_of_arm};

use super::rungs::rungs;
use super::trials::{
    arms, is_one_of_plain, length_of_plain, most_trials, planned_first, search, trials,
};
use crate::data::Dataset;
use crate::plan::{Arm, Draft, Plan, Tuning};
use crate::run::options::Options;

/// What a trial of an arm takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    /// FLOPs of all its training.
    flops: f64,
    /// Of that of the result.
    of_result: f64,
}

impl Cost {
    pub fn of(plan: &Plan) -> Self {
        let training = plan.result().training();
        Self {
            flops: plan.flops(),
            of_result: training.map_or(0.0, |training| training.cost.flops()),
        }
    }
}

/// What a trial of each arm takes.
struct Costs {
    arms: BTreeMap<String, Cost>,
    /// Of plain trainings, those of the part that a longer one begins with; none in a run that trains each from its beginning.
    trunks: BTreeMap<String, f64>,
    /// Whether the flow's first stages are trained once for all settings of its result: not in a run that trains each from its beginning.
    first_stages_once: bool,
}

impl Costs {
    /// Beside a flow with this plan and data. `known`: of arms with data of their own. None where an arm cannot be planned.
    fn of(
        text: &RecipeText,
        options: &Options,
        flow: &Plan,
        data: &Dataset,
        known: BTreeMap<String, Cost>,
    ) -> Option<Self> {
        let mut costs = Self {
            arms: known,
            trunks: BTreeMap::new(),
            first_stages_once: !options.fresh,
        };
        let own = flow.flops();
        costs.arms.insert(FLOW.into(), Cost::of(flow));
        let first = planned_first(options, flow).into_iter();
        let first = first.map(|(_, arm)| arm.to_string());
        let mut all: Vec<String> = first.chain(arms(options, flow)).collect();
        all.push(PLAIN_FULL.to_owned());
        let tuning = flow.tuning.iter();
        let below = |arm: &String| {
            tuning
                .clone()
                .flat_map(|tuning| rungs(tuning, arm))
                .collect::<Vec<_>>()
        };
        let below: Vec<_> = all.iter().flat_map(below).map(|(arm, ..)| arm).collect();
        for name in all.into_iter().chain(below) {
            // Such a rung takes what is left of its arm.
            if costs.arms.contains_key(&name) || as_rung(&name).is_some() {
                continue;
            }
            let arm = Arm::named(&name).within(own);
            let draft = Draft::read(text, &options.base, &arm).ok()?;
            let plan = draft.plan(data).ok()?;
            let trunk = plan.result().training().and_then(|training| {
                let part = training.trunk()? as f64 / training.steps as f64;
                length_of_plain(flow, &name)?;
                Some(part * plan.flops()).filter(|_| !options.fresh)
            });
            costs
                .trunks
                .extend(trunk.map(|trunk| (name.clone(), trunk)));
            costs.arms.insert(name, Cost::of(&plan));
        }
        Some(costs)
    }

    fn cost(&self, arm: &str) -> Option<Cost> {
        let Some((per_cent, of)) = as_rung(arm) else {
            return self.arms.get(arm).copied();
        };
        let whole = self.arms.get(of)?;
        let of_result = whole.of_result * f64::from(per_cent) / 100.0;
        Some(Cost {
            flops: whole.flops - whole.of_result + of_result,
            of_result,
        })
    }

    /// What these trials take, in trainings of the result at plain's full budget.
    fn times_full(&self, trials: &[&TrialId]) -> Option<f64> {
        let mut begun: BTreeMap<_, Vec<f64>> = BTreeMap::new();
        let mut flows = BTreeSet::new();
        let mut sum = 0.0;
        // The shorter first, as the longer wait for them.
        let mut trials = trials.to_vec();
        let flops = |trial: &TrialId| self.cost(&trial.arm).map(|cost| cost.flops);
        trials.sort_by(|a, b| {
            flops(a)
                .unwrap_or_default()
                .total_cmp(&flops(b).unwrap_or_default())
        });
        for trial in trials {
            let cost = self.cost(&trial.arm)?;
            let arm = as_rung(&trial.arm).map_or(&trial.arm[..], |(_, of)| of);
            let again = arm == FLOW && !flows.insert((trial.seed, trial.fold));
            sum += match again && self.first_stages_once {
                true => cost.of_result,
                false => cost.flops,
            };
            if let Some(trunk) = self.trunks.get(&trial.arm) {
                let alike = (trial.seed, trial.fold, &trial.settings);
                let others = begun.entry(alike).or_default();
                let shorter = others.iter().copied().filter(|other| other <= trunk);
                sum -= shorter.fold(0.0, f64::max);
                others.push(*trunk);
            }
        }
        Some(sum / self.cost(PLAIN_FULL)?.flops)
    }

    /// What one more training of an arm takes where its rungs have been trained, in trainings at plain's full budget.
    fn once_more(&self, tuning: &Tuning, arm: &str) -> f64 {
        let Some((cost, full)) = self.cost(arm).zip(self.cost(PLAIN_FULL)) else {
            return 0.0;
        };
        let last = rungs(tuning, arm).pop();
        let trunk = last.and_then(|(rung, ..)| self.trunks.get(&rung).copied());
        let on_trunk = trunk.filter(|_| self.trunks.contains_key(arm));
        let own = match arm == FLOW && self.first_stages_once {
            true => cost.of_result,
            false => cost.flops,
        };
        (own - on_trunk.unwrap_or_default()) / full.flops
    }
}

/// What choosing settings and all training take at most, a line each, said before a run begins; beside a flow with this plan and data.
/// `known`: what arms with data of their own take.
pub(super) fn beforehand(
    text: &RecipeText,
    options: &Options,
    plan: &Plan,
    data: &Dataset,
    known: BTreeMap<String, Cost>,
) -> Vec<String> {
    // Of a flow alone there is nothing to add to what its plan says.
    let is_alone = plan.tuning.is_none() && arms(options, plan).len() == 1;
    let costs = (!is_alone).then(|| Costs::of(text, options, plan, data, known));
    let all = costs
        .flatten()
        .and_then(|costs| bound(options, plan, &costs));
    let search = search(&options.at_first(), plan);
    search.into_iter().chain(all).collect()
}

/// What all trials take, in trainings of the result at plain's full budget, in words; beside it what may come to that.
fn bound(options: &Options, plan: &Plan, costs: &Costs) -> Option<String> {
    // Where an arm chooses for itself, one of the trials it chooses by is that which is tested.
    let counts = |trial: &TrialId, options: &Options| match &plan.tuning {
        _ if is_one_of_plain(trial, options) => false,
        Some(tuning) => trial.settings.is_some() || !tries(tuning, options, plan, trial),
        None => true,
    };
    let sum = |options: &Options, candidates: &[String]| {
        let trials = match &plan.tuning {
            Some(tuning) => most_trials(options, plan, tuning, candidates),
            None => trials(options, plan, candidates, &|_| None),
        };
        let counted: Vec<&TrialId> = trials.iter().filter(|t| counts(t, options)).collect();
        costs.times_full(&counted)
    };
    let first = options.at_first();
    let written = plan.tuning.as_ref().map(|t| &t.candidates[..]);
    let written = written.unwrap_or_default();
    let all = sum(&first, written)?;
    let mut said =
        format!("all training takes the FLOPs of {all:.1} trainings at plain's full budget");
    if let Some(tuning) = &plan.tuning {
        let more = tuning
            .one_wider()
            .map(|one| sum(&first, &tuning.names(&one)));
        let more = more.collect::<Option<Vec<f64>>>()?;
        if let Some(most) = more.into_iter().reduce(f64::max) {
            let more = most - all;
            said += &format!("; with each value that a list gets beyond its ends {more:.1} more");
        }
        let checks = checks(tuning, &first, plan, costs)?;
        if checks > 0.0 && first.seeds >= LOOKS[0] {
            said += &format!("; to check what is shown at most {checks:.1} more");
        }
    }
    if first.seeds != options.seeds {
        let last = sum(options, written)?;
        said += &format!(
            "; should all {} seeds be needed, {last:.1} in place of {all:.1}",
            options.seeds
        );
    }
    Some(said)
}

/// Whether the trial's arm has tried its settings with this seed.
fn tries(tuning: &Tuning, options: &Options, plan: &Plan, trial: &TrialId) -> bool {
    let first = plan.run.seed.value;
    let choosers = tuning.choosers(trial.seed, first, options.seeds);
    !tuning.small_chooses_for(&trial.arm) && choosers.contains(&trial.seed)
}

/// The losers' trials at the winners' settings that their arms have not tried, should every comparison show something, in trainings at
/// plain's full budget.
fn checks(tuning: &Tuning, options: &Options, plan: &Plan, costs: &Costs) -> Option<f64> {
    let of = |arm: &str| costs.once_more(tuning, arm);
    let first = plan.run.seed.value;
    let folds = options.folds().len() as u64;
    let untried = match tuning.seeds {
        Some(_) => {
            let choosers = tuning.choosers(first, first, options.seeds).len() as u64;
            options.seeds.saturating_sub(choosers)
        }
        None if tuning.halves() && !tuning.cuts_one => options.seeds,
        None => 0,
    };
    // Nothing is claimed of the points of plain training's curve.
    let others = arms(options, plan).into_iter();
    let others = others.filter(|arm| arm != FLOW && share_of_arm(arm).is_none());
    let each = others.map(|arm| match (tuning.small_chooses, arm.as_str()) {
        (true, SMALL) => (options.seeds * folds) as f64 * of(FLOW),
        (true, _) => 0.0,
        (false, arm) => (untried * folds) as f64 * of(FLOW).max(of(arm)),
    });
    Some(each.sum())
}
