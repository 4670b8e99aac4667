//! The meter of a stage: what each purpose has cost since it was last read.

use std::collections::BTreeMap;

use distil_report::Purpose;
use distil_report::events::{Billed, Event, Time};

use super::sink::EventSink;
use crate::error::Result;

#[derive(Debug, Clone, Default)]
struct Reading {
    flops: Option<f64>,
    samples: u64,
    time: Time,
    once: Time,
}

/// Collects costs by purpose and writes them to the sink as increments.
#[derive(Debug, Default)]
pub struct Meter {
    stage: String,
    readings: BTreeMap<Purpose, Reading>,
}

impl Meter {
    /// A meter at zero.
    pub fn new(stage: &str) -> Self {
        Self {
            stage: stage.to_string(),
            readings: BTreeMap::new(),
        }
    }

    /// Adds work: FLOPs per sample (`None`: unknown), samples, time.
    pub fn add(
        &mut self,
        purpose: Purpose,
        flops_per_sample: Option<f64>,
        samples: usize,
        time: Time,
    ) {
        let reading = self.reading(purpose);
        reading.flops = reading
            .flops
            .zip(flops_per_sample)
            .map(|(sum, each)| sum + each * samples as f64);
        reading.samples += samples as u64;
        reading.time = reading.time + time;
    }

    /// Adds work that is done once for a stage, however many samples follow.
    pub fn once(&mut self, purpose: Purpose, time: Time) {
        let reading = self.reading(purpose);
        reading.time = reading.time + time;
        reading.once = reading.once + time;
    }

    fn reading(&mut self, purpose: Purpose) -> &mut Reading {
        self.readings.entry(purpose).or_insert_with(|| Reading {
            flops: Some(0.0),
            ..Reading::default()
        })
    }

    /// Writes what has come together since the last call, purpose by purpose.
    pub fn flush(&mut self, sink: &mut dyn EventSink) -> Result<()> {
        for (purpose, reading) in std::mem::take(&mut self.readings) {
            sink.write(Event::Billed(Billed {
                stage: self.stage.clone(),
                purpose,
                flops: reading.flops,
                samples: reading.samples,
                time: reading.time,
                once: reading.once,
            }))?;
        }
        Ok(())
    }
}
