//! The report's tables.

use crate::bill::{
    self, BillRow, Purpose, Total, human_bytes, human_count, human_flops, human_seconds,
};
use crate::compare::{FLOW, PLAIN_FULL};
use crate::events::{Part, Promise};
use crate::measure::METRICS;
use crate::run_json::{End, RunJson, Size, Status, Trial};
use crate::seeds;
use crate::show;
use crate::table::Table;

const NONE: &str = "–";

/// Each arm's metrics on the test part, means over its finished trials, and its cost; with several seeds the main metric's standard
/// deviation over them.
pub fn results(run: &RunJson) -> Table {
    let names = metric_names(run);
    let several = run
        .arms()
        .iter()
        .any(|arm| seeds::values(run, arm).len() > 1);
    let mut columns = vec!["arm"];
    columns.extend(names.iter().map(|name| show::title(name)));
    if several {
        columns.splice(2..2, ["± over seeds", "seeds"]);
    }
    columns.extend(["FLOPs", "reference time", "of the flow's FLOPs"]);
    let mut table = Table::new("Test results and cost", 1, &columns);
    let unit = run.metric.unit.as_deref();
    let flow = cost(run, FLOW).and_then(|total| total.flops);
    for arm in run.arms() {
        let mut cells = vec![arm.to_owned()];
        for name in &names {
            cells.push(
                mean_metric(run, arm, name)
                    .map_or(NONE.into(), |value| show::value(name, unit, value)),
            );
        }
        if several {
            let own: Vec<f64> = seeds::values(run, arm).iter().map(|(_, v)| *v).collect();
            let spread = seeds::spread(&own);
            let spread = spread.map(|spread| show::width(&run.metric.name, unit, spread));
            cells.splice(2..2, [spread.unwrap_or(NONE.into()), own.len().to_string()]);
        }
        let total = cost(run, arm);
        cells.push(
            total
                .and_then(|total| total.flops)
                .map_or(NONE.into(), human_flops),
        );
        cells.push(
            total
                .and_then(|total| total.reference_seconds)
                .map_or(NONE.into(), human_seconds),
        );
        let ratio = total
            .and_then(|total| total.flops)
            .zip(flow)
            .filter(|(_, flow)| *flow > 0.0);
        cells.push(ratio.map_or(NONE.into(), |(own, flow)| show::per_cent(own / flow)));
        table.row(cells);
    }
    table
}

/// Every arm's bill by stage and purpose, means over its trials, with the sum that equal cost compares and the sum of all.
pub fn bill(run: &RunJson) -> Table {
    let columns = [
        "arm",
        "stage",
        "for",
        "FLOPs",
        "reference time",
        "CPU time",
        "samples",
    ];
    let mut table = Table::new("The bill", 3, &columns);
    for arm in run.arms() {
        let rows = arm_bill(run, arm);
        for row in &rows {
            let words = [arm, &row.stage, row.purpose.word()];
            table.row(bill_cells(&words, [row].into_iter().collect()));
        }
        let equalised: Total = rows.iter().filter(|row| row.purpose.equalised()).collect();
        table.total(bill_cells(&[arm, "equal cost", ""], equalised));
        table.total(bill_cells(&[arm, "everything", ""], rows.iter().collect()));
    }
    table
}

/// The flow's cost with its earlier stages counted and with them given, beside plain's full budget, and after how many students
/// they have paid for themselves; none where the flow has one stage, or plain's full budget was not run.
pub fn break_even(run: &RunJson) -> Option<Table> {
    let result = run.arm(FLOW).find_map(|trial| trial.result())?.name.clone();
    let rows = arm_bill(run, FLOW);
    let sum = |of_result: bool| -> Total {
        let equalised = rows.iter().filter(|row| row.purpose.equalised());
        equalised
            .filter(|row| (row.stage == result) == of_result)
            .collect()
    };
    let (earlier, student) = (sum(false), sum(true));
    let plain = cost(run, PLAIN_FULL)?;
    if earlier.samples == 0 {
        return None;
    }
    let columns = ["cost per student", "FLOPs", "reference time"];
    let mut table = Table::new("Earlier stages counted and given", 1, &columns);
    let mut row = |what: &str, flops: Option<f64>, seconds: Option<f64>| {
        let flops = flops.map_or(NONE.into(), human_flops);
        let seconds = seconds.map_or(NONE.into(), human_seconds);
        table.row(vec![what.into(), flops, seconds]);
    };
    let all = cost(run, FLOW)?;
    row("flow, all stages counted", all.flops, all.reference_seconds);
    row(
        "flow, earlier stages given",
        student.flops,
        student.reference_seconds,
    );
    row("plain-full", plain.flops, plain.reference_seconds);
    let students = |of: fn(Total) -> Option<f64>| -> String {
        let costs = of(earlier).zip(of(student)).zip(of(plain));
        match costs.map(|((earlier, student), plain)| bill::break_even(earlier, student, plain)) {
            None => NONE.into(),
            Some(None) => "never".into(),
            Some(Some(students)) => format!("from {}", show::grouped(students as f64)),
        }
    };
    table.total(vec![
        "students until it pays, quality being equal".into(),
        students(|total| total.flops),
        students(|total| total.reference_seconds),
    ]);
    Some(table)
}

