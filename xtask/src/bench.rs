//! Distil and PyTorch on the same training steps, interleaved.

use std::process::Command;

use serde_json::Value;

pub const USAGE: &str = "usage: cargo xtask bench [--rounds 5] [--seconds 2] [--no-source] [case …]
    PYTHON names a Python with torch and numpy (default python3); without cases, all are run";

/// The cases that crates/distil/examples/bench_steps.rs and bench/peers/steps.py both know: name, what it is.
pub const CASES: &[(&str, &str)] = &[
    ("mlp-tiny", "MLP 100-50-10, batch 32"),
    ("mlp-source", "MLP 1000-500-100-10, batch 32"),
    ("mlp-wide", "MLP 784-1024-1024-10, batch 128"),
    (
        "mlp-kd",
        "kd: MLP 784-1024-1024-10 teaches 784-256-10, batch 128",
    ),
    ("cnn", "CNN 32-64-128 on 1×28×28, batch 64"),
    ("resnet", "ResNet-20 on 3×32×32, batch 128"),
    (
        "resnet-kd",
        "kd: ResNet-20, width 2, teaches ResNet-8, width 2, batch 128",
    ),
];

pub const THREADS: [u64; 2] = [1, 2];
/// The peer is PyTorch as it is, and through `torch.compile`; whichever is better counts.
pub const PROGRAMS: [&str; 3] = ["distil", "torch", "torch-compiled"];
pub const PEERS: [&str; 2] = ["torch", "torch-compiled"];

/// One run of one program: its own line of JSON, with `program` and `round`.
pub type Run = serde_json::Map<String, Value>;

/// What was measured.
pub struct Measured {
    /// Cases by name, and what each is.
    pub cases: Vec<(&'static str, &'static str)>,
    pub runs: Vec<Run>,
    /// The load average before, as the system words it.
    pub load: String,
    /// What `bench/source` printed; empty if it was left out.
    pub source: String,
}

pub fn run(arguments: &[String]) -> Result<Measured, String> {
    let (mut rounds, mut seconds, mut source) = (5, "2".to_string(), true);
    let mut cases = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().cloned().ok_or(USAGE);
        match argument.as_str() {
            "--rounds" => rounds = value()?.parse().map_err(|_| USAGE)?,
            "--seconds" => seconds = value()?,
            "--no-source" => source = false,
            name => cases.push(*CASES.iter().find(|case| case.0 == name).ok_or(USAGE)?),
        }
    }
    if cases.is_empty() {
        cases = CASES.to_vec();
    }
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let build = ["build", "--release", "--workspace", "--bins", "--examples"];
    output(Command::new(env!("CARGO")).args(build))?;
    let program = |name: &str, case: &str, threads: u64| {
        let mut command = match name {
            "distil" => {
                let mut command = Command::new("target/release/examples/bench_steps");
                // As a run starts its trials (crates/distil/src/run/parent/launch.rs).
                command.env("MIMALLOC_PURGE_DELAY", "10000");
                command
            }
            _ => {
                let mut command = Command::new(&python);
                command.arg("bench/peers/steps.py");
                if name == "torch-compiled" {
                    command.arg("--compile");
                }
                command
            }
        };
        let threads = threads.to_string();
        command.args([case, "--threads", &threads, "--seconds", &seconds]);
        command
    };
    let mut runs: Vec<Run> = Vec::new();
    let mut lost: Vec<(&str, &str)> = Vec::new();
    let names = cases.iter().map(|case| case.0).chain(["matrix"]);
    for round in 0..rounds {
        for case in names.clone() {
            for threads in THREADS {
                for name in PROGRAMS {
                    if (case, name) == ("matrix", "torch-compiled") || lost.contains(&(case, name))
                    {
                        continue;
                    }
                    let line = output(&mut program(name, case, threads))?;
                    eprint!("{round} {name:14} {line}");
                    let mut run: Run = serde_json::from_str(&line)
                        .map_err(|e| format!("{name} {case} printed `{line}`: {e}"))?;
                    run.insert("program".into(), name.into());
                    run.insert("round".into(), round.into());
                    runs.push(run);
                }
            }
            let fastest = |name: &str| {
                let of = |run: &&Run| run["case"] == case && run["program"] == name;
                let times = runs
                    .iter()
                    .filter(of)
                    .filter_map(|run| run.get("ms")?.as_f64());
                times.fold(f64::INFINITY, f64::min)
            };
            let [plain, compiled] = PEERS.map(fastest);
            // What lost the first round by a fifth is not repeated.
            if round == 0 && compiled > 1.2 * plain {
                lost.push((case, PEERS[1]));
            } else if round == 0 && plain > 1.2 * compiled {
                lost.push((case, PEERS[0]));
            }
        }
    }
    let source = match source {
        true => output(Command::new("bench/source").arg(rounds.to_string()))?,
        false => String::new(),
    };
    Ok(Measured {
        cases,
        runs,
        load,
        source,
    })
}

/// What a command prints, once it has ended well.
pub fn output(command: &mut Command) -> Result<String, String> {
    let done = command
        .output()
        .map_err(|e| format!("{command:?} did not start: {e}"))?;
    if !done.status.success() {
        let reason = String::from_utf8_lossy(&done.stderr);
        return Err(format!("{command:?} failed:\n{reason}"));
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}
