//! The pieces every chart is made of.

pub(super) use crate::present::foreign::html as escape;

/// An `svg` element that scales with the page and names itself to screen readers.
pub(super) fn frame(width: f64, height: f64, label: &str, body: &str) -> String {
    format!(
        "<svg viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-label=\"{}\">{body}</svg>",
        escape(label)
    )
}

/// One text element; `class` chooses size and colour, `anchor` is start, middle or end.
pub(super) fn label(x: f64, y: f64, anchor: &str, class: &str, text: &str) -> String {
    format!(
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" class=\"{class}\">{}</text>",
        escape(text)
    )
}

/// About the width of a text at 12 px, enough to keep labels apart.
pub(super) fn text_width(text: &str) -> f64 {
    6.4 * text.chars().count() as f64
}

/// The width of the widest of these texts.
pub(super) fn widest<'a>(texts: impl Iterator<Item = &'a String>) -> f64 {
    texts.map(|text| text_width(text)).fold(0.0, f64::max)
}