/// What each arm chose on the validation part, and what the settings it did not choose cost beside its bill; none where nothing was
/// tuned.
pub fn tuning(run: &RunJson) -> Option<Table> {
    let folds = run.tuned.iter().any(|tuned| tuned.fold.is_some());
    let mut columns = vec!["arm"];
    columns.extend(folds.then_some("fold"));
    columns.extend(["chose", "among the values tried"]);
    let words = columns.len();
    columns.extend([
        "settings",
        "trials",
        "FLOPs of the others",
        "CPU time of the others",
    ]);
    let mut table = Table::new(
        "Tuning on the validation part, in no arm's bill",
        words,
        &columns,
    );
    for tuned in &run.tuned {
        let mut cells = vec![tuned.arm.clone()];
        let fold = tuned.fold.map_or(NONE.into(), |fold| fold.to_string());
        cells.extend(folds.then_some(fold));
        cells.push(tuned.chosen.clone().unwrap_or(NONE.into()));
        let end = match tuned.end() {
            None => NONE,
            Some(End::Inside) => "inside",
            Some(End::Smallest) => "the smallest",
            Some(End::Largest) => "the largest",
        };
        cells.push(end.into());
        cells.push(tuned.tried.len().to_string());
        cells.push(tuned.trials.to_string());
        cells.push(tuned.spare_flops.map_or(NONE.into(), human_flops));
        cells.push(human_seconds(tuned.spare_cpu_seconds));
        table.row(cells);
    }
    (!table.rows.is_empty()).then_some(table)
}

fn bill_cells(words: &[&str], total: Total) -> Vec<String> {
    let mut cells: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    cells.push(total.flops.map_or(NONE.into(), human_flops));
    cells.push(total.reference_seconds.map_or(NONE.into(), human_seconds));
    cells.push(human_seconds(total.cpu_seconds));
    cells.push(human_count(total.samples as f64));
    cells
}

/// One arm's bill, the mean over its finished trials, or over all where none finished; a number is none where one trial's is.
pub(crate) fn arm_bill(run: &RunJson, arm: &str) -> Vec<BillRow> {
    let mut trials: Vec<&Trial> = run.arm(arm).collect();
    let finished = |trial: &&Trial| trial.status == Status::Finished;
    if trials.iter().any(finished) {
        trials.retain(finished);
    }
    let mut kinds: Vec<(&str, Purpose)> = Vec::new();
    for row in trials.iter().flat_map(|trial| &trial.bill.rows) {
        if !kinds.contains(&(row.stage.as_str(), row.purpose)) {
            kinds.push((&row.stage, row.purpose));
        }
    }
    let count = trials.len() as f64;
    kinds
        .into_iter()
        .map(|(stage, purpose)| {
            let total: Total = trials
                .iter()
                .filter_map(|trial| trial.bill.row(stage, purpose))
                .collect();
            BillRow {
                stage: stage.to_owned(),
                purpose,
                flops: total.flops.map(|flops| flops / count),
                cpu_seconds: total.cpu_seconds / count,
                reference_seconds: total.reference_seconds.map(|seconds| seconds / count),
                samples: (total.samples as f64 / count).round() as u64,
            }
        })
        .collect()
}

