//! What a run takes at most, before it begins.

use std::collections::BTreeMap;

use distil_recipe::RecipeText;
use distil_report::TrialId;
use distil_report::compare::{FLOW, LOOKS, PLAIN_FULL, SMALL};

use super::trials::{arms, length_of_plain, trials};
use crate::plan::{Arm, Draft, Plan, Tuning};
use crate::run::options::Options;
use crate::run::prepare::Prepared;

/// What a trial of each arm takes.
pub(super) struct Costs {
    /// FLOPs of all its training.
    flops: BTreeMap<String, f64>,
    /// Of plain trainings, those of the part that a longer one begins with; none in a run that trains each from its beginning.
    trunks: BTreeMap<String, f64>,
}

impl Costs {
    /// `known`: FLOPs of arms with data of their own. None where an arm cannot be planned.
    pub fn of(
        text: &RecipeText,
        options: &Options,
        flow: &Prepared,
        known: BTreeMap<String, f64>,
    ) -> Option<Self> {
        let mut costs = Self {
            flops: known,
            trunks: BTreeMap::new(),
        };
        let own = flow.plan.flops();
        costs.flops.insert(FLOW.into(), own);
        let all = arms(options, &flow.plan).into_iter();
        for name in all.chain([PLAIN_FULL.to_owned()]) {
            if costs.flops.contains_key(&name) {
                continue;
            }
            let arm = Arm::named(&name).within(own);
            let draft = Draft::read(text, &options.base, &arm).ok()?;
            let plan = draft.plan(&flow.data).ok()?;
            let trunk = plan.result().training().and_then(|training| {
                let part = training.trunk()? as f64 / training.steps as f64;
                length_of_plain(&flow.plan, &name)?;
                Some(part * plan.flops()).filter(|_| !options.fresh)
            });
            costs
                .trunks
                .extend(trunk.map(|trunk| (name.clone(), trunk)));
            costs.flops.insert(name, plan.flops());
        }
        Some(costs)
    }

    /// What these trials take, in trainings of the result at plain's full budget.
    fn times_full(&self, trials: &[&TrialId]) -> Option<f64> {
        let mut begun: BTreeMap<_, Vec<f64>> = BTreeMap::new();
        let mut sum = 0.0;
        // The shorter first, as the longer wait for them.
        let mut trials = trials.to_vec();
        let flops = |trial: &TrialId| self.flops.get(&trial.arm).copied();
        trials.sort_by(|a, b| {
            flops(a)
                .unwrap_or_default()
                .total_cmp(&flops(b).unwrap_or_default())
        });
        for trial in trials {
            sum += flops(trial)?;
            if let Some(trunk) = self.trunks.get(&trial.arm) {
                let alike = (trial.seed, trial.fold, &trial.settings);
                let others = begun.entry(alike).or_default();
                let shorter = others.iter().copied().filter(|other| other <= trunk);
                sum -= shorter.fold(0.0, f64::max);
                others.push(*trunk);
            }
        }
        Some(sum / self.flops.get(PLAIN_FULL)?)
    }
}

/// What all trials take, in trainings of the result at plain's full budget, in words; beside it what may come to that.
pub(super) fn bound(options: &Options, plan: &Plan, costs: &Costs) -> Option<String> {
    // Where an arm chooses for itself, one of the trials it chooses by is that which is tested.
    let counts = |trial: &TrialId, options: &Options| match &plan.tuning {
        Some(tuning) => trial.settings.is_some() || !tries(tuning, options, plan, trial),
        None => true,
    };
    let sum = |options: &Options, candidates: &[String]| {
        let trials = trials(options, plan, candidates);
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
        if tuning.widest() != tuning.written() {
            let more = all - sum(&first, &written[1..])?;
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
    Some(said + "\n")
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
    let full = costs.flops.get(PLAIN_FULL)?;
    let of = |arm: &str| costs.flops.get(arm).copied().unwrap_or_default() / full;
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
    let each = others.map(|arm| match (tuning.small_chooses, arm.as_str()) {
        (true, SMALL) => (options.seeds * folds) as f64 * of(FLOW),
        (true, _) => 0.0,
        (false, arm) => (untried * folds) as f64 * of(FLOW).max(of(arm)),
    });
    Some(each.sum())
}
