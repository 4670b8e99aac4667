//! All metrics: the one list from which run.json's names, `list metrics` and the docs' table are made.

use serde::{Deserialize, Serialize};

use super::{ClassOutputs, LabelOutputs, Outputs, Rows, TaskKind, ValueOutputs};
use crate::record::Numbers;

/// Which way a metric points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
}

impl Better {
    /// `difference` as an advantage: positive where it is for the better.
    pub fn advantage(self, difference: f64) -> f64 {
        match self {
            Self::Higher => difference,
            Self::Lower => -difference,
        }
    }
}

/// How a metric is written for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// A share of the samples: shown in per cent.
    Share,
    /// Nats: shown as it is.
    Nats,
    /// The target's own unit.
    Target,
    /// A number without unit.
    Plain,
}

/// One metric and how it is computed for each task it knows; `None` where a task or these outputs have no such number.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// In snake case, as in recipes and run.json.
    pub name: &'static str,
    /// As people write it.
    pub title: &'static str,
    /// Which way it points.
    pub better: Better,
    /// How it is written.
    pub quantity: Quantity,
    /// What it is, in one sentence.
    pub summary: &'static str,
    pub(super) classes: Option<fn(&ClassOutputs<'_>) -> Option<f64>>,
    pub(super) labels: Option<fn(&LabelOutputs<'_>) -> Option<f64>>,
    pub(super) values: Option<fn(&ValueOutputs<'_>) -> Option<f64>>,
    /// What two models are compared by, sample by sample.
    pub(super) rows: fn(&Outputs<'_>) -> Rows,
    /// Whether the metric is the rows' mean, so that they give it an interval; else they are only its next of kin.
    pub(crate) is_mean: fn(TaskKind) -> bool,
    /// Whether it is measured of every model; else only where models are compared by it.
    pub(super) usual: bool,
}

/// All metrics, in the order in which tables show them.
pub const METRICS: &[Metric] = &[
    super::accuracy::METRIC,
    super::balanced_accuracy::METRIC,
    super::top::METRIC,
    super::subset_accuracy::METRIC,
    super::f1::MICRO,
    super::f1::MACRO,
    super::average_precision::METRIC,
    super::nll::METRIC,
    super::calibrated_nll::METRIC,
    super::ece::METRIC,
    super::nrmse::METRIC,
    super::rmse::METRIC,
    super::mae::METRIC,
    super::r2::METRIC,
];

/// What training lowers or, of numbers, its root: a model has at least one, and the first it has is meant.
pub(crate) const LOSSES: [Metric; 3] = [
    super::nll::METRIC,
    super::nrmse::METRIC,
    super::rmse::METRIC,
];

/// The loss of models of so many outputs.
pub fn loss(task: TaskKind, outputs: usize) -> Option<&'static Metric> {
    let mut has = LOSSES.iter().filter(|loss| loss.applies(task, outputs));
    metric(has.next()?.name)
}

/// The metric of this name.
pub fn metric(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.name == name)
}

/// All metrics of each of several targets, in their order; none of one target, nor of another task.
pub fn by_target(outputs: &Outputs<'_>) -> Vec<Numbers> {
    let whole = outputs;
    let Outputs::Values(outputs) = outputs else {
        return Vec::new();
    };
    let targets = 0..outputs.targets();
    let each = targets.filter(|_| outputs.targets() > 1);
    each.filter_map(|target| {
        let (values, truth) = outputs.column(target);
        let one = ValueOutputs::new(&values, &truth, 1).ok()?;
        let outputs = one.weighted(whole.weights()).ok()?;
        Some(all(&Outputs::Values(outputs)))
    })
    .collect()
}

/// The usual metrics of these outputs, by name.
pub fn all(outputs: &Outputs<'_>) -> Numbers {
    let usual = METRICS.iter().filter(|metric| metric.usual);
    usual
        .filter_map(|metric| Some((metric.name, metric.of(outputs)?)))
        .collect()
}

/// The same and these.
pub fn all_and(outputs: &Outputs<'_>, metrics: &[&Metric]) -> Numbers {
    let mut numbers = all(outputs);
    let named = |metric: &&Metric| Some((metric.name.to_owned(), metric.of(outputs)?));
    numbers.extend(metrics.iter().filter_map(named));
    numbers
}

impl Metric {
    /// The metric of these outputs; none where it does not apply, as top-5 with five classes.
    pub fn of(&self, outputs: &Outputs<'_>) -> Option<f64> {
        match outputs {
            Outputs::Classes(outputs) => self.classes?(outputs),
            Outputs::Labels(outputs) => self.labels?(outputs),
            Outputs::Values(outputs) => self.values?(outputs),
        }
    }

    /// What two models are compared by, sample by sample.
    pub(crate) fn rows(&self, outputs: &Outputs<'_>) -> Rows {
        (self.rows)(outputs)
    }

    /// Whether models of so many outputs have it: some metrics need several.
    pub fn applies(&self, task: TaskKind, outputs: usize) -> bool {
        let zeros = vec![0.0; outputs];
        let ones = vec![1.0; outputs];
        let one = match task {
            TaskKind::Classification => {
                ClassOutputs::new(&zeros, &[0], outputs).map(Outputs::Classes)
            }
            TaskKind::MultiLabel => LabelOutputs::new(&zeros, &ones, outputs).map(Outputs::Labels),
            TaskKind::Regression => ValueOutputs::new(&zeros, &zeros, outputs).map(Outputs::Values),
        };
        one.is_ok_and(|outputs| self.of(&outputs).is_some())
    }

    /// The tasks it knows.
    pub fn tasks(&self) -> Vec<TaskKind> {
        let known = [
            (TaskKind::Classification, self.classes.is_some()),
            (TaskKind::MultiLabel, self.labels.is_some()),
            (TaskKind::Regression, self.values.is_some()),
        ];
        known
            .into_iter()
            .filter(|(_, known)| *known)
            .map(|(task, _)| task)
            .collect()
    }
}
