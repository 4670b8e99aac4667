//! The bill as bars: one bar per arm, its parts by stage and purpose.

use serde::Serialize;

use super::chart::{Bar, Piece, bars};
use crate::bill::BillRow;
use crate::present::human::{human_flops, human_seconds};
use crate::record::Purpose;
use crate::run_json::RunJson;
use crate::summary::Summary;

/// One colour and what it stands for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Legend {
    /// The style sheet's classes.
    pub class: String,
    /// Stage and purpose.
    pub words: String,
}

/// Bars of FLOPs where they are known, and of reference seconds, or CPU seconds without calibration; and their colours.
pub(super) fn charts(run: &RunJson) -> (Vec<(String, String)>, Vec<Legend>) {
    let mut arms = Summary::all(run);
    // Many times the rest.
    let own = |row: &BillRow| row.purpose != Purpose::Tune;
    arms.iter_mut().for_each(|arm| arm.bill.retain(own));
    let mut stages: Vec<&str> = Vec::new();
    let mut legend: Vec<Legend> = Vec::new();
    for row in arms.iter().flat_map(|arm| &arm.bill) {
        if row.purpose.equalised() && !stages.contains(&row.stage.as_str()) {
            stages.push(&row.stage);
        }
    }
    for row in arms.iter().flat_map(|arm| &arm.bill) {
        let entry = Legend {
            class: class(&stages, row),
            words: words(row),
        };
        if !legend.iter().any(|known| known.words == entry.words) {
            legend.push(entry);
        }
    }
    legend.sort_by_key(|entry| entry.class.starts_with("beside"));
    let all = || arms.iter().flat_map(|arm| &arm.bill);
    let flops_known = all().all(|row| row.flops.is_some());
    let calibrated = all()
        .filter(|row| row.purpose.equalised())
        .all(|row| row.reference_seconds.is_some());
    let draw = |title: &str, size: &dyn Fn(&BillRow) -> f64, human: fn(f64) -> String| {
        let drawn: Vec<Bar> = arms
            .iter()
            .map(|arm| bar(arm.arm, &arm.bill, &stages, size, human))
            .collect();
        (title.to_owned(), bars(title, &drawn))
    };
    // What no bar shows needs no colour.
    let shown = |row: &BillRow| {
        let seconds = match calibrated {
            true => row.reference_seconds.unwrap_or(0.0),
            false => row.cpu_seconds,
        };
        seconds > 0.0 || flops_known && row.flops.is_some_and(|flops| flops > 0.0)
    };
    legend.retain(|entry| all().any(|row| words(row) == entry.words && shown(row)));
    let mut charts = Vec::new();
    if flops_known {
        charts.push(draw("FLOPs", &|row| row.flops.unwrap_or(0.0), human_flops));
    }
    charts.push(match calibrated {
        true => draw(
            "Reference time",
            &|row| row.reference_seconds.unwrap_or(0.0),
            human_seconds,
        ),
        false => draw("CPU time", &|row| row.cpu_seconds, human_seconds),
    });
    (charts, legend)
}

fn bar(
    arm: &str,
    rows: &[BillRow],
    stages: &[&str],
    size: &dyn Fn(&BillRow) -> f64,
    human: fn(f64) -> String,
) -> Bar {
    let mut ordered: Vec<&BillRow> = rows.iter().collect();
    ordered.sort_by_key(|row| !row.purpose.equalised());
    let pieces = ordered
        .into_iter()
        .map(|row| Piece {
            title: format!("{}: {}", words(row), human(size(row))),
            class: class(stages, row),
            size: size(row),
        })
        .collect();
    Bar {
        name: arm.into(),
        total: human(
            rows.iter()
                .filter(|row| row.purpose.equalised())
                .map(size)
                .sum(),
        ),
        pieces,
    }
}

fn words(row: &BillRow) -> String {
    if row.purpose.equalised() {
        format!("{} · {}", row.stage, row.purpose.word())
    } else {
        row.purpose.word().into()
    }
}

fn class(stages: &[&str], row: &BillRow) -> String {
    if !row.purpose.equalised() {
        return format!("beside {}", row.purpose.word());
    }
    let stage = stages
        .iter()
        .position(|stage| *stage == row.stage)
        .unwrap_or(0);
    format!("stage{} {}", stage % 4, row.purpose.word())
}
