//! Results on the test part: of arms, and trial by trial.

use crate::measure::METRICS;
use crate::present::human::{human_flops, human_seconds};
use crate::present::show;
use crate::present::table::{NONE, Table};
use crate::record::arm::FLOW;
use crate::run_json::{RunJson, Status, Trial};
use crate::summary::Summary;

/// Each arm's metrics on the test part, means over its finished trials, and its cost; with several seeds the main metric's standard
/// deviation over them.
pub fn results(run: &RunJson) -> Table {
    let names = metric_names(run);
    let arms = Summary::with_teachers(run);
    let several = arms.iter().any(|arm| arm.values.len() > 1);
    let mut columns = vec!["arm"];
    columns.extend(names.iter().map(|name| show::title(name)));
    if several {
        columns.splice(2..2, ["± over seeds", "seeds"]);
    }
    columns.extend(["FLOPs", "reference time", "of the flow's FLOPs"]);
    let mut table = Table::new("Test results and cost", 1, &columns);
    let unit = run.metric.unit.as_deref();
    let flow = Summary::of(run, FLOW);
    for arm in arms {
        let mut cells = vec![arm.arm.to_owned()];
        for name in &names {
            let value = arm.mean(name);
            cells.push(value.map_or(NONE.into(), |value| show::value(name, unit, value)));
        }
        if several {
            let seeds = arm.values.len().to_string();
            cells.splice(2..2, [run.metric.width(arm.spread()), seeds]);
        }
        let seconds = arm.cost.and_then(|total| total.reference_seconds);
        cells.push(arm.flops().map_or(NONE.into(), human_flops));
        cells.push(seconds.map_or(NONE.into(), human_seconds));
        let share = arm.share_of(&flow);
        cells.push(share.map_or(NONE.into(), show::per_cent));
        table.row(cells);
    }
    table
}

/// The metrics on the test part that any trial has: the main one, then the others in the registry's order.
fn metric_names(run: &RunJson) -> Vec<&str> {
    let measured = |name: &str| {
        run.trials
            .iter()
            .filter_map(|trial| trial.result())
            .any(|stage| stage.test.contains_key(name))
    };
    let others = METRICS
        .iter()
        .map(|metric| metric.name)
        .filter(|name| *name != run.metric.name && measured(name));
    std::iter::once(run.metric.name.as_str())
        .chain(others)
        .collect()
}

/// Every trial on its own; none where each arm has a single one and all finished, so that it would say nothing new.
pub fn trials(run: &RunJson) -> Option<Table> {
    let finished = |trial: &Trial| trial.status == Status::Finished;
    if run.trials.len() == run.arms().len() && run.trials.iter().all(finished) {
        return None;
    }
    let folds = run.trials.iter().any(|trial| trial.id.fold.is_some());
    let settings = run.trials.iter().any(|trial| trial.id.settings.is_some());
    let mut columns = vec!["arm", "seed"];
    columns.extend(folds.then_some("fold"));
    columns.extend(settings.then_some("settings"));
    columns.push("ended");
    let words = columns.len();
    columns.extend([run.metric.title(), "FLOPs", "reference time"]);
    let mut table = Table::new("Trials", words, &columns);
    for trial in &run.trials {
        let mut cells = vec![trial.id.arm.clone(), trial.id.seed.to_string()];
        let fold = trial.id.fold.map_or(NONE.into(), |fold| fold.to_string());
        cells.extend(folds.then_some(fold));
        let own = trial.id.settings.clone().unwrap_or(NONE.into());
        cells.extend(settings.then_some(own));
        cells.push(trial.status.word().into());
        let value = trial.result().filter(|_| finished(trial));
        let value = value.and_then(|stage| stage.test.get(&run.metric.name).copied());
        cells.push(run.metric.value(value));
        let total = trial.bill.equalised();
        cells.push(total.flops.map_or(NONE.into(), human_flops));
        cells.push(total.reference_seconds.map_or(NONE.into(), human_seconds));
        table.row(cells);
    }
    Some(table)
}
