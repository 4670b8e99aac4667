//! What is left of the events when resumes are honoured.

use std::collections::BTreeMap;

use super::event::{Event, Started};
use crate::record::Purpose;

/// A trial's events as if it had never been interrupted, and what the interruptions cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Folded<'a> {
    /// The events that count, in order; a [`Event::Resumed`] stays where it happened.
    pub events: Vec<&'a Event>,
    /// CPU seconds of work that was lost with a process and done again. Not part of the bill, shown beside it.
    pub repeated_cpu_seconds: f64,
    /// How often the trial was resumed.
    pub resumes: usize,
}

impl<'a> Folded<'a> {
    /// How the trial began; none before it has.
    pub fn started(&self) -> Option<&'a Started> {
        self.events.iter().find_map(|event| match event {
            Event::Started(started) => Some(started),
            _ => None,
        })
    }
}

/// Honours every resume: lines after its `keep` and before it are dropped, and their work is counted as repeated.
///
/// Training is billed at checkpoints, so the last stretch before a kill may have progress events only: its work is the
/// larger of what was billed and what the last lost progress event shows beyond the bill that stays.
pub fn fold(events: &[Event]) -> Folded<'_> {
    let mut kept: Vec<(usize, &Event)> = Vec::with_capacity(events.len());
    let mut repeated_cpu_seconds = 0.0;
    let mut resumes = 0;
    for (index, event) in events.iter().enumerate() {
        if let Event::Resumed(resumed) = event {
            let split = kept.partition_point(|(line, _)| *line < resumed.keep);
            let lost: Vec<&Event> = kept.drain(split..).map(|(_, event)| event).collect();
            repeated_cpu_seconds += lost_cpu_seconds(kept.iter().map(|(_, event)| *event), &lost);
            resumes += 1;
        }
        kept.push((index, event));
    }
    Folded {
        events: kept.into_iter().map(|(_, event)| event).collect(),
        repeated_cpu_seconds,
        resumes,
    }
}

fn lost_cpu_seconds<'a>(kept: impl Iterator<Item = &'a Event>, lost: &[&'a Event]) -> f64 {
    let mut stays: BTreeMap<&str, f64> = BTreeMap::new();
    for event in kept {
        if let Event::Billed(billed) = event
            && billed.purpose == Purpose::Train
        {
            *stays.entry(&billed.stage).or_default() += billed.time.cpu_seconds;
        }
    }
    let mut other = 0.0;
    let mut billed_training: BTreeMap<&str, f64> = BTreeMap::new();
    let mut shown_training: BTreeMap<&str, f64> = BTreeMap::new();
    for event in lost {
        match event {
            Event::Billed(billed) if billed.purpose == Purpose::Train => {
                *billed_training.entry(&billed.stage).or_default() += billed.time.cpu_seconds;
            }
            Event::Billed(billed) => other += billed.time.cpu_seconds,
            Event::Progress(progress) => {
                let beyond =
                    progress.time.cpu_seconds - stays.get(progress.stage.as_str()).unwrap_or(&0.0);
                shown_training.insert(&progress.stage, beyond.max(0.0));
            }
            _ => {}
        }
    }
    for (stage, shown) in shown_training {
        let billed = billed_training.entry(stage).or_default();
        *billed = billed.max(shown);
    }
    other + billed_training.values().sum::<f64>()
}
