//! What a trial's result says about each test sample.

use distil_report::predictions::{Picture, Predictions, Truth, Worst};
use distil_report::show::{grouped, number};

use crate::data::{Dataset, Preprocessing, TableColumn, Targets};
use crate::error::{Error, Result};
use crate::sample::SampleId;
use crate::train::{in_own_terms, weights_of};
use crate::weights::Array;

/// Mistakes shown in the report.
const SHOWN: usize = 24;

/// Outputs, truths and the worst mistakes of these samples.
pub fn predictions(
    stage: &str,
    unit: Option<&str>,
    outputs: &Array,
    data: &Dataset,
    ids: &[SampleId],
) -> Result<Predictions> {
    let (outputs, truth) = in_own_terms(outputs, &data.targets, ids);
    let mut all = Predictions {
        stage: stage.to_string(),
        ids: ids.iter().map(|id| id.0).collect(),
        names: match offsets(data) {
            Some(offsets) => {
                let names = data.targets.names().iter().zip(offsets);
                names
                    .map(|(name, offset)| format!("{name} − {offset}"))
                    .collect()
            }
            None => data.targets.names().to_vec(),
        },
        unit: unit.map(Into::into),
        outputs: outputs.into_owned(),
        weights: weights_of(data.weights.as_deref(), ids),
        truth,
        worst: Vec::new(),
    };
    let refuse = |e| Error::input("predictions", e);
    let losses = all.losses().map_err(refuse)?;
    let worst = all.worst_rows(SHOWN).map_err(refuse)?;
    all.worst = worst
        .into_iter()
        .map(|row| mistake(&all, data, ids, row, losses[row]))
        .collect();
    Ok(all)
}

/// Cells of a row shown beside a mistake.
const CELLS: usize = 8;

/// The first cells of a table's row, as the network sees them: `name value`; none where it is no table.
fn cells(data: &Dataset, id: SampleId) -> Vec<String> {
    let Preprocessing::Table(columns) = &data.preprocessing else {
        return Vec::new();
    };
    let features = data.inputs.row(id.row());
    let mut features = features.iter().copied();
    let mut shown = Vec::new();
    for column in columns.iter().take(CELLS) {
        let text = match column {
            TableColumn::Numeric {
                name,
                mean,
                std,
                wide,
                missing,
                ..
            } => {
                let (mean, std) = wide.map_or((f64::from(*mean), f64::from(*std)), |wide| {
                    (wide.mean, wide.std)
                });
                let value = features.next().map(|x| f64::from(x) * std + mean);
                let absent = *missing && features.next() == Some(1.0);
                let value = value.filter(|_| !absent);
                format!("{name} {}", value.map_or("missing".into(), number))
            }
            TableColumn::Categorical {
                name,
                levels,
                missing,
                ..
            } => {
                let mut found = None;
                for level in levels {
                    found = found.or((features.next() == Some(1.0)).then_some(level.as_str()));
                }
                if *missing {
                    features.next();
                }
                format!("{name} {}", found.unwrap_or("missing or unknown"))
            }
        };
        shown.push(text);
    }
    if columns.len() > CELLS {
        shown.push("…".into());
    }
    shown
}

/// What outputs and truths are less, where 32 bits do not hold them.
fn offsets(data: &Dataset) -> Option<&[f64]> {
    match &data.targets {
        Targets::Values { scale, .. } => scale.offsets(),
        _ => None,
    }
}

fn mistake(all: &Predictions, data: &Dataset, ids: &[SampleId], row: usize, loss: f64) -> Worst {
    let width = all.names.len();
    let outputs = &all.outputs[row * width..(row + 1) * width];
    let above = |values: &[f32], least: f32| {
        let names = all
            .names
            .iter()
            .zip(values)
            .filter(|(_, v)| **v > least)
            .map(|(n, _)| n.as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    let numbers = |values: &[f32]| {
        let shifts = offsets(data).unwrap_or(&[0.0]).iter().cycle();
        values
            .iter()
            .zip(shifts)
            .map(|(v, shift)| number(f64::from(*v) + shift))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let (truth, prediction) = match &all.truth {
        Truth::Classes(labels) => {
            let best = (0..width)
                .rev()
                .max_by(|a, b| outputs[*a].total_cmp(&outputs[*b]))
                .unwrap_or(0);
            (
                all.names[labels[row] as usize].clone(),
                all.names[best].clone(),
            )
        }
        Truth::Labels(truth) => (
            above(&truth[row * width..(row + 1) * width], 0.5),
            above(outputs, 0.0),
        ),
        Truth::Values(truth) => (
            numbers(&truth[row * width..(row + 1) * width]),
            numbers(outputs),
        ),
    };
    let picture = data
        .picture
        .as_ref()
        .zip(data.pixels(ids[row]))
        .map(|(p, pixels)| Picture {
            width: p.width,
            height: p.height,
            channels: p.channels,
            pixels,
        });
    let id = ids[row];
    let place = match &data.rows {
        Some(names) => names.get(id.row()).cloned(),
        None => Some(format!("row {}", grouped(f64::from(id.0) + 1.0))),
    };
    Worst {
        id: id.0,
        place,
        cells: cells(data, id),
        truth,
        prediction,
        loss,
        picture,
    }
}
