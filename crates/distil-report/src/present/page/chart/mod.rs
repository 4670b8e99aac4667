//! Small charts as inline SVG: text in, no script, colours from the page's style sheet.

mod axis;
mod bars;
mod cost;
mod dots;
mod heat;
mod lines;
mod plot;
mod scatter;
mod strip;
mod svg;

pub(super) use axis::{Axis, Scale, bounds};
pub(super) use bars::{Bar, Piece, bars};
pub(super) use cost::{CostPoint, cost};
pub(super) use dots::{DotRow, dots};
pub(super) use heat::{heat, short};
pub(super) use lines::{Series, lines};
pub(super) use scatter::scatter;
pub(super) use strip::{StripRow, strip};
