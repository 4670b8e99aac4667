//! Reference seconds beside CPU seconds, and the bill beside what the system counts: bench/seconds.md.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::bench::output;
use crate::report::host;

pub const USAGE: &str = "usage: cargo xtask seconds [--data shared/data] [recipe …]
    the folder holds california-housing.csv and fsdd/recordings; recipes without their data are left out";

/// A recipe, its data below the folder, the stages whose epochs are set, and a control whose cost is about its stage's own.
struct Case {
    recipe: &'static str,
    data: Option<&'static str>,
    stages: &'static [&'static str],
    control: &'static str,
}

const CASES: [Case; 6] = [
    Case {
        recipe: "digits",
        data: None,
        stages: &["small", "large"],
        control: "small",
    },
    Case {
        recipe: "source-generated",
        data: None,
        stages: &["small", "large"],
        control: "small",
    },
    Case {
        recipe: "source",
        data: Some("fsdd/recordings"),
        stages: &["small", "large"],
        control: "small",
    },
    Case {
        recipe: "california",
        data: Some("california-housing.csv"),
        stages: &["small", "large"],
        control: "small",
    },
    Case {
        recipe: "compress",
        data: None,
        stages: &["teacher", "student"],
        control: "alone",
    },
    Case {
        recipe: "ensemble",
        data: None,
        stages: &["teacher1", "student"],
        control: "alone",
    },
];

const EPOCHS: [u32; 2] = [5, 40];

/// What the ratios are to lie within.
const BAND: std::ops::RangeInclusive<f64> = 0.8..=1.25;

/// Runs of each; that which took the fewest CPU seconds was the calmest.
const RUNS: usize = 4;

/// One run: reference and CPU seconds by arm and stage, the bill's sum, what of it measured the machine, the system's CPU seconds.
struct Measured {
    stages: BTreeMap<(String, String), (f64, f64)>,
    bill: f64,
    calibrate: f64,
    system: f64,
}

pub fn run(arguments: &[String]) -> Result<(), String> {
    let mut data = "shared/data".to_owned();
    let mut names = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--data" => data = rest.next().ok_or(USAGE)?.clone(),
            name if CASES.iter().any(|case| case.recipe == name) => names.push(name.to_owned()),
            _ => return Err(USAGE.into()),
        }
    }
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    output(Command::new(env!("CARGO")).args(["build", "--release", "--workspace", "--bins"]))?;
    let (mut ratios, mut sums) = (String::new(), String::new());
    for case in &CASES {
        let path = case.data.map(|below| Path::new(&data).join(below));
        let wanted = names.is_empty() || names.iter().any(|name| name == case.recipe);
        if !wanted || path.as_ref().is_some_and(|path| !path.exists()) {
            continue;
        }
        for epochs in EPOCHS {
            let runs = (0..RUNS).map(|_| measured(case, epochs, path.as_deref()));
            let runs = runs.collect::<Result<Vec<_>, _>>()?;
            for place in runs[0].stages.keys() {
                let of = |run: &Measured| run.stages.get(place).copied();
                let mut all: Vec<(f64, f64)> = runs.iter().filter_map(of).collect();
                all.sort_by(|a, b| a.1.total_cmp(&b.1));
                let (reference, cpu) = all[0];
                let most = all[all.len() - 1].1;
                let (arm, stage) = place;
                let ratio = reference / cpu;
                let mark = if BAND.contains(&ratio) {
                    ""
                } else {
                    " (outside)"
                };
                let _ = writeln!(
                    ratios,
                    "| {} | {epochs} | {arm} | {stage} | {reference:.3} | {cpu:.3} | {ratio:.2}{mark} | {most:.3} |",
                    case.recipe,
                );
            }
            let run = &runs[0];
            let _ = writeln!(
                sums,
                "| {} | {epochs} | {:.2} | {:.2} | {:.1} % | {:.1} % |",
                case.recipe,
                run.bill,
                run.system,
                100.0 * run.bill / run.system,
                100.0 * run.calibrate / run.bill
            );
        }
    }
    let host = host(&load);
    let text = format!(
        "# Reference seconds beside CPU seconds

Written by `cargo xtask seconds`: every shipped recipe whose data are at hand (not `cifar`, which takes an hour), every stage's epochs set to 5 and to 40, one thread, one
trial at a time, the flow and one control, {RUNS} times. A stage's reference seconds over the CPU seconds it took, all that equal cost compares, in the calmest of the {RUNS}
runs: that in which the stage took the fewest CPU seconds. Where other programs compute too, CPU seconds grow and reference seconds do not; how noisy the machine was
the last column tells, the most CPU seconds of the {RUNS}.

{}, {} cores, load average {} before; {}; {}; Distil {}.

| recipe | epochs | arm | stage | reference s | CPU s | reference / CPU | CPU s, noisiest |
|---|---|---|---|---|---|---|---|
{ratios}
The sum of the bill, all rows, beside the CPU seconds that the system reports for the run and its trials; and the share of measuring the machine.

| recipe | epochs | bill, CPU s | system, CPU s | bill / system | measuring the machine, of the bill |
|---|---|---|---|---|---|
{sums}",
        word(&host, "cpu"),
        host["cores"],
        host["load_before"],
        word(&host, "system"),
        word(&host, "rustc"),
        word(&host, "revision"),
    );
    fs::write("bench/seconds.md", text).map_err(|e| format!("bench/seconds.md: {e}"))
}

