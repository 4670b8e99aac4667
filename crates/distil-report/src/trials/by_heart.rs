//! Whether a training has learnt its samples by heart, by what its losses say.

use serde::{Deserialize, Serialize};

use crate::measure::{LOSSES, Quantity};
use crate::record::events::{Event, Progress};

/// The training loss of the last epoch is below such a share of the first one logged,
const FALLEN: f64 = 0.1;
/// the validation part's ends more than so many times above its lowest,
const RISEN: f64 = 1.1;
/// and where both are in nats, the training loss is below such a share of it.
const BELOW: f64 = 0.5;

/// The losses of a training that has learnt its samples by heart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ByHeart {
    /// The training loss: the first one logged, and that of the last epoch.
    pub training: [f64; 2],
    /// What was measured on the validation part.
    pub metric: String,
    /// It there: the lowest, and at the end.
    pub validation: [f64; 2],
}

/// The losses of this stage, if its training loss fell to almost nothing while the loss on the validation part rose again.
pub(super) fn by_heart(events: &[&Event], stage: &str) -> Option<ByHeart> {
    let of_stage = events.iter().filter_map(|event| match event {
        Event::Progress(progress) if progress.stage == stage => Some(progress),
        _ => None,
    });
    let points: Vec<&Progress> = of_stage.collect();
    let (first, end) = (points.first()?, points.last()?);
    let measured = || points.iter().filter_map(|point| point.validation.as_ref());
    let metric = LOSSES
        .into_iter()
        .find(|metric| measured().any(|numbers| numbers.contains_key(metric.name)))?;
    let values = || measured().filter_map(|numbers| numbers.get(metric.name).copied());
    let validation = [
        values().fold(f64::INFINITY, f64::min),
        values().next_back()?,
    ];
    // A point's loss is the mean of the steps since the one before.
    let pairs = points.windows(2).map(|pair| {
        let steps = pair[1].step.saturating_sub(pair[0].step);
        (pair[1], steps as f64)
    });
    let of_last_epoch = pairs.filter(|(point, _)| point.epoch > end.epoch - 1.0);
    let (sum, steps) = of_last_epoch.fold((0.0, 0.0), |(sum, all), (point, steps)| {
        (sum + point.loss * steps, all + steps)
    });
    let training = [first.loss, sum / steps];
    let [lowest, at_end] = validation;
    let (risen, below) = match metric.quantity {
        Quantity::Nats => (RISEN, training[1] < BELOW * at_end),
        _ => (RISEN.sqrt(), true),
    };
    (below && training[1] < FALLEN * training[0] && at_end > risen * lowest).then(|| ByHeart {
        training,
        metric: metric.name.to_owned(),
        validation,
    })
}
