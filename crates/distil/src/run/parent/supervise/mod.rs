//! The parent of all trials: what runs when, who is told, what a signal means.

mod waits;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use std::time::Duration;

use distil_report::TrialId;
use distil_report::compare::FLOW;
use distil_report::events::Event;
use distil_report::run_json::{RunJson, Status, Trial, Tuned};

use crate::error::{Error, Kind, Result};
use crate::plan::{Arm, Plan, Tuning};
use crate::run::basis::Basis;
use crate::run::folder::RunFolder;
use crate::run::message::{Message, Order, Rates};
use crate::run::options::Options;
use crate::run::parent::children::{Children, News};
use crate::run::parent::choices::{candidates, main_metric};
use crate::run::parent::kept::{keep, keep_recommended, keep_settings, replaced};
use crate::run::parent::launch::Local;
use crate::run::parent::logs::Logs;
use crate::run::parent::outcome::{Outcome, OwnWork, conclude, next_look, wanted};
use crate::run::parent::request::{Standing, Watcher};
use crate::run::parent::rungs::ended;
use crate::run::parent::threads::threads;
use crate::run::parent::trials::trials;
use crate::run::program::Program;
use crate::run::stage_cache;
use crate::train::{Signals, Stopwatch};

/// How often signals are looked for, and watchers told, while nothing happens.
pub(super) const PULSE: Duration = Duration::from_millis(50);

/// Runs what is left of a run and writes its outcome.
pub fn supervise(
    folder: &RunFolder,
    options: &Options,
    plan: &Plan,
    basis: &Basis,
    program: &Path,
    begun: &Stopwatch,
    watcher: &mut dyn Watcher,
) -> Result<Outcome> {
    let own = OwnWork::planned(begun);
    let signals = Signals::catch()?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = threads(plan, options, cores);
    let jobs = options.jobs.unwrap_or((cores / threads).max(1)).max(1);
    let reuse = match options.fresh {
        true => None,
        false => Some(Program::read(program)?),
    };
    let logs = Logs::read(folder, Some(basis))?;
    let options = options.at_first();
    let candidates = candidates(plan, &options, &logs);
    let waiting = trials(
        &options,
        plan,
        &candidates,
        &ended(plan, |id| logs.trial(id)),
    );
    let mut scheduler = Scheduler {
        folder,
        plan,
        reuse,
        children: Children::new(Box::new(Local::new(program, threads, jobs))),
        waiting,
        options,
        held: VecDeque::new(),
        candidates,
        logs,
        basis,
        guards: BTreeSet::new(),
        climbed: BTreeSet::new(),
        changed: None,
        reused: [0; 2],
        failures: BTreeMap::new(),
        watcher,
    };
    scheduler.run(jobs, &signals)?;
    stage_cache::trim(folder);
    let Scheduler {
        options,
        logs,
        failures,
        changed,
        waiting,
        held,
        watcher,
        ..
    } = scheduler;
    let signal = signals.received();
    let lost = failures.values().any(|error| error.kind != Kind::Diverged);
    let left = match signal {
        Some(_) if lost || !waiting.is_empty() || !held.is_empty() => Some(Status::Stopped),
        None if lost => Some(Status::Failed),
        _ => None,
    };
    let run = conclude(folder, plan, &options, threads, left, &logs, &own)?;
    if let Some(note) = keep_recommended(folder, &run)? {
        watcher.note(&note);
    }
    keep_settings(folder, &run)?;
    let (flow, control) = failures_of(failures, &run);
    match changed.or(flow) {
        Some(error) if signal.is_none() => Err(error),
        _ => Ok(Outcome {
            folder: folder.clone(),
            run,
            signal,
            failure: control,
        }),
    }
}

/// Why the flow, and why another arm has no result. That some settings, or a control, cannot be trained with is a result.
fn failures_of(
    failures: BTreeMap<TrialId, Error>,
    run: &RunJson,
) -> (Option<Error>, Option<Error>) {
    let chose = |trial: &TrialId| {
        let of = |tuned: &&Tuned| {
            tuned.arm == trial.arm
                && tuned.fold == trial.fold
                && tuned.seed.is_none_or(|seed| seed == trial.seed)
        };
        let mut of = run.tuned.iter().filter(of);
        of.any(|tuned| tuned.chosen.is_some())
    };
    let (mut flow, mut control) = (None, None);
    for (trial, error) in failures {
        let diverged = error.kind == Kind::Diverged;
        if trial.arm == FLOW && !(diverged && chose(&trial)) {
            flow.get_or_insert(error);
        } else if trial.arm != FLOW && !diverged {
            let name = format!("trial {trial}");
            control.get_or_insert_with(|| match error.place == name {
                true => error,
                false => error.within(name),
            });
        }
    }
    (flow, control)
}

