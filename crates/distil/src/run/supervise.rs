//! The parent of all trials: what runs when, who is told, what a signal means.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::time::Duration;

use distil_report::compare::FLOW;
use distil_report::events::{fold, read};
use distil_report::run_json::{Status, Trial as TrialRow};

use super::children::{Children, News, Order, Word};
use super::folder::RunFolder;
use super::outcome::{Outcome, assemble, write_report};
use super::request::{Options, Watcher};
use crate::error::{Error, Kind, Result};
use crate::plan::{Arm, Plan};
use crate::saved::SavedModel;
use crate::train::{Signals, refused};

/// How often signals are looked for while no child says anything.
const PULSE: Duration = Duration::from_millis(50);

/// Runs what is left of a run and writes its outcome.
pub fn supervise(
    folder: &RunFolder,
    options: &Options,
    plan: &Plan,
    program: &Path,
    watcher: &mut dyn Watcher,
) -> Result<Outcome> {
    let signals = Signals::catch()?;
    let threads = options
        .threads
        .or(plan.run.threads.as_ref().map(|t| t.value as usize))
        .unwrap_or(1);
    let mut desk = Desk {
        folder,
        options,
        plan,
        children: Children::new(program, threads),
        waiting: orders(folder, options, plan),
        failures: BTreeMap::new(),
        watcher,
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = options.jobs.unwrap_or((cores / threads).max(1)).max(1);
    desk.settle_finished()?;
    while signals.received().is_none() && desk.advance(jobs)? {
        desk.listen()?;
    }
    if signals.received().is_some() {
        desk.children.stop();
        while desk.children.count() > 0 {
            desk.listen()?;
        }
    }
    let mut failures = std::mem::take(&mut desk.failures);
    let signal = signals.received();
    let run = assemble(folder, &options.name, plan, threads, signal)?;
    write_report(folder, &run)?;
    let flow = failures
        .keys()
        .find(|name| name.starts_with(&format!("{FLOW}-")))
        .cloned();
    match flow.and_then(|name| failures.remove(&name)) {
        Some(error) if signal.is_none() => Err(error),
        _ => Ok(Outcome {
            folder: folder.clone(),
            run,
            signal,
        }),
    }
}

/// Every trial of the run: by seed and fold, the flow first.
fn orders(folder: &RunFolder, options: &Options, plan: &Plan) -> VecDeque<Order> {
    let controls = plan
        .arms
        .iter()
        .filter(|arm| **arm != Arm::Flow)
        .map(ToString::to_string);
    let controls: Vec<String> = controls.chain(options.swept.iter().cloned()).collect();
    let first = plan.run.seed.value;
    let mut orders = VecDeque::new();
    for seed in first..first + options.seeds.max(1) {
        for fold in options.folds() {
            let arms = std::iter::once(FLOW.to_string())
                .chain(controls.iter().filter(|_| options.control).cloned());
            orders.extend(arms.map(|arm| Order {
                run: folder.path().to_path_buf(),
                arm,
                seed,
                fold,
                budget: None,
                rehearse: false,
            }));
        }
    }
    orders
}

struct Desk<'a> {
    folder: &'a RunFolder,
    options: &'a Options,
    plan: &'a Plan,
    children: Children,
    waiting: VecDeque<Order>,
    /// Why trials ended without a result, by the trial's name.
    failures: BTreeMap<String, Error>,
    watcher: &'a mut dyn Watcher,
}

