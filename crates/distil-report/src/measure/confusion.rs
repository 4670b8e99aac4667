//! The confusion matrix.

use std::collections::HashMap;

use super::ClassOutputs;

/// How often each class was taken for each other; as many numbers as there are pairs that occur, however many classes there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    /// Number of classes.
    pub classes: usize,
    /// By truth and prediction; pairs that never occur are absent.
    pairs: HashMap<(usize, usize), u64>,
}

impl Confusion {
    /// Rows of class `truth` predicted as `predicted`.
    pub fn count(&self, truth: usize, predicted: usize) -> u64 {
        self.pairs.get(&(truth, predicted)).copied().unwrap_or(0)
    }

    /// Rows of each class.
    pub fn totals(&self) -> Vec<u64> {
        let mut totals = vec![0; self.classes];
        for ((truth, _), count) in &self.pairs {
            totals[*truth] += count;
        }
        totals
    }

    /// Pairs of classes that were taken for each other, truth, prediction and how often: the most frequent first, then in the order
    /// of the classes.
    pub fn mistakes(&self) -> Vec<(usize, usize, u64)> {
        let wrong = self
            .pairs
            .iter()
            .filter(|((truth, predicted), _)| truth != predicted);
        let mut wrong: Vec<(usize, usize, u64)> = wrong
            .map(|((truth, predicted), count)| (*truth, *predicted, *count))
            .collect();
        wrong.sort_by_key(|(truth, predicted, count)| {
            (std::cmp::Reverse(*count), *truth, *predicted)
        });
        wrong
    }
}

/// Counts truth against prediction.
pub fn confusion(outputs: &ClassOutputs<'_>) -> Confusion {
    let mut pairs = HashMap::new();
    for (predicted, (_, label)) in outputs.predictions().zip(outputs.rows()) {
        *pairs.entry((label, predicted)).or_insert(0) += 1;
    }
    Confusion {
        classes: outputs.classes(),
        pairs,
    }
}
