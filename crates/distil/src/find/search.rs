//! A search under way: one step after another, each an ordinary run in the search's folder.

use std::path::Path;
use std::time::Instant;

use distil_report::measure::{MainMetric, Metric, Quantity};
use distil_report::present::human::human_flops;
use distil_report::statistics::{bound_95, mean, normal_quantile};

use super::RECORD;
use super::candidates::{Candidate, Field, arm_of, round};
use super::goal::Budget;
use super::ladder::{self, Cost, Probe, RUNGS, Seen};
use super::record::{FindJson, Route, Step, Tried, write};
use crate::data::Dataset;
use crate::error::{Error, Kind, Result};
use crate::files;
use crate::run::{Options, Watcher};

/// The most rates beyond the ends of their list.
pub(super) const WIDER: usize = 3;
/// Seeds with which a candidate that will do is asked again, the first that was tried with among them.
const ASKED_AGAIN: u64 = 3;
/// A search under way.
pub(super) struct Search<'a> {
    pub folder: &'a Path,
    pub program: &'a Path,
    pub options: &'a Options,
    /// The metric of the goal.
    pub metric: &'static Metric,
    /// Where the goal is to be as good as the large network: the largest disadvantage that does not matter.
    pub margin: Option<f64>,
    /// The least good value that will do; none before the large network has been measured, where the goal is its.
    pub at: Option<f64>,
    /// The large network's values on the validation part, and its losses there, with the seeds that a candidate is asked again with.
    pub large: [Vec<f64>; 2],
    /// The same with the target's unit.
    pub main: &'a MainMetric,
    /// Samples of the validation part.
    pub validation: usize,
    /// The loss that candidates are ranked by.
    pub loss: &'a str,
    /// The seed of all trainings but those that ask again or confirm.
    pub seed: u64,
    pub budget: Option<Budget>,
    pub started: Instant,
    /// Seconds of the clock before it was stopped.
    pub before: f64,
    pub steps: Vec<Step>,
    pub watcher: &'a mut dyn Watcher,
}

