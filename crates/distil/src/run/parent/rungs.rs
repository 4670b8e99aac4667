//! Successive halving: which values an arm goes on with.

use std::collections::BTreeMap;

use distil_report::TrialId;
use distil_report::run_json::{Status, Trial};

use crate::plan::{Arm, Plan, Tuning};

/// How a trial ended: `None` before it has, `Some(None)` where it diverged, else its main metric on the validation part, larger being
/// better.
pub(super) type Ended<'a> = dyn Fn(&TrialId) -> Option<Option<f64>> + 'a;

/// How those trials ended that `find` finds.
pub(super) fn ended<'a>(
    plan: &'a Plan,
    find: impl Fn(&TrialId) -> Option<&'a Trial> + 'a,
) -> impl Fn(&TrialId) -> Option<Option<f64>> + 'a {
    move |id| {
        let trial = find(id)?;
        let value = || {
            let value = trial.result()?.validation.get(plan.metric.name)?;
            Some(plan.metric.better.advantage(*value)).filter(|value| value.is_finite())
        };
        match trial.status {
            Status::Finished => Some(value()),
            Status::Diverged => Some(None),
            _ => None,
        }
    }
}

/// How these trials ended.
pub(super) fn ended_among<'a>(
    plan: &'a Plan,
    trials: &[&'a Trial],
) -> impl Fn(&TrialId) -> Option<Option<f64>> + 'a {
    let known: BTreeMap<&TrialId, &Trial> = trials.iter().map(|t| (&t.id, *t)).collect();
    ended(plan, move |id| known.get(id).copied())
}

/// What a choice of an arm, for one seed and fold, takes and took.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Climb {
    /// The trials of its rungs, as far as it is known what they are: those of a rung once all of the one before have ended.
    pub rungs: Vec<TrialId>,
    /// The values that go on to the end; none before every rung has ended.
    pub whole: Option<Vec<String>>,
    /// The others, each with the length of the last rung that it was in, in per cent.
    pub out: BTreeMap<String, u32>,
}

impl Climb {
    /// Of the arm, seed and fold of `place`, among these candidates.
    ///
    /// From each rung the best `keep` of the values as they are written go on, the first of equals; of those beyond the ends of a list
    /// each that would be among the best, had the list only this one more. So a value that went on still does when others are added, and
    /// what an arm may spend on the values as written does not depend on others.
    pub fn of(tuning: &Tuning, place: &TrialId, candidates: &[String], ended: &Ended<'_>) -> Self {
        let mut climb = Self::default();
        let mut left: Vec<String> = candidates.to_vec();
        for (arm, per_cent, keep) in rungs(tuning, &place.arm) {
            let tried = left.iter().map(|settings| TrialId {
                arm: arm.clone(),
                settings: Some(settings.clone()),
                ..place.clone()
            });
            let tried: Vec<TrialId> = tried.collect();
            let came_to: Option<Vec<Option<f64>>> = tried.iter().map(ended).collect();
            climb.rungs.extend(tried);
            let Some(came_to) = came_to else {
                climb
                    .out
                    .extend(left.into_iter().map(|one| (one, per_cent)));
                return climb;
            };
            let written = |place: &usize| tuning.candidates.contains(&left[*place]);
            let goes_on = |place: usize| {
                let Some(own) = came_to[place] else {
                    return false;
                };
                let before = |other: &usize| {
                    let ahead = |value| value > own || value == own && *other < place;
                    came_to[*other].is_some_and(ahead)
                };
                (0..left.len()).filter(written).filter(before).count() < keep
            };
            let (on, out): (Vec<usize>, Vec<usize>) =
                (0..left.len()).partition(|place| goes_on(*place));
            let out = out.into_iter().map(|place| (left[place].clone(), per_cent));
            climb.out.extend(out);
            left = on.into_iter().map(|place| left[place].clone()).collect();
        }
        climb.whole = Some(left);
        climb
    }

    /// All its trials that are known, those of the arm itself last.
    pub fn trials(&self, place: &TrialId) -> Vec<TrialId> {
        let whole = self.whole.iter().flatten().map(|settings| TrialId {
            settings: Some(settings.clone()),
            ..place.clone()
        });
        self.rungs.iter().cloned().chain(whole).collect()
    }
}

/// The rungs below an arm: the arm whose trials they are, their length in per cent, and how many values go on. A point of plain
/// training's curve has those alone that are shorter.
pub(super) fn rungs(tuning: &Tuning, arm: &str) -> Vec<(String, u32, usize)> {
    if !tuning.halves_for(arm) {
        return Vec::new();
    }
    let of = Arm::named(arm);
    let shorter = |per_cent: u32| match of {
        Arm::PlainShare(share) => f64::from(per_cent) / 100.0 < share,
        _ => true,
    };
    let cuts = tuning.cuts.iter();
    let cuts = cuts.map(|cut| (cut.per_cent(), cut.keep.value));
    cuts.filter(|(per_cent, _)| shorter(*per_cent))
        .map(|(per_cent, keep)| {
            let keep = usize::try_from(keep).unwrap_or(usize::MAX);
            (of.clone().rung(per_cent).to_string(), per_cent, keep)
        })
        .collect()
}
