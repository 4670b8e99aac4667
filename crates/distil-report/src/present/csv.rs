//! metrics.csv: every progress point of every trial, one a row; and every trial, one a row.

use std::collections::BTreeSet;

use crate::present::{foreign, show};
use crate::record::Numbers;
use crate::record::events::{Folded, Started};
use crate::run_json::{RunJson, Status, Trial};
use crate::trials::learning::{Point, learning_curve};

/// The header and one row per progress event. Costs are the trial's up to that point, towards equal cost; unknown numbers are
/// empty. Loss terms are columns `term.<name>`, validation metrics `validation.<name>`.
pub fn metrics_csv(trials: &[Folded<'_>], run: &RunJson) -> csv::Result<Vec<u8>> {
    let curves: Vec<(&Started, Vec<Point<'_>>)> = trials
        .iter()
        .filter_map(|trial| {
            let started = trial.started()?;
            let calibration = run.calibration_of(&started.id.arm);
            Some((started, learning_curve(trial, Some(calibration))))
        })
        .collect();
    let points = || curves.iter().flat_map(|(_, points)| points);
    let terms: BTreeSet<&String> = points()
        .flat_map(|point| point.progress.terms.keys())
        .collect();
    let metrics: BTreeSet<&String> = points()
        .filter_map(|point| point.progress.validation.as_ref())
        .flat_map(|metrics| metrics.keys())
        .collect();
    let mut header: Vec<String> = COLUMNS.split(',').map(str::to_owned).collect();
    header.extend(terms.iter().map(|name| format!("term.{name}")));
    header.extend(metrics.iter().map(|name| format!("validation.{name}")));
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(header)?;
    for (started, points) in &curves {
        for point in points {
            let progress = point.progress;
            let mut cells = vec![
                foreign::csv(&started.id.arm).into_owned(),
                started.id.seed.to_string(),
                started
                    .id
                    .fold
                    .map_or(String::new(), |fold| fold.to_string()),
                foreign::csv(&progress.stage).into_owned(),
                progress.step.to_string(),
                progress.epoch.to_string(),
                progress.samples.to_string(),
                show::exact(progress.loss),
                progress.lr.to_string(),
                number(point.flops),
                number(point.reference_seconds),
                point.cpu_seconds.to_string(),
                progress.time.samples_per_second.to_string(),
            ];
            let of = |numbers: Option<&Numbers>, name: &str| {
                metric(numbers.and_then(|numbers| numbers.get(name).copied()))
            };
            let validation = progress.validation.as_ref();
            cells.extend(terms.iter().map(|name| of(Some(&progress.terms), name)));
            cells.extend(metrics.iter().map(|name| of(validation, name)));
            table.write_record(cells)?;
        }
    }
    table.into_inner().map_err(|e| e.into_error().into())
}

/// Every trial of a run, one a row: arm, seed, fold, settings, how it ended, what it cost towards equal cost, and the result's metrics
/// on the test part, columns `test.<name>`. Unknown numbers are empty.
pub fn trials_csv(run: &RunJson) -> csv::Result<Vec<u8>> {
    let tested = |trial: &Trial| match trial.status {
        Status::Finished => trial.result().map(|stage| stage.test.clone()),
        Status::Stopped | Status::Diverged | Status::Failed => None,
    };
    let metrics: BTreeSet<String> = run
        .trials
        .iter()
        .filter_map(tested)
        .flat_map(|test| test.keys().cloned().collect::<Vec<_>>())
        .collect();
    let mut header: Vec<String> = TRIAL_COLUMNS.split(',').map(str::to_owned).collect();
    header.extend(metrics.iter().map(|name| format!("test.{name}")));
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(header)?;
    for trial in &run.trials {
        let total = trial.bill.equalised();
        let mut cells = vec![
            foreign::csv(&trial.id.arm).into_owned(),
            trial.id.seed.to_string(),
            trial.id.fold.map_or(String::new(), |fold| fold.to_string()),
            foreign::csv(trial.id.settings.as_deref().unwrap_or_default()).into_owned(),
            trial.status.word().into(),
            number(total.flops),
            number(total.reference_seconds),
            total.cpu_seconds.to_string(),
        ];
        let test = tested(trial).unwrap_or_default();
        cells.extend(metrics.iter().map(|name| metric(test.get(name).copied())));
        table.write_record(cells)?;
    }
    table.into_inner().map_err(|e| e.into_error().into())
}

const TRIAL_COLUMNS: &str = "arm,seed,fold,settings,status,flops,reference_seconds,cpu_seconds";

const COLUMNS: &str = "arm,seed,fold,stage,step,epoch,samples,loss,lr,flops,reference_seconds,cpu_seconds,samples_per_second";

fn metric(value: Option<f64>) -> String {
    value.map_or(String::new(), show::exact)
}

fn number(value: Option<f64>) -> String {
    value.map_or(String::new(), |value| value.to_string())
}
