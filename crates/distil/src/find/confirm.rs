//! The route on fresh seeds: on the test part, which nothing has read before, against a number or the large network.

use std::collections::BTreeSet;

use distil_report::TrialId;
use distil_report::compare::{
    FLOW, PLAIN_FULL, Question, TRANSFERRED, TrialOutputs, held_against, next_look_at_margin,
};
use distil_report::measure::MainMetric;
use distil_report::run_json::{Choice, Status, Trial, Tuned};
use distil_report::statistics::mean;

use super::candidates::{Candidate, Field, arm_of};
use super::record::{Confirmed, Large};
use super::search::{Search, WIDER, beyond};
use super::steps::{Asks, seeded};
use crate::error::{Error, Kind, Result};
use crate::run::RunFolder;
use crate::saved::SavedModel;

/// Seeds that confirm: the smallest number with which this program makes a claim.
const CONFIRMS: u64 = 6;
/// How far from the seeds of the search those that confirm lie.
pub(super) const FRESH: u64 = 1000;

impl Search<'_> {
    /// Trains a route with fresh seeds and reads the test part, and what it is held against. The recipe that repeats it, too.
    pub fn confirm(
        &mut self,
        field: &Field,
        route: (&Candidate, u64),
    ) -> Result<(String, Confirmed)> {
        let mut trials = self.route_with(field, route, (0, CONFIRMS))?;
        let large = match self.margin {
            Some(margin) => Some(self.beside_large(field, route, &mut trials, margin)?),
            None => None,
        };
        let finished = trials
            .iter()
            .filter(|trial| trial.status == Status::Finished);
        let finished: Vec<&Trial> = finished.collect();
        let test = |trial: &&Trial| trial.result()?.test.get(self.metric.name).copied();
        let test: Vec<f64> = finished.iter().filter_map(test).collect();
        let Some(middle) = mean(&test) else {
            return Err(Error::new(
                Kind::Diverged,
                "confirm",
                "no training with a fresh seed came to its end",
            ));
        };
        let each = finished.len() as f64;
        let [flops, cpu_seconds] = cost(finished.iter().copied()).map(|sum| sum / each);
        let model = RunFolder::open(&self.run_folder(&route_name(route, 0)))?.model();
        if model.exists() {
            SavedModel::copy(&model, &self.folder.join("model"))?;
        }
        let lost = (trials.len() - test.len()) as u64;
        let reached = match &large {
            Some(large) => large.equalled,
            None => self.reaches(&test),
        };
        let confirmed = Confirmed {
            lost,
            met: reached && lost == 0,
            mean: middle,
            bound: self.bound(&test),
            test,
            flops,
            cpu_seconds,
            large,
        };
        let text = seeded(field.training(&[route]), self.seed + FRESH)?;
        Ok((text, confirmed))
    }

    /// The route with so many fresh seeds more than there were.
    fn route_with(
        &mut self,
        field: &Field,
        route: (&Candidate, u64),
        (known, seeds): (u64, u64),
    ) -> Result<Vec<Trial>> {
        self.watcher.note(&format!(
            "confirm: `{}` with {seeds} fresh seeds",
            route.0.name
        ));
        let text = seeded(field.training(&[route]), self.seed + FRESH + known)?;
        let run = self.run(&route_name(route, known), text, seeds, Asks::FlowAlone)?;
        Ok(run.trials)
    }

    /// The large network in full, in the parametrisation the recipe has for it, with the same seeds: each takes the rate that is best for
    /// it on the validation part, from the list that the small network chose from, widened as that was, by the large network's own choice with the first seeds.
    /// After these and again after more it is looked at, and `trials` of the route with it.
    fn beside_large(
        &mut self,
        field: &Field,
        route: (&Candidate, u64),
        trials: &mut Vec<Trial>,
        margin: f64,
    ) -> Result<Large> {
        let metric = self.main;
        let mut rates = field.rates.clone();
        rates.sort_by(f64::total_cmp);
        let mut large = self.large_with(field, &rates, (0, CONFIRMS), "1")?;
        for round in 0..WIDER {
            let Some((_, next)) = at_an_end(&chosen(&large, &rates, metric), &rates, metric) else {
                break;
            };
            rates.push(next);
            rates.sort_by(f64::total_cmp);
            let widened = format!("{}", round + 2);
            large.extend(self.large_with(field, &[next], (0, CONFIRMS), &widened)?);
        }
        let mut known = CONFIRMS;
        loop {
            let found = beside(trials, &large, &rates, (metric, margin));
            // A seed that was lost is one too many, whatever the others show.
            let lost = trials.iter().any(|trial| trial.status != Status::Finished);
            let next = match found.equalled || lost {
                true => None,
                false => next_look_at_margin(&found.comparison, known),
            };
            let Some(seeds) = next else {
                return Ok(found);
            };
            let more = (known, seeds - known);
            trials.extend(self.route_with(field, route, more)?);
            let from = format!("from-{}", known + 1);
            large.extend(self.large_with(field, &rates, more, &from)?);
            known = seeds;
        }
    }

    /// The large network at these rates with so many fresh seeds more than there were.
    fn large_with(
        &mut self,
        field: &Field,
        rates: &[f64],
        (known, seeds): (u64, u64),
        name: &str,
    ) -> Result<Vec<Trial>> {
        self.watcher.note(&format!(
            "confirm: the large network at {} rates with the same seeds",
            rates.len()
        ));
        let text = seeded(field.of_large_at(rates), self.seed + FRESH + known)?;
        let run = self.run(&format!("confirm-large-{name}"), text, seeds, Asks::Test)?;
        let trials = run.trials.into_iter();
        Ok(trials.map(|trial| large_at(trial, rates[0])).collect())
    }
}