impl Search<'_> {
    /// All of it: what was found is written into `find`. `before`: what it had come to when it was stopped.
    pub fn all(
        &mut self,
        field: &Field,
        data: &Dataset,
        find: &mut FindJson,
        before: Option<FindJson>,
    ) -> Result<()> {
        let (rate, chosen) = self.rate(field, find)?;
        let candidates = field.candidates(rate, data, &self.options.base)?;
        find.naive_flops = find.rates as f64 * field.of_large(&candidates);
        let full = (&candidates[0], field.epochs());
        let decided = before.filter(|before| before.route.is_some());
        // What was decided stays so: a budget in time might end the search elsewhere.
        if let Some(before) = decided {
            self.steps = before.steps;
            (find.route, find.stopped, find.at) = (before.route, before.stopped, before.at);
        } else {
            let large = match self.margin {
                Some(margin) => Some(self.level(field, full, margin)?),
                None => None,
            };
            find.at = self.at;
            find.route = self.climb(field, &candidates, (&chosen, large), find)?;
        }
        let Some(route) = find.route.clone() else {
            find.stopped = "no training came to its end".into();
            return Ok(());
        };
        self.keep(find)?;
        let Some(candidate) = candidates.iter().find(|one| one.name == route.name) else {
            return Err(Error::damaged(
                &self.folder.join(RECORD),
                "there is no such candidate",
            ));
        };
        let (recipe, confirmed) = self.confirm(field, (candidate, route.epochs))?;
        find.confirmed = Some(confirmed);
        files::write(&self.folder.join("route.toml"), recipe.as_bytes())
    }

    /// Writes find.json as far as the search has come.
    pub fn keep(&self, find: &mut FindJson) -> Result<()> {
        find.steps.clone_from(&self.steps);
        find.search_flops = self.flops();
        find.search_cpu_seconds = self.sum(|tried| tried.cpu_seconds);
        find.seconds = self.seconds();
        write(&self.folder.join(RECORD), find)
    }

    /// The large network in full at the rate that the small one chose, with as many seeds as a candidate is asked again with: what is no
    /// worse than its mean by the margin will do.
    fn level(
        &mut self,
        field: &Field,
        (wide, epochs): (&Candidate, u64),
        margin: f64,
    ) -> Result<Probe> {
        let purpose = "the large network in full, which a route has to equal";
        self.watcher
            .note(&format!("large: {purpose}, {ASKED_AGAIN} trainings"));
        let of = (wide, field.training(&[(wide, epochs)]));
        let seeds = (self.seed, ASKED_AGAIN);
        let tried = self.with_seeds(("large".into(), purpose), of, epochs, seeds)?;
        self.large = measured(&tried);
        let all = self.large[0].len() as u64 == ASKED_AGAIN;
        let Some(value) = mean(&self.large[0]).filter(|_| all) else {
            return Err(Error::new(
                Kind::Diverged,
                "large",
                "the large network diverged at the rate that the small one chose, and nothing can be said to be as good",
            )
            .remedy("Give the quality you need as a number: --goal \"accuracy >= 0.95\""));
        };
        self.at = Some(value - self.metric.better.advantage(margin));
        Ok(Probe {
            candidate: 0,
            epochs,
        })
    }

    /// Trains candidates for longer and longer, until one will do, all were trained as long as they may be, or the budget is spent; where
    /// the large network is to be equalled and has been trained in full, while all that is tried costs less than that once more. It begins with the training that chose the rate.
    fn climb(
        &mut self,
        field: &Field,
        candidates: &[Candidate],
        (chosen, large): (&Tried, Option<Probe>),
        find: &mut FindJson,
    ) -> Result<Option<Route>> {
        let costs: Vec<Cost> = candidates.iter().map(|one| one.cost.clone()).collect();
        let (mut seen, mut struck): (Vec<Seen>, Vec<Probe>) = (Vec::new(), Vec::new());
        // The training that chose the rate is one of the network that chooses.
        let chooser = candidates.iter().position(|one| one.chooses);
        seen.extend(chooser.map(|candidate| seen_of(chosen, candidate)));
        let mut left: Vec<usize> = (0..candidates.len()).collect();
        find.stopped = "every candidate was trained as long as it may be".into();
        let (mut taken, before) = (None, self.flops());
        for (at, rung) in RUNGS.iter().enumerate() {
            let budget = ladder::budget(&costs, *rung);
            let probes = ladder::probes(&costs, &left, *rung, &seen);
            let cost_of = |probe: &Probe| costs[probe.candidate].of(probe.epochs);
            let with_these = self.flops() - before + probes.iter().map(cost_of).sum::<f64>();
            if large
                .as_ref()
                .is_some_and(|large| with_these >= cost_of(large))
            {
                find.stopped =
                    "to try more would cost as much as another training of the large network in full"
                        .into();
                break;
            }
            if !probes.is_empty() {
                seen.extend(self.rung(at, field, candidates, &probes)?);
            }
            taken = self.first_hit(field, candidates, &costs, budget, &mut seen, &mut struck)?;
            if taken.is_some() {
                break;
            }
            if self.is_spent() {
                find.stopped = "the budget was spent".into();
                break;
            }
            let better_half = ladder::left(&costs, &left, &seen);
            let (on, given_up): (Vec<usize>, Vec<usize>) =
                better_half.into_iter().partition(|one| {
                    let most = ladder::most(&costs, &seen, self.metric.better, *one);
                    most.is_none_or(|most| self.is_met_by(most))
                });
            let of = |one: &usize| {
                let met = |value: f64| self.is_met_by(value);
                let reach = ladder::reach(&costs, &seen, self.metric.better, *one, met);
                // One that would have done with one seed, and did not with others, is sure of nothing.
                let sure = struck.iter().all(|probe| probe.candidate != *one);
                let reach = reach.map(|[least, most]| match sure {
                    true => [least, most],
                    false => [least, f64::INFINITY],
                });
                (*one, reach)
            };
            let reaches: Vec<_> = on.iter().map(of).collect();
            let dearer = ladder::dearer(&reaches);
            let fates = |one: usize| match reaches.iter().find(|(on, _)| *on == one) {
                _ if dearer.contains(&one) => "given up: another comes to the goal for less".into(),
                Some((_, Some(reach))) => format!("goes on: {}", between(*reach)),
                Some((_, None)) => "goes on".into(),
                None if given_up.contains(&one) => "given up: longer would miss the goal".into(),
                None => "out".into(),
            };
            let rows = standings(candidates, &seen, &left, self.main, fates);
            rows.iter().for_each(|row| self.watcher.note(row));
            left = on.into_iter().filter(|one| !dearer.contains(one)).collect();
            if left.is_empty() {
                if !given_up.is_empty() {
                    find.stopped =
                        "by what longer trainings brought, none that is left comes to the goal"
                            .into();
                }
                break;
            }
        }
        if let Some(probe) = &taken {
            let name = &candidates[probe.candidate].name;
            find.stopped = format!(
                "`{name}` will do on the validation part, and nothing cheaper that was tried does"
            );
        }
        let better = self.metric.better;
        let best = || ladder::best(&costs, &seen, better).map(|best| best.probe.clone());
        Ok(taken.or(large).or_else(best).map(|probe| {
            let candidate = &candidates[probe.candidate];
            Route {
                name: candidate.name.clone(),
                words: candidate.words.clone(),
                epochs: probe.epochs,
            }
        }))
    }

    /// Whether the budget is spent.
    fn is_spent(&self) -> bool {
        match self.budget {
            Some(Budget::Seconds(most)) => self.seconds() >= most,
            Some(Budget::Flops(most)) => self.flops() >= most,
            None => false,
        }
    }

    /// Seconds of the clock.
    fn seconds(&self) -> f64 {
        self.before + self.started.elapsed().as_secs_f64()
    }

    /// The cheapest training that will do, with other seeds, too; those that will not are struck out, and worth what they have over all
    /// their seeds.
    fn first_hit(
        &mut self,
        field: &Field,
        candidates: &[Candidate],
        costs: &[Cost],
        budget: f64,
        seen: &mut [Seen],
        struck: &mut Vec<Probe>,
    ) -> Result<Option<Probe>> {
        while let Some(hit) = ladder::hit(costs, seen, struck, budget, |v| self.is_met_by(v)) {
            let probe = hit.probe.clone();
            let mut measures = self.again(field, candidates, &probe)?;
            measures[0].insert(0, hit.value);
            measures[1].insert(0, hit.loss);
            let values = &measures[0];
            let all = values.len() as u64 == ASKED_AGAIN;
            if all && self.will_do(&measures) {
                return Ok(Some(probe));
            }
            // One that diverged with another seed is worth nothing.
            let worth = mean(values).filter(|_| all).unwrap_or(f64::NAN);
            let asked = seen.iter_mut().filter(|seen| seen.probe == probe);
            asked.for_each(|seen| seen.value = worth);
            struck.push(probe);
        }
        Ok(None)
    }

    /// The learning rate that the small network does best with, by its loss, and that training; more rates are tried while the best lies
    /// at an end.
    fn rate(&mut self, field: &Field, find: &mut FindJson) -> Result<(f64, Tried)> {
        let mut new = field.rates.clone();
        let mut seen: Vec<(f64, Tried)> = Vec::new();
        for round in 0..=WIDER {
            let of = |rate: &f64| Tried::of(&arm_of(*rate), &field.chooser_words, field.epochs());
            let tried = new.iter().map(of).collect();
            let name = format!("rates-{}", round + 1);
            let purpose = "the small network chooses the learning rate";
            let tried = self.step(&name, purpose, field.choosing(&new), tried)?;
            seen.extend(new.iter().copied().zip(tried));
            seen.sort_by(|a, b| a.0.total_cmp(&b.0));
            let best = best_by_loss(&seen);
            let rates: Vec<f64> = seen.iter().map(|(rate, _)| *rate).collect();
            new = match beyond(&rates, best) {
                Some(rate) if round < WIDER => vec![rate],
                _ => break,
            };
        }
        find.rates = seen.len();
        let chosen = seen.swap_remove(best_by_loss(&seen));
        match chosen.1.loss {
            Some(_) => Ok(chosen),
            None => Err(Error::new(
                Kind::Diverged,
                "rates",
                "the small network's loss became infinite or not a number at every rate",
            )
            .remedy("Give smaller rates: [compare] tune = { lr = [1e-4, 2e-4, 4e-4] }")),
        }
    }

    /// Trains candidates for a rung.
    fn rung(
        &mut self,
        at: usize,
        field: &Field,
        candidates: &[Candidate],
        probes: &[Probe],
    ) -> Result<Vec<Seen>> {
        let of = |probe: &Probe| (&candidates[probe.candidate], probe.epochs);
        let trained: Vec<(&Candidate, u64)> = probes.iter().map(of).collect();
        let tried = trained
            .iter()
            .map(|(one, epochs)| Tried::of(&one.name, &one.words, *epochs))
            .collect();
        let name = format!("rung-{}", at + 1);
        let purpose = match RUNGS[at] {
            1.0 => "at what the dearest candidate costs in full".to_owned(),
            share => format!(
                "at 1/{} of the dearest candidate's FLOPs",
                (1.0 / share).round()
            ),
        };
        let tried = self.step(&name, &purpose, field.training(&trained), tried)?;
        let of = |(tried, probe): (&Tried, &Probe)| seen_of(tried, probe.candidate);
        Ok(tried.iter().zip(probes).map(of).collect())
    }

    /// What a candidate that will do with one seed comes to with others: see [`measured`].
    fn again(
        &mut self,
        field: &Field,
        candidates: &[Candidate],
        probe: &Probe,
    ) -> Result<[Vec<f64>; 2]> {
        let candidate = &candidates[probe.candidate];
        self.watcher.note(&format!(
            "`{}` may do: it is asked again with other seeds",
            candidate.name
        ));
        let name = format!("again-{}-{}", candidate.name, probe.epochs);
        let of = (candidate, field.training(&[(candidate, probe.epochs)]));
        let seeds = (self.seed + 1, ASKED_AGAIN - 1);
        let purpose = "asked again with other seeds";
        let tried = self.with_seeds((name, purpose), of, probe.epochs, seeds)?;
        Ok(measured(&tried))
    }

    /// The one-sided 95 % bound of the mean of values, on the side away from the goal; none of fewer than two.
    pub fn bound(&self, values: &[f64]) -> Option<f64> {
        self.bound_beside(values, 0.0)
    }

    /// The same with another error of all of them, as wide as this.
    fn bound_beside(&self, values: &[f64], other: f64) -> Option<f64> {
        let (middle, width) = mean(values).zip(bound_95(values))?;
        Some(middle - self.metric.better.advantage(width.hypot(other)))
    }

    /// Whether a value will do.
    fn is_met_by(&self, value: f64) -> bool {
        let ahead = |at: f64| self.metric.better.advantage(value - at);
        self.at.is_some_and(|at| ahead(at) >= 0.0)
    }

    /// Whether values and losses with the seeds that a candidate is asked again with promise the goal: by the bound of the values' mean, or
    /// of the mean of what they are ahead of the large network's, seed by seed. All seeds share one validation part: a share of its samples
    /// has the error of drawing them beside that of the seeds, and says little of two networks, where the loss may be no larger either.
    fn will_do(&self, [values, losses]: &[Vec<f64>; 2]) -> bool {
        let Some(margin) = self.margin else {
            let drawn = match (mean(values), self.metric.quantity) {
                (Some(share), Quantity::Share) => drawn(share, self.validation),
                _ => 0.0,
            };
            let bound = self.bound_beside(values, drawn);
            return bound.is_some_and(|bound| self.is_met_by(bound));
        };
        let [large, large_losses] = &self.large;
        let coarse = self.metric.quantity == Quantity::Share;
        if coarse && mean(losses) > mean(large_losses) {
            return false;
        }
        let pairs = values.iter().zip(large);
        let differences: Vec<f64> = pairs.map(|(value, large)| value - large).collect();
        let ahead = |bound: f64| self.metric.better.advantage(bound) + margin;
        self.bound(&differences)
            .is_some_and(|bound| ahead(bound) >= 0.0)
    }

    /// Whether that bound reaches the goal.
    pub fn reaches(&self, values: &[f64]) -> bool {
        self.bound(values)
            .is_some_and(|bound| self.is_met_by(bound))
    }

    /// The sum over all trainings so far.
    fn sum(&self, of: impl Fn(&Tried) -> f64) -> f64 {
        let tried = self.steps.iter().flat_map(|step| &step.tried);
        tried.map(of).fold(0.0, |sum, one| sum + one)
    }

    /// FLOPs of all trainings so far.
    fn flops(&self) -> f64 {
        self.sum(|tried| tried.flops)
    }
}

