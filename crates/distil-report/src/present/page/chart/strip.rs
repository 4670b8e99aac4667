//! Differences from pair to pair: a row per arm, a dot per seed, the mean and its interval, zero marked.

use super::axis::Axis;
use super::plot::Plot;
use super::svg::{escape, label, widest};

/// One arm the flow is compared with.
pub(in crate::present::page) struct StripRow {
    pub name: String,
    /// Chooses the colour.
    pub class: String,
    /// Each seed and its difference.
    pub seeds: Vec<(u64, f64)>,
    pub mean: f64,
    pub interval: Option<[f64; 2]>,
    /// Written at the right: p.
    pub note: String,
}

const WIDTH: f64 = 560.0;
const ROW: f64 = 52.0;

/// `sides` say what lies left and right of zero; `blind` are the differences that the test part cannot show.
pub(in crate::present::page) fn strip(
    title: &str,
    x: &Axis,
    rows: &[StripRow],
    sides: [&str; 2],
    blind: Option<[f64; 2]>,
) -> String {
    let plot = Plot {
        left: widest(rows.iter().map(|row| &row.name)) + 22.0,
        right: WIDTH - widest(rows.iter().map(|row| &row.note)) - 26.0,
        top: 26.0,
        bottom: rows.len() as f64 * ROW + 26.0,
    };
    let Plot {
        left, top, bottom, ..
    } = plot;
    let at = |value: f64| plot.x(x, value);
    let zero = at(0.0);
    let mut body = plot.upright(x, blind);
    body += &format!(
        "<line class=\"zero\" x1=\"{zero:.1}\" x2=\"{zero:.1}\" y1=\"{top:.1}\" y2=\"{bottom:.1}\"/>"
    );
    body += &label(zero - 8.0, 16.0, "end", "axis-title", sides[0]);
    body += &label(zero + 8.0, 16.0, "start", "axis-title", sides[1]);
    for (place, row) in rows.iter().enumerate() {
        let y = top + place as f64 * ROW + ROW / 2.0;
        body += &label(left - 14.0, y + 4.0, "end", "name", &row.name);
        if let Some([low, high]) = row.interval {
            body += &format!(
                "<line class=\"gap {}\" x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>",
                row.class,
                at(low),
                at(high)
            );
        }
        let mean = at(row.mean);
        body += &format!(
            "<line class=\"mean {}\" x1=\"{mean:.1}\" x2=\"{mean:.1}\" y1=\"{:.1}\" y2=\"{:.1}\"/>",
            row.class,
            y - 11.0,
            y + 11.0
        );
        for (nth, (seed, difference)) in row.seeds.iter().enumerate() {
            // Dots of nearly equal differences stay apart by their height.
            let cy = y + [0.0, -6.0, 6.0][nth % 3];
            body += &format!(
                "<circle class=\"seed {}\" cx=\"{:.1}\" cy=\"{cy:.1}\" r=\"3.4\"><title>{}, seed {seed}</title></circle>",
                row.class,
                at(*difference),
                escape(&row.name)
            );
        }
        body += &label(WIDTH - 6.0, y + 4.0, "end", "number", &row.note);
    }
    body += &plot.axis(x);
    plot.chart(WIDTH, title, &body)
}
