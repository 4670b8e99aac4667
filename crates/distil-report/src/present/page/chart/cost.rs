//! Quality against cost: a point per arm with its interval, a dot per seed.

use super::axis::Axis;
use super::plot::Plot;
use super::svg::{escape, frame, label, text_width};

/// One arm.
pub(in crate::present::page) struct CostPoint {
    pub name: String,
    /// Chooses the colour.
    pub class: String,
    /// Mean cost and mean value.
    pub at: (f64, f64),
    /// The value's interval.
    pub interval: Option<[f64; 2]>,
    /// Cost and value of each seed.
    pub seeds: Vec<(f64, f64)>,
}

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 350.0;
const PLOT: Plot = Plot {
    left: 64.0,
    right: WIDTH - 24.0,
    top: 30.0,
    bottom: HEIGHT - 48.0,
};
/// Height of a name, for keeping names apart.
const NAME: f64 = 13.0;

/// `line` is plain's curve, drawn below the points; `blind` the values that the test part cannot tell from the flow's.
pub(in crate::present::page) fn cost(
    title: &str,
    x: &Axis,
    y: &Axis,
    points: &[CostPoint],
    line: &[(f64, f64)],
    blind: Option<[f64; 2]>,
) -> String {
    let at = |point: (f64, f64)| PLOT.at((x, y), point, 0.0);
    let mut body = PLOT.across(y, blind) + &PLOT.axes(x, y);
    if line.len() > 1 {
        let places: Vec<String> = line
            .iter()
            .map(|point| at(*point))
            .map(|(x, y)| format!("{x:.1},{y:.1}"))
            .collect();
        body += &format!(
            "<polyline class=\"curve arm-plain-full early\" points=\"{}\"><title>plain&#39;s curve</title></polyline>",
            places.join(" ")
        );
    }
    let mut taken: Vec<Name> = points
        .iter()
        .map(|point| Name::none(at(point.at)))
        .collect();
    for point in points {
        for (cx, cy) in point.seeds.iter().map(|seed| at(*seed)) {
            body += &format!(
                "<circle class=\"seed {}\" cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"2.6\"/>",
                point.class
            );
        }
        let (cx, cy) = at(point.at);
        if let Some([low, high]) = point.interval {
            let (from, to) = (at((point.at.0, low)).1, at((point.at.0, high)).1);
            body += &format!(
                "<path class=\"whisker {}\" d=\"M{cx:.1} {from:.1} V{to:.1} M{:.1} {from:.1} h8 M{:.1} {to:.1} h8\"/>",
                point.class,
                cx - 4.0,
                cx - 4.0
            );
        }
        body += &format!(
            "<circle class=\"dot test {}\" cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"5.5\"><title>{}</title></circle>",
            point.class,
            escape(&point.name)
        );
        taken.push(Name::beside(cx, cy, point, &taken));
    }
    body += &taken
        .iter()
        .filter(|name| !name.text.is_empty())
        .map(Name::drawn)
        .collect::<String>();
    frame(WIDTH, HEIGHT, title, &body)
}

/// An arm's name beside its point.
struct Name {
    left: f64,
    right: f64,
    y: f64,
    class: String,
    text: String,
}

impl Name {
    /// The place of a point, where no name may stand.
    fn none((x, y): (f64, f64)) -> Self {
        Self {
            left: x - 8.0,
            right: x + 8.0,
            y,
            class: String::new(),
            text: String::new(),
        }
    }

    /// Beside the point, to its right or its left, a little below or above where something stands there already.
    fn beside(x: f64, y: f64, point: &CostPoint, others: &[Self]) -> Self {
        // Names of arms are bold.
        let width = 1.12 * text_width(&point.name);
        let free = |(left, y): &(f64, f64)| {
            let apart = |other: &Self| {
                other.right < *left || left + width < other.left || (other.y - y).abs() >= NAME
            };
            let inside = *left > PLOT.left - 20.0 && left + width < PLOT.right + 18.0;
            inside && (PLOT.top - 6.0..PLOT.bottom).contains(y) && others.iter().all(apart)
        };
        let steps = [0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0];
        let mut places = steps.into_iter().flat_map(|step| {
            let y = y + step * NAME;
            [(x + 12.0, y), (x - 12.0 - width, y)]
        });
        let (left, y) = places.find(free).unwrap_or((x + 12.0, y));
        Self {
            left,
            right: left + width,
            y,
            class: point.class.clone(),
            text: point.name.clone(),
        }
    }

    fn drawn(&self) -> String {
        let class = format!("name {}", self.class);
        label(self.left, self.y + 4.0, "start", &class, &self.text)
    }
}