/// How far a share among so many drawn samples may lie from the true one: one side of 95 %, with two successes and two failures more
/// than were seen (Agresti & Coull 1998). Of a metric that is no plain share of samples about that.
fn drawn(share: f64, samples: usize) -> f64 {
    let samples = samples as f64 + 4.0;
    let share = (share * (samples - 4.0) + 2.0) / samples;
    normal_quantile(0.95) * (share * (1.0 - share) / samples).sqrt()
}

/// The values of the goal's metric, and the losses, of those that came to their end.
fn measured(tried: &[Tried]) -> [Vec<f64>; 2] {
    let of = |measure: fn(&Tried) -> Option<f64>| tried.iter().filter_map(measure).collect();
    [of(|one| one.value), of(|one| one.loss)]
}

/// What the candidates that were in the search came to last, the best by loss first, and what becomes of each.
fn standings(
    candidates: &[Candidate],
    seen: &[Seen],
    before: &[usize],
    metric: &MainMetric,
    fate: impl Fn(usize) -> String,
) -> Vec<String> {
    let of = |one: &usize| ladder::last(seen, *one);
    let mut last: Vec<&Seen> = before.iter().filter_map(of).collect();
    last.sort_by(|a, b| a.loss.total_cmp(&b.loss));
    let row = |seen: &Seen| {
        let Probe { candidate, epochs } = seen.probe;
        let one = &candidates[candidate];
        let row = format!(
            "  {:<12}{epochs:>5} epochs {:>12}, loss {:<10.4}{:>13}  {}",
            one.name,
            metric.value(Some(seen.value)),
            seen.loss,
            human_flops(one.cost.of(epochs)),
            fate(candidate)
        );
        row.trim_end().to_owned()
    };
    last.into_iter().map(row).collect()
}

