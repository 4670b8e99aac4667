//! Tables of finished text: one content for terminal, Markdown and page.

use serde::Serialize;

use super::foreign;
use super::wrap::columns;

/// What stands for a number that there is not.
pub(super) const NONE: &str = "–";

/// A table. Cells are ready to read; the first columns are words, aligned left, the others numbers, aligned right.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Table {
    /// What it shows, in a few words.
    pub title: String,
    /// Column titles, with units.
    pub columns: Vec<String>,
    /// How many leading columns are words.
    pub words: usize,
    /// Rows of as many cells as there are columns.
    pub rows: Vec<Row>,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The cells.
    pub cells: Vec<String>,
    /// Whether it sums up the rows before it.
    pub total: bool,
}

impl Table {
    /// An empty table.
    pub fn new(title: &str, words: usize, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        Self {
            title: title.into(),
            columns,
            words,
            rows: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(Row {
            cells,
            total: false,
        });
    }

    pub(crate) fn total(&mut self, cells: Vec<String>) {
        self.rows.push(Row { cells, total: true });
    }

    /// Aligned columns, two spaces apart, a rule under the titles and between a total and what follows it. No colour.
    pub fn text(&self) -> String {
        let shown = self.shown();
        shown.aligned()
    }

    /// The same without a rule.
    pub fn bare_text(&self) -> String {
        let text = self.text();
        let (titles, rows) = text.split_once('\n').unwrap_or((&text, ""));
        let rows = rows.split_once('\n').map_or("", |(_, rows)| rows);
        format!("{titles}\n{rows}")
    }

    /// The same with cells that a terminal only shows.
    fn shown(&self) -> Self {
        let mut shown = self.clone();
        let cells = shown.rows.iter_mut().flat_map(|row| &mut row.cells);
        for cell in cells.chain(&mut shown.columns) {
            *cell = foreign::terminal(cell).into_owned();
        }
        shown
    }

    fn aligned(&self) -> String {
        let widths = self.widths();
        let line = |cells: &[String]| -> String {
            let padded: Vec<String> = cells
                .iter()
                .zip(&widths)
                .enumerate()
                .map(|(place, (cell, width))| {
                    let space = " ".repeat(width.saturating_sub(columns(cell)));
                    if place < self.words {
                        format!("{cell}{space}")
                    } else {
                        format!("{space}{cell}")
                    }
                })
                .collect();
            format!("{}\n", padded.join("  ").trim_end())
        };
        let rule = format!(
            "{}\n",
            "─".repeat(widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1))
        );
        let mut text = line(&self.columns) + &rule;
        for (place, row) in self.rows.iter().enumerate() {
            text += &line(&row.cells);
            if row.total && self.rows.get(place + 1).is_some_and(|next| !next.total) {
                text += &rule;
            }
        }
        text
    }

    /// A GitHub-flavoured Markdown table.
    pub fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let rule: Vec<String> = (0..self.columns.len())
            .map(|place| if place < self.words { "---" } else { "---:" }.into())
            .collect();
        let columns = self.columns.iter().map(|title| foreign::markdown(title));
        let mut text = line(&columns.collect::<Vec<_>>()) + &line(&rule);
        for row in &self.rows {
            let cells: Vec<String> = row
                .cells
                .iter()
                .map(|cell| foreign::markdown(cell))
                .map(|cell| {
                    if row.total && !cell.is_empty() {
                        format!("**{cell}**")
                    } else {
                        cell
                    }
                })
                .collect();
            text += &line(&cells);
        }
        text
    }

    fn widths(&self) -> Vec<usize> {
        (0..self.columns.len())
            .map(|place| {
                let cells = self.rows.iter().filter_map(|row| row.cells.get(place));
                cells
                    .chain([&self.columns[place]])
                    .map(|cell| columns(cell))
                    .max()
                    .unwrap_or(0)
            })
            .collect()
    }
}
