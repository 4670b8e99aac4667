//! `distil list runs`: the runs in a folder.

use std::fs;
use std::path::{Path, PathBuf};

use distil::run::RunFolder;
use distil_report::foreign::terminal;
use distil_report::present::sentence::headline;
use distil_report::record::arm::FLOW;
use distil_report::run_json::{RunJson, Status};
use distil_report::summary::Summary;

use crate::exit::Failure;
use crate::show::table::{self, table, text};

const NONE: &str = "–";

/// Every run's status, the flow's metric on test and the verdict.
pub fn runs(folder: &Path) -> Result<String, Failure> {
    let runs = folders(folder)?;
    if runs.is_empty() {
        return Ok(format!(
            "{}: no runs. `distil run digits` makes the first.",
            terminal(&folder.display().to_string())
        ));
    }
    let mut shown = table(&[
        "run", "recipe", "status", "trials", "metric", "test", "verdict",
    ]);
    for run in runs {
        shown.add_row(table::row(row(&run)));
    }
    Ok(text(&shown))
}

fn folders(folder: &Path) -> Result<Vec<RunFolder>, Failure> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| distil::files::refused(folder, &error))?,
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths
        .iter()
        .filter_map(|path| RunFolder::open(path).ok())
        .collect())
}

fn row(folder: &RunFolder) -> [String; 7] {
    let name = folder.name();
    if distil::find::is_search(folder.path()) {
        return search(name, folder.path());
    }
    let path = folder.run_json();
    if !path.exists() {
        return [&name, NONE, "unfinished", NONE, NONE, NONE, NONE].map(str::to_owned);
    }
    match RunJson::read(&path) {
        Err(_) => [&name, NONE, "run.json is damaged", NONE, NONE, NONE, NONE].map(str::to_owned),
        Ok(run) => {
            let metric = &run.metric;
            let test = Summary::of(&run, FLOW).value;
            [
                name,
                run.name.clone(),
                status(run.status).to_owned(),
                run.trials.len().to_string(),
                metric.name.clone(),
                metric.value(test),
                headline(&run.comparisons, metric).0.word().to_owned(),
            ]
        }
    }
}

/// Of a search its goal's metric on fresh seeds.
fn search(name: String, folder: &Path) -> [String; 7] {
    let unknown = |status: &str| [&name, NONE, status, NONE, NONE, NONE, NONE].map(str::to_owned);
    let find = match distil::find::record(folder) {
        Err(_) => return unknown("find.json is damaged"),
        Ok(None) => return unknown("unfinished"),
        Ok(Some(find)) => find,
    };
    let trials: usize = find.steps.iter().map(|step| step.tried.len()).sum();
    let [status, verdict] = match &find.confirmed {
        None => ["stopped", NONE],
        Some(confirmed) if confirmed.met => ["finished", "goal reached"],
        Some(_) => ["finished", "goal not shown"],
    };
    let confirmed = find.confirmed.as_ref();
    [
        name,
        find.name.clone(),
        status.to_owned(),
        (trials + confirmed.map_or(0, |confirmed| confirmed.test.len())).to_string(),
        find.metric.name.clone(),
        find.metric.value(confirmed.map(|confirmed| confirmed.mean)),
        verdict.to_owned(),
    ]
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Finished => "finished",
        Status::Stopped => "stopped",
        Status::Diverged => "diverged",
        Status::Failed => "failed",
    }
}
