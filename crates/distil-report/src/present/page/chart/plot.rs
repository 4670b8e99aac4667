//! The frame of a chart: where its axes lie, and what is drawn at them.

use super::axis::Axis;
use super::svg::frame;

/// The rectangle between a chart's axes, in the chart's own units.
#[derive(Clone, Copy)]
pub(super) struct Plot {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

/// Room below a plot for the ticks and the title of its horizontal axis.
const BELOW: f64 = 46.0;

fn blind((left, right): (f64, f64), (top, bottom): (f64, f64)) -> String {
    if right <= left || bottom <= top {
        return String::new();
    }
    format!(
        "<rect class=\"blind\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
        right - left,
        bottom - top
    )
}

impl Plot {
    /// Where a value of the horizontal axis is.
    pub fn x(&self, axis: &Axis, value: f64) -> f64 {
        self.left + axis.place(value) * (self.right - self.left)
    }

    /// Where a point is, `beyond` the vertical axis' ends by at most that share of its length.
    pub fn at(&self, (x, y): (&Axis, &Axis), point: (f64, f64), beyond: f64) -> (f64, f64) {
        let height = y.place(point.1).clamp(-beyond, 1.0 + beyond);
        let y = self.bottom - height * (self.bottom - self.top);
        (self.x(x, point.0), y)
    }

    /// What the test part cannot tell apart, from left to right at these values of the vertical axis.
    pub fn across(&self, y: &Axis, ends: Option<[f64; 2]>) -> String {
        let [low, high] = ends.map_or([0.0; 2], |ends| {
            ends.map(|end| y.place(end).clamp(0.0, 1.0))
        });
        let height = self.bottom - self.top;
        blind(
            (self.left, self.right),
            (self.bottom - high * height, self.bottom - low * height),
        )
    }

    /// The same from top to bottom at these values of the horizontal axis.
    pub fn upright(&self, x: &Axis, ends: Option<[f64; 2]>) -> String {
        let [low, high] = ends.map_or([0.0; 2], |ends| {
            ends.map(|end| x.place(end).clamp(0.0, 1.0))
        });
        let width = self.right - self.left;
        blind(
            (self.left + low * width, self.left + high * width),
            (self.top, self.bottom),
        )
    }

    /// Both axes.
    pub fn axes(&self, x: &Axis, y: &Axis) -> String {
        y.vertical(self.left, self.right, self.top, self.bottom) + &self.axis(x)
    }

    /// The horizontal axis.
    pub fn axis(&self, x: &Axis) -> String {
        x.horizontal(self.left, self.right, self.bottom)
    }

    /// The chart, `width` wide.
    pub fn chart(&self, width: f64, title: &str, body: &str) -> String {
        frame(width, self.bottom + BELOW, title, body)
    }
}
