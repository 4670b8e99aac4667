//! bench/results.md and bench/results.json, from the runs.

use std::fmt::Write;
use std::process::Command;

use serde_json::{Map, Value, json};

use crate::bench::{Measured, PEERS, PROGRAMS, Run, THREADS, output};

/// The machine and the versions.
pub fn host(load: &str) -> Map<String, Value> {
    let file = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let told = |program: &str, arguments: &[&str]| {
        let text = output(Command::new(program).args(arguments)).unwrap_or_default();
        text.trim().to_string()
    };
    let info = file("/proc/cpuinfo");
    let cpu = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let cpu = cpu.map_or("", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = load.split(' ').next().unwrap_or_default();
    let fields = [
        ("cpu", json!(cpu)),
        ("cores", json!(cores)),
        (
            "load_before",
            json!(load.parse::<f64>().unwrap_or(f64::NAN)),
        ),
        ("system", json!(told("uname", &["-sr"]))),
        ("rustc", json!(told("rustc", &["--version"]))),
        (
            "revision",
            json!(told("git", &["rev-parse", "--short", "HEAD"])),
        ),
    ];
    fields
        .map(|(name, value)| (name.to_string(), value))
        .into_iter()
        .collect()
}

/// Times on a case of the best of some programs at its better thread count.
struct Best {
    program: &'static str,
    threads: u64,
    /// Milliseconds by round.
    ms: Vec<f64>,
    peak_mib: f64,
    flops: f64,
}

fn numbers(runs: &[Run], case: &str, program: &str, threads: u64, field: &str) -> Vec<f64> {
    runs.iter()
        .filter(|run| run["case"] == case && run["program"] == program && run["threads"] == threads)
        .filter_map(|run| run.get(field)?.as_f64())
        .collect()
}

fn best(runs: &[Run], case: &str, programs: &[&'static str]) -> Option<Best> {
    let of = |(program, threads): (&'static str, u64)| {
        let take = |field: &str| numbers(runs, case, program, threads, field);
        Best {
            program,
            threads,
            ms: take("ms"),
            peak_mib: median(&take("peak_mib")),
            flops: median(&take("flops")),
        }
    };
    let pairs = programs
        .iter()
        .flat_map(|program| THREADS.map(|threads| (*program, threads)));
    let all: Vec<Best> = pairs.map(of).collect();
    // What lost the first round was not repeated, and is not compared by it.
    let rounds = all.iter().map(|best| best.ms.len()).max()?;
    let all = all
        .into_iter()
        .filter(|best| rounds > 0 && best.ms.len() == rounds);
    all.min_by(|a, b| median(&a.ms).total_cmp(&median(&b.ms)))
}

pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        n if n.is_multiple_of(2) => (sorted[middle - 1] + sorted[middle]) / 2.0,
        _ => sorted[middle],
    }
}

/// GFLOP/s of the better program's matrix product.
fn rate(runs: &[Run], threads: u64) -> f64 {
    let of = |program: &&str| numbers(runs, "matrix", program, threads, "gflops");
    let all = PROGRAMS.iter().flat_map(of);
    all.fold(f64::NAN, f64::max)
}

