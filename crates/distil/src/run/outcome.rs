//! The outcome of a run, folded from its trials' logs: run.json, report.html, metrics.csv, trials.csv.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use distil_report::bill::Calibration;
use distil_report::budgets::{Curve, ceilings, learning_curve};
use distil_report::compare::{Entry, FLOW, Question, compare};
use distil_report::csv::{metrics_csv, trials_csv};
use distil_report::events::{Event, fold, read};
use distil_report::page::{Page, TrialEvents};
use distil_report::predictions::Predictions;
use distil_report::run_json::{Compress, FORMAT, MainMetric, RunJson, Status, Trial, Tuned};

use super::calibrate;
use super::folder::{RunFolder, TrialId};
use super::host::host;
use super::request::Options;
use crate::error::{Error, Result};
use crate::files;
use crate::plan::{Plan, Work};
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

/// What the trials' logs say so far, written to run.json; `signal` is the one that stopped the run, if one did.
pub(super) fn assemble(
    folder: &RunFolder,
    plan: &Plan,
    options: &Options,
    threads: usize,
    signal: Option<i32>,
) -> Result<RunJson> {
    let calibration = calibrate::read(&folder.calibration())?;
    let (logs, predictions) = logs(folder)?;
    let trials = logs
        .iter()
        .filter_map(|events| Trial::of(&fold(events), calibration.as_ref()));
    let mut trials: Vec<(Trial, Option<Predictions>)> = trials.zip(predictions).collect();
    trials.sort_by_key(|(trial, _)| (trial.seed, trial.fold, rank(plan, &trial.arm)));
    let metric = main_metric(plan)?;
    let tuned = tuned(plan, &trials, options.seeds, &metric);
    trials.retain(|(trial, _)| counts(trial, &tuned));
    let entries: Vec<Entry> = trials
        .iter()
        .map(|(trial, predictions)| Entry {
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
    let learned: BTreeMap<String, Vec<(f64, f64)>> = logs
        .iter()
        .filter_map(|events| {
            let folded = fold(events);
            let trial = Trial::of(&folded, None)?;
            let curve = learning_curve(&folded, calibration.as_ref(), &metric.name);
            Some((trial.name(), curve))
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
    let compress = flows().next().map(|flow| {
        let id = TrialId {
            arm: flow.arm.clone(),
            seed: flow.seed,
            fold: flow.fold,
            settings: flow.settings.clone(),
        };
        folder.trial(&id).compress()
    });
    let run = RunJson {
        format: FORMAT,
        status: status.unwrap_or(match (flows().next(), signal) {
            (Some(_), _) => Status::Finished,
            (None, Some(_)) => Status::Stopped,
            (None, None) => Status::Failed,
        }),
        name: options.name.clone(),
        plan: plan.hash(),
        host: host(threads),
        task: plan.task.kind(),
        metric,
        comparisons,
        tuned,
        curve,
        calibration: calibration.unwrap_or_else(Calibration::default),
        compress: compress.map(read_compress).transpose()?.flatten(),
        trials: trials.into_iter().map(|(trial, _)| trial).collect(),
    };
    run.write(&folder.run_json()).map_err(refused)?;
    Ok(run)
}

/// The metric a plan's models are compared by.
pub(super) fn main_metric(plan: &Plan) -> Result<MainMetric> {
    MainMetric::named(plan.metric.name, None).ok_or_else(|| {
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
    let (logs, predictions) = logs(folder)?;
    let folded: Vec<_> = logs.iter().map(|events| fold(events)).collect();
    let arms: Vec<(String, String)> = logs.iter().map(|events| arm_and_name(events)).collect();
    let place = |trial: &Trial| arms.iter().position(|(_, name)| *name == trial.name());
    let ordered: Vec<usize> = run.trials.iter().filter_map(place).collect();
    let events: Vec<TrialEvents> = ordered
        .iter()
        .map(|&i| TrialEvents {
            arm: &arms[i].0,
            events: &folded[i],
        })
        .collect();
    let flow = run
        .trials
        .iter()
        .find(|trial| trial.arm == FLOW)
        .and_then(place);
    let predictions = flow.and_then(|i| predictions[i].as_ref());
    let recipe = folder.text()?;
    let page = Page::new(run, &events, predictions, recipe.text())
        .html()
        .map_err(refused)?;
    files::write(&folder.report(), page.as_bytes())?;
    let folded: Vec<_> = ordered.iter().map(|&i| folded[i].clone()).collect();
    files::write(
        &folder.metrics(),
        metrics_csv(&folded, Some(&run.calibration)).as_bytes(),
    )?;
    files::write(&folder.trials_csv(), trials_csv(run).as_bytes())
}

/// Each trial's log, and what its result says about the test part, if it came so far.
type Logs = (Vec<Vec<Event>>, Vec<Option<Predictions>>);

/// Every trial's log and predictions, by folder name.
fn logs(folder: &RunFolder) -> Result<Logs> {
    let mut trials: Vec<PathBuf> = fs::read_dir(folder.trials())
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    trials.sort();
    let (mut logs, mut predictions) = (Vec::new(), Vec::new());
    for trial in trials {
        let path = trial.join("events.jsonl");
        if !path.is_file() {
            continue;
        }
        let events = read(&path).map_err(refused)?;
        if !fold(&events)
            .events
            .iter()
            .any(|event| matches!(event, Event::Started(_)))
        {
            continue;
        }
        logs.push(events);
        let tested = trial.join("test.json");
        predictions.push(match tested.is_file() {
            true => Some(Predictions::read(&tested).map_err(refused)?),
            false => None,
        });
    }
    Ok((logs, predictions))
}

fn arm_and_name(events: &[Event]) -> (String, String) {
    let trial = Trial::of(&fold(events), None);
    trial.map_or_else(Default::default, |trial| (trial.arm.clone(), trial.name()))
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
