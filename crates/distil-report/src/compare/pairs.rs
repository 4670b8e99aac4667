//! The trials of two arms that belong together, by seed.

use std::collections::BTreeSet;

use super::comparison::{AtEnd, Comparison, CostRatios, Guard, Sides, Test, Verdict};
use super::entry::{Question, TrialOutputs};
use super::rows;
use super::verdict::{Quality, shown};
use crate::bill::{Bill, Total};
use crate::measure::{self, Better, Resolution};
use crate::record::{Overlap, TrialId};
use crate::statistics::{
    CorrectedFolds, bca, corrected_folds, cost_ratio, mean, median, non_inferiority, one_sided,
    paired_errors, sign_flip, worst_ranks,
};
use crate::trials::{Status, Trial};

/// One arm's trials and the other's, seed by seed; the one is mostly the flow, and called so.
pub(super) struct Pairs<'a> {
    arm: &'a str,
    against: &'a str,
    flow: Vec<TrialOutputs<'a>>,
    /// Trials that came to an end, as counts of failures need them.
    ended: Vec<&'a Trial>,
    units: Vec<Seed<'a>>,
}

/// The two arms' trials of one seed and fold.
type Pair<'a> = (TrialOutputs<'a>, TrialOutputs<'a>);

/// One seed.
struct Seed<'a> {
    pairs: Vec<Pair<'a>>,
    /// The mean over the folds of the main metric on the test part; none where a fold failed.
    flow: Option<f64>,
    other: Option<f64>,
}

impl Seed<'_> {
    /// flow − other: −∞ or +∞, for the worse, where one failed.
    fn difference(&self, better: Better) -> f64 {
        let worst = better.advantage(f64::NEG_INFINITY);
        match (self.flow, self.other) {
            (Some(flow), Some(other)) => flow - other,
            (None, Some(_)) => worst,
            (Some(_), None) => -worst,
            (None, None) => f64::NAN,
        }
    }

    /// What each side cost, infinite where it failed; none where unknown.
    fn costs(
        &self,
        counted: [fn(&Bill) -> Total; 2],
        of: fn(Total) -> Option<f64>,
    ) -> Option<(f64, f64)> {
        let sum = |trials: Vec<&Trial>, value: Option<f64>, counted: fn(&Bill) -> Total| match value
        {
            Some(_) => {
                let costs = trials.into_iter().map(|trial| of(counted(&trial.bill)));
                costs.sum::<Option<f64>>()
            }
            None => Some(f64::INFINITY),
        };
        let flow = self.pairs.iter().map(|(flow, _)| flow.trial).collect();
        let other = self.pairs.iter().map(|(_, other)| other.trial).collect();
        sum(flow, self.flow, counted[0]).zip(sum(other, self.other, counted[1]))
    }
}

fn unit_of<'a>(pairs: Vec<Pair<'a>>, metric: &str) -> Seed<'a> {
    let value = |trials: Vec<&Trial>| -> Option<f64> {
        let values: Option<Vec<f64>> = trials
            .into_iter()
            .map(|trial| ending(trial, metric).value())
            .collect();
        mean(&values?)
    };
    Seed {
        flow: value(pairs.iter().map(|(flow, _)| flow.trial).collect()),
        other: value(pairs.iter().map(|(_, other)| other.trial).collect()),
        pairs,
    }
}

/// What one trial came to.
enum Ending {
    Value(f64),
    Failed,
    /// Not at its end, or without this metric.
    Nothing,
}

impl Ending {
    fn value(self) -> Option<f64> {
        match self {
            Self::Value(value) => Some(value),
            Self::Failed | Self::Nothing => None,
        }
    }
}

fn ending(trial: &Trial, metric: &str) -> Ending {
    match trial.status {
        Status::Stopped => Ending::Nothing,
        Status::Failed | Status::Diverged => Ending::Failed,
        Status::Finished => match trial.result().and_then(|stage| stage.test.get(metric)) {
            Some(value) if value.is_finite() => Ending::Value(*value),
            Some(_) => Ending::Failed,
            None => Ending::Nothing,
        },
    }
}

