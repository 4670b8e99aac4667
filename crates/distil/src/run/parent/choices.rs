//! What arms choose from on the validation part, and what they chose.

use std::collections::{BTreeMap, BTreeSet};

use distil_report::TrialId;
use distil_report::bill::{BillRow, NO_STAGE, Total};
use distil_report::compare::{FLOW, TRANSFERRED};
use distil_report::record::Purpose;
use distil_report::record::arm::{PLAIN_HALVED, PROXY};
use distil_report::run_json::{Choice, MainMetric, Trial, Tuned};

use super::logs::Logs;
use super::rungs::{Climb, ended_among};
use super::trials::{arms, trials as every_trial};
use crate::plan::{Plan, Tuning, Width};
use crate::run::options::Options;

/// The metric a plan's models are compared by.
pub(super) fn main_metric(plan: &Plan) -> MainMetric {
    MainMetric::of(plan.metric, plan.task.unit())
}

/// Whose trials an arm chooses its settings by, of which seeds, and by which metric.
pub(super) struct By {
    /// The arm of these trials.
    pub arm: String,
    pub seeds: Vec<u64>,
    pub metric: MainMetric,
}

impl By {
    /// Of an arm's trial with this seed, in a run with so many.
    pub fn of(plan: &Plan, tuning: &Tuning, arm: &str, seed: u64, seeds: u64) -> Self {
        let first = plan.run.seed.value;
        match tuning.small_chooses_for(arm) {
            true => Self {
                arm: PROXY.into(),
                seeds: vec![first],
                metric: MainMetric::of(plan.loss_metric(), None),
            },
            false => Self {
                arm: arm.into(),
                seeds: tuning.choosers(seed, first, seeds),
                metric: main_metric(plan),
            },
        }
    }

    /// The choice that `arm` makes by it; `seed` is that which chooses for itself.
    pub fn choice<'a>(
        &'a self,
        arm: &'a str,
        fold: Option<usize>,
        seed: Option<u64>,
    ) -> Choice<'a> {
        Choice {
            arm,
            by: &self.arm,
            fold,
            seed,
            seeds: &self.seeds,
            metric: &self.metric,
            again: false,
            rungs: &[],
            out: None,
        }
    }
}

