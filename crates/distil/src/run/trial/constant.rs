//! What one answer for all samples reaches: the least that a model must better.

use distil_report::measure::Metric;

use crate::data::{Dataset, Targets};
use crate::error::Result;
use crate::sample::SampleId;
use crate::train::metrics_and;
use crate::weights::Array;

/// Outputs that are made only to be measured, at most.
const MOST: usize = 50_000_000;

/// The metric, on these samples, of the best answer that the training part's targets alone tell: each class or label by its share,
/// each value by its mean. None where the outputs would be too many to make.
pub fn constant(data: &Dataset, ids: &[SampleId], metric: &Metric) -> Result<Option<f64>> {
    let answer = answer(data);
    if answer.len().saturating_mul(ids.len()) > MOST || data.split.train.is_empty() {
        return Ok(None);
    }
    let outputs = Array::new([ids.len(), answer.len()], answer.repeat(ids.len()));
    Ok(metrics_and(&outputs, data, ids, metric)?
        .get(metric.name)
        .copied())
}

/// Logits of the shares, or standardised means; samples count by their weights.
fn answer(data: &Dataset) -> Vec<f32> {
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
