//! A model's outputs beside the truth, checked once.

use serde::{Deserialize, Serialize};

/// What a model predicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskKind {
    /// One of several classes.
    Classification,
    /// Any number of labels.
    MultiLabel,
    /// One or several numbers.
    Regression,
}

/// Outputs and truth that do not fit each other.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BadOutputs {
    /// No rows to measure.
    #[error("there are no rows to measure")]
    NoRows,
    /// The numbers of outputs and truths differ.
    #[error("{outputs} outputs do not make {rows} rows of {width}")]
    Shape {
        /// Numbers given.
        outputs: usize,
        /// Rows expected.
        rows: usize,
        /// Numbers a row must have.
        width: usize,
    },
    /// An output or target is NaN or infinite.
    #[error("row {row} has an output or a target that is not a finite number")]
    NotFinite {
        /// The row, counted from 0.
        row: usize,
    },
    /// A class that does not exist, or a label that is neither 0 nor 1.
    #[error("row {row} has the label {label}, which is not among the {classes} known")]
    Label {
        /// The row, counted from 0.
        row: usize,
        /// The label.
        label: f64,
        /// Labels there are: classes, or 2 for 0 and 1.
        classes: usize,
    },
    /// As many weights as rows are wanted, each above 0.
    #[error("{weights} weights above 0 are wanted for {rows} rows")]
    Weights {
        /// Weights given that are above 0.
        weights: usize,
        /// Rows.
        rows: usize,
    },
}

/// How much each row counts; all alike where nothing is said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weights<'a> {
    given: Option<&'a [f32]>,
    rows: usize,
}

impl<'a> Weights<'a> {
    fn alike(rows: usize) -> Self {
        Self { given: None, rows }
    }

    /// These for the same rows.
    fn replaced(self, given: Option<&'a [f32]>) -> Result<Self, BadOutputs> {
        let rows = self.rows;
        let counts = |weight: &&f32| weight.is_finite() && **weight > 0.0;
        let fit = |weights: &[f32]| weights.iter().filter(counts).count();
        match given.map(|weights| (fit(weights), weights.len())) {
            Some((fit, given)) if fit != rows || given != rows => {
                Err(BadOutputs::Weights { weights: fit, rows })
            }
            _ => Ok(Self { given, rows }),
        }
    }

    /// One per row.
    pub(super) fn each(self) -> impl Iterator<Item = f64> + 'a {
        let alike = match self.given {
            Some(_) => 0,
            None => self.rows,
        };
        let given = self.given.into_iter().flatten();
        let given = given.map(|weight| f64::from(*weight));
        given.chain(std::iter::repeat_n(1.0, alike))
    }

    /// Their sum.
    pub(super) fn total(self) -> f64 {
        self.each().sum()
    }

    /// The weighted mean of one number per row.
    pub(super) fn mean(self, rows: impl Iterator<Item = f64>) -> f64 {
        rows.zip(self.each()).map(|(x, w)| x * w).sum::<f64>() / self.total()
    }

    /// The same of two numbers per row.
    pub(super) fn means(self, rows: impl Iterator<Item = [f64; 2]>) -> [f64; 2] {
        let weighed = rows.zip(self.each());
        let sums = weighed.fold([0.0; 2], |[a, b], ([x, y], w)| [a + w * x, b + w * y]);
        sums.map(|sum| sum / self.total())
    }
}

fn check(outputs: &[f32], rows: usize, width: usize) -> Result<(), BadOutputs> {
    if rows == 0 || width == 0 {
        return Err(BadOutputs::NoRows);
    }
    if rows.checked_mul(width) != Some(outputs.len()) {
        return Err(BadOutputs::Shape {
            outputs: outputs.len(),
            rows,
            width,
        });
    }
    match outputs.iter().position(|value| !value.is_finite()) {
        Some(place) => Err(BadOutputs::NotFinite { row: place / width }),
        None => Ok(()),
    }
}

/// Logits `[rows, classes]` and one class per row.
#[derive(Clone, Copy, Debug)]
pub struct ClassOutputs<'a> {
    logits: &'a [f32],
    labels: &'a [u32],
    classes: usize,
    /// How much each row counts.
    pub(super) weights: Weights<'a>,
}