impl<'a> Pairs<'a> {
    pub fn of(
        entries: &[TrialOutputs<'a>],
        (arm, against): (&'a str, &'a str),
        question: &Question<'_>,
    ) -> Self {
        let metric = question.metric.name.as_str();
        let of_arm = |arm: &'a str| {
            let ended =
                |entry: &TrialOutputs<'_>| !matches!(ending(entry.trial, metric), Ending::Nothing);
            let of_arm = entries
                .iter()
                .filter(move |entry| entry.trial.id.arm == arm);
            of_arm.filter(move |entry| ended(entry)).copied()
        };
        let flow: Vec<TrialOutputs<'a>> = of_arm(arm).collect();
        let mut seeds: Vec<(u64, Vec<Pair<'a>>)> = Vec::new();
        for entry in &flow {
            let same = |other: &TrialOutputs<'_>| {
                (other.trial.id.seed, other.trial.id.fold)
                    == (entry.trial.id.seed, entry.trial.id.fold)
            };
            let Some(other) = of_arm(against).find(same) else {
                continue;
            };
            match seeds
                .iter_mut()
                .find(|(seed, _)| *seed == entry.trial.id.seed)
            {
                Some((_, pairs)) => pairs.push((*entry, other)),
                None => seeds.push((entry.trial.id.seed, vec![(*entry, other)])),
            }
        }
        let units = seeds.into_iter().map(|(_, pairs)| unit_of(pairs, metric));
        let units = units.collect();
        let ended = flow.iter().copied().chain(of_arm(against));
        Self {
            arm,
            against,
            ended: ended.map(|entry| entry.trial).collect(),
            flow,
            units,
        }
    }

    /// All but the verdict, and the advantage: positive where the flow is better.
    pub fn measured(&self, question: &Question<'a>) -> (Comparison, f64) {
        let (mut comparison, advantage) = self.unchecked(question);
        comparison.guard = self.loser(&comparison, advantage).map(|loser| {
            let at_winners = |pair: &Pair<'a>| self.at_winners(loser, pair, question);
            self.guard(loser, &comparison, advantage, question, &at_winners)
        });
        (comparison, advantage)
    }

    /// The same where the two share no settings: what is shown in favour of the arm has to hold against the other at the one value,
    /// for all seeds, that tests best.
    pub fn measured_at_best(&self, question: &Question<'a>) -> (Comparison, f64) {
        let (mut comparison, advantage) = self.unchecked(question);
        if self.loser(&comparison, advantage) == Some(self.against) {
            let best = self.tested_best(question);
            let at_best = |pair: &Pair<'a>| self.at(best.as_deref()?, pair, question);
            let guard = self.guard(self.against, &comparison, advantage, question, &at_best);
            comparison.guard = Some(Guard {
                settings: best.clone(),
                ..guard
            });
        }
        (comparison, advantage)
    }

