//! The outcome of a run, folded from its trials' logs: run.json, report.html, metrics.csv, trials.csv.

use std::collections::BTreeMap;
use std::path::Path;

use distil_report::bill::{Bill, BillRow, Calibration};
use distil_report::compare::curve::{Curve, ceilings, validation_curve};
use distil_report::compare::{self, Comparison, FLOW, Question, Route, TrialOutputs};
use distil_report::csv::{metrics_csv, trials_csv};
use distil_report::events::{Folded, Time, fold};
use distil_report::page::Page;
use distil_report::predictions::Predictions;
use distil_report::present::sentence::recommended;
use distil_report::run_json::{
    Compress, FORMAT, MainMetric, Origin, RunJson, Status, Trial, Tuned, Validation,
};
use distil_report::{Purpose, TrialId};

use super::choices::{counts_so_far, ends, listed, main_metric, searches, tuned};
use super::logs::{Log, Logs};
use crate::data::source::Source;
use crate::error::{Error, Result};
use crate::files;
use crate::plan::{AnswersPlan, Arm, Plan, Work};
use crate::run::basis::Basis;
use crate::run::calibrate;
use crate::run::folder::RunFolder;
use crate::run::host::host;
use crate::run::options::Options;
use crate::train::{Stopwatch, refused};

/// What a run came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its folder.
    pub folder: RunFolder,
    /// What run.json says.
    pub run: RunJson,
    /// The signal that stopped it, if one did.
    pub signal: Option<i32>,
    /// Why a control has no result, if one was lost.
    pub failure: Option<Error>,
}

/// What a run does itself, beside its trials.
pub(super) struct OwnWork<'a> {
    begun: &'a Stopwatch,
    planning: Time,
}

impl<'a> OwnWork<'a> {
    /// It has read the data and planned.
    pub(super) fn planned(begun: &'a Stopwatch) -> Self {
        Self {
            begun,
            planning: begun.time(),
        }
    }

    /// Its bill so far.
    fn bill(&self) -> Bill {
        let since = self.begun.time() - self.planning;
        let of = [(Purpose::Load, self.planning), (Purpose::Report, since)];
        let rows = of.map(|(purpose, time)| BillRow::of_no_stage(purpose, time));
        Bill { rows: rows.into() }
    }
}

/// Writes what the trials' logs say so far: run.json, the page and the tables. `left` is why some are left to be done,
/// if they are.
pub(super) fn conclude(
    folder: &RunFolder,
    plan: &Plan,
    options: &Options,
    threads: usize,
    left: Option<Status>,
    logs: &Logs,
    own: &OwnWork<'_>,
) -> Result<RunJson> {
    let told = told(logs);
    let calibrations = Calibrations::read(folder, plan, &told)?;
    let metric = main_metric(plan);
    let mut found = compared(plan, options, &told, &calibrations);
    // One that was chosen and not yet tested has not come to its end.
    for (trial, _) in &mut found.trials {
        if trial.status == Status::Finished && !trial.is_tested() && !options.probe {
            trial.status = left.unwrap_or(Status::Failed);
        }
    }
    let question = question(plan, &metric, options, &found);
    let (comparisons, curve) = judged(&question, &found.trials, &told, &calibrations);
    let route = Route::of(&outputs(&found.trials), &question);
    let Compared { trials, tuned, .. } = found;
    let trials: Vec<Trial> = trials.into_iter().map(|(trial, _)| trial).collect();
    let recommended = recommended(&comparisons, &metric)
        .filter(|_| left.is_none())
        .and_then(|arm| {
            let finished = |trial: &&Trial| trial.id.arm == arm && trial.status == Status::Finished;
            trials.iter().find(finished)
        })
        .map(|trial| trial.id.clone())
        .filter(|trial| folder.trial(trial).model().exists());
    let flows: Vec<&Trial> = trials.iter().filter(|trial| trial.id.arm == FLOW).collect();
    let compress = match flows.first() {
        Some(flow) => read_compress(&folder.trial(&flow.id).compress())?,
        None => None,
    };
    let run = RunJson {
        format: FORMAT,
        status: status(&flows, left),
        name: options.name.clone(),
        plan: plan.hash(),
        origin: Some(Origin {
            began: options.began,
            command: options.command.clone(),
            data: plan.source.describe(),
            new_data: plan.source.new_data().into(),
            lr: plan.result().training().map(|training| training.train.lr),
        }),
        host: host(threads, &plan.device),
        task: plan.task.kind(),
        metric,
        comparisons,
        route,
        recommended,
        validation: validation(folder, plan, options)?,
        tuned,
        curve,
        calibration: calibrations.all.unwrap_or_default(),
        arm_calibrations: calibrations.of_arms,
        teachers: plan
            .costlier_teachers()
            .iter()
            .map(|stage| stage.name.clone())
            .collect(),
        compress,
        trials,
        bill: own.bill(),
    };
    let path = folder.run_json();
    let bytes = run.to_json().map_err(|e| Error::damaged(&path, e))?;
    files::write(&path, &bytes)?;
    report(folder, &run, &told)?;
    Ok(run)
}

