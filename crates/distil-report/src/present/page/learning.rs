//! Learning curves of all trials on one axis of cost, by FLOPs, seconds or steps.

use serde::Serialize;

use super::arm_class::arm_class;
use super::chart::{Axis, Scale, Series, bounds, lines};
use super::metric_axis;
use crate::measure::Better;
use crate::record::events::Folded;
use crate::run_json::RunJson;
use crate::trials::learning::{Point, learning_curve};

/// The charts over one axis of cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Panel {
    /// A short name for the page's own references.
    pub id: String,
    /// What the axis is.
    pub label: String,
    /// Charts as SVG.
    pub charts: Vec<String>,
}

/// One trial's points.
struct Drawn<'a> {
    arm: &'a str,
    first: bool,
    /// Where a point's loss is the mean of so few steps that it jumps: what was left of an epoch.
    short: Vec<bool>,
    points: Vec<Point<'a>>,
}

/// Panels for the costs that are known for every point. Empty without progress events.
pub(super) fn panels<'a>(run: &RunJson, trials: &'a [Folded<'a>]) -> Vec<Panel> {
    let mut drawn: Vec<Drawn<'_>> = Vec::new();
    for trial in trials {
        let Some(arm) = trial.started().map(|started| started.id.arm.as_str()) else {
            continue;
        };
        let points = learning_curve(trial, Some(run.calibration_of(arm)));
        drawn.push(Drawn {
            arm,
            first: drawn.iter().all(|earlier| earlier.arm != arm),
            short: short(&points),
            points,
        });
    }
    drawn.retain(|drawn| !drawn.points.is_empty());
    if drawn.is_empty() {
        return Vec::new();
    }
    let reference = |point: &Point<'_>| point.reference_seconds;
    let calibrated = drawn
        .iter()
        .flat_map(|one| &one.points)
        .all(|point| point.reference_seconds.is_some());
    let mut panels = vec![panel(run, &drawn, "flops", "FLOPs", &|point| point.flops)];
    panels.push(match calibrated {
        true => panel(run, &drawn, "seconds", "reference seconds", &reference),
        false => panel(run, &drawn, "seconds", "CPU seconds", &|point| {
            Some(point.cpu_seconds)
        }),
    });
    panels.push(panel(run, &drawn, "steps", "steps", &|point| {
        Some(point.steps as f64)
    }));
    panels.into_iter().flatten().collect()
}