impl<'a> ClassOutputs<'a> {
    /// Checks shapes and values. `logits` are row by row, `labels` count from 0.
    ///
    /// # Errors
    /// No rows, wrong lengths, a logit that is not finite, or a label not below `classes`.
    pub fn new(logits: &'a [f32], labels: &'a [u32], classes: usize) -> Result<Self, BadOutputs> {
        check(logits, labels.len(), classes)?;
        match labels.iter().position(|&label| label as usize >= classes) {
            Some(row) => Err(BadOutputs::Label {
                row,
                label: f64::from(labels[row]),
                classes,
            }),
            None => Ok(Self {
                logits,
                labels,
                classes,
                weights: Weights::alike(labels.len()),
            }),
        }
    }

    /// The same where rows count by these weights.
    ///
    /// # Errors
    /// Not one weight above 0 per row.
    pub fn weighted(self, weights: Option<&'a [f32]>) -> Result<Self, BadOutputs> {
        let weights = self.weights.replaced(weights)?;
        Ok(Self { weights, ..self })
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Each row's logits and class.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = (&'a [f32], usize)> {
        self.logits
            .chunks_exact(self.classes)
            .zip(self.labels.iter().map(|&label| label as usize))
    }

    /// Each row's predicted class: the largest logit, the first of equals.
    pub fn predictions(&self) -> impl ExactSizeIterator<Item = usize> {
        self.rows().map(|(logits, _)| largest(logits))
    }

    /// Whether each row's prediction is right.
    pub fn correct(&self) -> impl ExactSizeIterator<Item = bool> {
        self.rows().map(|(logits, label)| largest(logits) == label)
    }
}

/// The place of the largest value, the first of equals.
pub(super) fn largest(values: &[f32]) -> usize {
    (1..values.len()).fold(0, |best, place| {
        if values[place] > values[best] {
            place
        } else {
            best
        }
    })
}

/// Logits and targets `[rows, labels]`, targets 0 or 1. A label is predicted where its probability is at least 0.5, that is
/// where its logit is at least 0.
#[derive(Clone, Copy, Debug)]
pub struct LabelOutputs<'a> {
    logits: &'a [f32],
    targets: &'a [f32],
    labels: usize,
    /// How much each row counts.
    pub(super) weights: Weights<'a>,
}

impl<'a> LabelOutputs<'a> {
    /// Checks shapes and values; both slices are row by row.
    ///
    /// # Errors
    /// No rows, wrong lengths, a logit that is not finite, or a target that is neither 0 nor 1.
    pub fn new(logits: &'a [f32], targets: &'a [f32], labels: usize) -> Result<Self, BadOutputs> {
        let rows = if labels == 0 {
            0
        } else {
            targets.len().div_ceil(labels)
        };
        check(logits, rows, labels)?;
        if targets.len() != logits.len() {
            return Err(BadOutputs::Shape {
                outputs: targets.len(),
                rows,
                width: labels,
            });
        }
        match targets
            .iter()
            .position(|&target| target != 0.0 && target != 1.0)
        {
            Some(place) => Err(BadOutputs::Label {
                row: place / labels,
                label: f64::from(targets[place]),
                classes: 2,
            }),
            None => Ok(Self {
                logits,
                targets,
                labels,
                weights: Weights::alike(rows),
            }),
        }
    }

    /// The same where rows count by these weights.
    ///
    /// # Errors
    /// Not one weight above 0 per row.
    pub fn weighted(self, weights: Option<&'a [f32]>) -> Result<Self, BadOutputs> {
        let weights = self.weights.replaced(weights)?;
        Ok(Self { weights, ..self })
    }

    /// Number of labels.
    pub fn labels(&self) -> usize {
        self.labels
    }

    /// Each row's logits and targets.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = (&'a [f32], &'a [f32])> {
        self.logits
            .chunks_exact(self.labels)
            .zip(self.targets.chunks_exact(self.labels))
    }
}

/// Predicted and true values `[rows, targets]` in the target's own unit.
#[derive(Clone, Copy, Debug)]
pub struct ValueOutputs<'a> {
    values: &'a [f32],
    truth: &'a [f32],
    targets: usize,
    /// How much each row counts.
    pub(super) weights: Weights<'a>,
}

