//! A trial's learning curve on one axis of cost.

use crate::bill::Calibration;
use crate::record::Purpose;
use crate::record::events::{Event, Folded, Progress};

/// One progress event with all that the trial had spent by then; earlier stages come first, so that a small stage's cost
/// is never left out.
#[derive(Clone, Copy, Debug)]
pub struct Point<'a> {
    /// What the trial said.
    pub progress: &'a Progress,
    /// Optimiser steps of all stages.
    pub steps: u64,
    /// FLOPs towards equal cost; none where a part is unknown.
    pub flops: Option<f64>,
    /// Reference seconds towards equal cost; none without calibration.
    pub reference_seconds: Option<f64>,
    /// CPU seconds towards equal cost.
    pub cpu_seconds: f64,
}

/// What was spent outside the running stage's own training.
#[derive(Clone, Copy)]
struct Spent {
    flops: Option<f64>,
    reference_seconds: Option<f64>,
    cpu_seconds: f64,
}

/// The points of one trial. A progress event's own counters hold its stage's training and teaching; everything else that
/// counts towards equal cost and was billed before it is added.
pub fn learning_curve<'a>(
    folded: &Folded<'a>,
    calibration: Option<&Calibration>,
) -> Vec<Point<'a>> {
    let mut points: Vec<Point<'a>> = Vec::new();
    for (place, event) in folded.events.iter().enumerate() {
        let Event::Progress(progress) = event else {
            continue;
        };
        let before = spent_before(&folded.events[..place], &progress.stage, calibration);
        let earlier = points
            .iter()
            .rev()
            .find(|point| point.progress.stage != progress.stage);
        points.push(Point {
            progress,
            steps: progress.step + earlier.map_or(0, |point| point.steps),
            flops: before
                .flops
                .zip(progress.flops)
                .map(|(before, own)| before + own),
            reference_seconds: before
                .reference_seconds
                .zip(training_seconds(
                    progress,
                    taught(&folded.events, &progress.stage),
                    calibration,
                ))
                .map(|(before, own)| before + own),
            cpu_seconds: before.cpu_seconds + progress.time.cpu_seconds,
        });
    }
    points
}

fn spent_before(events: &[&Event], stage: &str, calibration: Option<&Calibration>) -> Spent {
    let nothing = Spent {
        flops: Some(0.0),
        reference_seconds: Some(0.0),
        cpu_seconds: 0.0,
    };
    events.iter().fold(nothing, |spent, event| {
        let Event::Billed(billed) = event else {
            return spent;
        };
        let own =
            billed.stage == stage && matches!(billed.purpose, Purpose::Train | Purpose::Teach);
        if own || !billed.purpose.equalised() {
            return spent;
        }
        let seconds = calibration
            .and_then(|known| known.seconds(&billed.stage, billed.purpose, billed.samples));
        Spent {
            flops: spent.flops.zip(billed.flops).map(|(a, b)| a + b),
            reference_seconds: spent.reference_seconds.zip(seconds).map(|(a, b)| a + b),
            cpu_seconds: spent.cpu_seconds + billed.time.cpu_seconds,
        }
    })
}

/// Reference seconds of a stage's training so far: its own steps, and its teachers' forward passes. A teacher teaches from the
/// stage's first step, so of `taught` samples in all it has taught as many as were trained on, or all.
fn training_seconds(
    progress: &Progress,
    taught: u64,
    calibration: Option<&Calibration>,
) -> Option<f64> {
    let known = calibration?;
    let own = known.seconds(&progress.stage, Purpose::Train, progress.samples)?;
    match progress.samples.min(taught) {
        0 => Some(own),
        taught => Some(own + known.seconds(&progress.stage, Purpose::Teach, taught)?),
    }
}

/// Samples for which a stage's teachers were asked.
fn taught(events: &[&Event], stage: &str) -> u64 {
    let of_stage = events.iter().filter_map(|event| match event {
        Event::Billed(billed) if billed.stage == stage && billed.purpose == Purpose::Teach => {
            Some(billed.samples)
        }
        _ => None,
    });
    of_stage.sum()
}