    /// What [`Pairs::measured_at_best`] needs: the other arm's trials at values that were not chosen and have not read the test part.
    pub fn wanted_at_best(&self, question: &Question<'a>) -> Vec<TrialId> {
        let (comparison, advantage) = self.unchecked(question);
        if self.loser(&comparison, advantage) != Some(self.against) {
            return Vec::new();
        }
        let untested = |entry: &&TrialOutputs<'_>| {
            entry.trial.id.arm == self.against
                && entry.trial.status == Status::Finished
                && !entry.trial.is_tested()
        };
        let untested = question.spares.iter().filter(untested);
        untested.map(|entry| entry.trial.id.clone()).collect()
    }

    /// A pair with the other arm at these settings; none where that has not been tested.
    fn at(&self, settings: &str, pair: &Pair<'a>, question: &Question<'a>) -> Option<Pair<'a>> {
        let id = TrialId {
            settings: Some(settings.to_owned()),
            ..pair.1.trial.id.clone()
        };
        Some((pair.0, self.tested(&id, pair, question)?))
    }

    /// The settings with which the other arm's mean on the test part is best; none before all have been tested with every pair. Those
    /// with which some trial diverged are not the best.
    fn tested_best(&self, question: &Question<'a>) -> Option<String> {
        let metric = &question.metric;
        let spares = question.spares.iter().map(|entry| entry.trial);
        let own = self.ended.iter().copied();
        let settings: BTreeSet<&String> = own
            .chain(spares)
            .filter(|trial| trial.id.arm == self.against)
            .filter_map(|trial| trial.id.settings.as_ref())
            .collect();
        let mut best: Option<(f64, &String)> = None;
        for settings in settings {
            let at = |unit: &Seed<'a>| -> Option<Seed<'a>> {
                let pairs = unit.pairs.iter();
                let pairs: Option<Vec<_>> = pairs
                    .map(|pair| self.at(settings, pair, question))
                    .collect();
                Some(unit_of(pairs?, &metric.name))
            };
            let units: Option<Vec<Seed<'_>>> = self.units.iter().map(at).collect();
            let values: Option<Vec<f64>> = units?.iter().map(|unit| unit.other).collect();
            let Some(value) = values.and_then(|values| mean(&values)) else {
                continue;
            };
            if best.is_none_or(|(known, _)| metric.better.advantage(value - known) > 0.0) {
                best = Some((value, settings));
            }
        }
        best.map(|(_, settings)| settings.clone())
    }

    /// Trials that what was shown has to be checked by, and that have not come to an end with a test.
    pub fn wanted(&self, question: &Question<'a>) -> Vec<TrialId> {
        let (comparison, advantage) = self.unchecked(question);
        let Some(loser) = self.loser(&comparison, advantage) else {
            return Vec::new();
        };
        let pairs = self.units.iter().flat_map(|unit| &unit.pairs);
        let missing = pairs.filter(|pair| self.at_winners(loser, pair, question).is_none());
        missing
            .map(|pair| self.id_at_winners(loser, pair))
            .collect()
    }

    /// The arm that is to be taken at the other's settings, where tuned arms show something.
    fn loser(&self, comparison: &Comparison, advantage: f64) -> Option<&'a str> {
        match shown(comparison, advantage) {
            Quality::Unclear => None,
            Quality::Better | Quality::WithinMargin => Some(self.against),
            Quality::Worse => Some(self.arm),
        }
    }

    /// The loser's trial of a pair at the winner's settings.
    fn id_at_winners(&self, loser: &str, (one, other): &Pair<'_>) -> TrialId {
        let (loser, winner) = match loser == self.arm {
            true => (one, other),
            false => (other, one),
        };
        TrialId {
            settings: winner.trial.id.settings.clone(),
            ..loser.trial.id.clone()
        }
    }

    /// A pair with the loser's trial at the winner's settings; none before that has been tested. One that was lost was not.
    fn at_winners(
        &self,
        loser: &str,
        pair: &Pair<'a>,
        question: &Question<'a>,
    ) -> Option<Pair<'a>> {
        let id = self.id_at_winners(loser, pair);
        let taken = self.tested(&id, pair, question)?;
        Some(match loser == self.arm {
            true => (taken, pair.1),
            false => (pair.0, taken),
        })
    }

    /// A trial that has been tested, or that diverged: of the pair, or one whose settings were not chosen.
    fn tested(
        &self,
        id: &TrialId,
        pair: &Pair<'a>,
        question: &Question<'a>,
    ) -> Option<TrialOutputs<'a>> {
        let mut own = [pair.0, pair.1].into_iter();
        if let Some(own) = own.find(|own| own.trial.id == *id) {
            return Some(own);
        }
        let ended = |entry: &&TrialOutputs<'_>| match entry.trial.status {
            Status::Diverged => true,
            _ => matches!(ending(entry.trial, &question.metric.name), Ending::Value(_)),
        };
        let mut spares = question.spares.iter();
        spares
            .find(|entry| entry.trial.id == *id && ended(entry))
            .copied()
    }

    /// The test again, with every pair as `checked` has it.
    fn guard(
        &self,
        loser: &str,
        comparison: &Comparison,
        advantage: f64,
        question: &Question<'a>,
        checked: &dyn Fn(&Pair<'a>) -> Option<Pair<'a>>,
    ) -> Guard {
        let metric = question.metric.name.as_str();
        let better = question.metric.better;
        let checked = |seed: &Seed<'a>| {
            let pairs: Option<Vec<_>> = seed.pairs.iter().map(checked).collect();
            Some(unit_of(pairs?, metric))
        };
        let counted = |seed: &&Seed<'_>| !seed.difference(better).is_nan();
        let units = self.units.iter().filter(counted).filter_map(checked);
        // Where both failed, neither is better.
        let differences: Vec<f64> = units
            .map(|unit| unit.difference(better))
            .map(|difference| if difference.is_nan() { 0.0 } else { difference })
            .collect();
        let tested = match differences.iter().all(|d| d.is_finite()) {
            true => over_seeds(&differences),
            false => over_ranks(&differences),
        };
        Guard {
            loser: loser.into(),
            settings: None,
            n: differences.len(),
            difference: tested.difference.filter(|d| d.is_finite()),
            p: tested.p,
            holm_p: None,
            same_sign: better.advantage(tested.direction) * advantage > 0.0,
            non_inferior_p: comparison
                .margin
                .and_then(|margin| not_inferior(&differences, better, margin)),
        }
    }

    /// What the tests say, before anything is checked.
    pub fn unchecked(&self, question: &Question<'a>) -> (Comparison, f64) {
        let better = question.metric.better;
        let name = question.metric.name.as_str();
        let differences: Vec<f64> = self
            .units
            .iter()
            .map(|unit| unit.difference(better))
            .filter(|difference| !difference.is_nan())
            .collect();
        let finished = |of: fn(&Seed<'_>) -> Option<f64>| -> Vec<f64> {
            self.units.iter().filter_map(of).collect()
        };
        let (flow, other) = (finished(|unit| unit.flow), finished(|unit| unit.other));
        let never = flow.is_empty() || other.is_empty();
        let tested = match differences.len() {
            _ if never => Tested::default(),
            1 => self.over_samples(name, differences[0]),
            _ if differences.iter().all(|d| d.is_finite()) => Tested {
                samples_p: measure::metric(name).and_then(|metric| {
                    rows::test_over_samples(self.units.iter().map(|u| &u.pairs[..]), metric)
                }),
                ..over_seeds(&differences)
            },
            _ => over_ranks(&differences),
        };
        let all_flows: Vec<f64> = self
            .flow
            .iter()
            .filter_map(|entry| ending(entry.trial, name).value())
            .collect();
        let n = if never { 0 } else { differences.len() };
        let comparison = Comparison {
            arm: self.arm.into(),
            against: self.against.into(),
            n,
            difference: tested.difference.filter(|d| d.is_finite()),
            ci95: tested.ci95,
            test: tested.test,
            p: tested.p,
            samples_p: tested.samples_p,
            cost: if never {
                CostRatios::default()
            } else {
                self.cost([Bill::equalised; 2])
            },
            given: question.given,
            overlap: self
                .ended
                .iter()
                .filter_map(|trial| trial.findings.overlap)
                .reduce(Overlap::and),
            verdict: Verdict::NotCompared,
            value: mean(if n == 0 { &all_flows } else { &flow }),
            against_value: mean(&other),
            samples: self.samples(),
            resolution: self.resolution(name),
            because: None,
            bca95: tested.bca95,
            holm_p: None,
            margin: question.margin,
            non_inferior_p: question
                .margin
                .filter(|_| n > 1)
                .and_then(|margin| not_inferior(&differences, better, margin)),
            failed: self.count(Status::Failed),
            diverged: self.count(Status::Diverged),
            tuning: question.tuned.get(self.against).map(|against| Sides {
                arm: question.tuned.get(self.arm).copied().unwrap_or(0),
                against: *against,
            }),
            ends: [self.arm, self.against]
                .into_iter()
                .filter_map(|arm| {
                    let settings = question.ends.get(arm)?.clone();
                    let arm = arm.to_owned();
                    Some(AtEnd { arm, settings })
                })
                .collect(),
            equal_seconds: None,
            looks: question.looks,
            guard: None,
            folds: (n > 0).then(|| self.folds(name)).flatten(),
        };
        (comparison, better.advantage(tested.direction))
    }

    fn over_samples(&self, name: &str, difference: f64) -> Tested {
        let unit = self
            .units
            .iter()
            .find(|unit| unit.flow.is_some() && unit.other.is_some());
        let found = unit
            .zip(measure::metric(name))
            .and_then(|(unit, metric)| rows::test(&unit.pairs, metric));
        Tested {
            difference: Some(difference),
            direction: difference,
            ci95: found
                .as_ref()
                .and_then(|found| found.half_width)
                .map(|half| [difference - half, difference + half]),
            bca95: None,
            test: found.as_ref().map(|found| found.test),
            p: found.map(|found| found.p),
            samples_p: None,
        }
    }

    /// What the test set resolves with the first seed: its folds' resolutions put together.
    fn resolution(&self, metric: &str) -> Option<f64> {
        let seed = self.flow.first()?.trial.id.seed;
        let folds = self.flow.iter().filter(|entry| entry.trial.id.seed == seed);
        let found: Option<Vec<Resolution>> = folds
            .map(|entry| measure::resolution(metric, &entry.predictions?.outputs().ok()?))
            .collect();
        Resolution::together(&found?).map(|found| found.width())
    }

    fn samples(&self) -> usize {
        let seed = self.flow.first().map(|entry| entry.trial.id.seed);
        self.flow
            .iter()
            .filter(|entry| Some(entry.trial.id.seed) == seed)
            .map(|entry| entry.trial.data.test)
            .sum()
    }

    fn count(&self, status: Status) -> Sides {
        let of = |arm: &str| {
            let of_arm = self.ended.iter().filter(|trial| trial.id.arm == arm);
            of_arm.filter(|trial| trial.status == status).count()
        };
        Sides {
            arm: of(self.arm),
            against: of(self.against),
        }
    }

    /// The cost ratios by what of each side's bill is counted.
    pub fn cost(&self, counted: [fn(&Bill) -> Total; 2]) -> CostRatios {
        let ratio = |of: fn(Total) -> Option<f64>| {
            let units = self.units.iter();
            let costs: Option<Vec<(f64, f64)>> =
                units.map(|unit| unit.costs(counted, of)).collect();
            cost_ratio(&costs?).map(|found| found.ratio)
        };
        let seconds_ratio = ratio(|total| total.reference_seconds);
        CostRatios {
            flops_ratio: ratio(|total| total.flops),
            seconds_ratio,
            seconds_ci95: seconds_ratio
                .zip(self.spread_of_seconds(counted))
                .map(|(ratio, spread)| [ratio / spread, ratio * spread]),
        }
    }

    /// The factor either way of the 95 % interval of the ratio of the pairs' own CPU seconds; none where a trial failed.
    fn spread_of_seconds(&self, counted: [fn(&Bill) -> Total; 2]) -> Option<f64> {
        let own = |unit: &Seed<'_>| {
            let (one, other) = unit.costs(counted, |total| Some(total.cpu_seconds))?;
            Some((one / other).ln()).filter(|ratio| ratio.is_finite())
        };
        let logs: Option<Vec<f64>> = self.units.iter().map(own).collect();
        let [low, high] = paired_errors(&logs?)?.ci95;
        Some((0.5 * (high - low)).exp())
    }

    /// The corrected test over the folds of all seeds, where there are folds and all of them finished.
    fn folds(&self, metric: &str) -> Option<CorrectedFolds> {
        let pairs = || self.units.iter().flat_map(|unit| &unit.pairs);
        if pairs().any(|(flow, _)| flow.trial.id.fold.is_none()) {
            return None;
        }
        let value = |entry: &TrialOutputs<'_>| ending(entry.trial, metric).value();
        let differences: Option<Vec<f64>> = pairs()
            .map(|(flow, other)| Some(value(flow)? - value(other)?))
            .collect();
        let ratios: Vec<f64> = pairs()
            .map(|(flow, _)| flow.trial.data)
            .map(|data| data.test as f64 / data.train as f64)
            .collect();
        let ratio = mean(&ratios).filter(|ratio| ratio.is_finite())?;
        corrected_folds(&differences?, ratio)
    }
}

