//! Average precision.

use super::nll::log_sum_exp;
use super::registry::{Better, Metric, Quantity};
use super::{ClassOutputs, LabelOutputs, Outputs, Rows};

/// The registry's entry.
pub(super) const METRIC: Metric = Metric {
    name: "average_precision",
    title: "average precision",
    better: Better::Higher,
    quantity: Quantity::Plain,
    summary: "the area under precision over recall, the mean of the classes' or labels': how well the rare ones are found",
    classes: Some(|outputs| mean_of(&of_classes(outputs))),
    labels: Some(|outputs| mean_of(&of_labels(outputs))),
    values: None,
    rows: |outputs| {
        let found = match outputs {
            Outputs::Classes(outputs) => of_classes(outputs),
            Outputs::Labels(outputs) => of_labels(outputs),
            Outputs::Values(_) => Vec::new(),
        };
        match found[..] {
            [] => Rows::kin(outputs),
            _ => Rows::Means(row_means(&found, outputs.len())),
        }
    },
    is_mean: |_| true,
    usual: false,
};

/// The average precision of one class or label, and what each row contributes: their mean is the average precision.
struct Found {
    value: f64,
    rows: Vec<f64>,
}

/// Of each class that occurs against the others, ordered by its probability.
fn of_classes(outputs: &ClassOutputs<'_>) -> Vec<Found> {
    let weights: Vec<f64> = outputs.weights.each().collect();
    let sums: Vec<f64> = outputs
        .rows()
        .map(|(logits, _)| log_sum_exp(logits))
        .collect();
    let classes = 0..outputs.classes();
    let found = classes.filter_map(|class| {
        let scores = outputs.rows().zip(&sums).map(|((logits, label), sum)| {
            let probability = (f64::from(logits[class]) - sum).exp();
            (probability, label == class)
        });
        of_scores(&scores.collect::<Vec<_>>(), &weights)
    });
    found.collect()
}

/// Of each label that occurs, ordered by its logit.
fn of_labels(outputs: &LabelOutputs<'_>) -> Vec<Found> {
    let weights: Vec<f64> = outputs.weights.each().collect();
    let labels = 0..outputs.labels();
    let found = labels.filter_map(|label| {
        let rows = outputs.rows();
        let scores =
            rows.map(|(logits, targets)| (f64::from(logits[label]), targets[label] == 1.0));
        of_scores(&scores.collect::<Vec<_>>(), &weights)
    });
    found.collect()
}

fn mean_of(found: &[Found]) -> Option<f64> {
    let sum: f64 = found.iter().map(|found| found.value).sum();
    (!found.is_empty()).then(|| sum / found.len() as f64)
}

fn row_means(found: &[Found], rows: usize) -> Vec<f64> {
    let mean =
        |row: usize| found.iter().map(|found| found.rows[row]).sum::<f64>() / found.len() as f64;
    (0..rows).map(mean).collect()
}

/// Σ (Rₖ − Rₖ₋₁) Pₖ over the thresholds k, equal scores being one threshold: scikit-learn's `average_precision_score`. None where no
/// row is positive.
///
/// A row contributes AP + W ∂AP/∂w, with w its weight of W in all: the delta method, and as AP does not depend on the unit of the
/// weights, the (weighted) mean of the contributions is AP.
fn of_scores(scores: &[(f64, bool)], weights: &[f64]) -> Option<Found> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].0.total_cmp(&scores[*a].0));
    let ties = || order.chunk_by(|a, b| scores[*a].0 == scores[*b].0);
    let positive = |row: &usize| f64::from(scores[*row].1) * weights[*row];
    let positives: f64 = order.iter().map(positive).sum();
    if positives == 0.0 {
        return None;
    }
    // Per threshold: the positives there, and the positives and all rows at or above it.
    let (mut above, mut all) = (0.0, 0.0);
    let thresholds: Vec<[f64; 3]> = ties()
        .map(|tied| {
            let here: f64 = tied.iter().map(positive).sum();
            above += here;
            all += tied.iter().map(|row| weights[*row]).sum::<f64>();
            [here, above, all]
        })
        .collect();
    let weigh: f64 = weights.iter().sum();
    let value = thresholds
        .iter()
        .map(|[here, above, all]| here * above / all)
        .sum::<f64>()
        / positives;
    // A row's weight is in the precision of every threshold at or below its score.
    let (mut of_positive, mut of_any) = (0.0, 0.0);
    let mut rows = vec![0.0; scores.len()];
    let tied: Vec<&[usize]> = ties().collect();
    for (tied, [here, above, all]) in tied.into_iter().zip(&thresholds).rev() {
        of_positive += here / all;
        of_any += here * above / (all * all);
        for row in tied {
            let own = match scores[*row].1 {
                true => above / all + of_positive - value,
                false => 0.0,
            };
            let slope = (own - of_any) / positives;
            rows[*row] = value + weigh * slope;
        }
    }
    Some(Found { value, rows })
}
