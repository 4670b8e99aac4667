//! The parent of a run: plans, starts trials and hears them, folds the outcome.

mod bound;
mod children;
mod choices;
mod clean;
mod cores;
mod kept;
mod launch;
mod logs;
mod outcome;
mod request;
mod rungs;
mod supervise;
mod threads;
mod trials;

pub use clean::clean;
pub use outcome::{Outcome, write_report};
pub use request::{Request, Standing, Watcher};

use std::collections::BTreeMap;
use std::path::{Path, absolute};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use distil_kernels::give_back_free_memory;
use distil_recipe::RecipeText;

use self::bound::Cost;
use super::basis::Basis;
use super::folder::RunFolder;
use super::options::Options;
use super::prepare::{Of, Origin, Prepared, prepare};
use super::smoke::shortened;
use crate::data::Dataset;
use crate::data::source::{DECODED, Source};
use crate::error::Result;
use crate::files;
use crate::plan::{Arm, Plan};
use crate::train::Stopwatch;

/// Plans, creates the run folder, runs every trial and writes the outcome.
///
/// # Errors
/// Before the folder exists, whatever is wrong with recipe and data; afterwards what ended the flow. A run that
/// a signal stopped is no error: [`Outcome::signal`] says so.
pub fn run(request: &Request, watcher: &mut dyn Watcher) -> Result<Outcome> {
    let watch = Stopwatch::start();
    let mut options = request.options.clone();
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    options.began = now.map_or(0, |since| since.as_secs());
    options.base = absolute(&options.base).unwrap_or(options.base);
    let text = match options.smoke {
        true => shortened(&request.recipe)?,
        false => request.recipe.clone(),
    };
    let prepared = watched(watcher, || {
        let of = Of::arm(&Arm::Flow, &options);
        prepare(&text, &options, of, None, Origin::SourceForAll)
    })?;
    options.name.clone_from(&prepared.plan.name);
    let Planned {
        basis,
        notes,
        costs,
    } = planned(&text, &options, &prepared)?;
    for note in notes {
        watcher.note(&note);
    }
    let (plan, data) = (&prepared.plan, &prepared.data);
    let mut said = plan.describe_briefly(&trials::arms(&options, plan));
    for line in bound::beforehand(&text, &options, plan, data, costs) {
        said += &format!("{line}\n");
    }
    watcher.plan(&said);
    // Nothing is written before a plan exists.
    let (folder, _lock) = RunFolder::create(&request.runs, &options.name, |folder| {
        files::write(&folder.recipe(), text.text().as_bytes())?;
        files::write(&folder.plan(), prepared.plan.to_toml().as_bytes())?;
        options.write(&folder.options())?;
        for (stage, text) in &prepared.plan.settings {
            let path = folder.settings_of(stage);
            files::create_folder(path.parent().unwrap_or(folder.path()))?;
            files::write(&path, text.as_bytes())?;
        }
        basis.write(&folder.basis())
    })?;
    watcher.folder(&folder);
    let (plan, _shared) = prepared.without_data();
    give_back_free_memory();
    supervise::supervise(
        &folder,
        &options,
        &plan,
        &basis,
        &request.program,
        &watch,
        watcher,
    )
}

/// What a run of one seed takes at most, a line each, as [`run`] says it; arms with data of their own as if they had the flow's.
pub fn beforehand(text: &RecipeText, plan: &Plan, data: &Dataset) -> Vec<String> {
    let one_seed = Options {
        seeds: 1,
        control: true,
        ..Options::default()
    };
    bound::beforehand(text, &one_seed, plan, data, BTreeMap::new())
}

/// What is known once every arm was planned that the flow's plan says nothing of.
struct Planned {
    /// What all trials of the run are to have in common.
    basis: Basis,
    /// What is to be known of an arm that takes over settings.
    notes: Vec<String>,
    /// What each of these arms takes.
    costs: BTreeMap<String, Cost>,
}

fn planned(text: &RecipeText, options: &Options, flow: &Prepared) -> Result<Planned> {
    let mut basis = Basis::new(text, options);
    let mut notes = Vec::new();
    let mut costs = BTreeMap::new();
    basis.add(&flow.read)?;
    for (name, arm) in trials::planned_first(options, &flow.plan) {
        let of = Of::arm(&arm, options);
        let planned = prepare(text, options, of, None, Origin::Source)
            .map_err(|error| error.within(format_args!("arm `{name}`")))?;
        basis.add(&planned.read)?;
        costs.insert(arm.to_string(), Cost::of(&planned.plan));
        if arm == Arm::Transferred {
            let of_arm = |note| format!("note: arm `{arm}`: {note}");
            notes.extend(planned.plan.of_mup().map(of_arm));
        }
    }
    Ok(Planned {
        basis,
        notes,
        costs,
    })
}

/// Does something that reads data, and tells how far the reading is.
fn watched<T: Send>(
    watcher: &mut dyn Watcher,
    work: impl FnOnce() -> Result<T> + Send,
) -> Result<T> {
    thread::scope(|scope| {
        let waiting = thread::current();
        let worker = scope.spawn(move || {
            let done = work();
            waiting.unpark();
            done
        });
        while !worker.is_finished() {
            if let Some((done, all)) = DECODED.now() {
                watcher.reading(done, all);
            }
            thread::park_timeout(supervise::PULSE);
        }
        worker
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Goes on where a run stopped.
///
/// # Errors
/// A path that is no run, a run another process is at work on, recipe, data or files that have changed, and as [`run`].
pub fn resume(path: &Path, program: &Path, watcher: &mut dyn Watcher) -> Result<Outcome> {
    let watch = Stopwatch::start();
    let folder = RunFolder::open(path)?;
    let _lock = folder.lock()?;
    folder.refuse_cleaned()?;
    files::clean(folder.path());
    let options = Options::read(&folder.options())?;
    let text = folder.text()?;
    let begun = Basis::read(&folder.basis())?;
    if let Some(begun) = &begun {
        begun.refuse_other(&Basis::new(&text, &options))?;
    }
    let prepared = watched(watcher, || {
        let of = Of::arm(&Arm::Flow, &options);
        prepare(&text, &options, of, begun.as_ref(), Origin::SourceForAll)
    })?;
    let basis = match begun {
        Some(begun) => begun,
        None => {
            folder.refuse_other_data(&prepared.data.hash, &prepared.plan.source.describe())?;
            let basis = planned(&text, &options, &prepared)?.basis;
            basis.write(&folder.basis())?;
            basis
        }
    };
    watcher.folder(&folder);
    let (plan, _shared) = prepared.without_data();
    give_back_free_memory();
    supervise::supervise(&folder, &options, &plan, &basis, program, &watch, watcher)
}
