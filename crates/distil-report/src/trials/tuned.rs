//! What tuning came to: which settings an arm chose on the validation part, among which, and what the others cost.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::trial::{Status, Trial};
use crate::measure::{Better, LOSSES, MainMetric};
use crate::record::TrialId;
use crate::statistics::mean;

/// The choice of one arm, on one fold, for one seed or for all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tuned {
    /// The arm.
    pub arm: String,
    /// The fold, counted from 0; null without folds.
    pub fold: Option<usize>,
    /// The seed that chose for itself; absent where some chose for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The arm whose trials it chose by, where they are not its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The settings chosen; null where none has finished with every seed that chose.
    pub chosen: Option<String>,
    /// All it could choose from.
    pub tried: Vec<Tried>,
    /// Trials it took, the chosen settings' own among them where the arm chose by itself.
    pub trials: usize,
    /// FLOPs of the trials that were not chosen; null where unknown.
    pub spare_flops: Option<f64>,
    /// Their CPU seconds.
    pub spare_cpu_seconds: f64,
}

/// One combination of settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    /// Its name.
    pub settings: String,
    /// Trials with it that finished.
    pub finished: usize,
    /// The mean on the validation part, over the seeds that chose, of the metric it chose by: the main one, or where it chose by another
    /// arm's trials their loss; null unless all of them finished.
    pub validation: Option<f64>,
    /// By successive halving: the length, as a share of the arm's own, of the last training with it; absent where it went on to the end.
    /// Of several seeds together the shortest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out_at: Option<f64>,
}

/// The best of those with a mean, the first of equals.
fn best(tried: &[Tried], better: Better) -> Option<&str> {
    let mut best: Option<(&str, f64)> = None;
    for candidate in tried {
        let Some(value) = candidate.validation else {
            continue;
        };
        if best.is_none_or(|(_, best)| better.advantage(value - best) > 0.0) {
            best = Some((&candidate.settings, value));
        }
    }
    best.map(|(settings, _)| settings)
}

/// What most chose; of equals the best by the mean over those who tried it to the end, so the order in which values are written decides
/// nothing.
fn most_chosen<'a>(of: &[&Tuned], tried: &'a [Tried], better: Better) -> Option<&'a str> {
    let chose = |settings: &str| {
        let same = of
            .iter()
            .filter(|one| one.chosen.as_deref() == Some(settings));
        same.count()
    };
    let most = tried.iter().map(|tried| chose(&tried.settings)).max()?;
    let equals = tried.iter().filter(|tried| chose(&tried.settings) == most);
    let equals: Vec<Tried> = equals
        .map(|equal| {
            let each = of.iter().flat_map(|one| &one.tried);
            let same = each.filter(|one| one.settings == equal.settings);
            let values: Vec<f64> = same.filter_map(|one| one.validation).collect();
            Tried {
                validation: mean(&values),
                ..equal.clone()
            }
        })
        .collect();
    let best = best(&equals, better)?;
    let mut settings = tried.iter().map(|tried| tried.settings.as_str());
    settings.find(|settings| *settings == best)
}

/// What a choice is made by.
#[derive(Clone, Debug)]
pub struct Choice<'a> {
    /// The arm that chooses.
    pub arm: &'a str,
    /// The arm whose trials it chooses by; mostly itself.
    pub by: &'a str,
    /// The fold.
    pub fold: Option<usize>,
    /// The seed that chooses for itself; none where some choose for all.
    pub seed: Option<u64>,
    /// The seeds by whose mean it chooses.
    pub seeds: &'a [u64],
    /// The metric it chooses by.
    pub metric: &'a MainMetric,
    /// Whether another arm's trials are those that an earlier choice was made by, which counts what they took.
    pub again: bool,
    /// Trials of rungs that it was made by and that no earlier choice counts.
    pub rungs: &'a [TrialId],
    /// By successive halving: the values that did not go on to the end, each with the length of the last training with it in per cent.
    pub out: Option<&'a BTreeMap<String, u32>>,
}