/// Train, validation and test side by side: does it generalise?
pub fn generalisation(run: &RunJson) -> Table {
    let mut table = Table::new(
        &format!(
            "{} on train, validation and test",
            show::title(&run.metric.name)
        ),
        2,
        &[
            "arm",
            "stage",
            "train",
            "validation",
            "test",
            "gap (test − train)",
        ],
    );
    let (name, unit) = (run.metric.name.as_str(), run.metric.unit.as_deref());
    for (arm, stage) in arm_stages(run) {
        let [train, validation, test] = parts(run, arm, stage);
        let shown =
            |value: Option<f64>| value.map_or(NONE.into(), |value| show::value(name, unit, value));
        let gap = test.zip(train).map_or(NONE.into(), |(test, train)| {
            show::difference(name, unit, test - train)
        });
        table.row(vec![
            arm.into(),
            stage.into(),
            shown(train),
            shown(validation),
            shown(test),
            gap,
        ]);
    }
    table
}

/// Every arm's stages, in the order in which they ran.
pub(crate) fn arm_stages(run: &RunJson) -> Vec<(&str, &str)> {
    let first_trial = |arm: &str| run.trials.iter().find(|trial| trial.arm == arm);
    run.arms()
        .into_iter()
        .filter_map(|arm| Some((arm, first_trial(arm)?)))
        .flat_map(|(arm, trial)| {
            trial
                .stages
                .iter()
                .map(move |stage| (arm, stage.name.as_str()))
        })
        .collect()
}

/// The main metric of one arm's stage on train, validation and test, means over the trials.
pub(crate) fn parts(run: &RunJson, arm: &str, stage: &str) -> [Option<f64>; 3] {
    let name = run.metric.name.as_str();
    [Part::Train, Part::Validation, Part::Test].map(|part| {
        let trials = run.trials.iter().filter(|trial| trial.arm == arm);
        let stages = trials
            .flat_map(|trial| &trial.stages)
            .filter(|run| run.name == stage);
        let values: Vec<f64> = stages
            .filter_map(|run| run.part(part).get(name).copied())
            .collect();
        mean(&values)
    })
}

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
    let (name, unit) = (run.metric.name.as_str(), run.metric.unit.as_deref());
    let interval = |ends: Option<[f64; 2]>| {
        ends.map_or(NONE.into(), |[low, high]| {
            let bare = |value| show::bare_difference(name, value);
            format!("{} to {}", bare(low), bare(high))
        })
    };
    let p = |p: Option<f64>| p.map_or(NONE.into(), show::bare_p);
    let ratio = |ratio: Option<f64>| ratio.map_or(NONE.into(), show::per_cent);
    for c in all {
        let difference = c.difference;
        let mut cells = vec![
            c.against.clone(),
            c.verdict.word().into(),
            c.n.to_string(),
            difference.map_or(NONE.into(), |value| show::difference(name, unit, value)),
            interval(c.ci95),
        ];
        cells.extend(bootstrap.then(|| interval(c.bca95)));
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
    let (name, unit) = (run.metric.name.as_str(), run.metric.unit.as_deref());
    let columns = [
        "share of its budget",
        show::title(name),
        "FLOPs",
        "reference time",
    ];
    let mut table = Table::new("Plain's curve", 1, &columns);
    for point in &curve.points {
        table.row(vec![
            show::per_cent(point.share),
            show::value(name, unit, point.value),
            point.flops.map_or(NONE.into(), human_flops),
            point.seconds.map_or(NONE.into(), human_seconds),
        ]);
    }
    Some(table)
}

/// How exactly growth kept the small models' outputs; none where nothing was grown.
pub fn growth(run: &RunJson) -> Option<Table> {
    let columns = [
        "trial",
        "stage",
        "grown from",
        "promise",
        "largest difference per row",
        "rows",
    ];
    let mut table = Table::new("Growth", 4, &columns);
    for trial in &run.trials {
        for stage in &trial.stages {
            let Some(grown) = &stage.grown else { continue };
            let promise = match grown.promise {
                Promise::Exact => "exact (≤ 1e-5)",
                Promise::KeepsRms => "keeps the activations' size",
                Promise::Nothing => "nothing",
            };
            table.row(vec![
                trial.name(),
                stage.name.clone(),
                grown.from.clone(),
                promise.into(),
                format!("{:.1e}", grown.max_difference),
                show::grouped(grown.rows as f64),
            ]);
        }
    }
    (!table.rows.is_empty()).then_some(table)
}

