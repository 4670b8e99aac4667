//! The trials of a run.

use std::collections::VecDeque;

use distil_report::TrialId;
use distil_report::compare::{FLOW, PLAIN, PLAIN_FULL};
use distil_report::record::arm::{PROXY, share_of_arm};

use crate::plan::{Arm, Plan};
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

/// How long a plain training is, as a share of that in full, where a longer one begins with what a shorter one made; none for other arms.
pub(super) fn length_of_plain(plan: &Plan, arm: &str) -> Option<f64> {
    let flow = plan.plain_on_trunk?;
    match arm {
        PLAIN => Some(flow),
        PLAIN_FULL => Some(1.0),
        arm => share_of_arm(arm),
    }
}

/// What choosing settings takes, in trainings; none where nothing is tuned.
pub fn search(options: &Options, plan: &Plan) -> Option<String> {
    let tuning = plan.tuning.as_ref()?;
    let tried = |candidates: &[String]| {
        let mut trials = trials(options, plan, candidates);
        trials.retain(|trial| trial.settings.is_some());
        trials
    };
    let count = |candidates: &[String]| tried(candidates).len();
    let written = count(&tuning.candidates);
    let small = tried(&tuning.candidates).into_iter();
    let small = match small.filter(|trial| trial.arm == PROXY).count() {
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
        "to choose settings takes {written} trainings{small}{wider}\n"
    ))
}

/// Every trial of the run: by seed and fold, the flow first. Where settings are tuned, the seeds that choose have a trial for each
/// of these, which does not read the test part; and every seed has one whose settings are not known yet, which does. Those that
/// the small network chooses by are of [`PROXY`] and the first seed.
pub(super) fn trials(options: &Options, plan: &Plan, candidates: &[String]) -> VecDeque<TrialId> {
    let arms = arms(options, plan);
    let first = plan.run.seed.value;
    let mut trials = VecDeque::new();
    for seed in first..first + options.seeds.max(1) {
        let choosing = plan
            .tuning
            .as_ref()
            .filter(|tuning| tuning.choosers(seed, first, options.seeds).contains(&seed));
        let settings: Vec<Option<String>> = match choosing {
            Some(_) => {
                let candidates = candidates.iter().cloned().map(Some);
                candidates.chain([None]).collect()
            }
            None => vec![None],
        };
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
                let settings = settings.iter().map(Option::as_ref);
                trials.extend(settings.map(|settings| trial(arm, settings)));
            }
        }
    }
    trials
}