/// What may start when, and what has become of it.
struct Scheduler<'a> {
    folder: &'a RunFolder,
    /// With the seeds up to the look that is next.
    options: Options,
    plan: &'a Plan,
    /// The program, where stages that were trained before may be taken.
    reuse: Option<Program>,
    children: Children,
    waiting: VecDeque<TrialId>,
    /// Those that wait until it is settled what there is to choose from.
    held: VecDeque<TrialId>,
    /// The settings there are to choose from so far.
    candidates: Vec<String>,
    /// What the trials that do not run came to.
    logs: Logs,
    /// What they have in common.
    basis: &'a Basis,
    /// Trials with settings that were not chosen and are tested all the same: what was shown has to hold with them.
    guards: BTreeSet<TrialId>,
    /// Trials that were gone on to after a rung.
    climbed: BTreeSet<TrialId>,
    /// Why no other trial may start: something has changed since the run began.
    changed: Option<Error>,
    /// Stages that were not trained again, and those of which the beginning was not.
    reused: [usize; 2],
    /// Why trials ended without a result.
    failures: BTreeMap<TrialId, Error>,
    watcher: &'a mut dyn Watcher,
}

impl Scheduler<'_> {
    /// Runs what is left, until all is done or a signal asks to stop.
    fn run(&mut self, jobs: usize, signals: &Signals) -> Result<()> {
        self.hold_back();
        self.keep_result()?;
        loop {
            while signals.received().is_none() && self.advance(jobs)? {
                self.listen()?;
            }
            if !self.go_on() || signals.received().is_some() {
                break;
            }
        }
        self.keep_result()?;
        self.tell_reuse();
        if signals.received().is_some() {
            self.children.stop();
            while self.children.count() > 0 {
                self.listen()?;
            }
        }
        Ok(())
    }

    /// Leaves out what has finished, and lets wait what is not to start before it is settled what there is to choose from.
    fn hold_back(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.retain(|trial| !self.finished(trial, self.is_tested(trial)));
        let grows = |tuning: &Tuning| tuning.widest() != tuning.written() || tuning.halves();
        let held = self.plan.tuning.as_ref().is_some_and(grows);
        (self.held, self.waiting) = waiting
            .into_iter()
            .partition(|trial| held && trial.settings.is_none());
    }

    /// Once nothing waits or runs: whether there is more to do, which then waits. First what goes on from a rung; then settings beyond the
    /// ends of their lists, while an arm's choice lies there; then what reads the test part; then what has been shown is checked; then, where the run is looked at
    /// before all its seeds have run, more of them.
    fn go_on(&mut self) -> bool {
        let lost = |error: &Error| error.kind != Kind::Diverged;
        let open = !self.waiting.is_empty() || self.children.count() > 0;
        if open || self.changed.is_some() {
            return false;
        }
        let lost = self.failures.values().any(lost);
        if !lost && (self.climb() || self.widen()) {
            return true;
        }
        // What was lost might have gone on, or widened the lists: nothing is tested before that is known.
        if lost && (self.halves() || self.may_widen()) {
            return false;
        }
        if !self.held.is_empty() {
            self.waiting = std::mem::take(&mut self.held);
            return true;
        }
        !lost && (self.check_claims() || self.look())
    }

    /// Whether more seeds are to run, as nothing is decided yet.
    fn look(&mut self) -> bool {
        let seeds = self.options.seeds;
        let Some(next) = next_look(self.plan, &self.options, &self.logs) else {
            return false;
        };
        self.watcher.note(&format!(
            "note: nothing is decided after {seeds} seeds: {} more are run",
            next - seeds
        ));
        self.options.seeds = next;
        self.waiting = self.trials(&self.candidates);
        self.hold_back();
        true
    }

    /// Every trial that is known, with these settings to choose from.
    fn trials(&self, candidates: &[String]) -> VecDeque<TrialId> {
        trials(&self.options, self.plan, candidates, &self.how_ended())
    }

    fn how_ended(&self) -> impl Fn(&TrialId) -> Option<Option<f64>> {
        ended(self.plan, |id| self.logs.trial(id))
    }

    fn halves(&self) -> bool {
        self.plan.tuning.as_ref().is_some_and(Tuning::halves)
    }

    /// Whether there are trials with what goes on from a rung, or with what is new to choose from, that have not ended.
    fn climb(&mut self) -> bool {
        if !self.halves() {
            return false;
        }
        let mut trials = self.trials(&self.candidates);
        let ended = self.how_ended();
        trials.retain(|trial| trial.settings.is_some() && ended(trial).is_none());
        drop(ended);
        trials.retain(|trial| self.climbed.insert(trial.clone()));
        self.waiting = trials;
        !self.waiting.is_empty()
    }

    fn may_widen(&self) -> bool {
        let more = |tuning: &Tuning| tuning.names(&tuning.widest()).len() > self.candidates.len();
        !self.held.is_empty() && self.plan.tuning.as_ref().is_some_and(more)
    }

    /// Whether there are new settings to choose from, for all arms.
    fn widen(&mut self) -> bool {
        let candidates = candidates(self.plan, &self.options, &self.logs);
        let new: Vec<String> = candidates
            .iter()
            .filter(|name| !self.candidates.contains(name))
            .cloned()
            .collect();
        if new.is_empty() {
            return false;
        }
        self.watcher.note(&format!(
            "note: the choice of an arm lies at the end of its list: {} try {} too",
            match self.plan.small_chooses() {
                true => "all small networks",
                false => "all arms",
            },
            new.join(" and ")
        ));
        let mut trials = self.trials(&candidates);
        let of_new = |trial: &TrialId| trial.settings.as_ref().is_some_and(|s| new.contains(s));
        trials.retain(|trial| of_new(trial) && !self.finished(trial, false));
        self.waiting = trials;
        self.candidates = candidates;
        true
    }

    /// Whether what was shown has to be checked by more trials, which then wait.
    fn check_claims(&mut self) -> bool {
        let mut trials = wanted(self.plan, &self.options, &self.logs);
        trials.retain(|trial| self.guards.insert(trial.clone()));
        if trials.is_empty() {
            return false;
        }
        self.watcher.note(&format!(
            "note: what was shown is checked with the loser at the winner's settings: {}",
            match trials.len() {
                1 => "1 more trial is tested".to_string(),
                several => format!("{several} more trials are tested"),
            }
        ));
        self.waiting.extend(trials);
        true
    }

    /// Whether a trial is asked for the test part.
    fn is_tested(&self, trial: &TrialId) -> bool {
        !self.options.probe && (trial.settings.is_none() || self.guards.contains(trial))
    }

    /// Whether a trial has come to what it is asked for.
    fn finished(&self, trial: &TrialId, test: bool) -> bool {
        self.result(trial)
            .is_some_and(|result| !test || result.is_tested())
    }

    /// A trial that has finished.
    fn result(&self, trial: &TrialId) -> Option<&Trial> {
        let trial = self.logs.trial(trial)?;
        (trial.status == Status::Finished).then_some(trial)
    }

    /// Starts what may start; false once nothing runs and nothing waits.
    fn advance(&mut self, jobs: usize) -> Result<bool> {
        let asked = self.options.jobs.is_some();
        while self.children.may_start(jobs, asked) {
            let Some(at) = (0..self.waiting.len()).find(|at| self.may_start(&self.waiting[*at]))
            else {
                break;
            };
            let Some(trial) = self.waiting.remove(at) else {
                break;
            };
            let Some(order) = self.order(&trial)? else {
                if !self.only_tests(&trial) {
                    self.watcher.note(&format!(
                        "{trial} is left out: what it waits for has no finished trial."
                    ));
                }
                continue;
            };
            if !self.finished(&order.trial, order.test) {
                self.children.start(self.folder, order)?;
            }
        }
        Ok(self.children.count() > 0 || !self.waiting.is_empty())
    }

    /// The rates of the arm that have not been measured yet: its first trial does so, while no other runs.
    fn unmeasured(&self, trial: &TrialId) -> Option<Rates> {
        if self.options.probe {
            return None;
        }
        let of = self.plan.rates_of(&Arm::named(&trial.arm));
        let measured = self.folder.calibration(of.as_deref()).is_file();
        (!measured).then_some(Rates { of })
    }

    fn tell_reuse(&mut self) {
        let were = |stages: usize| match stages {
            1 => "1 stage was".to_owned(),
            several => format!("{several} stages were"),
        };
        let [whole, begun] = self.reused;
        let mut told = Vec::new();
        if whole > 0 {
            told.push(were(whole));
        }
        if begun > 0 {
            let plural = if begun == 1 { "" } else { "s" };
            told.push(format!("the beginning{plural} of {}", were(begun)));
        }
        if told.is_empty() {
            return;
        }
        self.watcher.note(&format!(
            "note: {} trained the same way before and not trained again; the bill counts what that cost. `--fresh` trains everything",
            told.join(" and ")
        ));
    }

    fn standing(&self) -> Standing {
        let running: Vec<TrialId> = self.children.trials().cloned().collect();
        let failed = self.failures.iter().filter(|(trial, error)| {
            !running.contains(trial) && !matches!(error.kind, Kind::Stopped(_))
        });
        let finished = self
            .logs
            .trials()
            .filter(|trial| trial.status == Status::Finished);
        Standing {
            metric: main_metric(self.plan),
            waiting: self
                .waiting
                .iter()
                .chain(&self.held)
                .filter(|trial| !self.only_tests(trial))
                .cloned()
                .collect(),
            finished: finished.count(),
            failed: failed.count(),
            running,
        }
    }

    /// Waits a moment for news and passes it on.
    fn listen(&mut self) -> Result<()> {
        self.watcher.standing(&self.standing());
        match self.children.news(PULSE) {
            None => {}
            Some(News::Message(trial, message)) => match *message {
                Message::Event(event) => {
                    if let Event::Reused(reused) = &event {
                        self.reused[usize::from(reused.step.is_some())] += 1;
                    }
                    self.watcher.event(&trial, &event);
                }
                Message::Rehearsed { done, of } => self.watcher.rehearsed(&trial, done, of),
                Message::Note(text) => self.watcher.note(&text),
                Message::Failed(error) => {
                    self.failures.insert(trial, error);
                }
            },
            Some(News::Ended(order, code)) => self.ended(&order, code)?,
        }
        Ok(())
    }

    fn ended(&mut self, order: &Order, code: Option<i32>) -> Result<()> {
        let trial = &order.trial;
        self.logs.renew(&self.folder.trial(trial))?;
        if self.finished(trial, order.test) {
            return self.keep_result();
        }
        let unknown = || {
            let how = code.map_or("it was killed".to_string(), |code| {
                format!("it ended with exit code {code}")
            });
            Error::new(Kind::Io, format!("trial {trial}"), how)
                .remedy("`distil resume` goes on from its last checkpoint")
        };
        let error = self.failures.entry(trial.clone()).or_insert_with(unknown);
        if error.kind == Kind::Changed {
            // Every other trial would find the same.
            self.waiting.clear();
            self.changed.get_or_insert_with(|| error.clone());
            return Ok(());
        }
        let stopped = matches!(error.kind, Kind::Stopped(_));
        if trial.arm != FLOW && !stopped {
            self.watcher.note(&format!(
                "trial {trial} failed, the result is kept: {error}"
            ));
        }
        if trial.arm == FLOW && self.plan.tuning.is_none() && !self.options.probe {
            // Its controls have nothing to be compared with.
            self.waiting
                .retain(|other| (other.seed, other.fold) != (trial.seed, trial.fold));
        }
        Ok(())
    }

    /// The first flow's model is the run's result; it is kept before any control starts, once the flow has chosen its settings. One
    /// that is there already has to be the same.
    fn keep_result(&mut self) -> Result<()> {
        let first = TrialId {
            arm: FLOW.into(),
            seed: self.plan.run.seed.value,
            fold: self.options.folds().swap_remove(0),
            settings: None,
        };
        if self.choosing(FLOW, &first) {
            return Ok(());
        }
        let Some(flow) = self.settled(&first) else {
            return Ok(());
        };
        let model = self.folder.trial(&flow).model();
        if !self.finished(&flow, true) || !model.exists() {
            return Ok(());
        }
        let kept = self.folder.model();
        if let Some(old) = keep(&model, &kept)? {
            let new = format!("{flow}, which is the result");
            self.watcher.note(&replaced(&kept, &old, &new));
        }
        Ok(())
    }
}
