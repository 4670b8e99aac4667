//! Samples that are all the same.

use crate::data::raw::{Cells, Inputs, Raw};
use crate::error::{Error, Result};
use crate::sample::SampleId;

/// Refuses data that says nothing: every training sample is the same.
pub fn refuse_constant(raw: &Raw, train: &[SampleId]) -> Result<()> {
    fn alike<T: PartialEq>(row: impl Fn(usize) -> T, train: &[SampleId]) -> bool {
        let mut pairs = train.windows(2);
        pairs.all(|pair| row(pair[0].row()) == row(pair[1].row()))
    }
    let constant = match &raw.inputs {
        Inputs::Block { shape, values } => {
            let width = shape.iter().product();
            alike(|row| values.row(row, width), train)
        }
        Inputs::Bytes { shape, values } => {
            let width = shape.iter().product();
            alike(|row| values.row(row, width), train)
        }
        Inputs::Table(columns) => columns.iter().all(|column| match &column.cells {
            Cells::Numeric(values) => match raw.wide.get(&column.name) {
                Some(values) => alike(|row| values[row].to_bits(), train),
                None => alike(|row| values[row].to_bits(), train),
            },
            Cells::Categorical { codes, .. } => alike(|row| codes.at(row), train),
        }),
    };
    if !constant || train.len() < 2 {
        return Ok(());
    }
    Err(nothing_differs(raw, " in the training part"))
}

/// The error of samples that are all the same.
pub fn nothing_differs(raw: &Raw, part: &str) -> Error {
    let remedy = match &raw.picture {
        Some(_) => {
            "Look at the pictures: what is only in their opacity takes `background = \"white\"`, 16 bits of which few are used must be spread first"
        }
        None => "Bring features that tell the samples apart",
    };
    let reason = format!("all features are constant{part}: every sample is the same");
    Error::input("data", reason).remedy(remedy)
}