impl Desk<'_> {
    /// Takes trials that an earlier process finished off the list.
    fn settle_finished(&mut self) -> Result<()> {
        for order in std::mem::take(&mut self.waiting) {
            match self.status(&order)? {
                Some(Status::Finished) => self.keep_result(&order)?,
                _ => self.waiting.push_back(order),
            }
        }
        Ok(())
    }

    fn status(&self, order: &Order) -> Result<Option<Status>> {
        Ok(self.row(order)?.map(|row| row.status))
    }

    fn row(&self, order: &Order) -> Result<Option<TrialRow>> {
        let path = self.folder.trial(&order.trial()).events();
        if !path.exists() {
            return Ok(None);
        }
        let events = read(&path).map_err(refused)?;
        Ok(TrialRow::of(&fold(&events), None))
    }

    /// Starts what may start; false once nothing runs and nothing waits.
    fn advance(&mut self, jobs: usize) -> Result<bool> {
        while self.children.count() < jobs {
            let Some(at) = (0..self.waiting.len()).find(|at| self.may_start(&self.waiting[*at]))
            else {
                break;
            };
            let Some(mut order) = self.waiting.remove(at) else {
                break;
            };
            if Arm::named(&order.arm).costs_as_the_flow() {
                let flow = Order {
                    arm: FLOW.into(),
                    ..order.clone()
                };
                let spent = self
                    .row(&flow)?
                    .filter(|row| row.status == Status::Finished)
                    .and_then(|row| row.bill.equalised().flops);
                match spent {
                    Some(flops) => order.budget = Some(flops),
                    None => {
                        self.watcher.note(&format!(
                            "{} is left out: there is no finished flow to cost as much as.",
                            order.trial()
                        ));
                        continue;
                    }
                }
            }
            order.rehearse = !self.calibrated();
            self.children.start(&order)?;
        }
        Ok(self.children.count() > 0 || !self.waiting.is_empty())
    }

    /// Whether reference seconds have been measured: the first trial does so, while no other runs.
    fn calibrated(&self) -> bool {
        self.folder.calibration().is_file()
    }

    /// Trials of one seed and fold run one after the other, the flow first, so that none waits on a shared core.
    fn may_start(&self, order: &Order) -> bool {
        let same = |other: &Order| other.seed == order.seed && other.fold == order.fold;
        (self.calibrated() || self.children.count() == 0)
            && !self.children.orders().any(same)
            && self.waiting.iter().find(|other| same(other)) == Some(order)
    }

    /// Waits a moment for news and passes it on.
    fn listen(&mut self) -> Result<()> {
        match self.children.news(PULSE) {
            None => {}
            Some(News::Word(trial, word)) => match *word {
                Word::Event(event) => self.watcher.event(&trial, &event),
                Word::Note(text) => self.watcher.note(&text),
                Word::Failed(failure) => {
                    self.failures.insert(trial.to_string(), failure.into());
                }
            },
            Some(News::Ended(order, code)) => self.ended(&order, code)?,
        }
        Ok(())
    }

    fn ended(&mut self, order: &Order, code: Option<i32>) -> Result<()> {
        let name = order.trial().to_string();
        if self.status(order)? == Some(Status::Finished) {
            return self.keep_result(order);
        }
        let unknown = || {
            let how = code.map_or("it was killed".to_string(), |code| {
                format!("it ended with exit code {code}")
            });
            Error::new(Kind::Io, format!("trial {name}"), how)
                .remedy("`distil resume` goes on from its last checkpoint")
        };
        let error = self.failures.entry(name.clone()).or_insert_with(unknown);
        let stopped = matches!(error.kind, Kind::Stopped(_));
        if order.arm != FLOW && !stopped {
            self.watcher
                .note(&format!("trial {name} failed, the result is kept: {error}"));
        }
        if order.arm == FLOW {
            // Its controls have nothing to be compared with.
            self.waiting
                .retain(|other| (other.seed, other.fold) != (order.seed, order.fold));
        }
        Ok(())
    }

    /// The first flow's model is the run's result; it is kept before any control starts.
    fn keep_result(&mut self, order: &Order) -> Result<()> {
        let (first_seed, first_fold) = (
            self.plan.run.seed.value,
            self.options.folds().swap_remove(0),
        );
        if order.arm != FLOW || order.seed != first_seed || order.fold != first_fold {
            return Ok(());
        }
        let model = self.folder.trial(&order.trial()).model();
        if !self.folder.model().exists() && model.exists() {
            SavedModel::read(&model, &burn::tensor::Device::flex())?.write(&self.folder.model())?;
        }
        Ok(())
    }
}
