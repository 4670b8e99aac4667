//! The flow against each other arm, and plain's curve.

use crate::present::human::{human_flops, human_seconds};
use crate::present::sentence::badge;
use crate::present::show;
use crate::present::table::{NONE, Table};
use crate::run_json::RunJson;

/// The flow against each other arm; columns of bootstrap intervals, adjusted p values and the margin's where there are such.
pub fn comparisons(run: &RunJson) -> Table {
    let all = &run.comparisons;
    let bootstrap = all.iter().any(|c| c.bca95.is_some());
    let adjusted = all.iter().any(|c| c.holm_p.is_some());
    let margin = all.iter().any(|c| c.non_inferior_p.is_some());
    let mut columns = vec![
        "flow against",
        "verdict",
        "pairs",
        "difference",
        "95 % interval",
    ];
    columns.extend(bootstrap.then_some("bootstrap interval (BCa)"));
    columns.push("p");
    columns.extend(adjusted.then_some("p adjusted (Holm)"));
    columns.extend(margin.then_some("p against the margin"));
    columns.extend(["of its FLOPs", "of its time"]);
    let mut table = Table::new("Comparisons on the test part", 2, &columns);
    let p = |p: Option<f64>| p.map_or(NONE.into(), show::bare_p);
    let ratio = |ratio: Option<f64>| ratio.map_or(NONE.into(), show::per_cent);
    for c in all {
        let mut cells = vec![
            c.against.clone(),
            badge(c, &run.metric).into(),
            c.n.to_string(),
            run.metric.difference(c.difference),
            run.metric.interval(c.ci95),
        ];
        cells.extend(bootstrap.then(|| run.metric.interval(c.bca95)));
        cells.push(p(c.p));
        cells.extend(adjusted.then(|| p(c.holm_p)));
        cells.extend(margin.then(|| p(c.non_inferior_p)));
        cells.extend([ratio(c.cost.flops_ratio), ratio(c.cost.seconds_ratio)]);
        table.row(cells);
    }
    table
}

/// Plain's curve, point by point; none where it was not run.
pub fn curve(run: &RunJson) -> Option<Table> {
    let curve = run.curve.as_ref()?;
    let columns = [
        "share of its budget",
        run.metric.title(),
        "FLOPs",
        "reference time",
    ];
    let mut table = Table::new("Plain's curve", 1, &columns);
    for point in &curve.points {
        table.row(vec![
            show::per_cent(point.share),
            run.metric.value(Some(point.value)),
            point.flops.map_or(NONE.into(), human_flops),
            point.seconds.map_or(NONE.into(), human_seconds),
        ]);
    }
    Some(table)
}
