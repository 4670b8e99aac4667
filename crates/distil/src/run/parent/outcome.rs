//! The outcome of a run, folded from its trials' logs: run.json, report.html, metrics.csv, trials.csv.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use distil_report::TrialId;
use distil_report::bill::Calibration;
use distil_report::compare::curve::{Curve, ceilings, validation_curve};
use distil_report::compare::{FLOW, Question, TrialOutputs, compare};
use distil_report::csv::{metrics_csv, trials_csv};
use distil_report::events::{Event, fold, read};
use distil_report::page::Page;
use distil_report::predictions::Predictions;
use distil_report::run_json::{Compress, FORMAT, MainMetric, RunJson, Status, Trial, Tuned};

use crate::error::{Error, Result};
use crate::files;
use crate::plan::{Arm, Plan, Work};
use crate::run::calibrate;
use crate::run::folder::RunFolder;
use crate::run::host::host;
use crate::run::options::Options;
use crate::train::refused;

/// What a run came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its folder.
    pub folder: RunFolder,
    /// What run.json says.
    pub run: RunJson,
    /// The signal that stopped it, if one did.
    pub signal: Option<i32>,
}

/// Writes what the trials' logs say so far: run.json, the page and the tables. `signal` is the one that stopped the run, if one did.
pub(super) fn conclude(
    folder: &RunFolder,
    plan: &Plan,
    options: &Options,
    threads: usize,
    signal: Option<i32>,
) -> Result<RunJson> {
    let logs = logs(folder)?;
    let run = assemble(folder, plan, options, threads, signal, &logs)?;
    let path = folder.run_json();
    let bytes = run.to_json().map_err(|e| Error::damaged(&path, e))?;
    files::write(&path, &bytes)?;
    report(folder, &run, &logs)?;
    Ok(run)
}

fn assemble(
    folder: &RunFolder,
    plan: &Plan,
    options: &Options,
    threads: usize,
    signal: Option<i32>,
    logs: &[Log],
) -> Result<RunJson> {
    let calibration = calibrate::read(&folder.calibration(&Arm::Flow))?;
    let mut of_arms = BTreeMap::new();
    for log in logs {
        let arm = Arm::named(&log.id.arm);
        if arm.changes_the_recipe()
            && let Some(own) = calibrate::read(&folder.calibration(&arm))?
        {
            of_arms.insert(log.id.arm.clone(), own);
        }
    }
    let calibration_of = |arm: &str| of_arms.get(arm).or(calibration.as_ref());
    let trials = logs.iter().filter_map(|log| {
        let trial = Trial::of(&fold(&log.events), calibration_of(&log.id.arm))?;
        Some((trial, log.predictions.clone()))
    });
    let mut trials: Vec<(Trial, Option<Predictions>)> = trials.collect();
    trials.sort_by_key(|(trial, _)| (trial.seed, trial.fold, rank(plan, &trial.arm)));
    let metric = main_metric(plan)?;
    let tuned = tuned(plan, &trials, options.seeds, &metric);
    trials.retain(|(trial, _)| counts(trial, &tuned));
    let entries: Vec<TrialOutputs> = trials
        .iter()
        .map(|(trial, predictions)| TrialOutputs {
            trial,
            predictions: predictions.as_ref(),
        })
        .collect();
    let given = plan
        .stages
        .iter()
        .any(|stage| matches!(stage.work, Work::Given { .. }));
    let question = Question {
        tuned: Tuned::settings_by_arm(&tuned),
        margin: plan.margin,
        given,
        ..Question::new(&metric)
    };
    let comparisons = compare(&entries, &question);
    let learned: BTreeMap<TrialId, Vec<(f64, f64)>> = logs
        .iter()
        .map(|log| {
            let folded = fold(&log.events);
            let curve = validation_curve(&folded, calibration_of(&log.id.arm), &metric.name);
            (log.id.clone(), curve)
        })
        .collect();
    let compared: Vec<&Trial> = trials.iter().map(|(trial, _)| trial).collect();
    let ceilings = ceilings(&compared, &learned, metric.better);
    let curve = Curve::of(&entries, &question, &ceilings);
    let flows = || {
        trials
            .iter()
            .filter(|(trial, _)| trial.arm == FLOW)
            .map(|(trial, _)| trial)
    };
    let status = flows()
        .map(|trial| trial.status)
        .find(|status| *status != Status::Finished);
    let compress = flows()
        .next()
        .map(|flow| folder.trial(&flow.id()).compress());
    Ok(RunJson {
        format: FORMAT,
        status: status.unwrap_or(match (flows().next(), signal) {
            (Some(_), _) => Status::Finished,
            (None, Some(_)) => Status::Stopped,
            (None, None) => Status::Failed,
        }),
        name: options.name.clone(),
        plan: plan.hash(),
        host: host(threads, &plan.device),
        task: plan.task.kind(),
        metric,
        comparisons,
        tuned,
        curve,
        calibration: calibration.unwrap_or_else(Calibration::default),
        arm_calibrations: of_arms,
        compress: compress.map(read_compress).transpose()?.flatten(),
        trials: trials.into_iter().map(|(trial, _)| trial).collect(),
    })
}

