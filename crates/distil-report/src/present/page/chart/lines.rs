//! Learning curves.

use super::axis::Axis;
use super::plot::Plot;
use super::svg::{escape, frame, label};

/// One trial's curve.
pub(in crate::present::page) struct Series {
    /// Written at the curve's end; empty for none.
    pub name: String,
    /// Chooses the colour.
    pub class: String,
    /// Consecutive stretches, one per stage; all but the last are dashed.
    pub stages: Vec<Vec<(f64, f64)>>,
}

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 330.0;
const PLOT: Plot = Plot {
    left: 52.0,
    right: WIDTH - 86.0,
    top: 30.0,
    bottom: HEIGHT - 48.0,
};

/// Curves over a common axis, each named at its end.
pub(in crate::present::page) fn lines(
    title: &str,
    x: &Axis,
    y: &Axis,
    series: &[Series],
) -> String {
    let at = |point: &(f64, f64)| PLOT.at((x, y), *point, 0.2);
    let clip = format!(
        "clip-{}",
        title
            .bytes()
            .fold(5381u32, |hash, byte| hash.wrapping_mul(33)
                ^ u32::from(byte))
    );
    let mut body = format!(
        "<clipPath id=\"{clip}\"><rect x=\"{}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/></clipPath>",
        PLOT.left,
        PLOT.top - 3.0,
        PLOT.right - PLOT.left + 3.0,
        PLOT.bottom - PLOT.top + 3.0
    );
    body += &PLOT.axes(x, y);
    body += &format!("<g clip-path=\"url(#{clip})\">");
    let mut ends: Vec<(f64, &Series, f64)> = Vec::new();
    // The first series, the flow, is drawn last and so on top.
    for one in series.iter().rev() {
        let last_stage = one.stages.len().saturating_sub(1);
        let mut before: Option<(f64, f64)> = None;
        for (stage, points) in one.stages.iter().enumerate() {
            let places: Vec<(f64, f64)> = points.iter().map(at).collect();
            let path: Vec<String> = places
                .iter()
                .map(|(x, y)| format!("{x:.1},{y:.1}"))
                .collect();
            let early = if stage < last_stage { " early" } else { "" };
            body += &format!(
                "<polyline class=\"curve {}{early}\" points=\"{}\"><title>{}</title></polyline>",
                one.class,
                path.join(" "),
                escape(&one.name)
            );
            if let (Some(end), Some(start)) = (before, places.first()) {
                body += &format!(
                    "<line class=\"hop {}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
                    one.class, end.0, end.1, start.0, start.1
                );
            }
            before = places.last().copied().or(before);
        }
        if let Some((x, y)) = before {
            body += &format!(
                "<circle class=\"end {}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.2\"/>",
                one.class
            );
            ends.push((y, one, x));
        }
    }
    body += "</g>";
    body += &names(ends);
    frame(WIDTH, HEIGHT, title, &body)
}

/// Names at the right edge, pushed apart, each tied to its curve's end.
fn names(mut ends: Vec<(f64, &Series, f64)>) -> String {
    const APART: f64 = 15.0;
    ends.retain(|(_, series, _)| !series.name.is_empty());
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut places: Vec<f64> = Vec::new();
    for (y, _, _) in &ends {
        let lowest = places.last().map_or(PLOT.top, |last| last + APART);
        places.push(y.max(lowest));
    }
    let over = places
        .last()
        .map_or(0.0, |last| (last - PLOT.bottom).max(0.0));
    ends.iter()
        .zip(places)
        .map(|((y, series, x), place)| {
            let place = place - over;
            let tie = format!(
                "<path class=\"tie {}\" d=\"M{:.1} {y:.1} L{:.1} {y:.1} L{:.1} {place:.1}\"/>",
                series.class,
                x + 5.0,
                PLOT.right + 3.0,
                PLOT.right + 12.0
            );
            tie + &label(
                PLOT.right + 15.0,
                place + 4.0,
                "start",
                &format!("name {}", series.class),
                &series.name,
            )
        })
        .collect()
}