/// The route beside the large network.
fn beside(
    route: &[Trial],
    large: &[Trial],
    rates: &[f64],
    (metric, margin): (&MainMetric, f64),
) -> Large {
    let chosen = chosen(large, rates, metric);
    let of_seed = |trial: &&Trial| {
        let mut own = chosen.iter().filter(|one| one.seed == Some(trial.id.seed));
        own.any(|one| one.chosen == trial.id.settings)
    };
    let (taken, spares): (Vec<&Trial>, Vec<&Trial>) = large.iter().partition(of_seed);
    let route: Vec<Trial> = route
        .iter()
        .map(|trial| named(trial.clone(), TRANSFERRED, None))
        .collect();
    let entries: Vec<TrialOutputs<'_>> = route.iter().chain(taken).map(bare).collect();
    let end = at_an_end(&chosen, rates, metric).map(|(name, _)| (PLAIN_FULL.into(), name));
    let question = Question {
        // Both began with one list; which of them widened it further is no disadvantage of the other.
        tuned: [TRANSFERRED, PLAIN_FULL]
            .map(|arm| (arm.into(), rates.len()))
            .into(),
        margin: Some(margin),
        looks: true,
        ends: end.into_iter().collect(),
        spares: spares.into_iter().map(bare).collect(),
        ..Question::new(metric)
    };
    let (comparison, equalled) = held_against(&entries, (TRANSFERRED, PLAIN_FULL), &question);
    let [flops, cpu_seconds] = cost(large.iter()).map(|sum| sum / chosen.len() as f64);
    Large {
        rates: rates.len(),
        comparison,
        equalled,
        flops,
        cpu_seconds,
    }
}

/// The run that confirms a route, with the seeds after so many.
fn route_name((candidate, epochs): (&Candidate, u64), known: u64) -> String {
    let name = format!("confirm-{}-{epochs}", candidate.name);
    match known {
        0 => name,
        known => format!("{name}-from-{}", known + 1),
    }
}

/// The large network's choice, by the mean over its seeds, where it lies at an end of the list, and the next rate beyond.
fn at_an_end(chosen: &[Tuned], rates: &[f64], metric: &MainMetric) -> Option<(String, f64)> {
    let overall = Tuned::overall(chosen, metric.better).pop()?.chosen?;
    let place = rates.iter().position(|rate| arm_of(*rate) == overall)?;
    Some((overall, beyond(rates, place)?))
}

/// FLOPs and CPU seconds of training these.
fn cost<'a>(trials: impl Iterator<Item = &'a Trial>) -> [f64; 2] {
    let totals = trials.map(|trial| trial.bill.equalised());
    totals.fold([0.0, 0.0], |[flops, seconds], total| {
        [
            flops + total.flops.unwrap_or(0.0),
            seconds + total.cpu_seconds,
        ]
    })
}

/// What each seed of the large network chose among these rates.
fn chosen(trials: &[Trial], rates: &[f64], metric: &MainMetric) -> Vec<Tuned> {
    let names: Vec<String> = rates.iter().map(|rate| arm_of(*rate)).collect();
    let seeds: BTreeSet<u64> = trials.iter().map(|trial| trial.id.seed).collect();
    let of = |seed: u64| {
        let choice = Choice {
            arm: PLAIN_FULL,
            by: PLAIN_FULL,
            fold: None,
            seed: Some(seed),
            seeds: &[seed],
            metric,
            again: false,
            rungs: &[],
            out: None,
        };
        Tuned::of(trials, &choice, &names)
    };
    seeds.into_iter().map(of).collect()
}

/// A training of the large network, its rate, which was the name of its arm, among its settings; the flow's is the first.
fn large_at(trial: Trial, first: f64) -> Trial {
    let rate = match trial.id.arm.as_str() {
        FLOW => arm_of(first),
        arm => arm.to_owned(),
    };
    named(trial, PLAIN_FULL, Some(rate))
}

fn named(trial: Trial, arm: &str, settings: Option<String>) -> Trial {
    let id = TrialId {
        arm: arm.into(),
        settings,
        ..trial.id
    };
    Trial { id, ..trial }
}

fn bare(trial: &Trial) -> TrialOutputs<'_> {
    TrialOutputs {
        trial,
        predictions: None,
    }
}
