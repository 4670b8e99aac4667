//! Top-k accuracy.

use super::ClassOutputs;
use super::registry::{Better, Metric, Scale};

/// The registry's entry.
pub(super) const METRIC: Metric = Metric {
    name: "top5",
    title: "top-5 accuracy",
    better: Better::Higher,
    scale: Scale::Share,
    summary: "the share of samples whose class is among the five likeliest; shown where there are more than five",
    classes: Some(|outputs| (outputs.classes() > 5).then(|| top_k(outputs, 5))),
    labels: None,
    values: None,
};

/// The share of rows whose label is among the `k` largest logits, in [0, 1]. Of equal logits the earlier class counts as the
/// larger, so that `k = 1` is [`accuracy`](super::accuracy()).
pub fn top_k(outputs: &ClassOutputs<'_>, k: usize) -> f64 {
    let hits = outputs
        .rows()
        .filter(|(logits, label)| {
            let own = logits[*label];
            let before = logits
                .iter()
                .enumerate()
                .filter(|&(class, &logit)| logit > own || (logit == own && class < *label))
                .count();
            before < k
        })
        .count();
    hits as f64 / outputs.rows().len() as f64
}