/// FLOPs at which the goal may be reached, in words.
fn between([least, most]: [f64; 2]) -> String {
    match (least.is_finite(), most.is_finite()) {
        (true, true) if least == most => format!("the goal perhaps at {}", human_flops(least)),
        (true, true) => format!(
            "the goal perhaps at {} to {}",
            human_flops(least),
            human_flops(most)
        ),
        (true, false) => format!("the goal perhaps from {}", human_flops(least)),
        _ => "the goal is out of its reach".into(),
    }
}

/// What a training of a candidate came to, for the ladder.
fn seen_of(tried: &Tried, candidate: usize) -> Seen {
    Seen {
        probe: Probe {
            candidate,
            epochs: tried.epochs,
        },
        loss: tried.loss.unwrap_or(f64::INFINITY),
        value: tried.value.unwrap_or(f64::NAN),
    }
}

/// The place of the training with the least loss.
fn best_by_loss(seen: &[(f64, Tried)]) -> usize {
    let loss = |at: usize| seen[at].1.loss.unwrap_or(f64::INFINITY);
    (0..seen.len())
        .min_by(|a, b| loss(*a).total_cmp(&loss(*b)))
        .unwrap_or(0)
}

/// The next rate beyond the end of a list, in its last step, where the best lies there; none where it lies inside.
pub(super) fn beyond(rates: &[f64], best: usize) -> Option<f64> {
    let last = rates.len() - 1;
    let next = match best {
        _ if last == 0 => return None,
        0 => rates[1],
        at if at == last => rates[last - 1],
        _ => return None,
    };
    Some(round(rates[best] * rates[best] / next))
}
