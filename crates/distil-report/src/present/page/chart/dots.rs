//! Train, validation and test on one line each: the gap is the line's length.

use super::axis::{Axis, bounds};
use super::plot::Plot;
use super::svg::{escape, label, widest};

/// One model.
pub(in crate::present::page) struct DotRow {
    pub name: String,
    /// Chooses the colour.
    pub class: String,
    /// Train, validation and test.
    pub values: [Option<f64>; 3],
    /// Written at the right: the gap.
    pub note: String,
}

const WIDTH: f64 = 760.0;
const ROW: f64 = 30.0;

/// A row per model, values on a common axis: a ring for train, a small dot for validation, a large one for test. `blind` are the
/// values that the test part cannot tell from the flow's.
pub(in crate::present::page) fn dots(
    title: &str,
    x: &Axis,
    rows: &[DotRow],
    blind: Option<[f64; 2]>,
) -> String {
    let plot = Plot {
        left: widest(rows.iter().map(|row| &row.name)) + 22.0,
        right: WIDTH - widest(rows.iter().map(|row| &row.note)) - 30.0,
        top: 0.0,
        bottom: rows.len() as f64 * ROW + 6.0,
    };
    let (left, right) = (plot.left, plot.right);
    let mut body = plot.upright(x, blind);
    for (place, row) in rows.iter().enumerate() {
        let y = place as f64 * ROW + ROW / 2.0;
        let places = row.values.map(|value| value.map(|value| plot.x(x, value)));
        body += &format!(
            "<line class=\"grid\" x1=\"{left:.1}\" x2=\"{right:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>"
        );
        body += &label(left - 14.0, y + 4.0, "end", "name", &row.name);
        let (low, high) = bounds(places.iter().flatten().copied());
        if low < high {
            body += &format!(
                "<line class=\"gap {}\" x1=\"{low:.1}\" x2=\"{high:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>",
                row.class
            );
        }
        for ((cx, kind), radius) in places
            .into_iter()
            .zip(["train", "validation", "test"])
            .zip([5.0, 3.5, 5.5])
        {
            if let Some(cx) = cx {
                body += &format!(
                    "<circle class=\"dot {kind} {}\" cx=\"{cx:.1}\" cy=\"{y:.1}\" r=\"{radius}\"><title>{}, {kind}</title></circle>",
                    row.class,
                    escape(&row.name)
                );
            }
        }
        body += &label(WIDTH - 6.0, y + 4.0, "end", "number", &row.note);
    }
    body += &plot.axis(x);
    plot.chart(WIDTH, title, &body)
}