/// Student beside teacher; none without `compress`.
pub fn compress(run: &RunJson) -> Option<Table> {
    let compress = run.compress.as_ref()?;
    let columns = [
        "model",
        "stage",
        "parameters",
        "bytes",
        "one row",
        "rows per second",
    ];
    let mut table = Table::new("What compression gained", 2, &columns);
    let cells = |model: &str, size: &Size| {
        vec![
            model.into(),
            size.stage.clone(),
            show::grouped(size.parameters as f64),
            human_bytes(size.bytes),
            human_seconds(size.latency_seconds),
            human_count(size.rows_per_second),
        ]
    };
    table.row(cells("teacher", &compress.teacher));
    table.row(cells("student", &compress.student));
    let times = |more: f64, less: f64| {
        if less > 0.0 {
            format!("{} ×", show::number(more / less))
        } else {
            NONE.into()
        }
    };
    let (student, teacher) = (&compress.student, &compress.teacher);
    table.total(vec![
        "gain".into(),
        String::new(),
        times(teacher.parameters as f64, student.parameters as f64),
        times(teacher.bytes as f64, student.bytes as f64),
        times(teacher.latency_seconds, student.latency_seconds),
        times(student.rows_per_second, teacher.rows_per_second),
    ]);
    Some(table)
}

/// The machine and the run.
pub fn environment(run: &RunJson) -> Table {
    let mut table = Table::new("Environment", 2, &["what", "value"]);
    let host = &run.host;
    let data = run
        .trials
        .first()
        .map(|trial| trial.data)
        .unwrap_or_default();
    let repeated: f64 = run
        .trials
        .iter()
        .map(|trial| trial.repeated_cpu_seconds)
        .sum();
    let resumes: usize = run.trials.iter().map(|trial| trial.resumes).sum();
    let rows = [
        ("Distil", host.distil.clone()),
        ("plan", run.plan.clone()),
        ("system", host.system.clone()),
        (
            "processor",
            format!("{}, {} cores, {}", host.cpu, host.cores, host.instructions),
        ),
        ("memory", human_bytes(host.memory_bytes)),
        (
            "device",
            format!("{}, threads per trial: {}", host.device, host.threads),
        ),
        (
            "samples",
            format!(
                "{} to train on, {} to choose on, {} to test on",
                show::grouped(data.train as f64),
                show::grouped(data.validation as f64),
                show::grouped(data.test as f64)
            ),
        ),
        (
            "interruptions",
            format!(
                "{resumes}, {} of CPU time spent again (not in the bill)",
                human_seconds(repeated)
            ),
        ),
    ];
    for (what, value) in rows {
        table.row(vec![what.into(), value]);
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
    let folds = run.trials.iter().any(|trial| trial.fold.is_some());
    let settings = run.trials.iter().any(|trial| trial.settings.is_some());
    let (name, unit) = (run.metric.name.as_str(), run.metric.unit.as_deref());
    let mut columns = vec!["arm", "seed"];
    columns.extend(folds.then_some("fold"));
    columns.extend(settings.then_some("settings"));
    columns.push("ended");
    let words = columns.len();
    columns.extend([show::title(name), "FLOPs", "reference time"]);
    let mut table = Table::new("Trials", words, &columns);
    for trial in &run.trials {
        let mut cells = vec![trial.arm.clone(), trial.seed.to_string()];
        let fold = trial.fold.map_or(NONE.into(), |fold| fold.to_string());
        cells.extend(folds.then_some(fold));
        let own = trial.settings.clone().unwrap_or(NONE.into());
        cells.extend(settings.then_some(own));
        cells.push(trial.status.word().into());
        let value = trial.result().filter(|_| finished(trial));
        let value = value.and_then(|stage| stage.test.get(name).copied());
        cells.push(value.map_or(NONE.into(), |value| show::value(name, unit, value)));
        let total = trial.bill.equalised();
        cells.push(total.flops.map_or(NONE.into(), human_flops));
        cells.push(total.reference_seconds.map_or(NONE.into(), human_seconds));
        table.row(cells);
    }
    Some(table)
}

/// The mean over an arm's finished trials of a metric of the result on the test part.
pub fn mean_metric(run: &RunJson, arm: &str, name: &str) -> Option<f64> {
    let values: Vec<f64> = run
        .trials
        .iter()
        .filter(|t| t.arm == arm && t.status == Status::Finished)
        .filter_map(|t| t.result()?.test.get(name).copied())
        .collect();
    mean(&values)
}

/// What an arm cost towards equal cost, the mean over its trials.
pub(crate) fn cost(run: &RunJson, arm: &str) -> Option<Total> {
    let rows = arm_bill(run, arm);
    (!rows.is_empty()).then(|| rows.iter().filter(|row| row.purpose.equalised()).collect())
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
