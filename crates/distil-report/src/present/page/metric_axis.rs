//! Axes of the run's metric.

use super::chart::{Axis, Scale};
use crate::compare::resolved;
use crate::measure::{MainMetric, Quantity, metric};
use crate::run_json::RunJson;

/// What lies so near to a value that the test part cannot tell it from it; none where the test part's resolution is not known.
pub(super) fn blind(run: &RunJson, about: Option<f64>) -> Option<[f64; 2]> {
    let (_, width) = resolved(&run.comparisons)?;
    let about = about.filter(|about| about.is_finite())?;
    Some([about - width, about + width])
}

/// The same ends, moved apart where the test part cannot tell one from the other.
pub(super) fn apart(run: &RunJson, (low, high): (f64, f64)) -> (f64, f64) {
    let least = resolved(&run.comparisons).map_or(0.0, |(_, width)| 2.0 * width);
    let more = (0.5 * (least - (high - low))).max(0.0);
    (low - more, high + more)
}

/// An axis of the metric's values; `what` stands before its name.
pub(super) fn values(of: &MainMetric, what: &str, ends: (f64, f64)) -> Axis {
    let axis = axis(of, what, "%", ends);
    match quantity(of) {
        Quantity::Share => axis.of_shares(),
        _ => axis,
    }
}

/// An axis of differences of the metric.
pub(super) fn differences(of: &MainMetric, what: &str, ends: (f64, f64)) -> Axis {
    axis(of, what, "points", ends)
}

fn quantity(of: &MainMetric) -> Quantity {
    metric(&of.name).map_or(Quantity::Plain, |metric| metric.quantity)
}

/// `share` is the unit of a share.
fn axis(of: &MainMetric, what: &str, share: &str, (low, high): (f64, f64)) -> Axis {
    let (unit, factor) = match quantity(of) {
        Quantity::Share => (Some(share), 100.0),
        Quantity::Nats => (Some("nats"), 1.0),
        Quantity::Target => (of.unit.as_deref(), 1.0),
        Quantity::Plain => (None, 1.0),
    };
    let unit = unit.map_or(String::new(), |unit| format!(" ({unit})"));
    let title = format!("{what}{}{unit}", of.title());
    Axis::new(&title, low, high, Scale::Linear, factor)
}