/// What tuned seeds choose on.
fn validation(folder: &RunFolder, plan: &Plan, options: &Options) -> Result<Option<Validation>> {
    let Some(tuning) = plan.tuning.as_ref().filter(|_| options.seeds > 1) else {
        return Ok(None);
    };
    let basis = Basis::read(&folder.basis())?;
    let divides = plan.draws_validation && basis.is_some_and(|basis| basis.is_data_alone());
    Ok(Some(match tuning.seeds.is_none() && divides {
        true => Validation::Own,
        false => Validation::Common,
    }))
}

/// Writes the page and the table of all progress points.
pub fn write_report(folder: &RunFolder, run: &RunJson) -> Result<()> {
    let basis = Basis::read(&folder.basis())?;
    report(folder, run, &told(&Logs::read(folder, basis.as_ref())?))
}

/// A log and what is left of its events when resumes are honoured.
struct Told<'a> {
    log: &'a Log,
    folded: Folded<'a>,
}

fn told(logs: &Logs) -> Vec<Told<'_>> {
    let fold = |log| Told {
        log,
        folded: fold(&log.events),
    };
    logs.by_name().into_iter().map(fold).collect()
}

/// Reference seconds: those of the recipe, and of arms that change it.
#[derive(Default)]
struct Calibrations {
    all: Option<Calibration>,
    of_arms: BTreeMap<String, Calibration>,
}

impl Calibrations {
    fn read(folder: &RunFolder, plan: &Plan, told: &[Told<'_>]) -> Result<Self> {
        let rates_of = |told: &Told<'_>| plan.rates_of(&Arm::named(&told.log.trial.id.arm));
        let mut rates: BTreeMap<Option<String>, Calibration> = BTreeMap::new();
        for of in told.iter().map(rates_of).chain([None]) {
            if let Some(known) = calibrate::read(&folder.calibration(of.as_deref()))? {
                rates.insert(of, known);
            }
        }
        for told in told {
            if let Some(known) = rates.get_mut(&rates_of(told)) {
                calibrate::lower(known, &told.folded.events, &plan.device);
            }
        }
        let of_arms = told.iter().filter_map(|told| {
            let of = rates_of(told).filter(|of| rates.contains_key(&Some(of.clone())))?;
            Some((told.log.trial.id.arm.clone(), rates[&Some(of)].clone()))
        });
        Ok(Self {
            of_arms: of_arms.collect(),
            all: rates.get(&None).cloned(),
        })
    }

    fn of(&self, arm: &str) -> Option<&Calibration> {
        self.of_arms.get(arm).or(self.all.as_ref())
    }
}

/// A trial with its bill in reference seconds, and what its result says about the test part.
type Tested<'a> = (Trial, Option<&'a Predictions>);

