//! The parent of all trials: what runs when, who is told, what a signal means.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::time::Duration;

use distil_report::TrialId;
use distil_report::compare::FLOW;
use distil_report::events::{Event, fold, read};
use distil_report::run_json::{Status, Trial as TrialRow, Tuned};

use super::children::{Children, News};
use super::outcome::{Outcome, conclude, main_metric};
use super::request::{Standing, Watcher};
use crate::error::{Error, Kind, Result};
use crate::plan::{Arm, Plan};
use crate::run::folder::RunFolder;
use crate::run::message::{Order, Word};
use crate::run::options::Options;
use crate::run::stage_cache;
use crate::saved::SavedModel;
use crate::train::{Signals, refused};

/// Plain training at 25, 50, 75 and 100 % of its declared budget.
const CURVE: [Arm; 4] = [
    Arm::PlainShare(0.25),
    Arm::PlainShare(0.5),
    Arm::PlainShare(0.75),
    Arm::PlainFull,
];

/// How often signals are looked for, and watchers told, while nothing happens.
pub(super) const PULSE: Duration = Duration::from_millis(50);

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
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = options.jobs.unwrap_or((cores / threads).max(1)).max(1);
    let mut desk = Desk {
        folder,
        options,
        plan,
        children: Children::new(program, threads, jobs),
        waiting: orders(folder, options, plan),
        rows: BTreeMap::new(),
        reused: 0,
        failures: BTreeMap::new(),
        watcher,
    };
    desk.settle_finished()?;
    while signals.received().is_none() && desk.advance(jobs)? {
        desk.listen()?;
    }
    desk.keep_result()?;
    desk.tell_reuse();
    stage_cache::trim(folder);
    if signals.received().is_some() {
        desk.children.stop();
        while desk.children.count() > 0 {
            desk.listen()?;
        }
    }
    let mut failures = std::mem::take(&mut desk.failures);
    let signal = signals.received();
    let run = conclude(folder, plan, options, threads, signal)?;
    let flow = failures
        .keys()
        .find(|name| name.starts_with(&format!("{FLOW}-")))
        .cloned();
    // Settings that cannot be trained with are no failure of a run that has others.
    let tuned = run
        .tuned
        .iter()
        .any(|tuned| tuned.arm == FLOW && tuned.chosen.is_some());
    match flow.and_then(|name| failures.remove(&name)) {
        Some(error) if signal.is_none() && !tuned => Err(error),
        _ => Ok(Outcome {
            folder: folder.clone(),
            run,
            signal,
        }),
    }
}

