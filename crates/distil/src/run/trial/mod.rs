//! A trial of a run, in a process of its own: stages, then the result and its predictions.

mod compress;
mod finish;
mod grow;
mod pipe;
mod predictions;
mod stages;

use distil_report::bill::Calibration;

use self::pipe::{die_with_parent, say};
use self::stages::Trial;
use super::calibrate;
use super::folder::RunFolder;
use super::message::{Order, Word};
use super::options::Options;
use super::prepare::{Prepared, prepare};
use super::stage_cache::StageCache;
use crate::data::Fold;
use crate::error::{Error, Kind, Result};
use crate::plan::Arm;
use crate::train::{Signals, Stopwatch};

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
    let Prepared { plan, data, raw } = prepare(&run.text()?, &options, &arm, settings, fold)?;
    let cache = (!options.fresh).then(|| StageCache::beside(&run, threads, &plan.device));
    let loading = watch.time();
    let mut trial = Trial {
        plan: &plan,
        data: &data,
        raw: raw.as_ref(),
        folder: None,
        cache: cache.as_ref(),
        order: &order,
        device: plan.device.clone(),
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
