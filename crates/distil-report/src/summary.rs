//! What an arm came to: the one fold over its trials behind cards, tables, charts and the comparison of runs.

use crate::bill::{BillRow, Total};
use crate::record::Purpose;
use crate::record::arm::FLOW;
use crate::run_json::RunJson;
use crate::statistics::mean;
use crate::trials::{Status, Trial};

/// One arm of a run.
#[derive(Clone, Debug)]
pub struct Summary<'a> {
    /// The arm; [`TEACHER`] for what the result learnt from.
    pub arm: &'a str,
    /// Its bill: the mean over its finished trials, or over all where none finished; a number is none where one trial's is.
    pub bill: Vec<BillRow>,
    /// What of the bill counts towards equal cost; none without a trial that cost anything.
    pub cost: Option<Total>,
    /// The main metric on the test part: the mean over the finished trials.
    pub value: Option<f64>,
    /// Each seed's value of it, the mean over its finished folds, by rising seed.
    pub values: Vec<(u64, f64)>,
    finished: Vec<&'a Trial>,
    /// The stages it is about; none for the trials' results.
    of: &'a [String],
}

/// What the flow's costlier teachers are called where arms are listed.
pub const TEACHER: &str = "teacher";

impl<'a> Summary<'a> {
    /// Every arm's, in the run's order.
    pub fn all(run: &'a RunJson) -> Vec<Self> {
        let arms = run.arms().into_iter();
        arms.map(|arm| Self::of(run, arm)).collect()
    }

    /// Every arm's, and after the flow that of the costlier teachers it learnt from.
    pub fn with_teachers(run: &'a RunJson) -> Vec<Self> {
        let mut all = Self::all(run);
        if let Some(flow) = all.iter().position(|summary| summary.arm == FLOW)
            && !run.teachers.is_empty()
        {
            all.insert(flow + 1, Self::of_stages(run, FLOW, TEACHER, &run.teachers));
        }
        all
    }

    /// One arm's.
    pub fn of(run: &'a RunJson, arm: &'a str) -> Self {
        Self::of_stages(run, arm, arm, &[])
    }

    fn of_stages(run: &'a RunJson, arm: &'a str, name: &'a str, of: &'a [String]) -> Self {
        let all: Vec<&Trial> = run.arm(arm).collect();
        let finished: Vec<&Trial> = run
            .arm(arm)
            .filter(|trial| trial.status == Status::Finished)
            .collect();
        let mut bill = mean_bill(if finished.is_empty() { &all } else { &finished });
        bill.retain(|row| of.is_empty() || of.contains(&row.stage));
        let mut summary = Self {
            arm: name,
            cost: (!bill.is_empty()).then(|| equalised(&bill)),
            bill,
            value: None,
            values: Vec::new(),
            finished,
            of,
        };
        summary.value = summary.mean(&run.metric.name);
        summary.values = summary.by_seed(|trial| tested(trial, of, &run.metric.name));
        summary
    }

    /// The mean over the finished trials of a metric of the result on the test part.
    pub fn mean(&self, metric: &str) -> Option<f64> {
        let values = self
            .finished
            .iter()
            .filter_map(|trial| tested(trial, self.of, metric));
        mean(&values.collect::<Vec<_>>())
    }

    /// Each seed's FLOPs towards equal cost, the mean over its finished folds, by rising seed.
    pub fn flops_by_seed(&self) -> Vec<(u64, f64)> {
        self.by_seed(|trial| {
            let rows = trial.bill.rows.iter().filter(|row| row.purpose.equalised());
            let of_stages = rows.filter(|row| self.of.is_empty() || self.of.contains(&row.stage));
            of_stages.collect::<Total>().flops
        })
    }

    /// FLOPs towards equal cost.
    pub fn flops(&self) -> Option<f64> {
        self.cost?.flops
    }

    /// FLOPs towards equal cost as a share of another arm's.
    pub fn share_of(&self, other: &Self) -> Option<f64> {
        let other = other.flops().filter(|flops| *flops > 0.0)?;
        Some(self.flops()? / other)
    }

    /// The standard deviation of the seeds' values; none of fewer than two.
    pub fn spread(&self) -> Option<f64> {
        let values: Vec<f64> = self.values.iter().map(|(_, value)| *value).collect();
        let middle = mean(&values).filter(|_| values.len() > 1)?;
        let squares: f64 = values.iter().map(|value| (value - middle).powi(2)).sum();
        Some((squares / (values.len() - 1) as f64).sqrt())
    }

    fn by_seed(&self, of: impl Fn(&Trial) -> Option<f64>) -> Vec<(u64, f64)> {
        let mut seeds: Vec<u64> = self.finished.iter().map(|trial| trial.id.seed).collect();
        seeds.sort_unstable();
        seeds.dedup();
        let value = |seed: u64| {
            let folds = self.finished.iter().filter(|trial| trial.id.seed == seed);
            let values: Vec<f64> = folds
                .filter_map(|t| of(t))
                .filter(|v| v.is_finite())
                .collect();
            Some((seed, mean(&values)?))
        };
        seeds.into_iter().filter_map(value).collect()
    }
}

/// A metric on the test part of a trial's result, or of these stages on average.
fn tested(trial: &Trial, of: &[String], metric: &str) -> Option<f64> {
    if of.is_empty() {
        return trial.result()?.test.get(metric).copied();
    }
    let stages = trial.stages.iter().filter(|stage| of.contains(&stage.name));
    let values: Option<Vec<f64>> = stages
        .map(|stage| stage.test.get(metric).copied())
        .collect();
    mean(&values?)
}

fn mean_bill(trials: &[&Trial]) -> Vec<BillRow> {
    let mut kinds: Vec<(&str, Purpose)> = Vec::new();
    for row in trials.iter().flat_map(|trial| &trial.bill.rows) {
        if !kinds.contains(&(row.stage.as_str(), row.purpose)) {
            kinds.push((&row.stage, row.purpose));
        }
    }
    let count = trials.len() as f64;
    let row = |(stage, purpose): (&str, Purpose)| {
        let rows = trials
            .iter()
            .filter_map(|trial| trial.bill.row(stage, purpose));
        let total: Total = rows.collect();
        BillRow {
            stage: stage.to_owned(),
            purpose,
            flops: total.flops.map(|flops| flops / count),
            cpu_seconds: total.cpu_seconds / count,
            reference_seconds: total.reference_seconds.map(|seconds| seconds / count),
            samples: (total.samples as f64 / count).round() as u64,
        }
    };
    kinds.into_iter().map(row).collect()
}

fn equalised(bill: &[BillRow]) -> Total {
    bill.iter().filter(|row| row.purpose.equalised()).collect()
}