/// The arms of the run, the flow first.
pub(super) fn arms(options: &Options, plan: &Plan) -> Vec<String> {
    let controls = plan
        .arms
        .iter()
        .filter(|arm| **arm != Arm::Flow)
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

/// Every trial of the run: by seed and fold, the flow first. Where settings are tuned, the first seeds have a trial for each of
/// them, and the others one whose settings are not known yet.
fn orders(folder: &RunFolder, options: &Options, plan: &Plan) -> VecDeque<Order> {
    let arms = arms(options, plan);
    let first = plan.run.seed.value;
    let mut orders = VecDeque::new();
    for seed in first..first + options.seeds.max(1) {
        let choosing = plan
            .tuning
            .as_ref()
            .filter(|tuning| tuning.seeds_of(first, options.seeds).contains(&seed));
        let settings: Vec<Option<String>> = match choosing {
            Some(tuning) => tuning.candidates.iter().cloned().map(Some).collect(),
            None => vec![None],
        };
        for fold in options.folds() {
            for arm in &arms {
                orders.extend(settings.iter().map(|settings| Order {
                    run: folder.path().to_path_buf(),
                    arm: arm.clone(),
                    seed,
                    fold,
                    settings: settings.clone(),
                    budget: None,
                    rehearse: false,
                }));
            }
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
    /// What the trials that have ended came to.
    rows: BTreeMap<TrialId, TrialRow>,
    /// Stages that were not trained again.
    reused: usize,
    /// Why trials ended without a result, by the trial's name.
    failures: BTreeMap<String, Error>,
    watcher: &'a mut dyn Watcher,
}

impl Desk<'_> {
    /// Takes trials that an earlier process finished off the list.
    fn settle_finished(&mut self) -> Result<()> {
        for order in std::mem::take(&mut self.waiting) {
            self.note_row(&order)?;
            if !self.finished(&order) {
                self.waiting.push_back(order);
            }
        }
        self.keep_result()
    }

    fn finished(&self, order: &Order) -> bool {
        self.row(order)
            .is_some_and(|row| row.status == Status::Finished)
    }

    fn row(&self, order: &Order) -> Option<&TrialRow> {
        self.rows.get(&order.trial())
    }

    /// Reads what a trial that does not run came to; its log does not change until it is started again.
    fn note_row(&mut self, order: &Order) -> Result<()> {
        let id = order.trial();
        let path = self.folder.trial(&id).events();
        if path.exists() {
            let events = read(&path).map_err(refused)?;
            if let Some(row) = TrialRow::of(&fold(&events), None) {
                self.rows.insert(id, row);
            }
        }
        Ok(())
    }

    /// Starts what may start; false once nothing runs and nothing waits.
    fn advance(&mut self, jobs: usize) -> Result<bool> {
        while self.children.count() < jobs {
            let Some(at) = (0..self.waiting.len()).find(|at| self.may_start(&self.waiting[*at]))
            else {
                break;
            };
            let Some(order) = self.waiting.remove(at) else {
                break;
            };
            let name = order.trial().to_string();
            let Some(mut order) = self.settled(order)? else {
                self.watcher.note(&format!(
                    "{name} is left out: what it waits for has no finished trial."
                ));
                continue;
            };
            self.note_row(&order)?;
            if !self.finished(&order) {
                order.rehearse = !self.calibrated(&order);
                self.children.start(&order)?;
            }
        }
        Ok(self.children.count() > 0 || !self.waiting.is_empty())
    }

    /// The order with the settings its arm chose and the cost of its flow; none where either is missing.
    fn settled(&self, mut order: Order) -> Result<Option<Order>> {
        if order.settings.is_none() && self.plan.tuning.is_some() {
            order.settings = self.chosen(&order)?;
            if order.settings.is_none() {
                return Ok(None);
            }
        }
        if order.arm == FLOW {
            return Ok(Some(order));
        }
        let mut flow = Order {
            arm: FLOW.into(),
            settings: None,
            ..order.clone()
        };
        if self.plan.tuning.is_some() {
            flow.settings = self.chosen(&flow)?;
        }
        let Some(row) = self.row(&flow).filter(|row| row.status == Status::Finished) else {
            return Ok(None);
        };
        if Arm::named(&order.arm).costs_as_the_flow() {
            order.budget = row.bill.equalised().flops;
            return Ok(order.budget.is_some().then_some(order));
        }
        Ok(Some(order))
    }

    /// The settings an order's arm chose on its fold.
    fn chosen(&self, order: &Order) -> Result<Option<String>> {
        let Some(tuning) = &self.plan.tuning else {
            return Ok(None);
        };
        let seeds = tuning.seeds_of(self.plan.run.seed.value, self.options.seeds);
        let mut rows = Vec::new();
        for seed in &seeds {
            for candidate in &tuning.candidates {
                let tried = Order {
                    seed: *seed,
                    settings: Some(candidate.clone()),
                    ..order.clone()
                };
                rows.extend(self.row(&tried).cloned());
            }
        }
        let place = (order.arm.as_str(), order.fold.map(|fold| fold.0));
        let metric = main_metric(self.plan)?;
        Ok(Tuned::of(&rows, place, &tuning.candidates, &seeds, &metric).chosen)
    }

    /// Whether the arm's reference seconds have been measured: its first trial does so, while no other runs.
    fn calibrated(&self, order: &Order) -> bool {
        self.folder.calibration(&Arm::named(&order.arm)).is_file()
    }

    /// Whether nothing is under way that the order waits for: the trials its arm chooses its settings by, and, for a control, those the
    /// flow chooses by and its own seed's flow.
    fn may_start(&self, order: &Order) -> bool {
        let measuring = self.children.orders().any(|other| !self.calibrated(other));
        if measuring || self.children.count() > 0 && !self.calibrated(order) {
            return false;
        }
        let choice = |arm: &str| {
            self.under_way(|other| {
                other.arm == arm && other.fold == order.fold && other.settings.is_some()
            })
        };
        let own_choice = order.settings.is_none() && choice(&order.arm);
        let flow = order.arm != FLOW
            && (choice(FLOW)
                || self.under_way(|other| {
                    other.arm == FLOW && other.fold == order.fold && other.seed == order.seed
                }));
        !own_choice && !flow
    }

    /// Whether some trial like this waits or runs.
    fn under_way(&self, like: impl Fn(&Order) -> bool) -> bool {
        self.waiting.iter().any(&like) || self.children.orders().any(like)
    }

    fn tell_reuse(&mut self) {
        let stages = match self.reused {
            0 => return,
            1 => "1 stage was".to_string(),
            several => format!("{several} stages were"),
        };
        self.watcher.note(&format!(
            "note: {stages} trained the same way before and not trained again; the bill counts what that cost. `--fresh` trains everything"
        ));
    }

    fn standing(&self) -> Standing {
        let running: Vec<TrialId> = self.children.orders().map(Order::trial).collect();
        let ended = |trial: &String| !running.iter().any(|id| id.to_string() == *trial);
        let failed = self
            .failures
            .iter()
            .filter(|(trial, error)| ended(trial) && !matches!(error.kind, Kind::Stopped(_)));
        let finished = self
            .rows
            .values()
            .filter(|row| row.status == Status::Finished);
        Standing {
            metric: self.plan.metric.name,
            waiting: self.waiting.iter().map(Order::trial).collect(),
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
            Some(News::Word(trial, word)) => match *word {
                Word::Event(event) => {
                    self.reused += usize::from(matches!(event, Event::Reused(_)));
                    self.watcher.event(&trial, &event);
                }
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
        self.note_row(order)?;
        if self.finished(order) {
            return self.keep_result();
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
        if order.arm == FLOW && self.plan.tuning.is_none() {
            // Its controls have nothing to be compared with.
            self.waiting
                .retain(|other| (other.seed, other.fold) != (order.seed, order.fold));
        }
        Ok(())
    }

    /// The first flow's model is the run's result; it is kept before any control starts, once the flow has chosen its settings.
    fn keep_result(&self) -> Result<()> {
        let mut flow = Order {
            run: self.folder.path().to_path_buf(),
            arm: FLOW.into(),
            seed: self.plan.run.seed.value,
            fold: self.options.folds().swap_remove(0),
            settings: None,
            budget: None,
            rehearse: false,
        };
        if self.folder.model().exists() {
            return Ok(());
        }
        if self.plan.tuning.is_some() {
            let choosing = |other: &Order| {
                other.arm == FLOW && other.fold == flow.fold && other.settings.is_some()
            };
            if self.under_way(choosing) {
                return Ok(());
            }
            flow.settings = self.chosen(&flow)?;
        }
        if self.finished(&flow) {
            let model = self.folder.trial(&flow.trial()).model();
            if model.exists() {
                SavedModel::read(&model, &self.plan.device)?.write(&self.folder.model())?;
            }
        }
        Ok(())
    }
}