/// What the tests of one comparison found.
#[derive(Default)]
struct Tested {
    difference: Option<f64>,
    /// As the difference points, failures counted.
    direction: f64,
    ci95: Option<[f64; 2]>,
    bca95: Option<[f64; 2]>,
    test: Option<Test>,
    p: Option<f64>,
    samples_p: Option<f64>,
}

fn over_seeds(differences: &[f64]) -> Tested {
    let at = |places: &[usize]| {
        places.iter().map(|place| differences[*place]).sum::<f64>() / places.len() as f64
    };
    let difference = mean(differences);
    Tested {
        difference,
        direction: difference.unwrap_or(0.0),
        ci95: paired_errors(differences).map(|test| test.ci95),
        bca95: bca(differences.len(), &at),
        test: Some(Test::SignFlip),
        p: sign_flip(differences).map(|test| test.p),
        samples_p: None,
    }
}

fn over_ranks(differences: &[f64]) -> Tested {
    let ranks = worst_ranks(differences);
    Tested {
        difference: median(differences),
        direction: ranks.iter().sum(),
        ci95: None,
        bca95: None,
        test: Some(Test::SignedRank),
        p: sign_flip(&ranks).map(|test| test.p),
        samples_p: None,
    }
}

/// One-sided p of non-inferiority, by ranks where a trial failed.
fn not_inferior(differences: &[f64], better: Better, margin: f64) -> Option<f64> {
    let advantages: Vec<f64> = differences.iter().map(|d| better.advantage(*d)).collect();
    if advantages.iter().all(|a| a.is_finite()) {
        return non_inferiority(&advantages, margin);
    }
    let shifted: Vec<f64> = advantages.iter().map(|a| a + margin).collect();
    one_sided(&worst_ranks(&shifted))
}
