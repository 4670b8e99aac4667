//! The confusion matrix.

use serde::{Deserialize, Serialize};

use super::ClassOutputs;

/// How often each class was taken for each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    /// Number of classes.
    pub classes: usize,
    /// `[classes, classes]`: row = truth, column = prediction.
    pub counts: Vec<u64>,
}

impl Confusion {
    /// Rows of class `truth` predicted as `predicted`.
    pub fn count(&self, truth: usize, predicted: usize) -> u64 {
        self.counts[truth * self.classes + predicted]
    }
}

/// Counts truth against prediction.
pub fn confusion(outputs: &ClassOutputs<'_>) -> Confusion {
    let classes = outputs.classes();
    let mut counts = vec![0; classes * classes];
    for (predicted, (_, label)) in outputs.predictions().zip(outputs.rows()) {
        counts[label * classes + predicted] += 1;
    }
    Confusion { classes, counts }
}
