//! What is compared of each sample.

use super::outputs::{LabelOutputs, Outputs};

/// One value per sample, or one per sample and target.
pub enum Rows {
    /// Whether it is right.
    Right(Vec<bool>),
    /// A number whose mean is the metric.
    Means(Vec<f64>),
    /// Squared errors per target: the metric is the mean over the targets of the root of their mean.
    Squares(usize, Vec<f64>),
}

impl Rows {
    /// What a metric without a value per sample is compared by: who is right, of several labels their cross-entropy, of values
    /// their squared errors.
    pub(super) fn kin(outputs: &Outputs<'_>) -> Self {
        match outputs {
            Outputs::Classes(outputs) => Self::Right(outputs.correct().collect()),
            Outputs::Labels(outputs) => Self::Means(nll_label_rows(outputs).collect()),
            Outputs::Values(outputs) => {
                Self::Squares(outputs.targets(), outputs.errors().map(|e| e * e).collect())
            }
        }
    }

    /// Those at these places.
    pub(crate) fn picked(&self, places: &[usize]) -> Option<Self> {
        Some(match self {
            Self::Right(rows) => Self::Right(pick(rows, places, 1)?),
            Self::Means(rows) => Self::Means(pick(rows, places, 1)?),
            Self::Squares(width, rows) => Self::Squares(*width, pick(rows, places, *width)?),
        })
    }

    /// These and more of the same kind.
    pub(crate) fn joined(self, more: Self) -> Option<Self> {
        match (self, more) {
            (Self::Right(a), Self::Right(b)) => Some(Self::Right([a, b].concat())),
            (Self::Means(a), Self::Means(b)) => Some(Self::Means([a, b].concat())),
            (Self::Squares(width, a), Self::Squares(other, b)) if width == other => {
                Some(Self::Squares(width, [a, b].concat()))
            }
            _ => None,
        }
    }
}

/// Each row's binary cross-entropy in nats, the mean over its labels:
/// max(z, 0) − z·y + ln(1 + exp(−|z|)).
pub fn nll_label_rows(outputs: &LabelOutputs<'_>) -> impl ExactSizeIterator<Item = f64> {
    outputs.rows().map(|(logits, targets)| {
        let sum: f64 = logits
            .iter()
            .zip(targets)
            .map(|(&logit, &target)| (f64::from(logit), f64::from(target)))
            .map(|(z, y)| nll_label(z, y))
            .sum();
        sum / logits.len() as f64
    })
}

/// The binary cross-entropy of a label in nats.
pub(super) fn nll_label(z: f64, y: f64) -> f64 {
    z.max(0.0) - z * y + (-z.abs()).exp().ln_1p()
}

fn pick<T: Copy>(rows: &[T], places: &[usize], width: usize) -> Option<Vec<T>> {
    let picked: Option<Vec<&[T]>> = places
        .iter()
        .map(|place| rows.get(place * width..(place + 1) * width))
        .collect();
    picked.map(|parts| parts.concat())
}
