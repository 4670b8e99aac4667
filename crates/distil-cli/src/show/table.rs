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

/// Its text, without the spaces around the lines.
pub fn text(table: &Table) -> String {
    // The first column is padded as all others are.
    let unpadded = |line: String| {
        line.strip_prefix(' ')
            .unwrap_or(&line)
            .trim_end()
            .to_owned()
    };
    table.lines().map(unpadded).collect::<Vec<_>>().join("\n")
}
