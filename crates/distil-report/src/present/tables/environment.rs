//! The machine and the run.

use crate::present::human::{human_bytes, human_seconds};
use crate::present::show;
use crate::present::table::Table;
use crate::run_json::RunJson;

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
