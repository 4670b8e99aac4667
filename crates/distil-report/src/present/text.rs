//! The same tables and sentences for a terminal: aligned columns, no colour codes.

use crate::present::foreign::terminal;
use crate::present::sentence::{
    choice, equal_samples, headline, looks, reading_notes, resolution, route,
};
use crate::present::tables;
use crate::run_json::RunJson;

pub use crate::present::ending::ending;

/// What the test set resolves, then the arms' test results and cost.
pub fn results(run: &RunJson) -> String {
    let table = tables::results(run).text();
    let said = [
        resolution(&run.comparisons, &run.metric),
        equal_samples(run),
    ];
    let notes = reading_notes(run);
    let said = said.into_iter().flatten().chain(notes);
    let said = said.map(|said| format!("{}\n\n", terminal(&said)));
    said.collect::<String>() + &table
}

/// The bill of every arm, what tuning cost beside it, and when the flow's earlier stages have paid for themselves.
pub fn bill(run: &RunJson) -> String {
    let more = [tables::tuning(run), tables::break_even(run)];
    let more = more.into_iter().flatten().map(|table| table.text());
    let said = [choice(run), looks(run)].into_iter().flatten();
    let said = said.map(|said| said + "\n");
    let more = more.chain(said);
    more.fold(tables::bill(run).text(), |bill, more| {
        format!("{bill}\n{more}")
    })
}

/// What compression gained, for a run whose result is smaller than its teacher.
pub fn compress(run: &RunJson) -> Option<String> {
    tables::compress(run).map(|table| table.text())
}

/// The verdict's sentence, that of the route by a small network, and what plain's curve says beside it.
pub fn verdict(run: &RunJson) -> String {
    let verdict = headline(&run.comparisons, &run.metric).1;
    let curve = run
        .curve
        .iter()
        .flat_map(|curve| curve.sentences(&run.metric));
    [verdict]
        .into_iter()
        .chain(route(run, false))
        .chain(curve)
        .map(|said| terminal(&said).into_owned())
        .collect::<Vec<_>>()
        .join("\n")
}
