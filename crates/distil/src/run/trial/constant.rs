//! What one answer for all samples reaches: the least that a model must better.

use distil_report::measure::Metric;

use crate::data::{Dataset, one_for_all};
use crate::error::Result;
use crate::sample::SampleId;
use crate::train::metrics_and;
use crate::weights::Array;

/// Outputs that are made only to be measured, at most.
const MOST: usize = 50_000_000;

/// The metric, on these samples, of the best answer that the training part's targets alone tell: each class or label by its share,
/// each value by its mean. None where the outputs would be too many to make.
pub fn constant(data: &Dataset, ids: &[SampleId], metric: &Metric) -> Result<Option<f64>> {
    let answer = one_for_all(data);
    if answer.len().saturating_mul(ids.len()) > MOST || data.split.train.is_empty() {
        return Ok(None);
    }
    let outputs = Array::new([ids.len(), answer.len()], answer.repeat(ids.len()));
    Ok(metrics_and(&outputs, data, ids, &[metric])?
        .get(metric.name)
        .copied())
}
