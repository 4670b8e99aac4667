//! What arms cost: the bill, tuning beside it, and what earlier stages are worth.

use crate::bill::{self, BillRow, Total};
use crate::compare::{Comparison, is_as_good};
use crate::present::human::{human_count, human_flops, human_seconds};
use crate::present::show;
use crate::present::table::{NONE, Table};
use crate::record::Purpose;
use crate::record::arm::{FLOW, PLAIN_FULL};
use crate::run_json::{End, RunJson, Tuned};
use crate::summary::Summary;

/// Every arm's bill by stage and purpose, means over its trials, with the sum that equal cost compares, the sum of all that they did,
/// and equal cost with the trials by which settings were chosen: from nothing to the model.
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
    for Summary { arm, bill, .. } in Summary::all(run) {
        for row in &bill {
            let words = [arm, &row.stage, row.purpose.word()];
            table.row(bill_cells(&words, [row].into_iter().collect()));
        }
        let equalised: Total = bill.iter().filter(|row| row.purpose.equalised()).collect();
        table.total(bill_cells(&[arm, "equal cost", ""], equalised));
        table.total(bill_cells(&[arm, "everything", ""], bill::own(&bill)));
        let searched = |row: &BillRow| row.purpose == Purpose::Tune;
        if bill.iter().any(searched) {
            let whole = bill::with_the_search(&bill);
            table.total(bill_cells(&[arm, "with the search", ""], whole));
        }
    }
    for row in &run.bill.rows {
        let words = ["the run", "", row.purpose.word()];
        table.row(bill_cells(&words, [row].into_iter().collect()));
    }
    if !run.bill.is_empty() {
        let mut cells = vec![NONE.into(); 7];
        let words = ["the run", "everything", ""];
        cells.splice(..3, words.map(str::to_owned));
        cells[5] = human_seconds(run.cpu_seconds());
        table.total(cells);
    }
    table
}

fn bill_cells(words: &[&str], total: Total) -> Vec<String> {
    let mut cells: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    cells.push(total.flops.map_or(NONE.into(), human_flops));
    cells.push(total.reference_seconds.map_or(NONE.into(), human_seconds));
    cells.push(human_seconds(total.cpu_seconds));
    cells.push(human_count(total.samples as f64));
    cells
}

/// The flow's cost with its earlier stages counted and with them given, beside plain's full budget, and, where the flow is shown to be
/// as good, after how many students they have paid for themselves; none where the flow has one stage, or plain's full budget was not run.
pub fn break_even(run: &RunJson) -> Option<Table> {
    let result = run.arm(FLOW).find_map(|trial| trial.result())?.name.clone();
    let flow = Summary::of(run, FLOW);
    let sum = |of_result: bool| -> Total {
        let equalised = flow.bill.iter().filter(|row| row.purpose.equalised());
        equalised
            .filter(|row| (row.stage == result) == of_result)
            .collect()
    };
    let (earlier, student) = (sum(false), sum(true));
    let plain = Summary::of(run, PLAIN_FULL).cost?;
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
    let all = flow.cost?;
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
    let mut comparisons = run.comparisons.iter();
    let equal = |c: &Comparison| c.against == PLAIN_FULL && is_as_good(c, run.metric.better);
    if comparisons.any(equal) {
        table.total(vec![
            "students until it pays, quality being equal".into(),
            students(|total| total.flops),
            students(|total| total.reference_seconds),
        ]);
    }
    Some(table)
}

/// What each arm chose on the validation part, all its seeds together, and what the settings it did not choose cost beside its bill;
/// none where nothing was tuned.
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
    let mut table = Table::new("Tuning on the validation part", words, &columns);
    let together = Tuned::together(&run.tuned, run.metric.better);
    for (place, tuned) in together.iter().enumerate() {
        // Arms that one other chose for have a line together.
        let alike = |other: &&Tuned| {
            (&other.by, other.fold) == (&tuned.by, tuned.fold)
                && (other.by.is_some() || other.arm == tuned.arm)
        };
        if together[..place].iter().any(|other| alike(&other)) {
            continue;
        }
        let of: Vec<&Tuned> = together.iter().filter(alike).collect();
        let arm = match &tuned.by {
            Some(by) if of.len() > 1 => format!("arms of the large network (by {by})"),
            Some(by) => format!("{} (by {by})", tuned.arm),
            None => tuned.arm.clone() + &rungs(&run.tuned, &tuned.arm),
        };
        let mut cells = vec![arm];
        let fold = tuned.fold.map_or(NONE.into(), |fold| fold.to_string());
        cells.extend(folds.then_some(fold));
        cells.push(choices(&run.tuned, tuned));
        let end = match tuned.end() {
            None => NONE,
            Some(End::Inside) => "inside",
            Some(End::Smallest) => "the smallest",
            Some(End::Largest) => "the largest",
        };
        cells.push(end.into());
        cells.push(tuned.tried.len().to_string());
        let trials: usize = of.iter().map(|one| one.trials).sum();
        cells.push(trials.to_string());
        let flops: Option<f64> = of.iter().map(|one| one.spare_flops).sum();
        cells.push(flops.map_or(NONE.into(), human_flops));
        cells.push(human_seconds(
            of.iter().map(|one| one.spare_cpu_seconds).sum(),
        ));
        table.row(cells);
    }
    (!table.rows.is_empty()).then_some(table)
}

/// At which shares of its length an arm left values out: ` (halving at 11 and 33 %)`; nothing where every value was tried to the end.
fn rungs(all: &[Tuned], arm: &str) -> String {
    let tried = all.iter().filter(|tuned| tuned.arm == arm);
    let mut lengths: Vec<f64> = tried
        .flat_map(|tuned| tuned.tried.iter().filter_map(|tried| tried.left_out_at))
        .collect();
    lengths.sort_by(f64::total_cmp);
    lengths.dedup();
    let lengths: Vec<String> = lengths
        .iter()
        .map(|at| format!("{:.0}", 100.0 * at))
        .collect();
    let lengths: Vec<&str> = lengths.iter().map(String::as_str).collect();
    match lengths[..] {
        [] => String::new(),
        _ => format!(" (halving at {} %)", show::listed(&lengths)),
    }
}

/// What the seeds of an arm chose on a fold: `lr=0.002 × 4, lr=0.004 × 2`, or the one choice of all.
fn choices(all: &[Tuned], of: &Tuned) -> String {
    let seeds = all.iter().filter(|t| t.arm == of.arm && t.fold == of.fold);
    let chosen: Vec<&str> = seeds
        .map(|tuned| tuned.chosen.as_deref().unwrap_or(NONE))
        .collect();
    let mut different = chosen.clone();
    let place = |settings: &&str| of.tried.iter().position(|t| t.settings == *settings);
    different.sort_by_key(place);
    different.dedup();
    match different[..] {
        [one] => one.to_owned(),
        _ => {
            let counted = different.iter().map(|settings| {
                let times = chosen.iter().filter(|other| *other == settings).count();
                format!("{settings} × {times}")
            });
            counted.collect::<Vec<_>>().join(", ")
        }
    }
}
