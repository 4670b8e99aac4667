//! The bill: what a trial cost, by stage and purpose. A fold over events.

mod break_even;
mod calibration;

pub use break_even::break_even;
pub use calibration::{Calibration, Rate};

use serde::{Deserialize, Serialize};

use crate::record::Purpose;
use crate::record::events::{Event, Folded, Time};

/// The stage of rows that are about no stage: reading the data, measuring the machine, the report.
pub const NO_STAGE: &str = "";

/// One line of a bill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BillRow {
    /// The stage; [`NO_STAGE`] for what is done for the whole trial or run.
    pub stage: String,
    /// What the work was for.
    pub purpose: Purpose,
    /// FLOPs; none if any part of them is unknown.
    pub flops: Option<f64>,
    /// CPU seconds, all threads together.
    pub cpu_seconds: f64,
    /// Seconds the same work takes alone on this machine; none without calibration.
    pub reference_seconds: Option<f64>,
    /// Samples.
    pub samples: u64,
}

impl BillRow {
    /// What was done for the whole trial or run.
    pub fn of_no_stage(purpose: Purpose, time: Time) -> Self {
        Self {
            stage: NO_STAGE.to_owned(),
            purpose,
            flops: Some(0.0),
            cpu_seconds: time.cpu_seconds,
            reference_seconds: None,
            samples: 0,
        }
    }
}

/// A sum over rows. A number is none as soon as one row's is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Total {
    /// FLOPs.
    pub flops: Option<f64>,
    /// CPU seconds.
    pub cpu_seconds: f64,
    /// Reference seconds.
    pub reference_seconds: Option<f64>,
    /// Samples.
    pub samples: u64,
}

impl<'a> FromIterator<&'a BillRow> for Total {
    fn from_iter<I: IntoIterator<Item = &'a BillRow>>(rows: I) -> Self {
        let nothing = Self {
            flops: Some(0.0),
            cpu_seconds: 0.0,
            reference_seconds: Some(0.0),
            samples: 0,
        };
        rows.into_iter().fold(nothing, |sum, row| Self {
            flops: add(sum.flops, row.flops),
            cpu_seconds: sum.cpu_seconds + row.cpu_seconds,
            reference_seconds: add(sum.reference_seconds, row.reference_seconds),
            samples: sum.samples + row.samples,
        })
    }
}

/// See [`Bill::all`].
pub(crate) fn own(rows: &[BillRow]) -> Total {
    let own = |row: &&BillRow| row.purpose != Purpose::Tune;
    rows.iter().filter(own).collect()
}

/// See [`Bill::with_the_search`].
pub(crate) fn with_the_search(rows: &[BillRow]) -> Total {
    let counts = |purpose: Purpose| purpose.equalised() || purpose == Purpose::Tune;
    rows.iter().filter(|row| counts(row.purpose)).collect()
}

fn add(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    Some(a? + b?)
}

/// A trial's bill: its rows by stage, in the order in which the stages first cost something, those of no stage last, and within
/// a stage by purpose.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bill {
    /// The rows.
    pub rows: Vec<BillRow>,
}

impl Bill {
    /// Sums the [`Event::Billed`] of one trial, what reading its data took and, if it was the first, measuring the machine; reference
    /// seconds where `calibration` knows the stage and purpose.
    pub fn of(folded: &Folded<'_>, calibration: Option<&Calibration>) -> Self {
        let mut stages: Vec<&str> = Vec::new();
        let mut rows: Vec<BillRow> = Vec::new();
        for event in &folded.events {
            let billed = match event {
                Event::Billed(billed) => billed,
                Event::Started(started) if !started.rehearsal.is_none() => {
                    rows.push(BillRow::of_no_stage(Purpose::Calibrate, started.rehearsal));
                    continue;
                }
                Event::Data(data) if !data.time.is_none() => {
                    rows.push(BillRow::of_no_stage(Purpose::Load, data.time));
                    continue;
                }
                _ => continue,
            };
            if !stages.contains(&billed.stage.as_str()) {
                stages.push(&billed.stage);
            }
            match rows
                .iter_mut()
                .find(|row| row.stage == billed.stage && row.purpose == billed.purpose)
            {
                Some(row) => {
                    row.flops = add(row.flops, billed.flops);
                    row.cpu_seconds += billed.time.cpu_seconds;
                    row.samples += billed.samples;
                }
                None => rows.push(BillRow {
                    stage: billed.stage.clone(),
                    purpose: billed.purpose,
                    flops: billed.flops,
                    cpu_seconds: billed.time.cpu_seconds,
                    reference_seconds: None,
                    samples: billed.samples,
                }),
            }
        }
        for row in &mut rows {
            row.reference_seconds =
                calibration.and_then(|known| known.seconds(&row.stage, row.purpose, row.samples));
        }
        rows.sort_by_key(|row| {
            let place = stages.iter().position(|stage| *stage == row.stage);
            let last = row.stage == NO_STAGE;
            (last, place, row.purpose)
        });
        Self { rows }
    }

    /// What equal cost means: train, select, score, grow and teach.
    pub fn equalised(&self) -> Total {
        self.rows
            .iter()
            .filter(|row| row.purpose.equalised())
            .collect()
    }

    /// Everything it did itself, evaluating, loading and saving included.
    pub fn all(&self) -> Total {
        own(&self.rows)
    }

    /// What equal cost means, and the same of the trials by which its settings were chosen: from nothing to this model.
    pub fn with_the_search(&self) -> Total {
        with_the_search(&self.rows)
    }

    /// Whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row of one stage and purpose.
    pub fn row(&self, stage: &str, purpose: Purpose) -> Option<&BillRow> {
        self.rows
            .iter()
            .find(|row| row.stage == stage && row.purpose == purpose)
    }
}
