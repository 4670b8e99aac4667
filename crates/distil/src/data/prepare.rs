//! Preprocessing: fitted on the training part only, stored with the model.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::features::Features;
use crate::data::moments::{byte_moments, moments};
use crate::data::prepared::Prepared;
use crate::data::raw::{Column, Inputs, Wide};
use crate::data::table::{ColumnFeatures, TableColumn};
use crate::data::table_rows::TableRows;
use crate::error::{Error, Result};
use crate::sample::SampleId;
use crate::weights::Array;

/// How numbers are scaled before a network reads them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// As they are.
    None,
    /// Divided by a constant, for instance the largest value: `{ range = 16 }`.
    Range(f64),
    /// Each feature to mean 0 and deviation 1 over the training part.
    Standard,
    /// All features by one mean and one deviation over the training part.
    Global,
    /// Each channel of a picture by its own mean and deviation over the training part.
    Channel,
}

/// How raw inputs become features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preprocessing {
    /// Numbers of one shape per sample.
    Block {
        /// The shape of one sample.
        shape: Vec<usize>,
        /// feature = (raw − shift) / scale; one number for all features or one each.
        shift: Vec<f32>,
        /// See `shift`.
        scale: Vec<f32>,
    },
    /// A table's columns, in order.
    Table(Vec<TableColumn>),
}

impl Preprocessing {
    /// Fits to the training rows; no other row is read.
    pub fn fit(inputs: &Inputs, train: &[SampleId], scaling: Scaling) -> Result<Self> {
        Self::fit_exact(inputs, &Wide::new(), train, scaling)
    }

    /// The same where columns are at hand in 64 bits, if 32 do not hold them.
    pub fn fit_exact(
        inputs: &Inputs,
        exact: &Wide,
        train: &[SampleId],
        scaling: Scaling,
    ) -> Result<Self> {
        match inputs {
            Inputs::Block { shape, values } => Self::block(shape, scaling, |period| {
                let per_sample = shape.iter().product::<usize>() / period;
                let rows = train.iter().map(|id| id.row());
                let parts = rows.flat_map(|row| row * per_sample..(row + 1) * per_sample);
                moments(values, period, parts)
            }),
            Inputs::Bytes { shape, values } => Self::block(shape, scaling, |period| {
                let width = shape.iter().product();
                byte_moments(train.iter().map(|id| values.row(id.row(), width)), period)
            }),
            Inputs::Table(columns) => {
                let standard = match scaling {
                    Scaling::Standard => true,
                    Scaling::None => false,
                    _ => {
                        return Err(Error::input(
                            "data.scale",
                            "the columns of a table differ in range",
                        )
                        .remedy("Use `scale = \"standard\"` or `scale = \"none\"`"));
                    }
                };
                let fit = |column: &Column| {
                    let exact = exact.get(&column.name).map(|exact| &exact[..]);
                    TableColumn::fit(column, exact, train, standard)
                };
                Ok(Self::Table(columns.iter().map(fit).collect::<Result<_>>()?))
            }
        }
    }

    /// `moments(period)`: mean and deviation of every number whose place in a sample is the same modulo the period.
    fn block(
        shape: &[usize],
        scaling: Scaling,
        moments: impl Fn(usize) -> (Vec<f32>, Vec<f32>),
    ) -> Result<Self> {
        let (shift, scale) = match scaling {
            Scaling::None => (vec![0.0], vec![1.0]),
            Scaling::Range(range) if range.is_finite() && range > 0.0 => {
                (vec![0.0], vec![range as f32])
            }
            Scaling::Range(range) => {
                return Err(Error::input(
                    "data.scale",
                    format!("the range {range} is not a positive number"),
                )
                .remedy("Name the largest value the inputs can have"));
            }
            Scaling::Standard => moments(shape.iter().product()),
            Scaling::Channel => match shape {
                [_, _, channels] => moments(*channels),
                [_, _] => moments(1),
                _ => {
                    return Err(Error::input(
                        "data.scale",
                        format!("a sample of shape {shape:?} is no picture and has no channels"),
                    )
                    .remedy("Use `scale = \"standard\"` or `scale = \"global\"`"));
                }
            },
            Scaling::Global => moments(1),
        };
        Ok(Self::Block {
            shape: shape.to_vec(),
            shift,
            scale,
        })
    }

    /// Features of raw inputs, old or new; a block of numbers is scaled in place, bytes stay bytes. A table's columns are
    /// found by name; others are left aside.
    pub fn apply(&self, inputs: Inputs) -> Result<Prepared> {
        self.apply_exact(inputs, &Wide::new())
    }

