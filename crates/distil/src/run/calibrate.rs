//! Reference seconds: what a sample costs on this machine, rehearsed alone before the trials.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use distil_report::Purpose;
use distil_report::bill::{Calibration, Rate};
use distil_report::events::{Event, Time};

use crate::error::{Error, Result};
use crate::files;
use crate::train::counted_seconds;

/// Rehearsals; the fastest counts, because a busy clock only adds.
pub const REPETITIONS: usize = 3;

/// Takes a rehearsal's seconds into the calibration, where they are the fewest so far: those of a sample, and those of what
/// is done once, which are divided by no number of samples.
pub fn note(calibration: &mut Calibration, rehearsal: &[Event], device: &Device) {
    let mut sums: BTreeMap<(&str, Purpose), (Time, Time, u64)> = BTreeMap::new();
    for event in rehearsal {
        if let Event::Billed(billed) = event {
            let sum = sums.entry((&billed.stage, billed.purpose)).or_default();
            sum.0 = sum.0 + (billed.time - billed.once);
            sum.1 = sum.1 + billed.once;
            sum.2 += billed.samples;
        }
    }
    for ((stage, purpose), (time, once, samples)) in sums {
        let once_seconds = counted_seconds(&once, device);
        let seconds_per_sample = match samples {
            0 if once.is_none() => continue,
            0 => 0.0,
            _ => counted_seconds(&time, device) / samples as f64,
        };
        let known = calibration.rate(stage, purpose).unwrap_or(Rate {
            seconds_per_sample,
            once_seconds,
        });
        calibration.insert(
            stage,
            purpose,
            Rate {
                seconds_per_sample: seconds_per_sample.min(known.seconds_per_sample),
                once_seconds: once_seconds.min(known.once_seconds),
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

#[cfg(test)]
mod tests {
    use distil_report::events::Billed;

    use super::*;

    #[test]
    fn what_is_done_once_is_not_multiplied_by_samples() {
        let time = |seconds| Time {
            cpu_seconds: seconds,
            wall_seconds: seconds,
        };
        // A view of all samples takes 0.2 seconds; 1,920 samples are rehearsed at 10 µs each.
        let rehearsal = |once: f64| {
            let billed = |seconds, once, samples| {
                Event::Billed(Billed {
                    stage: "small".into(),
                    purpose: Purpose::Train,
                    flops: None,
                    samples,
                    time: time(seconds),
                    once: time(once),
                })
            };
            [billed(once, once, 0), billed(0.0192, 0.0, 1920)]
        };
        let mut calibration = Calibration::default();
        for once in [0.2, 0.3] {
            note(&mut calibration, &rehearsal(once), &crate::device::cpu());
        }
        let seconds = |samples| {
            let seconds = calibration.seconds("small", Purpose::Train, samples);
            (seconds.unwrap() * 1e4).round() / 1e4
        };
        assert_eq!(
            [seconds(0), seconds(1920), seconds(30_000)],
            [0.2, 0.2192, 0.5]
        );
    }
}