impl Choice<'_> {
    /// Whether it may be made by this trial, should its settings be among those to choose from.
    pub fn is_made_by(&self, trial: &TrialId) -> bool {
        trial.arm == self.by && trial.fold == self.fold && self.seeds.contains(&trial.seed)
    }

    /// The name of the metric it is made by: in a run that an older version began, where a trial lacks it, the loss as it is.
    fn measured_by(&self, trials: &[Trial]) -> &str {
        let finished = trials
            .iter()
            .filter(|trial| self.is_made_by(&trial.id) && trial.status == Status::Finished);
        let results: Vec<_> = finished.filter_map(Trial::result).collect();
        let measured = |name: &&str| results.iter().all(|one| one.validation.contains_key(*name));
        let own = self.metric.name.as_str();
        std::iter::once(own)
            .chain(LOSSES.iter().map(|loss| loss.name))
            .find(measured)
            .unwrap_or(own)
    }
}

/// Where a choice lies among the values it was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Smaller and larger values were tried.
    Inside,
    /// No smaller value was tried.
    Smallest,
    /// No larger value was tried.
    Largest,
}

impl Tuned {
    /// The choice among `candidates`: the best mean of the metric on the validation part over the seeds, the first of those that are equal. A candidate that diverged with one of the seeds is never chosen; while one is left
    /// that could go on, none is.
    pub fn of(trials: &[Trial], choice: &Choice<'_>, candidates: &[String]) -> Self {
        let Choice { seeds, metric, .. } = choice;
        let by = choice.measured_by(trials);
        let left_out_at = |candidate: &str| choice.out.and_then(|out| out.get(candidate));
        let of = |candidate: &str| -> Vec<&Trial> {
            let went_on = left_out_at(candidate).is_none();
            let mine = |trial: &&Trial| {
                let made_by = choice.is_made_by(&trial.id) && went_on;
                made_by && trial.id.settings.as_deref() == Some(candidate)
            };
            trials.iter().filter(mine).collect()
        };
        let tried: Vec<Tried> = candidates
            .iter()
            .map(|candidate| {
                let finished: Vec<f64> = of(candidate)
                    .into_iter()
                    .filter(|trial| trial.status == Status::Finished)
                    .filter_map(|trial| trial.result()?.validation.get(by).copied())
                    .filter(|value| value.is_finite())
                    .collect();
                let complete = finished.len() == seeds.len() && !seeds.is_empty();
                Tried {
                    settings: candidate.clone(),
                    finished: finished.len(),
                    validation: complete
                        .then(|| finished.iter().sum::<f64>() / finished.len() as f64),
                    left_out_at: left_out_at(candidate).map(|at| f64::from(*at) / 100.0),
                }
            })
            .collect();
        let open = |candidate: &String| {
            let left = |trial: &&Trial| matches!(trial.status, Status::Stopped | Status::Failed);
            of(candidate).iter().any(left)
        };
        let chosen = best(&tried, metric.better)
            .filter(|_| !candidates.iter().any(open))
            .map(str::to_owned);
        let own = choice.by == choice.arm;
        // With those that a claim was checked by.
        let mine = |trial: &&Trial| {
            let of = |arm: &str| trial.id.arm == arm;
            if choice.rungs.contains(&trial.id) {
                return true;
            }
            (of(choice.arm) || of(choice.by) && !choice.again)
                && trial.id.fold == choice.fold
                && choice.seed.is_none_or(|seed| trial.id.seed == seed)
                && trial.id.settings.is_some()
        };
        let is_spare = |trial: &Trial| trial.id.arm != choice.arm || trial.id.settings != chosen;
        let took = |trial: &&Trial| is_spare(trial) || own && seeds.contains(&trial.id.seed);
        let spare = || trials.iter().filter(mine).filter(|trial| is_spare(trial));
        Self {
            arm: choice.arm.to_owned(),
            by: (!own).then(|| choice.by.to_owned()),
            fold: choice.fold,
            seed: choice.seed,
            trials: trials.iter().filter(mine).filter(took).count(),
            spare_flops: spare().map(|trial| trial.bill.all().flops).sum(),
            spare_cpu_seconds: spare().map(|trial| trial.bill.all().cpu_seconds).sum(),
            tried,
            chosen,
        }
    }

    /// The choices of every arm and fold, its seeds together: what is best by the mean over them, by successive halving what most of them
    /// chose; and what all of them took.
    pub fn together(tuned: &[Self], better: Better) -> Vec<Self> {
        Self::grouped(tuned, better, |a, b| a.arm == b.arm && a.fold == b.fold)
    }