    /// The same where columns are at hand in 64 bits.
    pub fn apply_exact(&self, inputs: Inputs, exact: &Wide) -> Result<Prepared> {
        let features = |inputs: Features| Prepared {
            inputs,
            ..Prepared::default()
        };
        match (self, inputs) {
            (
                Self::Block { shape, .. },
                Inputs::Block { shape: found, .. } | Inputs::Bytes { shape: found, .. },
            ) if *shape != found => Err(Error::input(
                "data",
                format!("a sample has shape {found:?}, the model reads {shape:?}"),
            )
            .remedy("Bring the samples to the shape the model was trained on")),
            (
                Self::Block {
                    shape,
                    shift,
                    scale,
                },
                Inputs::Block { values, .. },
            ) => {
                let width = shape.iter().product::<usize>();
                if values.is_mapped() {
                    return Ok(features(Features::mapped(values, width, shift, scale)));
                }
                let mut values = values.into_vec();
                if shift.iter().any(|x| *x != 0.0) || scale.iter().any(|x| *x != 1.0) {
                    let pairs = shift.iter().zip(scale).cycle();
                    values
                        .iter_mut()
                        .zip(pairs)
                        .for_each(|(x, (shift, scale))| *x = (*x - shift) / scale);
                }
                let samples = values.len() / width.max(1);
                Ok(features(Array::new([samples, width], values).into()))
            }
            (
                Self::Block {
                    shape,
                    shift,
                    scale,
                },
                Inputs::Bytes { values, .. },
            ) => {
                let width = shape.iter().product();
                Ok(features(Features::bytes(values, width, shift, scale)))
            }
            (Self::Table(fitted), Inputs::Table(columns)) => apply_table(fitted, &columns, exact),
            _ => Err(Error::input(
                "data",
                "the model reads a table and this is none, or the reverse",
            )
            .remedy("Give it data of the kind it was trained on")),
        }
    }

    /// The columns that hold text here and numbers there, or the reverse.
    pub fn of_another_kind(&self, other: &Self) -> Vec<String> {
        let (Self::Table(own), Self::Table(others)) = (self, other) else {
            return Vec::new();
        };
        let kinds: HashMap<&str, bool> = others
            .iter()
            .map(|column| (column.name(), column.is_categorical()))
            .collect();
        let other = |column: &&TableColumn| {
            let kind = kinds.get(column.name());
            kind.is_some_and(|kind| *kind != column.is_categorical())
        };
        let found = own.iter().filter(other);
        found.map(|column| column.name().to_owned()).collect()
    }

    /// What is to be said of how the inputs it was fitted to become features.
    pub fn notes(&self, inputs: &Inputs) -> Vec<String> {
        let (Self::Table(fitted), Inputs::Table(columns)) = (self, inputs) else {
            return Vec::new();
        };
        let pairs = fitted.iter().zip(columns);
        pairs
            .filter_map(|(fitted, column)| fitted.note(&column.cells))
            .collect()
    }

    /// The columns it reads in 64 bits.
    pub fn wide(&self) -> Vec<String> {
        let Self::Table(columns) = self else {
            return Vec::new();
        };
        let wide = columns.iter().filter(|column| column.is_wide());
        wide.map(|column| column.name().to_owned()).collect()
    }

    /// The shape of one sample's features.
    pub fn shape(&self) -> Vec<usize> {
        match self {
            Self::Block { shape, .. } => shape.clone(),
            Self::Table(columns) => vec![columns.iter().map(TableColumn::width).sum()],
        }
    }

    /// What the features of each column are; `None` for blocks.
    pub fn kinds(&self) -> Option<Vec<ColumnFeatures>> {
        let Self::Table(columns) = self else {
            return None;
        };
        Some(columns.iter().map(TableColumn::kinds).collect())
    }

    /// The columns it reads; none for blocks.
    pub fn inputs(&self) -> Vec<String> {
        match self {
            Self::Block { .. } => Vec::new(),
            Self::Table(columns) => columns.iter().map(|c| c.name().to_string()).collect(),
        }
    }

    /// The column each feature was made of; empty for blocks.
    pub fn columns(&self) -> Vec<String> {
        let Self::Table(columns) = self else {
            return Vec::new();
        };
        columns
            .iter()
            .flat_map(|column| std::iter::repeat_n(column.name().to_string(), column.width()))
            .collect()
    }

    /// Names of the features: of a block, their places (`3,0`).
    pub fn features(&self) -> Vec<String> {
        match self {
            Self::Table(columns) => columns.iter().flat_map(TableColumn::features).collect(),
            Self::Block { shape, .. } => (0..shape.iter().product())
                .map(|i| place(i, shape))
                .collect(),
        }
    }

    /// The raw numbers a block's features came from (up to rounding); `None` for tables.
    pub fn undo(&self, features: &[f32]) -> Option<Vec<f32>> {
        let Self::Block { shift, scale, .. } = self else {
            return None;
        };
        let pairs = shift.iter().zip(scale).cycle();
        Some(
            features
                .iter()
                .zip(pairs)
                .map(|(x, (shift, scale))| x * scale + shift)
                .collect(),
        )
    }
}

fn apply_table(fitted: &[TableColumn], columns: &[Column], exact: &Wide) -> Result<Prepared> {
    let rows = columns.first().map_or(0, |column| column.cells.len());
    let (mut samples, mut prepared) = (TableRows::new(rows), Prepared::default());
    let by_name: HashMap<&str, &Column> = columns
        .iter()
        .map(|column| (column.name.as_str(), column))
        .collect();
    for target in fitted {
        let column = by_name.get(target.name()).ok_or_else(|| {
            let known: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            Error::input(
                "data",
                format!(
                    "the column `{}` is missing; there are {}",
                    target.name(),
                    known.join(", ")
                ),
            )
            .remedy("Add the column the model was trained on; its cells may be empty")
        })?;
        let exact = exact.get(&column.name);
        target.write(&column.cells, exact, &mut samples, &mut prepared)?;
    }
    prepared.inputs = samples.into();
    Ok(prepared)
}

/// `i` as coordinates in a row-major block.
fn place(i: usize, shape: &[usize]) -> String {
    let mut left = i;
    let mut coordinates: Vec<String> = shape
        .iter()
        .rev()
        .map(|&length| {
            let coordinate = left % length;
            left /= length;
            coordinate.to_string()
        })
        .collect();
    coordinates.reverse();
    coordinates.join(",")
}
