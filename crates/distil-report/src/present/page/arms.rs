//! All arms at once: quality against cost, and the differences seed by seed.

use super::arm_class::arm_class;
use super::chart::{Axis, CostPoint, Scale, StripRow, cost, strip};
use super::curves::flops_unit;
use crate::measure::{Better, Scale as MetricScale, metric};
use crate::present::show;
use crate::record::arm::FLOW;
use crate::run_json::RunJson;
use crate::statistics::{mean, paired_errors};
use crate::summary as seeds;

/// Cost ratios beyond which the axis of cost runs by powers.
const WIDE: f64 = 5.0;

/// The main metric against FLOPs, all arms; none where FLOPs are unknown or no arm finished.
pub(super) fn quality_against_cost(run: &RunJson) -> Option<String> {
    let points: Vec<CostPoint> = run
        .arms()
        .into_iter()
        .filter_map(|arm| point(run, arm))
        .collect();
    if points.is_empty() {
        return None;
    }
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
        seeds.chain(intervals)
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
    let y = value_axis(run, "", bounds(values()));
    let what = format!(
        "{} on the test part against cost, by arm",
        show::title(&run.metric.name)
    );
    Some(cost(&what, &x, &y, &points, &line))
}

fn point(run: &RunJson, arm: &str) -> Option<CostPoint> {
    let values = seeds::values(run, arm);
    let costs = seeds::flops(run, arm);
    let cost_of = |seed: u64| costs.iter().find(|(other, _)| *other == seed);
    let both: Vec<(f64, f64)> = values
        .iter()
        .filter_map(|(seed, value)| Some((cost_of(*seed)?.1, *value)))
        .filter(|(cost, _)| *cost > 0.0)
        .collect();
    let value: Vec<f64> = both.iter().map(|(_, value)| *value).collect();
    Some(CostPoint {
        name: arm.into(),
        class: arm_class(run, arm),
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
    let flow = seeds::values(run, FLOW);
    let rows: Vec<StripRow> = run
        .comparisons
        .iter()
        .filter(|comparison| comparison.n > 1)
        .filter_map(|comparison| {
            let other = seeds::values(run, &comparison.against);
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
    let x = value_axis(run, "flow − other arm, ", bounds(all.chain([0.0])));
    let sides = match run.metric.better {
        Better::Higher => ["flow worse", "flow better"],
        Better::Lower => ["flow better", "flow worse"],
    };
    Some(strip(
        "difference from the flow, seed by seed",
        &x,
        &rows,
        sides,
    ))
}

fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    })
}

/// An axis of the main metric or, after `what`, of its differences.
fn value_axis(run: &RunJson, what: &str, (low, high): (f64, f64)) -> Axis {
    let title = show::title(&run.metric.name);
    let scale = metric(&run.metric.name).map_or(MetricScale::Plain, |metric| metric.scale);
    let (unit, factor) = match (scale, what.is_empty()) {
        (MetricScale::Share, true) => ("%".to_owned(), 100.0),
        (MetricScale::Share, false) => ("points".to_owned(), 100.0),
        (MetricScale::Nats, _) => ("nats".to_owned(), 1.0),
        (MetricScale::Target, _) => (run.metric.unit.clone().unwrap_or_default(), 1.0),
        (MetricScale::Plain, _) => (String::new(), 1.0),
    };
    let unit = if unit.is_empty() {
        unit
    } else {
        format!(" ({unit})")
    };
    let axis = Axis::new(
        &format!("{what}{title}{unit}"),
        low,
        high,
        Scale::Linear,
        factor,
    );
    match scale {
        MetricScale::Share if what.is_empty() => axis.of_shares(),
        _ => axis,
    }
}
