//! The part of the terminal that changes while a run runs.

use console::Term;
use distil_report::present::wrap::wrapped;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::board::Board;
use super::region;
use crate::stderr;

/// Seconds between two drawings.
const PAUSE: f64 = 0.1;

/// Columns left free at the right: room for the `^C` that terminals write where the cursor stands.
const MARGIN: usize = 3;

/// A region at the terminal's end; lines that stay go above it.
pub struct Live {
    bar: ProgressBar,
    drawn: f64,
    shown: String,
    /// When the decoding of pictures began.
    began: Option<f64>,
}

impl Live {
    /// Nothing drawn yet.
    pub fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{msg}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        Self {
            bar: bar.with_style(style),
            drawn: f64::NEG_INFINITY,
            shown: String::new(),
            began: None,
        }
    }

    /// Shows the run's trials.
    pub fn trials(&mut self, board: &Board, now: f64) {
        self.draw(now, |size| {
            region::lines(board, now, size, stderr::colours()).join("\n")
        });
    }

    /// Shows how far the decoding of pictures is.
    pub fn reading(&mut self, done: usize, all: usize, now: f64) {
        let began = *self.began.get_or_insert(now);
        self.draw(now, |(width, _)| {
            region::reading(done, all, now - began, width, stderr::colours())
        });
    }

    /// Draws the region anew, given columns and lines, unless it was drawn a moment ago or would look the same.
    fn draw(&mut self, now: f64, text: impl Fn((usize, usize)) -> String) {
        if now - self.drawn < PAUSE {
            return;
        }
        let (height, width) = Term::stderr().size();
        let width = usize::from(width).saturating_sub(MARGIN);
        let text = text((width, height.into()));
        self.drawn = now;
        if text != self.shown {
            self.bar.set_message(text.clone());
            self.shown = text;
        }
    }

    /// Writes lines that stay, broken between words.
    pub fn line(&self, text: &str) {
        let width = usize::from(Term::stderr().size().1);
        let lines = text.lines();
        let lines = lines.flat_map(|line| wrapped(line, Some(width), "  "));
        self.bar.println(lines.collect::<Vec<_>>().join(
            "
",
        ));
    }

    /// Removes the region.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
