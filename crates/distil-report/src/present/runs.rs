//! Two finished runs side by side: what differs in plan, result and cost.

use crate::present::foreign;
use crate::present::human::{human_flops, human_seconds};
use crate::present::sentence::{arm_words, headline};
use crate::present::show;
use crate::present::table::{NONE, Table};
use crate::record::arm::FLOW;
use crate::run_json::{RunJson, Status};
use crate::statistics::{FEWEST_PAIRS, mean, paired_errors, sign_flip};
use crate::summary::Summary;

/// What two runs have in common and what not.
#[derive(Clone, Debug, PartialEq)]
pub struct RunsCompared {
    /// What differs in the runs as a whole; then every arm's result, and its cost.
    pub tables: Vec<Table>,
    /// What can be said of the difference, and what makes it hard to compare.
    pub notes: Vec<String>,
}

impl RunsCompared {
    /// For a terminal.
    pub fn text(&self) -> String {
        let tables: Vec<String> = self
            .tables
            .iter()
            .map(|table| format!("{}\n\n{}", table.title, table.text()))
            .collect();
        let notes = self.notes.iter();
        let notes = notes.map(|note| foreign::terminal(note).into_owned() + "\n");
        format!("{}\n{}", tables.join("\n"), notes.collect::<String>())
    }

    /// For a paper or a pull request.
    pub fn markdown(&self) -> String {
        let tables = self
            .tables
            .iter()
            .map(|table| format!("## {}\n\n{}\n", table.title, table.markdown()));
        let notes = self
            .notes
            .iter()
            .map(|note| format!("* {}\n", foreign::markdown(note)));
        tables.chain(notes).collect()
    }
}

/// Compares two runs; `b` is the later one in "b − a". Of the runs as a whole only what differs is shown. Arms are compared
/// by the main metric where both runs have the same; the flow also seed by seed.
pub fn compare_runs(a: &RunJson, b: &RunJson) -> RunsCompared {
    let same_metric = a.metric.name == b.metric.name;
    let mut tables = vec![differing(a, b)];
    tables.extend(same_metric.then(|| results(a, b)));
    tables.push(costs(a, b));
    tables.retain(|table| !table.rows.is_empty());
    RunsCompared {
        tables,
        notes: notes(a, b, same_metric),
    }
}

/// One fact about a run, in words.
type Fact<'a> = &'a dyn Fn(&RunJson) -> String;