/// What the trials came to.
struct Compared<'a> {
    /// Those that are compared, by seed, fold and arm in the order in which arms run.
    trials: Vec<Tested<'a>>,
    /// Those with settings that were not chosen.
    spares: Vec<Tested<'a>>,
    /// The settings each arm chose.
    tuned: Vec<Tuned>,
    /// Arms whose choice lies at the end of their list, with the choice.
    ends: BTreeMap<String, String>,
}

/// The trials that what was shown so far has to be checked by, and that have not come to an end with a test.
pub(super) fn wanted(plan: &Plan, options: &Options, logs: &Logs) -> Vec<TrialId> {
    if plan.tuning.is_none() {
        return Vec::new();
    }
    let metric = main_metric(plan);
    let found = compared(plan, options, &told(logs), &Calibrations::default());
    let question = question(plan, &metric, options, &found);
    compare::wanted(&outputs(&found.trials), &question)
}

/// How many seeds to run next, where the run is looked at before all have run and nothing is decided.
pub(super) fn next_look(plan: &Plan, options: &Options, logs: &Logs) -> Option<u64> {
    if !options.looks {
        return None;
    }
    let metric = main_metric(plan);
    // Costs have no part in it: how many seeds run does not depend on a clock.
    let found = compared(plan, options, &told(logs), &Calibrations::default());
    let question = question(plan, &metric, options, &found);
    let entries = outputs(&found.trials);
    let comparisons = compare::compare(&entries, &question);
    let route = Route::of(&entries, &question);
    compare::next_look(&comparisons, route.as_ref(), metric.better, options.seeds)
}

fn compared<'a>(
    plan: &Plan,
    options: &Options,
    told: &[Told<'a>],
    calibrations: &Calibrations,
) -> Compared<'a> {
    let billed = |told: &Told<'a>| {
        let trial = Trial::of(&told.folded, calibrations.of(&told.log.trial.id.arm))?;
        Some((trial, told.log.predictions.as_ref()))
    };
    let so_far = |told: &&Told<'a>| counts_so_far(plan, options, &told.log.trial.id);
    let told = told.iter().filter(so_far);
    let mut trials: Vec<Tested<'a>> = told.filter_map(billed).collect();
    trials.sort_by_key(|(trial, _)| (trial.id.seed, trial.id.fold, rank(plan, &trial.id.arm)));
    let all: Vec<&Trial> = trials.iter().map(|(trial, _)| trial).collect();
    let (width, candidates) = listed(plan, options, &all);
    let tuned = tuned(plan, options, &all, &candidates);
    let counted = all.iter().filter(|trial| counts(trial, &tuned));
    let counted: Vec<&TrialId> = counted.map(|trial| &trial.id).collect();
    let mut searches = searches(plan, options, &all, &counted).into_iter();
    let (mut trials, spares): (Vec<Tested<'a>>, _) = trials
        .into_iter()
        .partition(|(trial, _)| counts(trial, &tuned));
    for (trial, _) in &mut trials {
        trial.bill.rows.extend(searches.next().flatten());
    }
    Compared {
        trials,
        spares,
        ends: ends(plan, width.as_ref(), &tuned),
        tuned,
    }
}

fn outputs<'a>(trials: &'a [Tested<'_>]) -> Vec<TrialOutputs<'a>> {
    let outputs = |(trial, predictions): &'a Tested<'_>| TrialOutputs {
        trial,
        predictions: *predictions,
    };
    trials.iter().map(outputs).collect()
}

fn question<'a>(
    plan: &Plan,
    metric: &'a MainMetric,
    options: &Options,
    found: &'a Compared<'_>,
) -> Question<'a> {
    let given = |work: &Work| matches!(work, Work::Given { .. });
    let uncounted = |answers: &AnswersPlan| answers.seconds.is_none() || answers.flops.is_none();
    Question {
        metric,
        tuned: Tuned::settings_by_arm(&found.tuned),
        margin: plan.margin,
        written: plan
            .tuning
            .as_ref()
            .map_or(0, |tuning| tuning.candidates.len()),
        looks: options.looks,
        given: plan.stages.iter().any(|stage| given(&stage.work))
            || plan.answers.values().any(uncounted),
        spares: outputs(&found.spares),
        ends: found.ends.clone(),
    }
}

