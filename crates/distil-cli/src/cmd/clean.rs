//! `distil clean`: finished runs without their trials.

use distil_report::foreign::terminal;
use distil_report::present::human::human_bytes;

use crate::args::CleanArgs;
use crate::exit::Ended;
use crate::show;

/// Removes the trials of finished runs, and stages kept for reuse.
pub fn clean(args: &CleanArgs) -> Ended {
    for run in &args.runs {
        let bytes = match distil::find::is_search(run) {
            true => distil::find::clean(run)?,
            false => distil::run::clean(run)?,
        };
        show::print(&format!(
            "{}: {} of trials removed; model, report and run.json stay",
            terminal(&run.display().to_string()),
            human_bytes(bytes)
        ))?;
    }
    if let Some(runs) = &args.stages {
        let bytes = distil::run::forget(runs)?;
        show::print(&format!(
            "{}: {} of stages kept for reuse removed; the next run trains its own",
            terminal(&runs.display().to_string()),
            human_bytes(bytes)
        ))?;
    }
    Ok(())
}
