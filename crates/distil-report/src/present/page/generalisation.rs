//! Train, validation and test of every model, and the gap.

use super::arm_class::arm_class;
use super::chart::{Axis, DotRow, Scale, dots};
use crate::measure::{Scale as MetricScale, metric};
use crate::present::show;
use crate::present::tables::{arm_stages, parts};
use crate::run_json::RunJson;

/// A row per arm and stage; none without measured stages.
pub(super) fn chart(run: &RunJson) -> Option<String> {
    let (name, unit) = (run.metric.name.as_str(), run.metric.unit.as_deref());
    let rows: Vec<DotRow> = arm_stages(run)
        .into_iter()
        .map(|(arm, stage)| (arm, stage, parts(run, arm, stage)))
        .filter(|(_, _, values)| values.iter().any(Option::is_some))
        .map(|(arm, stage, values)| DotRow {
            name: format!("{arm} · {stage}"),
            class: arm_class(run, arm),
            values,
            note: values[2]
                .zip(values[0])
                .map_or("–".into(), |(test, train)| {
                    show::difference(name, unit, test - train)
                }),
        })
        .collect();
    let known = || {
        rows.iter()
            .flat_map(|row| row.values.into_iter().flatten())
            .filter(|value| value.is_finite())
    };
    let (low, high) = (
        known().fold(f64::INFINITY, f64::min),
        known().fold(f64::NEG_INFINITY, f64::max),
    );
    if low > high {
        return None;
    }
    let title = show::title(name);
    let share = metric(name).is_some_and(|metric| metric.scale == MetricScale::Share);
    let axis = match (share, unit) {
        (true, _) => {
            Axis::new(&format!("{title} (%)"), low, high, Scale::Linear, 100.0).of_shares()
        }
        (false, Some(unit)) => {
            Axis::new(&format!("{title} ({unit})"), low, high, Scale::Linear, 1.0)
        }
        (false, None) => Axis::new(title, low, high, Scale::Linear, 1.0),
    };
    Some(dots(
        &format!("{title} on train, validation and test, by arm and stage"),
        &axis,
        &rows,
    ))
}
