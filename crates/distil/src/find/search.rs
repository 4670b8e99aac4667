//! A search under way: one step after another, each an ordinary run in the search's folder.

use std::path::{Path, PathBuf};
use std::time::Instant;

use distil_recipe::RecipeText;
use distil_report::compare::FLOW;
use distil_report::run_json::{RunJson, Status, Trial};
use distil_report::statistics::{bound_95, mean};

use super::RECORD;
use super::candidates::{Candidate, Field, arm_of};
use super::goal::{Budget, Goal};
use super::ladder::{self, Cost, Probe, RUNGS, Seen};
use super::record::{Confirmed, FindJson, Route, Step, Tried, write};
use crate::data::Dataset;
use crate::error::{Error, Kind, Result};
use crate::files;
use crate::run::{Options, Outcome, Request, RunFolder, Watcher, resume, run};
use crate::saved::SavedModel;
use crate::train::refused;

/// The most rates beyond either end of their list.
const WIDER: usize = 3;
/// Seeds with which a candidate that will do is asked again, the first that was tried with among them.
const ASKED_AGAIN: u64 = 3;
/// Seeds that confirm: the smallest number with which this program makes a claim.
const CONFIRMS: u64 = 6;
/// How far from the seeds of the search those that confirm lie.
pub(super) const FRESH: u64 = 1000;

