//! Tables of names and summaries.

use comfy_table::{ContentArrangement, Table, presets};

/// An empty table with these titles; cells wrap at the terminal's width.
pub fn table(titles: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(titles);
    table
}

/// Its text, without the space that pads the ends of lines.
pub fn text(table: &Table) -> String {
    let lines: Vec<String> = table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    lines.join("\n")
}