    /// The choices of every arm, its seeds and folds together.
    pub fn overall(tuned: &[Self], better: Better) -> Vec<Self> {
        Self::grouped(tuned, better, |a, b| a.arm == b.arm)
    }

    fn grouped(tuned: &[Self], better: Better, alike: fn(&Self, &Self) -> bool) -> Vec<Self> {
        let mut together: Vec<Self> = Vec::new();
        for one in tuned {
            let same = |other: &Self| alike(one, other);
            if together.iter().any(same) {
                continue;
            }
            let of: Vec<&Self> = tuned.iter().filter(|other| same(other)).collect();
            together.push(match of[..] {
                [one] => one.clone(),
                _ => Self::mean(&of, better),
            });
        }
        together
    }

    /// The choice by the mean over several seeds, or folds; none where one of them could choose nothing.
    fn mean(of: &[&Self], better: Better) -> Self {
        let tried: Vec<Tried> = of[0]
            .tried
            .iter()
            .map(|first| {
                let same = |tried: &&Tried| tried.settings == first.settings;
                let each = of.iter().map(|one| one.tried.iter().find(same));
                let each: Option<Vec<&Tried>> = each.collect();
                let each = each.unwrap_or_default();
                let values: Option<Vec<f64>> = each.iter().map(|tried| tried.validation).collect();
                Tried {
                    settings: first.settings.clone(),
                    finished: each.iter().map(|tried| tried.finished).sum(),
                    validation: values.and_then(|values| mean(&values)),
                    left_out_at: each
                        .iter()
                        .filter_map(|tried| tried.left_out_at)
                        .reduce(f64::min),
                }
            })
            .collect();
        // By another arm's trials a choice is made by their loss.
        let direction = of[0].by.as_ref().map_or(better, |_| Better::Lower);
        let all_chose = of.iter().all(|one| one.chosen.is_some());
        // What not all went on with has no mean over all: then what most chose counts.
        let some_left_out = tried.iter().any(|tried| tried.left_out_at.is_some());
        let chosen = match some_left_out {
            true => most_chosen(of, &tried, direction),
            false => best(&tried, direction),
        };
        Self {
            arm: of[0].arm.clone(),
            by: of[0].by.clone(),
            fold: of[0].fold,
            seed: None,
            chosen: chosen.filter(|_| all_chose).map(str::to_owned),
            trials: of.iter().map(|one| one.trials).sum(),
            spare_flops: of.iter().map(|one| one.spare_flops).sum(),
            spare_cpu_seconds: of.iter().map(|one| one.spare_cpu_seconds).sum(),
            tried,
        }
    }

    /// Where the choice lies among values of one setting, such as `lr=0.001`: at an end, and then a longer list might find better. None
    /// where several settings vary or a value is no number.
    pub fn end(&self) -> Option<End> {
        let parts = |settings: &str| -> Option<(String, f64)> {
            let (key, value) = settings.split_once('=')?;
            Some((key.to_owned(), value.parse().ok()?))
        };
        let (key, chosen) = parts(self.chosen.as_deref()?)?;
        let tried: Option<Vec<(String, f64)>> = self
            .tried
            .iter()
            .map(|tried| parts(&tried.settings))
            .collect();
        let tried = tried.filter(|tried| tried.iter().all(|(other, _)| *other == key))?;
        let most = tried.iter().all(|(_, value)| *value <= chosen);
        let least = tried.iter().all(|(_, value)| *value >= chosen);
        Some(match (least, most) {
            (false, false) => End::Inside,
            (true, _) => End::Smallest,
            (false, true) => End::Largest,
        })
    }

    /// How many settings each arm chose from, the fewest over the folds: what a comparison has to know to grant a claim. An arm
    /// that could choose none on some fold is left out.
    pub fn settings_by_arm(tuned: &[Self]) -> BTreeMap<String, usize> {
        let mut fewest: BTreeMap<String, usize> = BTreeMap::new();
        for one in tuned {
            let settings = one.chosen.as_ref().map_or(0, |_| one.tried.len());
            let known = fewest.entry(one.arm.clone()).or_insert(settings);
            *known = settings.min(*known);
        }
        fewest.retain(|_, settings| *settings > 0);
        fewest
    }
}