fn differing(a: &RunJson, b: &RunJson) -> Table {
    let mut table = Table::new("What differs", 3, &["what", "a", "b"]);
    let seeds = |run: &RunJson| {
        let mut seeds: Vec<u64> = run.trials.iter().map(|trial| trial.id.seed).collect();
        seeds.sort_unstable();
        seeds.dedup();
        let seeds: Vec<String> = seeds.iter().map(u64::to_string).collect();
        seeds.join(", ")
    };
    let chosen = |run: &RunJson| {
        let of_flow = run.tuned.iter().filter(|tuned| tuned.arm == FLOW);
        let chosen = of_flow.map(|tuned| tuned.chosen.clone().unwrap_or(NONE.into()));
        chosen.collect::<Vec<_>>().join("; ")
    };
    let facts: [(&str, Fact<'_>); 13] = [
        ("recipe", &|run| run.name.clone()),
        ("plan", &|run| run.plan.clone()),
        ("status", &|run| run.status.word().into()),
        ("metric", &|run| run.metric.title().into()),
        ("arms", &|run| run.arms().join(", ")),
        ("seeds", &seeds),
        ("the flow's settings", &chosen),
        ("samples", &|run| {
            let data = run.trials.first().map(|trial| trial.data);
            let data = data.unwrap_or_default();
            format!("{} + {} + {}", data.train, data.validation, data.test)
        }),
        ("verdict", &|run| {
            headline(&run.comparisons, &run.metric).0.word().into()
        }),
        ("Distil", &|run| run.host.distil.clone()),
        ("processor", &|run| run.host.cpu.clone()),
        ("instructions", &|run| run.host.instructions.clone()),
        ("threads per trial", &|run| run.host.threads.to_string()),
    ];
    for (what, of) in facts {
        let (a, b) = (of(a), of(b));
        if a != b {
            table.row(vec![what.into(), a, b]);
        }
    }
    table
}

/// The arms of both, in `a`'s order and then `b`'s.
fn arms<'a>(a: &'a RunJson, b: &'a RunJson) -> Vec<&'a str> {
    let mut arms = a.arms();
    let more = b.arms().into_iter().filter(|arm| !arms.contains(arm));
    let more: Vec<&str> = more.collect();
    arms.extend(more);
    arms
}

fn results(a: &RunJson, b: &RunJson) -> Table {
    let metric = &a.metric;
    let title = format!("{} on the test part", metric.title());
    let mut table = Table::new(&title, 1, &["arm", "a", "b", "b − a"]);
    for arm in arms(a, b) {
        let [of_a, of_b] = [a, b].map(|run| Summary::of(run, arm).value);
        table.row(vec![
            arm.into(),
            metric.value(of_a),
            metric.value(of_b),
            metric.difference(of_a.zip(of_b).map(|(a, b)| b - a)),
        ]);
    }
    table
}

fn costs(a: &RunJson, b: &RunJson) -> Table {
    let columns = [
        "arm", "FLOPs a", "FLOPs b", "b / a", "time a", "time b", "b / a",
    ];
    let mut table = Table::new("Cost towards equal cost", 1, &columns);
    for arm in arms(a, b) {
        let totals = [a, b].map(|run| Summary::of(run, arm).cost);
        let mut cells = vec![arm.to_owned()];
        let mut pair = |of: &dyn Fn(usize) -> Option<f64>, human: fn(f64) -> String| {
            let (a, b) = (of(0), of(1));
            let ratio = a.zip(b).filter(|(a, _)| *a > 0.0);
            cells.push(a.map_or(NONE.into(), human));
            cells.push(b.map_or(NONE.into(), human));
            cells.push(ratio.map_or(NONE.into(), |(a, b)| show::per_cent(b / a)));
        };
        pair(&|side| totals[side]?.flops, human_flops);
        pair(&|side| totals[side]?.reference_seconds, human_seconds);
        table.row(cells);
    }
    table
}

fn notes(a: &RunJson, b: &RunJson, same_metric: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if a.plan == b.plan {
        notes.push("Both runs have the same plan.".to_owned());
    }
    if !same_metric || a.task != b.task {
        notes.push(
            "The runs have different metrics or tasks: their results are not compared.".into(),
        );
    } else {
        notes.extend(flows(a, b));
    }
    let machine = |run: &RunJson| {
        let host = &run.host;
        let words = [&host.distil, &host.cpu, &host.instructions, &host.device];
        (words.map(String::clone), host.threads)
    };
    if machine(a) != machine(b) {
        notes.push(
            "They were measured with different versions, machines or threads: compare FLOPs, not time.".into(),
        );
    }
    let broken = |run: &RunJson| {
        let not = run
            .trials
            .iter()
            .filter(|trial| trial.status != Status::Finished);
        not.count()
    };
    for (which, run) in [("a", a), ("b", b)] {
        let count = broken(run);
        if count > 0 {
            let trials = if count == 1 {
                "trial that is"
            } else {
                "trials that are"
            };
            notes.push(format!(
                "Run {which} has {count} {trials} not finished and in no mean."
            ));
        }
    }
    notes
}

/// The flows seed by seed. Pairing by seed is fair only where the two runs test on the same samples.
fn flows(a: &RunJson, b: &RunJson) -> Option<String> {
    let test = |run: &RunJson| run.arm(FLOW).next().map(|trial| trial.data.test);
    let [of_a, of_b] = [a, b].map(|run| Summary::of(run, FLOW).values);
    let pair = |(seed, value): &(u64, f64)| {
        let (_, other) = of_b.iter().find(|(other, _)| other == seed)?;
        Some(other - value)
    };
    let differences: Vec<f64> = of_a.iter().filter_map(pair).collect();
    if test(a) != test(b) || differences.len() < 2 {
        return None;
    }
    let ends = paired_errors(&differences)?.ci95;
    let few = if differences.len() < FEWEST_PAIRS {
        format!("; at least {FEWEST_PAIRS} seeds can show a difference")
    } else {
        String::new()
    };
    Some(format!(
        "Over {} seeds that both have, b − a of {} is {} (95 % interval {}, sign-flip test {}), should both test on the same samples{few}.",
        differences.len(),
        arm_words(FLOW),
        a.metric.difference(Some(mean(&differences)?)),
        a.metric.interval(Some(ends)),
        show::p(sign_flip(&differences)?.p)
    ))
}
