//! All arms at once: quality against cost, and the differences seed by seed.

use super::arm_class::arm_class;
use super::chart::{Axis, CostPoint, Scale, StripRow, bounds, cost, strip};
use super::learning::flops_unit;
use super::metric_axis;
use crate::measure::Better;
use crate::present::show;
use crate::record::arm::FLOW;
use crate::run_json::RunJson;
use crate::statistics::{mean, paired_errors};
use crate::summary::Summary;

/// Cost ratios beyond which the axis of cost runs by powers.
const WIDE: f64 = 5.0;

/// The main metric against FLOPs, all arms; none where FLOPs are unknown or no arm finished.
pub(super) fn quality_against_cost(run: &RunJson) -> Option<String> {
    let arms = Summary::with_teachers(run);
    let points: Vec<CostPoint> = arms.iter().filter_map(|arm| point(run, arm)).collect();
    if points.is_empty() {
        return None;
    }
    let flow = arms.iter().find(|arm| arm.arm == FLOW);
    let blind = metric_axis::blind(run, flow.and_then(|flow| flow.value));
    let costs = || {
        points
            .iter()
            .flat_map(|p| p.seeds.iter().map(|(cost, _)| *cost))
    };
    let values = || {
        let intervals = points.iter().filter_map(|p| p.interval).flatten();
        let seeds = points
            .iter()
            .flat_map(|p| p.seeds.iter().map(|(_, value)| *value));
        seeds.chain(intervals).chain(blind.into_iter().flatten())
    };
    let (least, most) = bounds(costs());
    let (unit, factor) = flops_unit(most);
    let title = format!("cost in {unit}FLOPs, all that equal cost compares");
    let x = if most > WIDE * least {
        Axis::new(&title, least, most, Scale::Log, factor).within(least / 1.4, most * 1.4)
    } else {
        Axis::new(&title, 0.0, most, Scale::Linear, factor).within(0.0, most * 1.08)
    };
    let line: Vec<(f64, f64)> = run.curve.as_ref().map_or(Vec::new(), |curve| {
        let points = curve.points.iter();
        points.filter_map(|p| Some((p.flops?, p.value))).collect()
    });
    let y = metric_axis::values(&run.metric, "", bounds(values()));
    let what = format!(
        "{} on the test part against cost, by arm",
        run.metric.title()
    );
    Some(cost(&what, &x, &y, &points, &line, blind))
}

fn point(run: &RunJson, arm: &Summary<'_>) -> Option<CostPoint> {
    let costs = arm.flops_by_seed();
    let cost_of = |seed: u64| costs.iter().find(|(other, _)| *other == seed);
    let both: Vec<(f64, f64)> = arm
        .values
        .iter()
        .filter_map(|(seed, value)| Some((cost_of(*seed)?.1, *value)))
        .filter(|(cost, _)| *cost > 0.0)
        .collect();
    let value: Vec<f64> = both.iter().map(|(_, value)| *value).collect();
    Some(CostPoint {
        name: arm.arm.into(),
        class: arm_class(run, arm.arm),
        at: (
            mean(&both.iter().map(|(cost, _)| *cost).collect::<Vec<_>>())?,
            mean(&value)?,
        ),
        interval: paired_errors(&value).map(|test| test.ci95),
        seeds: both,
    })
}

/// The flow − each other arm, seed by seed; none with a single seed.
pub(super) fn differences(run: &RunJson) -> Option<String> {
    let flow = Summary::of(run, FLOW).values;
    let rows: Vec<StripRow> = run
        .comparisons
        .iter()
        .filter(|comparison| comparison.n > 1)
        .filter_map(|comparison| {
            let other = Summary::of(run, &comparison.against).values;
            let pair = |(seed, value): &(u64, f64)| {
                let (_, theirs) = other.iter().find(|(other, _)| other == seed)?;
                Some((*seed, value - theirs))
            };
            Some(StripRow {
                name: comparison.against.clone(),
                class: arm_class(run, &comparison.against),
                seeds: flow.iter().filter_map(pair).collect(),
                mean: comparison.difference?,
                interval: comparison.ci95,
                note: comparison
                    .holm_p
                    .or(comparison.p)
                    .map_or(String::new(), show::p),
            })
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let all = rows.iter().flat_map(|row| {
        let seeds = row.seeds.iter().map(|(_, difference)| *difference);
        seeds.chain(row.interval.into_iter().flatten())
    });
    let blind = metric_axis::blind(run, Some(0.0));
    let all = all.chain([0.0]).chain(blind.into_iter().flatten());
    let x = metric_axis::differences(&run.metric, "flow − other arm, ", bounds(all));
    let sides = match run.metric.better {
        Better::Higher => ["flow worse", "flow better"],
        Better::Lower => ["flow better", "flow worse"],
    };
    Some(strip(
        "difference from the flow, seed by seed",
        &x,
        &rows,
        sides,
        blind,
    ))
}
