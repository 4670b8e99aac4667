//! Stacked bars of cost.

use super::svg::{escape, frame, label, widest};

/// One part of a bar.
pub(in crate::present::page) struct Piece {
    /// Shown when pointed at.
    pub title: String,
    /// Chooses colour and pattern.
    pub class: String,
    pub size: f64,
}

/// One bar.
pub(in crate::present::page) struct Bar {
    pub name: String,
    /// Written at the bar's end.
    pub total: String,
    pub pieces: Vec<Piece>,
}

const WIDTH: f64 = 560.0;
const ROW: f64 = 34.0;
const THICK: f64 = 20.0;

/// Horizontal bars on one scale from 0.
pub(in crate::present::page) fn bars(title: &str, bars: &[Bar]) -> String {
    let left = widest(bars.iter().map(|bar| &bar.name)) + 14.0;
    let room = widest(bars.iter().map(|bar| &bar.total)) + 14.0;
    let longest = bars
        .iter()
        .map(|bar| bar.pieces.iter().map(|piece| piece.size).sum::<f64>())
        .fold(0.0, f64::max);
    let scale = if longest > 0.0 {
        (WIDTH - left - room) / longest
    } else {
        0.0
    };
    let mut body = String::new();
    for (place, bar) in bars.iter().enumerate() {
        let y = place as f64 * ROW + 6.0;
        body += &label(left - 10.0, y + THICK / 2.0 + 4.5, "end", "name", &bar.name);
        let mut x = left;
        for piece in bar.pieces.iter().filter(|piece| piece.size > 0.0) {
            let width = piece.size * scale;
            body += &format!(
                "<rect class=\"{}\" x=\"{x:.2}\" y=\"{y:.1}\" width=\"{width:.2}\" height=\"{THICK}\"><title>{}</title></rect>",
                piece.class,
                escape(&piece.title)
            );
            x += width;
        }
        body += &label(
            x + 8.0,
            y + THICK / 2.0 + 4.5,
            "start",
            "number",
            &bar.total,
        );
    }
    frame(WIDTH, bars.len() as f64 * ROW + 4.0, title, &body)
}
