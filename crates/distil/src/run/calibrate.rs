//! Reference seconds: what a sample costs on this machine, rehearsed alone before the trials.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use distil_report::Purpose;
use distil_report::bill::{Calibration, Rate};
use distil_report::events::Event;

use crate::error::{Error, Result};
use crate::files;
use crate::train::counted_seconds;

/// Rehearsals; the fastest counts, because a busy clock only adds.
pub const REPETITIONS: usize = 3;

/// Takes the seconds per sample of a rehearsal on this device into the calibration, where they are the fastest so far.
pub fn note(calibration: &mut Calibration, rehearsal: &[Event], device: &Device) {
    let mut sums: BTreeMap<(&str, Purpose), (f64, u64)> = BTreeMap::new();
    for event in rehearsal {
        if let Event::Billed(billed) = event {
            let sum = sums.entry((&billed.stage, billed.purpose)).or_default();
            sum.0 += counted_seconds(&billed.time, device);
            sum.1 += billed.samples;
        }
    }
    for ((stage, purpose), (seconds, samples)) in sums {
        if samples == 0 {
            continue;
        }
        let seconds_per_sample = seconds / samples as f64;
        let known = calibration
            .seconds(stage, purpose, 1)
            .unwrap_or(f64::INFINITY);
        calibration.insert(
            stage,
            purpose,
            Rate {
                seconds_per_sample: seconds_per_sample.min(known),
                once_seconds: 0.0,
            },
        );
    }
}

/// Reads what an earlier process of this run measured.
pub fn read(path: &Path) -> Result<Option<Calibration>> {
    if !path.exists() {
        return Ok(None);
    }
    let calibration = serde_json::from_slice(&files::read(path)?);
    calibration
        .map(Some)
        .map_err(|e| Error::damaged(path, e).remedy("Remove it; `distil resume` measures again"))
}

/// Writes it for the processes to come.
pub fn write(path: &Path, calibration: &Calibration) -> Result<()> {
    let text = serde_json::to_vec_pretty(calibration).map_err(|e| Error::damaged(path, e))?;
    files::write(path, &text)
}
