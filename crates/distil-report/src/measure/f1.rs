//! F1: the harmonic mean of precision and recall, 2·tp / (2·tp + fp + fn).

use super::Rows;
use super::registry::{Better, Metric, Quantity};
use super::{ClassOutputs, LabelOutputs, Outputs, TaskKind};

/// The registry's entry.
pub(super) const MICRO: Metric = Metric {
    name: "micro_f1",
    title: "micro F1",
    better: Better::Higher,
    quantity: Quantity::Plain,
    summary: "F1 of all labels' decisions together, at probability 0.5",
    classes: None,
    labels: Some(|outputs| Some(micro_f1_labels(outputs))),
    values: None,
    rows: Rows::kin,
    is_mean: |_| false,
    usual: true,
};

/// The registry's entry.
pub(super) const MACRO: Metric = Metric {
    name: "macro_f1",
    title: "macro F1",
    better: Better::Higher,
    quantity: Quantity::Plain,
    summary: "the mean of the classes' or labels' F1",
    classes: Some(|outputs| Some(macro_f1(outputs))),
    labels: Some(|outputs| Some(macro_f1_labels(outputs))),
    values: None,
    rows: |outputs| match outputs {
        Outputs::Classes(outputs) => Rows::Means(macro_rows(outputs)),
        other => Rows::kin(other),
    },
    is_mean: |task| task == TaskKind::Classification,
    usual: true,
};

/// What the rows of one class or label weigh.
#[derive(Clone, Copy, Default)]
struct Counts {
    hits: f64,
    false_alarms: f64,
    misses: f64,
}

impl Counts {
    fn all(self) -> f64 {
        2.0 * self.hits + self.false_alarms + self.misses
    }

    /// F1, and 0 where nothing is true or predicted.
    fn f1(self) -> f64 {
        let all = self.all();
        if all == 0.0 {
            0.0
        } else {
            2.0 * self.hits / all
        }
    }
}

/// The mean of the classes' F1, in [0, 1], over the classes that occur among labels or predictions.
pub fn macro_f1(outputs: &ClassOutputs<'_>) -> f64 {
    let counts = class_counts(outputs);
    let occurring: Vec<f64> = counts
        .iter()
        .filter(|count| count.all() > 0.0)
        .map(|count| count.f1())
        .collect();
    occurring.iter().sum::<f64>() / occurring.len() as f64
}

/// Per row F + Σ_c W / (K D_c) · (a_c − F_c b_c), F the macro F1 of K classes that occur, D_c = 2 hits + false alarms + misses of a class,
/// a_c and b_c what the row adds to 2 hits and to D_c, W the weight of all rows: the delta method, whose mean is F.
fn macro_rows(outputs: &ClassOutputs<'_>) -> Vec<f64> {
    let (counts, value) = (class_counts(outputs), macro_f1(outputs));
    let occurring = counts.iter().filter(|count| count.all() > 0.0).count() as f64;
    let scale = outputs.weights.total() / occurring;
    let rows = outputs.predictions().zip(outputs.rows());
    rows.map(|(predicted, (_, label))| {
        let slope =
            |class: usize, a: f64, b: f64| (a - counts[class].f1() * b) / counts[class].all();
        let slopes = match predicted == label {
            true => slope(label, 2.0, 2.0),
            false => slope(label, 0.0, 1.0) + slope(predicted, 0.0, 1.0),
        };
        value + scale * slopes
    })
    .collect()
}

fn class_counts(outputs: &ClassOutputs<'_>) -> Vec<Counts> {
    let mut counts = vec![Counts::default(); outputs.classes()];
    let rows = outputs.predictions().zip(outputs.rows());
    for ((predicted, (_, label)), weight) in rows.zip(outputs.weights.each()) {
        if predicted == label {
            counts[label].hits += weight;
        } else {
            counts[predicted].false_alarms += weight;
            counts[label].misses += weight;
        }
    }
    counts
}

/// The mean of the labels' F1 at probability 0.5, in [0, 1], over all labels; one that is never true nor predicted counts 0.
pub fn macro_f1_labels(outputs: &LabelOutputs<'_>) -> f64 {
    label_f1(outputs).iter().sum::<f64>() / outputs.labels() as f64
}

/// F1 at probability 0.5 of all labels' decisions together, in [0, 1].
pub fn micro_f1_labels(outputs: &LabelOutputs<'_>) -> f64 {
    let all = label_counts(outputs)
        .iter()
        .fold(Counts::default(), |sum, count| Counts {
            hits: sum.hits + count.hits,
            false_alarms: sum.false_alarms + count.false_alarms,
            misses: sum.misses + count.misses,
        });
    all.f1()
}

/// Each label's F1 at probability 0.5, in [0, 1].
pub fn label_f1(outputs: &LabelOutputs<'_>) -> Vec<f64> {
    label_counts(outputs)
        .iter()
        .map(|count| count.f1())
        .collect()
}

fn label_counts(outputs: &LabelOutputs<'_>) -> Vec<Counts> {
    let mut counts = vec![Counts::default(); outputs.labels()];
    for ((logits, targets), weight) in outputs.rows().zip(outputs.weights.each()) {
        for ((count, &logit), &target) in counts.iter_mut().zip(logits).zip(targets) {
            match (logit >= 0.0, target == 1.0) {
                (true, true) => count.hits += weight,
                (true, false) => count.false_alarms += weight,
                (false, true) => count.misses += weight,
                (false, false) => {}
            }
        }
    }
    counts
}