/// The choice of every arm on every fold, of every seed where each chooses for itself, among these candidates.
pub(super) fn tuned(
    plan: &Plan,
    options: &Options,
    trials: &[&Trial],
    candidates: &[String],
) -> Vec<Tuned> {
    let Some(tuning) = &plan.tuning else {
        return Vec::new();
    };
    let first = plan.run.seed.value;
    let arms = arms(options, plan);
    let ended = ended_among(plan, trials);
    let trials: Vec<Trial> = trials.iter().copied().cloned().collect();
    let mut places: Vec<(&str, Option<usize>, Option<u64>)> = Vec::new();
    for trial in &trials {
        let (arm, seed) = match trial.id.arm.as_str() {
            PROXY if tuning.small_chooses => (FLOW, None),
            PROXY => (TRANSFERRED, None),
            arm if tuning.small_chooses_for(arm) => (arm, None),
            // A rung is no arm.
            arm if !arms.iter().any(|one| one == arm) => continue,
            arm => (arm, tuning.seeds.is_none().then_some(trial.id.seed)),
        };
        let place = (arm, trial.id.fold, seed);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let mut counted: Vec<(String, Option<usize>)> = Vec::new();
    let mut counted_rungs: BTreeSet<TrialId> = BTreeSet::new();
    places
        .into_iter()
        .map(|(arm, fold, seed)| {
            let by = By::of(plan, tuning, arm, seed.unwrap_or(first), options.seeds);
            let others = (by.arm.clone(), fold);
            let place = TrialId {
                arm: arm.to_owned(),
                seed: seed.unwrap_or(first),
                fold,
                settings: None,
            };
            let halving = tuning.halves_for(arm);
            let climb = halving.then(|| Climb::of(tuning, &place, candidates, &ended));
            let mut rungs = climb
                .as_ref()
                .map_or(Vec::new(), |climb| climb.rungs.clone());
            rungs.retain(|id| !arms.contains(&id.arm) && counted_rungs.insert(id.clone()));
            let choice = Choice {
                again: by.arm != arm && counted.contains(&others),
                rungs: &rungs,
                out: climb.as_ref().map(|climb| &climb.out),
                ..by.choice(arm, fold, seed)
            };
            counted.push(others);
            Tuned::of(&trials, &choice, candidates)
        })
        .collect()
}

/// The settings there are to choose from: those as written, and others beyond the end of a list while the choice of some arm, by the
/// mean over its seeds and folds, lies there. All arms have the same; the one that halving is measured on asks for none, as what is claimed
/// of others would be another without it. It needs every trial with those before.
pub(super) fn candidates(plan: &Plan, options: &Options, logs: &Logs) -> Vec<String> {
    let trials = logs.trials();
    let so_far = trials.filter(|trial| counts_so_far(plan, options, &trial.id));
    listed(plan, options, &so_far.collect::<Vec<_>>()).1
}

/// Whether a trial is of the seeds that count: of a run that goes on those of a later look may be there.
pub(super) fn counts_so_far(plan: &Plan, options: &Options, id: &TrialId) -> bool {
    id.seed < plan.run.seed.value + options.seeds.max(1)
}

pub(super) fn listed(
    plan: &Plan,
    options: &Options,
    trials: &[&Trial],
) -> (Option<Width>, Vec<String>) {
    widened(plan, options, trials, |arm| arm != PLAIN_HALVED)
}

/// The same while the choice of some of these arms lies at an end.
fn widened(
    plan: &Plan,
    options: &Options,
    trials: &[&Trial],
    widens: impl Fn(&str) -> bool,
) -> (Option<Width>, Vec<String>) {
    let Some(tuning) = &plan.tuning else {
        return (None, Vec::new());
    };
    let ended = ended_among(plan, trials);
    let mut width = tuning.written();
    loop {
        let candidates = tuning.names(&width);
        let all = every_trial(options, plan, &candidates, &ended);
        let mut tried = all.iter().filter(|id| id.settings.is_some());
        if !tried.all(|id| ended(id).is_some()) {
            return (Some(width), candidates);
        }
        let tuned = tuned(plan, options, trials, &candidates);
        let chosen = Tuned::overall(&tuned, plan.metric.better).into_iter();
        let chosen = chosen.filter(|one| widens(&one.arm));
        let chosen: Vec<String> = chosen.filter_map(|one| one.chosen).collect();
        let wider = tuning.wider(&width, &chosen);
        if wider == width {
            return (Some(width), candidates);
        }
        width = wider;
    }
}

/// What it cost to choose the settings of each of these trials: every other trial that their choice was made by. An arm pays for the
/// values as written, those beyond the end of a list that its own choice asked for, and what it chose; the one that has its settings from
/// a small network, for all that were tried.
pub(super) fn searches(
    plan: &Plan,
    options: &Options,
    trials: &[&Trial],
    of: &[&TrialId],
) -> Vec<Option<BillRow>> {
    let Some(tuning) = &plan.tuning else {
        return vec![None; of.len()];
    };
    let ended = ended_among(plan, trials);
    let (_, tried) = listed(plan, options, trials);
    let mut paid: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    of.iter()
        .map(|id| {
            let chosen = id.settings.as_ref()?;
            let asked_for = paid.entry(&id.arm).or_insert_with(|| {
                let own = |arm: &str| arm == id.arm || tuning.small_chooses_for(&id.arm);
                widened(plan, options, trials, own).1
            });
            let asked_for = |one: &&String| asked_for.contains(one) || *one == chosen;
            let candidates: Vec<String> = tried.iter().filter(asked_for).cloned().collect();
            let by = By::of(plan, tuning, &id.arm, id.seed, options.seeds);
            let choice = by.choice(&id.arm, id.fold, None);
            let halving = tuning.halves_for(&id.arm);
            let climbed = halving.then(|| Climb::of(tuning, id, &candidates, &ended).trials(id));
            let others = trials.iter().filter(|trial| {
                let settings = trial.id.settings.as_ref();
                let paid = settings.is_some_and(|settings| candidates.contains(settings));
                let took = match &climbed {
                    Some(climbed) => climbed.contains(&trial.id),
                    None => choice.is_made_by(&trial.id),
                };
                took && paid && trial.id != **id
            });
            let rows = others.flat_map(|trial| &trial.bill.rows);
            let total: Total = rows.filter(|row| row.purpose.equalised()).collect();
            Some(BillRow {
                stage: NO_STAGE.into(),
                purpose: Purpose::Tune,
                flops: total.flops,
                cpu_seconds: total.cpu_seconds,
                reference_seconds: total.reference_seconds,
                samples: total.samples,
            })
        })
        .collect()
}

/// The arms whose choice, by the mean over their seeds and folds, lies at the end of a list however wide it got, each with its choice.
pub(super) fn ends(
    plan: &Plan,
    width: Option<&Width>,
    tuned: &[Tuned],
) -> BTreeMap<String, String> {
    let Some((tuning, width)) = plan.tuning.as_ref().zip(width) else {
        return BTreeMap::new();
    };
    let overall = Tuned::overall(tuned, plan.metric.better).into_iter();
    overall
        .filter_map(|one| Some((one.arm, one.chosen?)))
        .filter(|(_, chosen)| tuning.is_at_an_end(width, chosen))
        .collect()
}