/// Points whose steps since the point before are fewer than half of what is usual in their stage.
fn short(points: &[Point<'_>]) -> Vec<bool> {
    let steps = |place: usize| {
        let progress = points[place].progress;
        let before = place.checked_sub(1).map(|before| points[before].progress);
        let before = before.filter(|before| before.stage == progress.stage);
        progress
            .step
            .saturating_sub(before.map_or(0, |before| before.step))
    };
    let usual = |stage: &str| {
        let of_stage = (0..points.len()).filter(|place| points[*place].progress.stage == stage);
        let mut all: Vec<u64> = of_stage.map(steps).collect();
        all.sort_unstable();
        all[all.len() / 2]
    };
    let is_short = |place: usize| 2 * steps(place) < usual(&points[place].progress.stage);
    (0..points.len()).map(is_short).collect()
}

fn panel(
    run: &RunJson,
    drawn: &[Drawn<'_>],
    id: &str,
    label: &str,
    cost: &dyn Fn(&Point<'_>) -> Option<f64>,
) -> Option<Panel> {
    let costs: Option<Vec<f64>> = drawn.iter().flat_map(|one| &one.points).map(cost).collect();
    let most = costs?.into_iter().fold(0.0, f64::max);
    let (unit, factor) = match id {
        "flops" => flops_unit(most),
        _ => ("", 1.0),
    };
    let title = match id {
        "steps" => "optimiser steps, all stages".to_owned(),
        "flops" => format!("cost in {unit}FLOPs, earlier stages first"),
        _ => format!("cost in {label}, earlier stages first"),
    };
    let x = Axis::new(&title, 0.0, most, Scale::Linear, factor).within(0.0, most * 1.02);
    let name = run.metric.name.as_str();
    let validation = |point: &Point<'_>| {
        point
            .progress
            .validation
            .as_ref()?
            .get(name)
            .copied()
            .filter(|v| v.is_finite())
    };
    let loss = |point: &Point<'_>| {
        Some(point.progress.loss).filter(|loss| loss.is_finite() && *loss > 0.0)
    };
    let mut charts = Vec::new();
    let on_validation = series(run, drawn, cost, &|_, point| validation(point));
    if let Some(y) = validation_axis(run, &on_validation) {
        let what = format!("{} on validation against {label}", run.metric.title());
        charts.push(lines(&what, &x, &y, &on_validation));
    }
    let training = series(run, drawn, cost, &|short, point| {
        loss(point).filter(|_| !short)
    });
    let (low, high) = bounds(values(&training));
    if low <= high {
        let y = Axis::new("training loss", low, high, Scale::Log, 1.0);
        charts.push(lines(
            &format!("training loss against {label}"),
            &x,
            &y,
            &training,
        ));
    }
    (!charts.is_empty()).then(|| Panel {
        id: id.into(),
        label: label.into(),
        charts,
    })
}

/// A prefix for FLOPs and what turns them into it.
pub(super) fn flops_unit(most: f64) -> (&'static str, f64) {
    let prefixes = [("P", 1e15), ("T", 1e12), ("G", 1e9), ("M", 1e6)];
    prefixes
        .into_iter()
        .find(|(_, size)| most >= *size)
        .map_or(("", 1.0), |(prefix, size)| (prefix, 1.0 / size))
}

fn series(
    run: &RunJson,
    drawn: &[Drawn<'_>],
    cost: &dyn Fn(&Point<'_>) -> Option<f64>,
    value: &dyn Fn(bool, &Point<'_>) -> Option<f64>,
) -> Vec<Series> {
    drawn
        .iter()
        .map(|one| {
            let mut stages: Vec<(&str, Vec<(f64, f64)>)> = Vec::new();
            for (point, short) in one.points.iter().zip(&one.short) {
                let stage = point.progress.stage.as_str();
                if stages.last().is_none_or(|(name, _)| *name != stage) {
                    stages.push((stage, Vec::new()));
                }
                if let (Some(place), Some((x, y))) =
                    (stages.last_mut(), cost(point).zip(value(*short, point)))
                {
                    place.1.push((x, y));
                }
            }
            Series {
                name: if one.first {
                    one.arm.to_owned()
                } else {
                    String::new()
                },
                class: arm_class(run, one.arm),
                stages: stages
                    .into_iter()
                    .map(|(_, points)| thinned(&points))
                    .filter(|points| !points.is_empty())
                    .collect(),
            }
        })
        .filter(|series| !series.stages.is_empty())
        .collect()
}

/// Points of one stage's curve that a chart has room for.
const ROOM: usize = 120;

/// The means of neighbours where there are more points than a chart has room for; the last stands as it is.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let Some((last, before)) = points.split_last().filter(|_| points.len() > ROOM) else {
        return points.to_vec();
    };
    let means = before.chunks(points.len().div_ceil(ROOM)).map(|some| {
        let mean =
            |of: fn(&(f64, f64)) -> f64| some.iter().map(of).sum::<f64>() / some.len() as f64;
        (mean(|point| point.0), mean(|point| point.1))
    });
    means.chain([*last]).collect()
}

fn values(series: &[Series]) -> impl Iterator<Item = f64> {
    series
        .iter()
        .flat_map(|one| one.stages.iter().flatten().map(|(_, value)| *value))
}

/// The metric's axis. The first steps of training from nothing would flatten all that matters: the axis leaves out the worst
/// quarter of the values, and the curves enter from its edge.
fn validation_axis(run: &RunJson, series: &[Series]) -> Option<Axis> {
    let mut sorted: Vec<f64> = values(series).collect();
    if sorted.is_empty() {
        return None;
    }
    sorted.sort_by(f64::total_cmp);
    let quarter = sorted.len() / 4;
    let (low, high) = match run.metric.better {
        Better::Higher => (sorted[quarter], sorted[sorted.len() - 1]),
        Better::Lower => (sorted[0], sorted[sorted.len() - 1 - quarter]),
    };
    let ends = metric_axis::apart(run, (low, high));
    Some(metric_axis::values(&run.metric, "validation ", ends))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_of_more_points_than_there_is_room_for_is_drawn_by_means_and_ends_where_it_ended() {
        let long: Vec<(f64, f64)> = (0..1000).map(|at| (at as f64, (at % 2) as f64)).collect();
        let drawn = thinned(&long);
        assert!(drawn.len() <= ROOM + 1, "{}", drawn.len());
        assert_eq!(drawn.last(), long.last());
        let inner = &drawn[..drawn.len() - 2];
        assert!(
            inner.iter().all(|(_, y)| (y - 0.5).abs() < 0.1),
            "{inner:?}"
        );
        assert_eq!(thinned(&long[..ROOM]), long[..ROOM]);
    }
}
