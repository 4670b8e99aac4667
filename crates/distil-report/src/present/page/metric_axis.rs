//! Axes of the run's metric.

use super::chart::{Axis, Scale};
use crate::measure::{MainMetric, Scale as MetricScale, metric};

/// An axis of the metric's values; `what` stands before its name.
pub(super) fn values(of: &MainMetric, what: &str, ends: (f64, f64)) -> Axis {
    let axis = axis(of, what, "%", ends);
    match scale(of) {
        MetricScale::Share => axis.of_shares(),
        _ => axis,
    }
}

/// An axis of differences of the metric.
pub(super) fn differences(of: &MainMetric, what: &str, ends: (f64, f64)) -> Axis {
    axis(of, what, "points", ends)
}

fn scale(of: &MainMetric) -> MetricScale {
    metric(&of.name).map_or(MetricScale::Plain, |metric| metric.scale)
}

/// `share` is the unit of a share.
fn axis(of: &MainMetric, what: &str, share: &str, (low, high): (f64, f64)) -> Axis {
    let (unit, factor) = match scale(of) {
        MetricScale::Share => (Some(share), 100.0),
        MetricScale::Nats => (Some("nats"), 1.0),
        MetricScale::Target => (of.unit.as_deref(), 1.0),
        MetricScale::Plain => (None, 1.0),
    };
    let unit = unit.map_or(String::new(), |unit| format!(" ({unit})"));
    let title = format!("{what}{}{unit}", of.title());
    Axis::new(&title, low, high, Scale::Linear, factor)
}
