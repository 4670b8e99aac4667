//! The confusion matrix as a heat map.

use super::svg::{escape, frame, label, widest};
use crate::measure::Confusion;

/// Classes beyond which cells carry no numbers and only some names.
const NUMBERED: usize = 20;

/// Truth downwards, prediction to the right. Right answers are tinted by their share of the class, mistakes by their
/// share of the most frequent mistake.
pub(in crate::present::page) fn heat(
    title: &str,
    confusion: &Confusion,
    names: &[String],
) -> String {
    let classes = confusion.classes;
    let cell = (460.0 / classes as f64).clamp(4.0, 38.0);
    let longest = widest(names.iter()).min(150.0);
    let slanted = longest > cell - 4.0;
    let (left, top) = (
        longest + 40.0,
        if slanted { longest * 0.75 + 34.0 } else { 44.0 },
    );
    let size = cell * classes as f64;
    let every = if classes <= NUMBERED * 2 {
        1
    } else {
        classes.div_ceil(NUMBERED)
    };
    let totals = confusion.totals();
    let worst = confusion
        .mistakes()
        .first()
        .map_or(0, |(_, _, count)| *count);
    let mut body = label(left + size / 2.0, 14.0, "middle", "axis-title", "predicted");
    body += &format!(
        "<text transform=\"translate(14 {:.1}) rotate(-90)\" text-anchor=\"middle\" class=\"axis-title\">truth</text>",
        top + size / 2.0
    );
    for (class, name) in names.iter().enumerate().step_by(every) {
        let middle = class as f64 * cell + cell / 2.0;
        body += &label(left - 8.0, top + middle + 4.0, "end", "tick", &short(name));
        body += &match slanted {
            true => format!(
                "<text transform=\"translate({:.1} {:.1}) rotate(-45)\" class=\"tick\">{}</text>",
                left + middle + 2.0,
                top - 8.0,
                escape(&short(name))
            ),
            false => label(left + middle, top - 8.0, "middle", "tick", name),
        };
    }
    if classes > NUMBERED {
        body += &format!(
            "<rect class=\"cell\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{size:.1}\" height=\"{size:.1}\"/>"
        );
    }
    for truth in 0..classes {
        let total = totals[truth];
        for predicted in 0..classes {
            let count = confusion.count(truth, predicted);
            let (kind, most) = if truth == predicted {
                ("right", total)
            } else {
                ("wrong", worst)
            };
            let strength = if most == 0 {
                0.0
            } else {
                count as f64 / most as f64
            };
            let opacity = if count == 0 {
                0.0
            } else {
                0.18 + 0.77 * strength
            };
            let (x, y) = (left + predicted as f64 * cell, top + truth as f64 * cell);
            if classes <= NUMBERED {
                body += &format!(
                    "<rect class=\"cell\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{0:.1}\" height=\"{0:.1}\"/>",
                    cell - 1.5
                );
            }
            if count > 0 {
                body += &format!(
                    "<rect class=\"{kind}\" style=\"fill-opacity:{opacity:.2}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{0:.1}\" height=\"{0:.1}\"><title>{1} taken for {2}: {count}</title></rect>",
                    cell - 1.5,
                    escape(&names[truth]),
                    escape(&names[predicted])
                );
                if classes <= NUMBERED {
                    let on = if opacity > 0.6 {
                        "count strong"
                    } else {
                        "count"
                    };
                    body += &label(
                        x + cell / 2.0 - 0.7,
                        y + cell / 2.0 + 4.0,
                        "middle",
                        on,
                        &count.to_string(),
                    );
                }
            }
        }
    }
    // Few classes are no reason for large letters.
    let width = left + size + 8.0;
    let svg = frame(width, top + size + 6.0, title, &body);
    svg.replacen(
        "<svg ",
        &format!("<svg style=\"max-width:{width:.0}px\" "),
        1,
    )
}

/// The beginning of a name.
pub(in crate::present::page) fn short(name: &str) -> String {
    if name.chars().count() > 22 {
        name.chars().take(21).chain(['…']).collect()
    } else {
        name.to_owned()
    }
}
