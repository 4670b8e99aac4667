//! A trial of a run, in a process of its own: stages, then the result and its predictions.

mod compress;
mod constant;
mod done;
mod finish;
mod grow;
mod pipe;
mod predictions;
mod stages;
mod training;

use std::cell::RefCell;
use std::path::Path;

use distil_report::events::{self, Time};

use self::pipe::{die_with_parent, say};
use self::stages::Trial;
use super::basis::Basis;
use super::calibrate::{self, Heard};
use super::folder::{RunFolder, TrialFolder};
use super::message::{Message, Order};
use super::options::Options;
use super::prepare::{Of, Origin, Prepared, prepare};
use super::program::Program;
use super::stage_cache::StageCache;
use crate::error::{Error, Kind, Result};
use crate::files;
use crate::plan::Arm;
use crate::train::{Signals, Stopwatch, cpu_seconds, refused};

/// The child's side of a run: the trial whose order lies in `folder`, the run's first after the rehearsal that measures reference seconds.
///
/// Relative paths of the recipe start at `base`, or where the run was asked for. Errors go to the parent as well.
pub fn trial(folder: &Path, base: Option<&Path>) -> Result<()> {
    die_with_parent();
    // This thread takes its share of the work: it need not wake all others and wait for them. (The pool may be there.)
    let _ = rayon::ThreadPoolBuilder::new()
        .use_current_thread()
        .build_global();
    let done = obey(&TrialFolder::at(folder.to_path_buf()), base);
    if let Err(error) = &done {
        // If the parent is gone there is nobody left to tell.
        let _ = say(&Message::Failed(error.clone()));
    }
    done
}

fn obey(folder: &TrialFolder, base: Option<&Path>) -> Result<()> {
    let path = folder.order();
    let order: Order =
        serde_json::from_slice(&files::read(&path)?).map_err(|e| Error::damaged(&path, e))?;
    let signals = Signals::catch()?;
    let run = RunFolder::of(folder)?;
    let mut options = Options::read(&run.options())?;
    let text = run.text()?;
    order.basis.refuse_other(&Basis::new(&text, &options))?;
    if let Some(base) = base {
        options.base = base.to_path_buf();
    }
    let watch = Stopwatch::start();
    let id = &order.trial;
    let fold = id.fold.and_then(|index| options.fold(index));
    let arm = match order.budget {
        Some(flops) => Arm::named(&id.arm).within(flops),
        None => Arm::named(&id.arm),
    };
    let of = Of {
        arm: &arm,
        settings: id.settings.as_deref(),
        fold,
        seed: Some(id.seed),
    };
    let Prepared {
        plan, data, raw, ..
    } = prepare(&text, &options, of, Some(&order.basis), Origin::Copy)?;
    let program = order.reuse.as_ref().map(Program::own_sha256).transpose()?;
    let cache = program.map(|program| StageCache::beside(&run, &program, &plan.device));
    // What the process took before it came here is part of it.
    let loading = Time {
        cpu_seconds: cpu_seconds(),
        ..watch.time()
    };
    let mut trial = Trial {
        plan: &plan,
        data: &data,
        raw: raw.as_ref(),
        folder: None,
        rehearsal: Time::default(),
        seen: RefCell::default(),
        cache: cache.as_ref(),
        id,
        test: order.test,
        basis: Some(order.basis.hash()),
        fold,
        device: plan.device.clone(),
        signals,
    };
    if let Some(rates) = &order.rehearse {
        trial.rehearsal = rehearse(&trial, &run.calibration(rates.of.as_deref()))?;
    }
    let _lock = folder.lock()?;
    trial.folder = Some(folder.clone());
    // Of a trial that goes on.
    let log = match folder.events().exists() {
        true => events::read(&folder.events()).map_err(refused)?,
        false => Vec::new(),
    };
    if let Some(begun) = events::fold(&log).started() {
        trial.basis.clone_from(&begun.basis);
    }
    trial.run(folder, log, loading)
}

/// Measures what a sample costs, and writes it for the processes to come; what that took beside what the trial goes on with.
fn rehearse(trial: &Trial<'_>, path: &Path) -> Result<Time> {
    let watch = Stopwatch::start();
    let of = trial.rehearsed_steps();
    let mut tell = |done| say(&Message::Rehearsed { done, of });
    let mut heard = Heard::new(&mut tell);
    match trial.rehearse(&mut heard) {
        // The trial itself will tell, with a checkpoint to go back to.
        Err(error) if error.kind != Kind::Diverged => return Err(error),
        _ => {}
    }
    calibrate::write(path, &calibrate::rates(&heard.events, &trial.device))?;
    tell(of)?;
    Ok(watch.time() - trial.kept_for_the_trial())
}