fn word(host: &serde_json::Map<String, Value>, key: &str) -> String {
    host[key].as_str().unwrap_or_default().to_owned()
}

fn measured(case: &Case, epochs: u32, data: Option<&Path>) -> Result<Measured, String> {
    let folder = std::env::temp_dir().join(format!("distil-seconds-{}", std::process::id()));
    let mut command = Command::new("sh");
    // The shell says what its children took, the run's own trials included.
    command.args([
        "-c",
        "\"$@\" && times",
        "sh",
        "target/release/distil",
        "run",
        case.recipe,
    ]);
    for stage in case.stages {
        command.args(["--set", &format!("stage.{stage}.train.epochs={epochs}")]);
    }
    if let Some(data) = data {
        command.args(["--set", &format!("data.path={}", data.display())]);
    }
    command.args(["--set", &format!("compare.arms=[\"{}\"]", case.control)]);
    command.args([
        "--threads",
        "1",
        "--jobs",
        "1",
        "--fresh",
        "--quiet",
        "--json",
        "--runs",
    ]);
    let told = output(command.arg(&folder));
    let _ = fs::remove_dir_all(&folder);
    let told = told?;
    let end = told.rfind('}').ok_or("distil printed no run.json")? + 1;
    let run: Value = serde_json::from_str(&told[..end]).map_err(|e| format!("run.json: {e}"))?;
    let times = told[end..].lines().last().unwrap_or_default();
    let mut measured = Measured {
        stages: BTreeMap::new(),
        bill: 0.0,
        calibrate: 0.0,
        system: times.split_whitespace().map(seconds).sum(),
    };
    let trials = run["trials"].as_array().into_iter().flatten();
    let of_trials = trials.flat_map(|trial| {
        let rows = trial["bill"].as_array().into_iter().flatten();
        rows.map(|row| (trial["arm"].as_str().unwrap_or_default(), row))
    });
    let own = run["bill"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| ("", row));
    for (arm, row) in of_trials.chain(own) {
        let cpu = row["cpu_seconds"].as_f64().unwrap_or(0.0);
        let purpose = row["purpose"].as_str().unwrap_or_default();
        measured.bill += cpu;
        if purpose == "calibrate" {
            measured.calibrate += cpu;
        }
        if ["train", "select", "grow", "teach"].contains(&purpose) {
            let stage = row["stage"].as_str().unwrap_or_default();
            let place = (arm.to_owned(), stage.to_owned());
            let sum = measured.stages.entry(place).or_default();
            sum.0 += row["reference_seconds"].as_f64().unwrap_or(f64::NAN);
            sum.1 += cpu;
        }
    }
    eprintln!(
        "{} {epochs}: {:.2} of {:.2} s",
        case.recipe, measured.bill, measured.system
    );
    Ok(measured)
}

/// `1m2.345s`, as a shell writes times.
fn seconds(text: &str) -> f64 {
    let (minutes, rest) = text.split_once('m').unwrap_or(("0", text));
    let number = |text: &str| text.trim_end_matches('s').parse().unwrap_or(f64::NAN);
    60.0 * number(minutes) + number(rest)
}
