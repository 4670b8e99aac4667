//! Tables of names and summaries.

use distil_report::foreign::terminal;

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

/// A row of cells of which some are not ours, each on its line.
pub fn row<const N: usize>(cells: [String; N]) -> [String; N] {
    cells.map(|cell| terminal(&cell).into_owned())
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
