//! The best answer that is the same for all samples.

use crate::data::{Dataset, Targets};
use crate::sample::SampleId;

/// The outputs of a model that tells samples not apart: logits of the training part's shares of classes or labels, or the means of its
/// standardised values; samples count by their weights.
pub fn one_for_all(data: &Dataset) -> Vec<f32> {
    let train = &data.split.train;
    let weights = data.loss_weights();
    let weight = |id: &SampleId| {
        weights
            .as_ref()
            .map_or(1.0, |weights| f64::from(weights[id.row()]))
    };
    let share = |count: f64| {
        // What training never shows is as good as never answered, and its logit is finite.
        count.max(0.5) / train.len().max(1) as f64
    };
    match &data.targets {
        Targets::Classes { names, labels } => {
            let mut counts = vec![0.0; names.len()];
            train
                .iter()
                .for_each(|id| counts[labels[id.row()] as usize] += weight(id));
            counts
                .into_iter()
                .map(|count| share(count).ln() as f32)
                .collect()
        }
        Targets::Labels { names, values } => {
            let mut counts = vec![0.0; names.len()];
            for id in train.iter() {
                let row = values.row(id.row());
                counts
                    .iter_mut()
                    .zip(row)
                    .for_each(|(count, x)| *count += weight(id) * f64::from(*x));
            }
            let logit = |count: f64| {
                let share = share(count).min(1.0 - 0.5 / train.len().max(1) as f64);
                (share / (1.0 - share)).ln() as f32
            };
            counts.into_iter().map(logit).collect()
        }
        Targets::Values { names, .. } if weights.is_none() => vec![0.0; names.len()],
        Targets::Values { names, values, .. } => {
            let mut means = vec![0.0; names.len()];
            for id in train.iter() {
                let row = values.row(id.row()).iter();
                let each = means.iter_mut().zip(row);
                each.for_each(|(mean, x)| *mean += weight(id) * f64::from(*x) / train.len() as f64);
            }
            means.into_iter().map(|mean| mean as f32).collect()
        }
    }
}
