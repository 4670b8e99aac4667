//! Reference seconds: what a sample costs on this machine, rehearsed alone before the trials.
//!
//! A rehearsal trains every stage for a few steps and leaves nothing behind but what every sample looks like through the stages'
//! views, which the trial goes on with.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use burn::tensor::Device;
use distil_report::Purpose;
use distil_report::bill::{Calibration, Rate};
use distil_report::events::{Event, Time};

use crate::error::{Error, Result};
use crate::files;
use crate::train::{EventSink, counted_seconds};

/// Samples that a rehearsal evaluates on and asks teachers about, at most.
pub const SAMPLES: usize = 512;

/// Between two words on how far a rehearsal is.
const PAUSE: Duration = Duration::from_millis(100);

/// How many of a stage's optimiser steps are rehearsed: three in a hundred, but so many that most are not its first.
pub fn steps(of_stage: u64) -> u64 {
    (of_stage * 3 / 100).clamp(5, 60).min(of_stage)
}

/// Hears a rehearsal: keeps what it bills, and tells how far it is.
pub struct Heard<'a> {
    /// What was billed, step by step.
    pub events: Vec<Event>,
    done: u64,
    said: Option<Instant>,
    say: &'a mut dyn FnMut(u64) -> Result<()>,
}

impl<'a> Heard<'a> {
    /// Nothing yet; `say` is told the steps done.
    pub fn new(say: &'a mut dyn FnMut(u64) -> Result<()>) -> Self {
        Self {
            events: Vec::new(),
            done: 0,
            said: None,
            say,
        }
    }
}

impl EventSink for Heard<'_> {
    fn write(&mut self, event: Event) -> Result<()> {
        match event {
            Event::Billed(_) => self.events.push(event),
            Event::Progress(_) => {
                self.done += 1;
                if self.said.is_none_or(|said| said.elapsed() >= PAUSE) {
                    self.said = Some(Instant::now());
                    (self.say)(self.done)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<usize> {
        Ok(self.events.len())
    }
}

/// What a rehearsal, billed step by step, says of each kind of work: the seconds of what is done once, which are divided by no number
/// of samples, and those of a sample, the median over the steps, of which the first take longer. A busy clock adds to them, too; what a trial then
/// takes lowers them again ([`lower`]).
pub fn rates(rehearsal: &[Event], device: &Device) -> Calibration {
    let mut work: BTreeMap<(&str, Purpose), (Time, Vec<f64>)> = BTreeMap::new();
    for event in rehearsal {
        if let Event::Billed(billed) = event {
            let (once, each) = work.entry((&billed.stage, billed.purpose)).or_default();
            *once = *once + billed.once;
            if billed.samples > 0 {
                let seconds = counted_seconds(&(billed.time - billed.once), device);
                each.push(seconds / billed.samples as f64);
            }
        }
    }
    let mut calibration = Calibration::default();
    for ((stage, purpose), (once, mut each)) in work {
        each.sort_by(f64::total_cmp);
        let rate = Rate {
            seconds_per_sample: each.get(each.len() / 2).copied().unwrap_or(0.0),
            once_seconds: counted_seconds(&once, device),
        };
        if !(each.is_empty() && once.is_none()) {
            calibration.insert(stage, purpose, rate);
        }
    }
    calibration
}

/// Lowers rates to what a trial's own work came to, where that was less: a busy clock only adds.
pub fn lower(known: &mut Calibration, trial: &[&Event], device: &Device) {
    let mut work: BTreeMap<(&str, Purpose), (Time, Time, u64)> = BTreeMap::new();
    for event in trial {
        if let Event::Billed(billed) = event {
            let sum = work.entry((&billed.stage, billed.purpose)).or_default();
            sum.0 = sum.0 + billed.once;
            sum.1 = sum.1 + (billed.time - billed.once);
            sum.2 += billed.samples;
        }
    }
    for ((stage, purpose), (once, each, samples)) in work {
        let Some(mut rate) = known.rate(stage, purpose) else {
            continue;
        };
        if !once.is_none() {
            rate.once_seconds = rate.once_seconds.min(counted_seconds(&once, device));
        }
        if samples > 0 {
            let seconds = counted_seconds(&each, device) / samples as f64;
            rate.seconds_per_sample = rate.seconds_per_sample.min(seconds);
        }
        known.insert(stage, purpose, rate);
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

    fn time(seconds: f64) -> Time {
        Time {
            cpu_seconds: seconds,
            wall_seconds: seconds,
        }
    }

    fn billed(seconds: f64, once: f64, samples: u64) -> Event {
        Event::Billed(Billed {
            stage: "small".into(),
            purpose: Purpose::Train,
            flops: None,
            samples,
            time: time(seconds + once),
            once: time(once),
        })
    }

    /// A view of all samples in so many seconds, then steps of 32 samples at 10 µs each, the first of which takes three times as long.
    fn rehearsal(view: f64, steps: usize) -> Vec<Event> {
        let step = |step| billed(if step == 0 { 9.6e-4 } else { 3.2e-4 }, 0.0, 32);
        let view = [billed(0.0, view, 0)];
        view.into_iter().chain((0..steps).map(step)).collect()
    }

    #[test]
    fn the_rate_of_a_sample_depends_neither_on_the_size_of_the_view_nor_on_the_samples_rehearsed() {
        for view in [0.0, 0.2, 20.0] {
            for steps in [5, 6, 60] {
                let calibration = rates(&rehearsal(view, steps), &crate::device::cpu());
                let rate = calibration.rate("small", Purpose::Train).unwrap();
                assert_eq!(rate.once_seconds, view);
                assert!((rate.seconds_per_sample - 1e-5).abs() < 1e-12, "{rate:?}");
            }
        }
    }

    #[test]
    fn what_is_done_once_is_not_multiplied_by_samples() {
        let calibration = rates(&rehearsal(0.2, 60), &crate::device::cpu());
        let seconds = |samples| {
            let seconds = calibration.seconds("small", Purpose::Train, samples);
            (seconds.unwrap() * 1e4).round() / 1e4
        };
        assert_eq!(
            [seconds(0), seconds(1920), seconds(30_000)],
            [0.2, 0.2192, 0.5]
        );
    }

    #[test]
    fn work_that_was_not_rehearsed_has_no_rate() {
        let calibration = rates(&[billed(0.5, 0.0, 0)], &crate::device::cpu());
        assert_eq!(calibration.rate("small", Purpose::Train), None);
    }

    #[test]
    fn a_trial_that_was_faster_than_its_rehearsal_lowers_the_rate_and_a_slower_one_does_not() {
        let cpu = crate::device::cpu();
        let mut known = rates(&rehearsal(0.2, 60), &cpu);
        let trial = |each: f64, once: f64| [billed(0.0, once, 0), billed(each * 640.0, 0.0, 640)];
        let mut rate = |trial: &[Event]| {
            lower(&mut known, &trial.iter().collect::<Vec<_>>(), &cpu);
            let rate = known.rate("small", Purpose::Train).unwrap();
            [rate.seconds_per_sample, rate.once_seconds].map(|x| (x * 1e9).round())
        };
        assert_eq!(rate(&trial(2e-5, 0.3)), [1e4, 2e8]);
        assert_eq!(rate(&trial(5e-6, 0.1)), [5e3, 1e8]);
        assert_eq!(rate(&trial(1e-5, 0.2)), [5e3, 1e8]);
    }

    #[test]
    fn a_rehearsal_takes_few_of_a_stages_steps() {
        assert_eq!(
            [3, 5, 100, 370, 1000, 10_000].map(steps),
            [3, 5, 5, 11, 30, 60]
        );
    }
}
