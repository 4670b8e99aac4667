//! Axes of the run's metric.

use super::chart::{Axis, Scale};
use crate::measure::{MainMetric, Quantity, metric};

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