/// Every arm against the flow, and plain training's curve.
fn judged(
    question: &Question<'_>,
    trials: &[Tested<'_>],
    told: &[Told<'_>],
    calibrations: &Calibrations,
) -> (Vec<Comparison>, Option<Curve>) {
    let entries = outputs(trials);
    let metric = question.metric;
    let learned: BTreeMap<TrialId, Vec<(f64, f64)>> = told
        .iter()
        .map(|Told { log, folded }| {
            let calibration = calibrations.of(&log.trial.id.arm);
            let curve = validation_curve(folded, calibration, &metric.name);
            (log.trial.id.clone(), curve)
        })
        .collect();
    let compared: Vec<&Trial> = trials.iter().map(|(trial, _)| trial).collect();
    let ceilings = ceilings(&compared, &learned, metric.better);
    // Where a given model has seen what is tested, nothing is claimed.
    let overlap = |trial: &&Trial| {
        trial
            .findings
            .overlap
            .is_some_and(|overlap| overlap.declared)
    };
    let curve = match compared.iter().any(overlap) {
        true => None,
        false => Curve::of(&entries, question, &ceilings),
    };
    (compare::compare(&entries, question), curve)
}

/// How a run ended: as its flows did, and not while any of its trials is left.
fn status(flows: &[&Trial], left: Option<Status>) -> Status {
    let mut ends = flows.iter().map(|trial| trial.status);
    match ends.find(|status| *status != Status::Finished) {
        Some(status) => status,
        None if flows.is_empty() => left.unwrap_or(Status::Failed),
        None => left.unwrap_or(Status::Finished),
    }
}

/// Whether a trial is one of those compared: with the settings its arm chose.
fn counts(trial: &Trial, tuned: &[Tuned]) -> bool {
    let mut choice = tuned.iter().filter(|tuned| {
        tuned.arm == trial.id.arm
            && tuned.fold == trial.id.fold
            && tuned.seed.is_none_or(|seed| seed == trial.id.seed)
    });
    trial.id.settings.is_none() || choice.any(|tuned| tuned.chosen == trial.id.settings)
}

fn report(folder: &RunFolder, run: &RunJson, told: &[Told<'_>]) -> Result<()> {
    let of = |trial: &Trial| told.iter().find(|told| told.log.trial.id == trial.id);
    let ordered: Vec<&Told<'_>> = run.trials.iter().filter_map(of).collect();
    let folded: Vec<Folded<'_>> = ordered.iter().map(|told| told.folded.clone()).collect();
    let flow = ordered.iter().find(|told| told.log.trial.id.arm == FLOW);
    let predictions = flow.and_then(|told| told.log.predictions.as_ref());
    let recipe = folder.text()?;
    let path = folder.path().display().to_string();
    let page = Page::new(run, &folded, predictions, recipe.text())
        .in_folder(run, &path, folder.model().exists())
        .html()
        .map_err(refused)?;
    files::write(&folder.report(), page.as_bytes())?;
    let tables = [
        (folder.metrics(), metrics_csv(&folded, run)),
        (folder.trials_csv(), trials_csv(run)),
    ];
    for (path, bytes) in tables {
        files::write(&path, &bytes.map_err(|e| Error::damaged(&path, e))?)?;
    }
    Ok(())
}

/// The arms in the order in which they ran.
fn rank(plan: &Plan, arm: &str) -> usize {
    plan.arms
        .iter()
        .position(|a| a.to_string() == arm)
        .unwrap_or(usize::MAX)
}

fn read_compress(path: &Path) -> Result<Option<Compress>> {
    if !path.is_file() {
        return Ok(None);
    }
    serde_json::from_slice(&files::read(path)?)
        .map(Some)
        .map_err(|e| Error::damaged(path, e))
}
