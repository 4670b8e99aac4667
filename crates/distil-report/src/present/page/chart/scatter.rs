//! Predicted against true values.

use super::axis::Axis;
use super::svg::frame;

const SIDE: f64 = 370.0;
const LEFT: f64 = 78.0;
const TOP: f64 = 30.0;
/// Points beyond which only every n-th is drawn.
const MOST: usize = 1500;

/// A point per row at (truth, prediction) and the line on which both are equal. Both axes have the same ends.
pub(in crate::present::page) fn scatter(
    title: &str,
    x: &Axis,
    y: &Axis,
    points: &[(f64, f64)],
) -> String {
    let (right, bottom) = (LEFT + SIDE, TOP + SIDE);
    let at =
        |truth: f64, value: f64| (LEFT + x.place(truth) * SIDE, bottom - y.place(value) * SIDE);
    let mut body = y.vertical(LEFT, right, TOP, bottom) + &x.horizontal(LEFT, right, bottom);
    let every = points.len().div_ceil(MOST).max(1);
    for (truth, value) in points.iter().step_by(every) {
        let (cx, cy) = at(*truth, *value);
        body += &format!("<circle class=\"point\" cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"2.4\"/>");
    }
    body += &format!(
        "<line class=\"equal\" x1=\"{LEFT}\" y1=\"{bottom}\" x2=\"{right}\" y2=\"{TOP}\"/>"
    );
    frame(right + 34.0, bottom + 46.0, title, &body)
}
