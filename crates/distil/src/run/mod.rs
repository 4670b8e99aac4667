//! Runs: a recipe's trials as processes, the run folder, the outcome.

mod calibrate;
mod children;
mod clean;
mod compress;
mod cores;
mod finish;
mod folder;
mod grow;
mod host;
mod outcome;
mod predictions;
mod prepare;
mod request;
mod smoke;
mod stage_cache;
mod supervise;
mod trial;

pub use children::VERB;
pub use clean::clean;
pub use folder::{Lock, RunFolder, TrialFolder, TrialId};
pub use host::host;
pub use outcome::{Outcome, write_report};
pub use request::{Request, Standing, Watcher};
pub use smoke::shortened;
pub use stage_cache::forget;

use std::path::Path;
use std::thread;

use burn::tensor::Device;
use distil_report::bill::Calibration;

use self::children::{Order, Word, die_with_parent, say};
use self::prepare::{Prepared, prepare};
use self::request::Options;
use self::stage_cache::StageCache;
use self::trial::Trial;
use crate::data::Fold;
use crate::data::source::DECODED;
use crate::error::{Error, Kind, Result};
use crate::files;
use crate::plan::Arm;
use crate::train::{Signals, Stopwatch};

/// Plans, creates the run folder, runs every trial and writes the outcome.
///
/// # Errors
/// Before the folder exists, whatever is wrong with recipe and data; afterwards what ended the flow. A run that
/// a signal stopped is no error: [`Outcome::signal`] says so.
pub fn run(request: &Request, watcher: &mut dyn Watcher) -> Result<Outcome> {
    let mut options = Options::of(request);
    let text = match request.smoke {
        true => shortened(&request.recipe)?,
        false => request.recipe.clone(),
    };
    let planned = |arm: &Arm| prepare(&text, &options, arm, None, options.fold(0));
    let prepared = watched(watcher, || planned(&Arm::Flow))?;
    for name in supervise::arms(&options, &prepared.plan) {
        let arm = Arm::named(&name);
        if arm.changes_the_recipe() {
            planned(&arm).map_err(|error| error.within(format_args!("arm `{name}`")))?;
        }
    }
    options.name.clone_from(&prepared.plan.name);
    watcher.plan(&prepared.plan.describe(None));
    // Nothing is written before a plan exists.
    let folder = RunFolder::create(&request.runs, &options.name)?;
    let _lock = folder.lock()?;
    files::write(&folder.recipe(), text.text().as_bytes())?;
    files::write(&folder.plan(), prepared.plan.to_toml().as_bytes())?;
    options.write(&folder.options())?;
    watcher.folder(&folder);
    supervise::supervise(&folder, &options, &prepared.plan, &request.program, watcher)
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
/// A path that is no run, a run another process is at work on, a plan that has changed, and as [`run`].
pub fn resume(path: &Path, program: &Path, watcher: &mut dyn Watcher) -> Result<Outcome> {
    let folder = RunFolder::open(path)?;
    let _lock = folder.lock()?;
    folder.refuse_cleaned()?;
    files::clean(folder.path());
    let options = Options::read(&folder.options())?;
    let text = folder.text()?;
    let prepared = watched(watcher, || {
        prepare(&text, &options, &Arm::Flow, None, options.fold(0))
    })?;
    watcher.folder(&folder);
    supervise::supervise(&folder, &options, &prepared.plan, program, watcher)
}

/// The child's side of a run: one trial, the run's first after the rehearsal that measures reference seconds.
///
/// `order` is what the parent gave as the verb's argument. Errors go to the parent as well.
pub fn trial(order: &str) -> Result<()> {
    die_with_parent();
    // This thread takes its share of the work: it need not wake all others and wait for them. (The pool may be there.)
    let _ = rayon::ThreadPoolBuilder::new()
        .use_current_thread()
        .build_global();
    let done = obey(order);
    if let Err(error) = &done {
        // If the parent is gone there is nobody left to tell.
        let _ = say(&Word::Failed(error.into()));
    }
    done
}

fn obey(order: &str) -> Result<()> {
    let order: Order =
        serde_json::from_str(order).map_err(|e| Error::new(Kind::Input, "trial", e))?;
    let signals = Signals::catch()?;
    let run = RunFolder::open(&order.run)?;
    let options = Options::read(&run.options())?;
    let watch = Stopwatch::start();
    let fold = order.fold.map(|(index, of)| Fold { index, of });
    let arm = match order.budget {
        Some(flops) => Arm::named(&order.arm).within(flops),
        None => Arm::named(&order.arm),
    };
    let settings = order.settings.as_deref();
    let threads = rayon::current_num_threads();
    let cache = (!options.fresh).then(|| StageCache::beside(&run, threads));
    let Prepared { plan, data, raw } = prepare(&run.text()?, &options, &arm, settings, fold)?;
    let loading = watch.time();
    let mut trial = Trial {
        plan: &plan,
        data: &data,
        raw: raw.as_ref(),
        folder: None,
        cache: cache.as_ref(),
        order: &order,
        device: Device::flex(),
        signals,
    };
    if order.rehearse {
        let mut calibration = Calibration::default();
        for _ in 0..calibrate::REPETITIONS {
            match trial.rehearse() {
                Ok(events) => calibrate::note(&mut calibration, &events),
                // The trial itself will tell, with a checkpoint to go back to.
                Err(error) if error.kind == Kind::Diverged => break,
                Err(error) => return Err(error),
            }
        }
        calibrate::write(&run.calibration(&arm), &calibration)?;
    }
    let folder = run.trial(&order.trial());
    let _lock = folder.lock()?;
    trial.folder = Some(folder.clone());
    trial.run(&folder, loading)
}