/// The metric a plan's models are compared by.
pub(super) fn main_metric(plan: &Plan) -> Result<MainMetric> {
    MainMetric::named(plan.metric.name, plan.task.unit()).ok_or_else(|| {
        Error::input(
            "metric",
            format!("there is no metric `{}`", plan.metric.name),
        )
    })
}

/// The choice of every arm on every fold.
fn tuned(
    plan: &Plan,
    trials: &[(Trial, Option<Predictions>)],
    seeds: u64,
    metric: &MainMetric,
) -> Vec<Tuned> {
    let Some(tuning) = &plan.tuning else {
        return Vec::new();
    };
    let seeds = tuning.seeds_of(plan.run.seed.value, seeds);
    let trials: Vec<Trial> = trials.iter().map(|(trial, _)| trial.clone()).collect();
    let mut places: Vec<(&str, Option<usize>)> = Vec::new();
    for trial in &trials {
        let place = (trial.arm.as_str(), trial.fold);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
        .into_iter()
        .map(|place| Tuned::of(&trials, place, &tuning.candidates, &seeds, metric))
        .collect()
}

/// Whether a trial is one of those compared: with the settings its arm chose.
fn counts(trial: &Trial, tuned: &[Tuned]) -> bool {
    let mut choice = tuned
        .iter()
        .filter(|tuned| tuned.arm == trial.arm && tuned.fold == trial.fold);
    trial.settings.is_none() || choice.any(|tuned| tuned.chosen == trial.settings)
}

/// Writes the page and the table of all progress points.
pub fn write_report(folder: &RunFolder, run: &RunJson) -> Result<()> {
    report(folder, run, &logs(folder)?)
}

fn report(folder: &RunFolder, run: &RunJson, logs: &[Log]) -> Result<()> {
    let log_of = |trial: &Trial| logs.iter().find(|log| log.id == trial.id());
    let ordered: Vec<&Log> = run.trials.iter().filter_map(log_of).collect();
    let folded: Vec<_> = ordered.iter().map(|log| fold(&log.events)).collect();
    let flow = ordered.iter().find(|log| log.id.arm == FLOW);
    let predictions = flow.and_then(|log| log.predictions.as_ref());
    let recipe = folder.text()?;
    let page = Page::new(run, &folded, predictions, recipe.text())
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

/// A trial's log, and what its result says about the test part, if it came so far.
struct Log {
    id: TrialId,
    events: Vec<Event>,
    predictions: Option<Predictions>,
}

/// The log of every trial that has begun, by folder name.
fn logs(folder: &RunFolder) -> Result<Vec<Log>> {
    let mut trials: Vec<PathBuf> = fs::read_dir(folder.trials())
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    trials.sort();
    let mut logs = Vec::new();
    for trial in trials {
        let path = trial.join("events.jsonl");
        if !path.is_file() {
            continue;
        }
        let events = read(&path).map_err(refused)?;
        let Some(begun) = Trial::of(&fold(&events), None) else {
            continue;
        };
        let tested = trial.join("test.json");
        let predictions = match tested.is_file() {
            true => Some(Predictions::read(&tested).map_err(refused)?),
            false => None,
        };
        logs.push(Log {
            id: begun.id(),
            events,
            predictions,
        });
    }
    Ok(logs)
}

/// The arms in the order in which they ran.
fn rank(plan: &Plan, arm: &str) -> usize {
    plan.arms
        .iter()
        .position(|a| a.to_string() == arm)
        .unwrap_or(usize::MAX)
}

fn read_compress(path: PathBuf) -> Result<Option<Compress>> {
    if !path.is_file() {
        return Ok(None);
    }
    serde_json::from_slice(&files::read(&path)?)
        .map(Some)
        .map_err(|e| Error::damaged(&path, e))
}