/// A search under way.
pub(super) struct Search<'a> {
    pub folder: &'a Path,
    pub program: &'a Path,
    pub options: &'a Options,
    pub goal: Goal,
    /// The loss that candidates are ranked by.
    pub loss: &'static str,
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
        let decided = before.filter(|before| before.route.is_some());
        // What was decided stays so: a budget in time might end the search elsewhere.
        if let Some(before) = decided {
            self.steps = before.steps;
            (find.route, find.stopped) = (before.route, before.stopped);
        } else {
            find.route = self.climb(field, &candidates, &chosen, find)?;
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
        let (recipe, confirmed) = self.confirm(field, candidate, route.epochs)?;
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

    /// Trains candidates for longer and longer, until one will do, all were trained as long as they may be, or the budget is spent.
    fn climb(
        &mut self,
        field: &Field,
        candidates: &[Candidate],
        chosen: &Tried,
        find: &mut FindJson,
    ) -> Result<Option<Route>> {
        let costs: Vec<Cost> = candidates.iter().map(|one| one.cost.clone()).collect();
        let (mut seen, mut struck): (Vec<Seen>, Vec<Probe>) = (Vec::new(), Vec::new());
        // The training that chose the rate is one of the network that chooses.
        let chooser = candidates.iter().position(|one| one.chooses);
        seen.extend(chooser.map(|candidate| seen_of(chosen, candidate)));
        let mut left: Vec<usize> = (0..candidates.len()).collect();
        find.stopped = "every candidate was trained as long as it may be".into();
        let mut taken = None;
        for (at, rung) in RUNGS.iter().enumerate() {
            let probes = ladder::probes(&costs, &left, *rung, &seen);
            if !probes.is_empty() {
                seen.extend(self.rung(at, field, candidates, &probes)?);
            }
            let budget = ladder::budget(&costs, *rung);
            taken = self.first_hit(field, candidates, &costs, budget, &mut seen, &mut struck)?;
            if taken.is_some() {
                break;
            }
            if self.is_spent() {
                find.stopped = "the budget was spent".into();
                break;
            }
            left = ladder::left(&costs, &left, &seen);
        }
        if let Some(probe) = &taken {
            let name = &candidates[probe.candidate].name;
            find.stopped = format!(
                "`{name}` will do on the validation part, and nothing cheaper that was tried does"
            );
        }
        let better = self.goal.metric.better;
        let best = || ladder::best(&costs, &seen, better).map(|best| best.probe.clone());
        Ok(taken.or_else(best).map(|probe| {
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
        while let Some(hit) = ladder::hit(costs, seen, struck, budget, |v| self.goal.is_met_by(v)) {
            let (probe, value) = (hit.probe.clone(), hit.value);
            let values = self.again(field, candidates, &probe, value)?;
            let all = values.len() as u64 == ASKED_AGAIN;
            if all && self.reaches(&values) {
                return Ok(Some(probe));
            }
            // One that diverged with another seed is worth nothing.
            let worth = mean(&values).filter(|_| all).unwrap_or(f64::NAN);
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
            new = match beyond(&seen, best) {
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
        let purpose = format!(
            "at 1/{} of the dearest candidate's FLOPs",
            (1.0 / RUNGS[at]).round()
        );
        let tried = self.step(&name, &purpose, field.training(&trained), tried)?;
        let of = |(tried, probe): (&Tried, &Probe)| seen_of(tried, probe.candidate);
        Ok(tried.iter().zip(probes).map(of).collect())
    }

    /// What a candidate that will do with one seed comes to with that and others.
    fn again(
        &mut self,
        field: &Field,
        candidates: &[Candidate],
        probe: &Probe,
        value: f64,
    ) -> Result<Vec<f64>> {
        let candidate = &candidates[probe.candidate];
        let text = seeded(field.training(&[(candidate, probe.epochs)]), self.seed + 1)?;
        let name = format!("again-{}-{}", candidate.name, probe.epochs);
        self.watcher.note(&format!(
            "`{}` may do: it is asked again with other seeds",
            candidate.name
        ));
        let run = self.run(&name, text, ASKED_AGAIN - 1, true)?;
        let blank = Tried::of(&candidate.name, &candidate.words, probe.epochs);
        let tried: Vec<Tried> = run
            .trials
            .iter()
            .map(|trial| self.came(trial, blank.clone()))
            .collect();
        let values: Vec<f64> = tried
            .iter()
            .filter_map(|one| one.value)
            .chain([value])
            .collect();
        self.steps.push(Step {
            name,
            purpose: "asked again with other seeds".into(),
            tried,
        });
        Ok(values)
    }

    /// The one-sided 95 % bound of the mean of values, on the side away from the goal; none of fewer than two.
    fn bound(&self, values: &[f64]) -> Option<f64> {
        let (middle, width) = mean(values).zip(bound_95(values))?;
        Some(middle - self.goal.metric.better.advantage(width))
    }

    /// Whether that bound reaches the goal.
    fn reaches(&self, values: &[f64]) -> bool {
        self.bound(values)
            .is_some_and(|bound| self.goal.is_met_by(bound))
    }

    /// Trains a route with fresh seeds and reads the test part. The recipe that repeats it, too.
    fn confirm(
        &mut self,
        field: &Field,
        candidate: &Candidate,
        epochs: u64,
    ) -> Result<(String, Confirmed)> {
        let seed = self.seed + FRESH;
        let text = seeded(field.training(&[(candidate, epochs)]), seed)?;
        self.watcher.note(&format!(
            "confirm: `{}` with {CONFIRMS} fresh seeds",
            candidate.name
        ));
        let name = format!("confirm-{}-{epochs}", candidate.name);
        let run = self.run(&name, text.clone(), CONFIRMS, false)?;
        let finished = run
            .trials
            .iter()
            .filter(|trial| trial.status == Status::Finished);
        let finished: Vec<&Trial> = finished.collect();
        let test = |trial: &&Trial| trial.result()?.test.get(self.goal.metric.name).copied();
        let test: Vec<f64> = finished.iter().filter_map(test).collect();
        let Some(middle) = mean(&test) else {
            return Err(Error::new(
                Kind::Diverged,
                "confirm",
                "no training with a fresh seed came to its end",
            ));
        };
        let totals = finished.iter().map(|trial| trial.bill.equalised());
        let (flops, seconds) = totals.fold((0.0, 0.0), |(flops, seconds), total| {
            (
                flops + total.flops.unwrap_or(0.0),
                seconds + total.cpu_seconds,
            )
        });
        let each = finished.len() as f64;
        let model = RunFolder::open(&self.run_folder(&name))?.model();
        if model.exists() {
            SavedModel::copy(&model, &self.folder.join("model"))?;
        }
        let confirmed = Confirmed {
            lost: CONFIRMS - test.len() as u64,
            met: self.reaches(&test) && test.len() as u64 == CONFIRMS,
            mean: middle,
            bound: self.bound(&test),
            test,
            flops: flops / each,
            cpu_seconds: seconds / each,
        };
        Ok((text, confirmed))
    }

    /// Runs trainings with the first seed, the first of them the flow, and keeps what each came to.
    fn step(
        &mut self,
        name: &str,
        purpose: &str,
        text: String,
        tried: Vec<Tried>,
    ) -> Result<Vec<Tried>> {
        self.watcher
            .note(&format!("{name}: {purpose}, {} trainings", tried.len()));
        let run = self.run(name, seeded(text, self.seed)?, 1, true)?;
        let came = tried.into_iter().enumerate().map(|(at, blank)| {
            let arm = if at == 0 { FLOW } else { blank.name.as_str() };
            match run.trials.iter().find(|trial| trial.id.arm == arm) {
                Some(trial) => self.came(trial, blank),
                None => blank,
            }
        });
        let tried: Vec<Tried> = came.collect();
        self.steps.push(Step {
            name: name.into(),
            purpose: purpose.into(),
            tried: tried.clone(),
        });
        Ok(tried)
    }

    /// What a training came to.
    fn came(&self, trial: &Trial, blank: Tried) -> Tried {
        let finished = trial.result().filter(|_| trial.status == Status::Finished);
        let measured = |key: &str| {
            finished?
                .validation
                .get(key)
                .copied()
                .filter(|v| v.is_finite())
        };
        let total = trial.bill.equalised();
        Tried {
            loss: measured(self.loss),
            value: measured(self.goal.metric.name),
            flops: total.flops.unwrap_or(0.0),
            cpu_seconds: total.cpu_seconds,
            ..blank
        }
    }

    /// An ordinary run in the search's folder: begun, gone on with, or read where it has finished.
    fn run(&mut self, name: &str, text: String, seeds: u64, probe: bool) -> Result<RunJson> {
        let path = self.run_folder(name);
        let outcome = match path.exists() {
            true => {
                let folder = RunFolder::open(&path)?;
                if folder.text()?.text() != text {
                    return Err(Error::new(
                        Kind::Changed,
                        path.display(),
                        "it is of another program, recipe or data than the search goes on with",
                    )
                    .remedy("Search anew with `distil find`"));
                }
                let record = folder.run_json();
                let known = record.exists().then(|| RunJson::read(&record)).transpose();
                match known.map_err(refused)? {
                    Some(run) if run.status != Status::Stopped && run.status != Status::Failed => {
                        return Ok(run);
                    }
                    _ => resume(&path, self.program, self.watcher),
                }
            }
            false => {
                let options = Options {
                    name: name.into(),
                    seeds,
                    control: probe,
                    probe,
                    ..self.options.clone()
                };
                let request = Request {
                    recipe: RecipeText::new(format!("{name}.toml"), text),
                    options,
                    runs: self.folder.join("runs"),
                    program: self.program.to_path_buf(),
                };
                run(&request, self.watcher)
            }
        };
        match outcome {
            Ok(Outcome {
                signal: Some(signal),
                ..
            }) => Err(Error::new(Kind::Stopped(signal), name, "it was stopped")),
            // A training that was lost came to nothing yet.
            Ok(Outcome {
                failure: Some(error),
                ..
            }) => Err(error),
            Ok(outcome) => Ok(outcome.run),
            // That a candidate diverged is what it came to.
            Err(error) if error.kind == Kind::Diverged => {
                RunJson::read(&RunFolder::open(&path)?.run_json()).map_err(refused)
            }
            Err(error) => Err(error),
        }
    }

    fn run_folder(&self, name: &str) -> PathBuf {
        self.folder.join("runs").join(format!("{name}-0001"))
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
fn beyond(seen: &[(f64, Tried)], best: usize) -> Option<f64> {
    let last = seen.len() - 1;
    let next = match best {
        _ if last == 0 => return None,
        0 => seen[1].0,
        at if at == last => seen[last - 1].0,
        _ => return None,
    };
    Some(seen[best].0 * seen[best].0 / next)
}

/// The recipe with this seed.
fn seeded(text: String, seed: u64) -> Result<String> {
    let mut recipe = RecipeText::new("find.toml", text);
    recipe
        .patch("run.seed", &seed.to_string())
        .map_err(|problem| Error::input("run.seed", problem.message))?;
    Ok(recipe.text().to_owned())
}