impl<'a> ValueOutputs<'a> {
    /// Checks shapes and values; both slices are row by row.
    ///
    /// # Errors
    /// No rows, wrong lengths, or a number that is not finite.
    pub fn new(values: &'a [f32], truth: &'a [f32], targets: usize) -> Result<Self, BadOutputs> {
        let rows = if targets == 0 {
            0
        } else {
            truth.len().div_ceil(targets)
        };
        check(truth, rows, targets)?;
        check(values, rows, targets)?;
        Ok(Self {
            values,
            truth,
            targets,
            weights: Weights::alike(rows),
        })
    }

    /// The same where rows count by these weights.
    ///
    /// # Errors
    /// Not one weight above 0 per row.
    pub fn weighted(self, weights: Option<&'a [f32]>) -> Result<Self, BadOutputs> {
        let weights = self.weights.replaced(weights)?;
        Ok(Self { weights, ..self })
    }

    /// Number of targets.
    pub fn targets(&self) -> usize {
        self.targets
    }

    /// Each row's predicted and true values.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = (&'a [f32], &'a [f32])> {
        self.values
            .chunks_exact(self.targets)
            .zip(self.truth.chunks_exact(self.targets))
    }

    /// Predicted and true values of one target.
    pub fn target(&self, target: usize) -> impl ExactSizeIterator<Item = (f64, f64)> {
        self.rows()
            .map(move |(values, truth)| (f64::from(values[target]), f64::from(truth[target])))
    }

    /// The variance of one target's true values over these rows (divisor n); 1 where they do not vary.
    pub fn truth_variance(&self, target: usize) -> f64 {
        let truth = || self.target(target).map(|(_, truth)| truth);
        let mean = self.weights.mean(truth());
        let variance = self
            .weights
            .mean(truth().map(|value| (value - mean).powi(2)));
        if variance > 0.0 { variance } else { 1.0 }
    }

    /// The numbers of one target as they were given: predicted, and true.
    pub(super) fn column(&self, target: usize) -> (Vec<f32>, Vec<f32>) {
        self.rows()
            .map(|(values, truth)| (values[target], truth[target]))
            .unzip()
    }

    /// Errors `[rows, targets]`: predicted − true value, row by row.
    pub fn errors(&self) -> impl ExactSizeIterator<Item = f64> {
        self.values
            .iter()
            .zip(self.truth)
            .map(|(value, truth)| f64::from(*value) - f64::from(*truth))
    }

    /// Per row the mean over the targets of a number made from target and error.
    pub fn row_means(&self, of_error: impl Fn(usize, f64) -> f64) -> Vec<f64> {
        let errors: Vec<f64> = self.errors().collect();
        let mean = |row: &[f64]| {
            let sum: f64 = row
                .iter()
                .enumerate()
                .map(|(target, error)| of_error(target, *error))
                .sum();
            sum / self.targets as f64
        };
        errors.chunks_exact(self.targets).map(mean).collect()
    }

    /// The mean over the targets of a number per target, in their order.
    pub(super) fn mean_over_targets(&self, of_target: impl Fn(usize) -> f64) -> f64 {
        (0..self.targets).map(of_target).sum::<f64>() / self.targets as f64
    }
}

/// The outputs of any task.
#[derive(Clone, Copy, Debug)]
pub enum Outputs<'a> {
    /// Of a classifier.
    Classes(ClassOutputs<'a>),
    /// Of a multi-label classifier.
    Labels(LabelOutputs<'a>),
    /// Of a regression.
    Values(ValueOutputs<'a>),
}

impl Outputs<'_> {
    /// The task.
    pub fn task(&self) -> TaskKind {
        match self {
            Self::Classes(_) => TaskKind::Classification,
            Self::Labels(_) => TaskKind::MultiLabel,
            Self::Values(_) => TaskKind::Regression,
        }
    }

    /// How much each row counts; none where all count alike.
    pub fn weights(&self) -> Option<&[f32]> {
        match self {
            Self::Classes(outputs) => outputs.weights.given,
            Self::Labels(outputs) => outputs.weights.given,
            Self::Values(outputs) => outputs.weights.given,
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Classes(outputs) => outputs.rows().len(),
            Self::Labels(outputs) => outputs.rows().len(),
            Self::Values(outputs) => outputs.rows().len(),
        }
    }

    /// Never: outputs without rows are refused.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
