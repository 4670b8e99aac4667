//! Predicted against true values.

use super::axis::Axis;
use super::plot::Plot;

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
    let plot = Plot {
        left: LEFT,
        right: LEFT + SIDE,
        top: TOP,
        bottom: TOP + SIDE,
    };
    let mut body = plot.axes(x, y);
    let every = points.len().div_ceil(MOST).max(1);
    for point in points.iter().step_by(every) {
        let (cx, cy) = plot.at((x, y), *point, 0.2);
        body += &format!("<circle class=\"point\" cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"2.4\"/>");
    }
    body += &format!(
        "<line class=\"equal\" x1=\"{LEFT}\" y1=\"{}\" x2=\"{}\" y2=\"{TOP}\"/>",
        plot.bottom, plot.right
    );
    plot.chart(plot.right + 34.0, title, &body)
}
