//! The report as Markdown, to paste into a paper or a pull request.

use crate::present::foreign;
use crate::present::sentence::{
    choice, columns_read, equal_samples, headline, looks, reading_notes, resolution, route,
    sentence,
};
use crate::present::tables;
use crate::run_json::RunJson;

/// Trials beyond which their table is left to trials.csv.
const MOST_TRIALS: usize = 60;

/// Verdict, results, comparisons, generalisation, bill, growth, compression and environment.
pub fn markdown(run: &RunJson) -> String {
    let verdict = headline(&run.comparisons, &run.metric).1;
    let mut text = format!("# {}\n\n", foreign::markdown(&run.name));
    if let Some(resolution) = resolution(&run.comparisons, &run.metric) {
        text += &format!("{}\n\n", foreign::markdown(&resolution));
    }
    if let Some(equal) = equal_samples(run) {
        text += &format!("{}\n\n", foreign::markdown(&equal));
    }
    for note in reading_notes(run) {
        text += &format!("{}\n\n", foreign::markdown(&note));
    }
    let columns: Vec<&str> = columns_read(run).collect();
    if !columns.is_empty() {
        let columns = columns.join("; ");
        text += &format!(
            "How the columns were read: {}.\n\n",
            foreign::markdown(&columns)
        );
    }
    for said in [choice(run), looks(run)].into_iter().flatten() {
        text += &format!("{}\n\n", foreign::markdown(&said));
    }
    text += &format!("{}\n", foreign::markdown(&verdict));
    if let Some(route) = route(run, false) {
        text += &format!("\n{}\n", foreign::markdown(&route));
    }
    for said in run
        .curve
        .iter()
        .flat_map(|curve| curve.sentences(&run.metric))
    {
        text += &format!("\n* {}", foreign::markdown(&said));
    }
    if run.curve.is_some() {
        text.push('\n');
    }
    let shown = [
        Some(tables::results(run)),
        (!run.comparisons.is_empty()).then(|| tables::comparisons(run)),
        tables::curve(run),
        Some(tables::generalisation(run)),
        Some(tables::bill(run)),
        tables::tuning(run),
        tables::break_even(run),
        tables::trials(run).filter(|table| table.rows.len() <= MOST_TRIALS),
        tables::growth(run),
        tables::compress(run),
        Some(tables::environment(run)),
    ];
    for table in shown.into_iter().flatten() {
        text += &format!("\n## {}\n\n{}", table.title, table.markdown());
        if table.title == "Comparisons on the test part" {
            let said = |c| sentence(c, &run.comparisons, &run.metric);
            let others = run.comparisons.iter().map(said);
            let others: Vec<String> = others
                .filter(|said| *said != verdict)
                .map(|said| format!("\n* {}", foreign::markdown(&said)))
                .collect();
            text += &others.concat();
            if others.is_empty() {
                continue;
            }
            text.push('\n');
        }
    }
    text
}
