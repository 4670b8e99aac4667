//! Tasks: what a network's outputs mean, its label loss and its metrics. One file per task.

mod classification;
mod multi_label;
mod regression;
mod target;

pub use classification::{ClassWeights, Classification};
pub use multi_label::MultiLabel;
pub use regression::{Regression, RegressionLoss};
pub use target::{Target, TargetShape};

use burn::tensor::{Device, Tensor};
use distil_recipe::{Choice, Problems, Registry, entry};
use distil_report::measure::{METRICS, Metric, TaskKind};

use crate::error::Result;

/// Every task, in the order in which lists show them.
pub static TASKS: Registry<Box<dyn Task>> = Registry {
    noun: "task",
    entries: &[
        entry!("classification", "one of several classes, by cross-entropy", Classification => Box::new),
        entry!("multi-label", "any number of labels, by binary cross-entropy", MultiLabel => Box::new),
        entry!("regression", "one or several numbers, by squared, absolute or huber error", Regression => Box::new),
    ],
};

/// What a network is trained to predict.
pub trait Task: std::fmt::Debug + Send + Sync {
    /// The kind of its targets and metrics.
    fn kind(&self) -> TaskKind;

    /// The metric that compares models of so many outputs unless the recipe names another; one of [`metrics`].
    fn default_metric(&self, outputs: usize) -> &'static str;

    /// The metric nearest to the loss of models of so many outputs: what settings are chosen by that another network is trained with.
    /// Of classes and labels at the best temperature: how sure a network is depends on the rate more than what it has learned does.
    fn loss_metric(&self, outputs: usize) -> &'static str;

    /// What the targets are measured in, where the recipe says so.
    fn unit(&self) -> Option<&str> {
        None
    }

    /// Number of outputs of a network for these targets; else why the task and its parameters do not fit them, as a
    /// sentence without its full stop.
    fn outputs(&self, targets: &TargetShape) -> std::result::Result<usize, String>;

    /// The loss for these targets, its tensors on the plain side of `device`; fails as [`Task::outputs`] does.
    fn loss(
        &self,
        targets: &TargetShape,
        device: &Device,
    ) -> std::result::Result<Box<dyn LabelLoss>, String>;
}

/// The loss against the labels.
pub trait LabelLoss: std::fmt::Debug + Send {
    /// One loss per row, `[rows]`, in nats or in squared (absolute) standardised units: averaged over a row's targets or
    /// labels, not over rows.
    ///
    /// # Shapes
    /// - `values`: `[rows, outputs]`, logits or standardised values
    /// - `target`: `[rows]` classes or `[rows, outputs]` values
    ///
    /// # Errors
    /// If the target is of another kind than the task's.
    fn rows(&self, values: Tensor<2>, target: &Target) -> Result<Tensor<1>>;
}

/// The name of the task of this kind, as recipes write it.
pub fn name_of(kind: TaskKind) -> &'static str {
    let task = |name| TASKS.resolve(&Choice::default_of(name), &mut Problems::new());
    let mut names = TASKS.names();
    names
        .find(|name| task(name).is_some_and(|task| task.kind() == kind))
        .unwrap_or_default()
}

/// The metrics of a task, in the order in which tables show them; each says whether higher is better.
pub fn metrics(task: TaskKind) -> impl Iterator<Item = &'static Metric> {
    METRICS
        .iter()
        .filter(move |metric| metric.tasks().contains(&task))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_metric_of_a_task_is_one_of_its_metrics() {
        for name in TASKS.names() {
            let mut problems = Problems::new();
            let task = TASKS
                .resolve(&Choice::default_of(name), &mut problems)
                .unwrap();
            for outputs in [1, 2] {
                let mut names = metrics(task.kind()).map(|metric| metric.name);
                assert!(
                    names.any(|name| name == task.default_metric(outputs)),
                    "{name}"
                );
            }
        }
    }
}
