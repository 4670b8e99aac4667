//! Train, validation and test of every model, and the gap.

use super::arm_class::arm_class;
use super::chart::{DotRow, bounds, dots};
use super::metric_axis;
use crate::present::tables::{arm_stages, parts};
use crate::record::arm::FLOW;
use crate::run_json::RunJson;
use crate::summary::Summary;

/// A row per arm and stage; none without measured stages.
pub(super) fn chart(run: &RunJson) -> Option<String> {
    let rows: Vec<DotRow> = arm_stages(run)
        .into_iter()
        .map(|(arm, stage)| (arm, stage, parts(run, arm, stage)))
        .filter(|(_, _, values)| values.iter().any(Option::is_some))
        .map(|(arm, stage, values)| DotRow {
            name: format!("{arm} · {stage}"),
            class: arm_class(run, arm),
            values,
            note: run
                .metric
                .difference(values[2].zip(values[0]).map(|(test, train)| test - train)),
        })
        .collect();
    let known = {
        rows.iter()
            .flat_map(|row| row.values.into_iter().flatten())
            .filter(|value| value.is_finite())
    };
    let blind = metric_axis::blind(run, Summary::of(run, FLOW).value);
    let (low, high) = bounds(known.chain(blind.into_iter().flatten()));
    if low > high {
        return None;
    }
    let title = run.metric.title();
    Some(dots(
        &format!("{title} on train, validation and test, by arm and stage"),
        &metric_axis::values(&run.metric, "", (low, high)),
        &rows,
        blind,
    ))
}
