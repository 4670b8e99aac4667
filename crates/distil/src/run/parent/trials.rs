//! The trials of a run.

use std::collections::{BTreeSet, VecDeque};

use distil_report::TrialId;
use distil_report::compare::{FLOW, PLAIN, PLAIN_FULL};
use distil_report::record::arm::{PLAIN_HALVED, PROXY, share_of_arm};

use super::rungs::{Climb, Ended, rungs};
use crate::plan::{Arm, Plan, Tuning};
use crate::run::options::Options;

/// Plain training at 25, 50, 75 and 100 % of its declared budget.
const CURVE: [Arm; 4] = [
    Arm::PlainShare(0.25),
    Arm::PlainShare(0.5),
    Arm::PlainShare(0.75),
    Arm::PlainFull,
];

/// The arms of the run, the flow first.
pub(super) fn arms(options: &Options, plan: &Plan) -> Vec<String> {
    let controls = plan
        .arms
        .iter()
        .filter(|arm| **arm != Arm::Flow && (!options.probe || matches!(arm, Arm::Own(_))))
        .map(ToString::to_string);
    let mut controls: Vec<String> = controls.chain(options.swept.iter().cloned()).collect();
    if options.curve {
        let missing = CURVE.iter().filter(|arm| !plan.arms.contains(arm));
        controls.extend(missing.map(ToString::to_string));
    }
    std::iter::once(FLOW.to_string())
        .chain(controls.into_iter().filter(|_| options.control))
        .collect()
}

/// What has to be planned before the run begins, each with the name of the arm it is for; of the small network where that chooses for all,
/// too.
pub(super) fn planned_first(options: &Options, plan: &Plan) -> Vec<(String, Arm)> {
    let proxy = plan.small_chooses().then(|| PROXY.to_owned());
    let names = proxy.into_iter().chain(arms(options, plan));
    let first = |name: String| {
        let first = Arm::named(&name).to_plan_first().into_iter();
        first.map(move |arm| (name.clone(), arm))
    };
    names.flat_map(first).collect()
}

/// How long a plain training is, as a share of that in full, where a longer one begins with what a shorter one made; none for other arms.
pub(super) fn length_of_plain(plan: &Plan, arm: &str) -> Option<f64> {
    let flow = plan.plain_on_trunk?;
    match arm {
        PLAIN => Some(flow),
        PLAIN_FULL | PLAIN_HALVED => Some(1.0),
        arm => share_of_arm(arm),
    }
}

/// Whether a trial is not trained, as plain training in full has been with the same settings.
pub(super) fn is_one_of_plain(trial: &TrialId, options: &Options) -> bool {
    trial.arm == PLAIN_HALVED && !options.fresh
}

/// What choosing settings takes, in trainings; none where nothing is tuned.
pub(super) fn search(options: &Options, plan: &Plan) -> Option<String> {
    let tuning = plan.tuning.as_ref()?;
    let tried = |candidates: &[String]| {
        let mut trials = most_trials(options, plan, tuning, candidates);
        trials.retain(|t| t.settings.is_some() && !is_one_of_plain(t, options));
        trials
    };
    let count = |candidates: &[String]| tried(candidates).len();
    let of_written = tried(&tuning.candidates);
    let written = of_written.len();
    let of = |of: &dyn Fn(&str) -> bool| of_written.iter().filter(|t| of(&t.arm)).count();
    let shorter: BTreeSet<String> = arms(options, plan)
        .iter()
        .flat_map(|arm| rungs(tuning, arm))
        .map(|(arm, ..)| arm)
        .collect();
    let shorter = match of(&|arm| shorter.contains(arm)) {
        0 => String::new(),
        several => format!(", {several} of them shorter ones by which values are left out"),
    };
    let small = match of(&|arm| arm == PROXY) {
        0 => String::new(),
        _ if plan.small_chooses() => ", all of them of small networks".into(),
        several => format!(", {several} of them of the small network alone"),
    };
    let most = count(&tuning.names(&tuning.widest()));
    let wider = match most > written {
        true => format!(", at most {most} if choices lie at the ends of their lists"),
        false => String::new(),
    };
    Some(format!(
        "to choose settings takes {written} trainings{shorter}{small}{wider}"
    ))
}

/// Every trial of the run: by seed and fold, the flow first. Where settings are tuned, the seeds that choose have a trial for each
/// of these, which does not read the test part; and every seed has one whose settings are not known yet, which does. Those that
/// the small network chooses by are of [`PROXY`] and the first seed. By successive halving those of an arm's rungs come first, as far as
/// it is known from how others `ended` what they are.
pub(super) fn trials(
    options: &Options,
    plan: &Plan,
    candidates: &[String],
    ended: &Ended<'_>,
) -> VecDeque<TrialId> {
    let arms = arms(options, plan);
    let first = plan.run.seed.value;
    let mut trials = VecDeque::new();
    for seed in first..first + options.seeds.max(1) {
        let choosing = plan
            .tuning
            .as_ref()
            .filter(|tuning| tuning.choosers(seed, first, options.seeds).contains(&seed));
        for fold in options.folds() {
            let trial = |arm: &str, settings: Option<&String>| TrialId {
                arm: arm.to_owned(),
                seed,
                fold,
                settings: settings.cloned(),
            };
            let by_small = |arm: &String| {
                let mut tuning = plan.tuning.iter();
                tuning.any(|tuning| tuning.small_chooses_for(arm))
            };
            let mut chosen_by = candidates.iter().filter(|_| seed == first);
            for arm in &arms {
                if by_small(arm) {
                    let chosen_by = chosen_by.by_ref();
                    trials.extend(chosen_by.map(|settings| trial(PROXY, Some(settings))));
                    trials.push_back(trial(arm, None));
                    continue;
                }
                let place = trial(arm, None);
                if let Some(tuning) = choosing {
                    let climb = Climb::of(tuning, &place, candidates, ended);
                    trials.extend(climb.trials(&place));
                }
                trials.push_back(place);
            }
        }
    }
    // Several arms look at the same rung, which may be an arm itself.
    let mut seen = BTreeSet::new();
    trials.retain(|trial| seen.insert(trial.clone()));
    trials
}

/// The most trials that there can be with these candidates: as many go on as may, of the values beyond the ends of lists all.
pub(super) fn most_trials(
    options: &Options,
    plan: &Plan,
    tuning: &Tuning,
    candidates: &[String],
) -> VecDeque<TrialId> {
    let written = |settings: &String| tuning.candidates.contains(settings);
    let beyond = |trial: &TrialId| !trial.settings.as_ref().is_some_and(written);
    trials(options, plan, candidates, &|trial| {
        Some(Some(f64::from(u8::from(beyond(trial)))))
    })
}