/// Writes both files, and the Markdown to standard output too.
pub fn write(measured: &Measured) -> Result<(), String> {
    let Measured {
        cases,
        runs,
        load,
        source,
    } = measured;
    let host = host(load);
    let mut table = String::new();
    let mut found = Vec::new();
    for (case, title) in cases {
        let (Some(ours), Some(theirs)) = (best(runs, case, &["distil"]), best(runs, case, &PEERS))
        else {
            continue;
        };
        let pairs = ours.ms.iter().zip(&theirs.ms);
        let ratios: Vec<f64> = pairs.map(|(ours, theirs)| theirs / ours).collect();
        let (low, high) = ratios
            .iter()
            .fold((f64::INFINITY, 0.0_f64), |(low, high), r| {
                (low.min(*r), high.max(*r))
            });
        let processor = |program: &str| median(&numbers(runs, case, program, 1, "cpu_ms"));
        let processor =
            PEERS.map(processor).into_iter().fold(f64::NAN, f64::min) / processor("distil");
        let epoch = median(&numbers(runs, case, "distil", 1, "steps_per_epoch"));
        let epoch = |of: &Best| epoch * median(&of.ms) / 1e3;
        let share = |of: &Best| ours.flops / median(&of.ms) / 1e6 / rate(runs, of.threads);
        let _ = writeln!(
            table,
            "| {title} | {:.3} ({}) | {:.3} ({}{}) | **{:.2}** ({low:.2} to {high:.2}) | {processor:.2} | {:.0} % | {:.0} % | {:.0} | {:.0} |",
            median(&ours.ms),
            ours.threads,
            median(&theirs.ms),
            theirs.threads,
            match theirs.program {
                "torch" => "",
                _ => ", compiled",
            },
            median(&ratios),
            100.0 * share(&ours),
            100.0 * share(&theirs),
            ours.peak_mib,
            theirs.peak_mib,
        );
        found.push(json!({
            "case": case,
            "title": title,
            "flops_per_step": ours.flops,
            "distil": { "ms": median(&ours.ms), "epoch_seconds": epoch(&ours), "threads": ours.threads, "peak_mib": ours.peak_mib, "rate_share": share(&ours) },
            "torch": { "ms": median(&theirs.ms), "epoch_seconds": epoch(&theirs), "compiled": theirs.program != "torch", "threads": theirs.threads, "peak_mib": theirs.peak_mib, "rate_share": share(&theirs) },
            "ratio": { "median": median(&ratios), "low": low, "high": high },
            "processor_time_ratio_one_thread": processor,
        }));
    }
    let text = |name: &str| host[name].as_str().unwrap_or_default().to_string();
    let torch = runs.iter().find_map(|run| run.get("torch")?.as_str());
    let rounds = runs
        .iter()
        .filter_map(|run| run["round"].as_u64())
        .max()
        .map_or(0, |r| r + 1);
    let mut page = format!(
        "# Training steps beside PyTorch

Written by `cargo xtask bench`: {rounds} rounds, every program once per round and thread count, one after the other. A step is
batch, forward, loss, backward, optimiser: Distil's as its training loop does it (`crates/distil/examples/bench_steps.rs`),
PyTorch's with batches cut by hand and `Adam(fused=True)`, after three steps that warm up (`bench/peers/steps.py`). Each side at
the better of 1 and 2 threads (in brackets), PyTorch as it is or through `torch.compile`, whichever is
faster (what loses the first round by a fifth is not repeated); medians; ratio: the median of the rounds' ratios and their range. Processor time is compared with one thread:
it says more where others use the machine too. Rate: share of the matrix-product rate measured
between the rounds (the better of both programs, {:.0} GFLOP/s with one thread, {:.0} with two). Operations are counted by definition, for both
programs alike: where Distil convolves by minimal filtering it multiplies 16 times for 36 that are counted. Seconds an epoch of the case's samples:
bench/results.json.

{}, {} cores, load average {} before; {}; {}; Distil {}; PyTorch {}.

| case | Distil ms | PyTorch ms | PyTorch / Distil | processor time | Distil's rate | PyTorch's | Distil MiB | PyTorch MiB |
|---|---|---|---|---|---|---|---|---|
{table}",
        rate(runs, 1),
        rate(runs, 2),
        text("cpu"),
        host["cores"],
        host["load_before"],
        text("system"),
        text("rustc"),
        text("revision"),
        torch.unwrap_or_default(),
    );
    if let Some(at) = source.find("| program") {
        let _ = write!(
            page,
            "\nThe source's two loops, whole processes (`bench/source`, bench/results-source.md):\n\n{}",
            &source[at..]
        );
    }
    let all = json!({ "host": host, "torch": torch, "cases": found, "runs": runs });
    let json = serde_json::to_string_pretty(&all).map_err(|e| e.to_string())? + "\n";
    for (path, content) in [("bench/results.md", &page), ("bench/results.json", &json)] {
        std::fs::write(path, content).map_err(|e| format!("{path}: {e}"))?;
    }
    print!("{page}");
    Ok(())
}
