//! One column of a table, fitted.

use serde::{Deserialize, Serialize};

use crate::data::codes::{Coded, Place};
use crate::data::moments::moments;
use crate::data::prepared::Prepared;
use crate::data::raw::{Cells, Column};
use crate::error::{Error, Result};
use crate::sample::SampleId;
use crate::weights::Array;

/// How one column becomes features.
///
/// A numeric column is one feature, a categorical one a feature per text seen in training (one-hot).
/// If cells are missing in training, one more feature says so: 1 where missing, else 0. Missing
/// numbers become the training part's median; missing and unknown texts are zeros in all text features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableColumn {
    /// Numbers.
    Numeric {
        /// The header.
        name: String,
        /// What replaces a missing number: the training part's median.
        median: f32,
        /// Whether the column has a feature for missing cells.
        missing: bool,
        /// feature = (number − mean) / std, over the training part after filling in medians.
        mean: f32,
        /// See `mean`; 1 for a constant column.
        std: f32,
    },
    /// Text.
    Categorical {
        /// The header.
        name: String,
        /// The texts seen in training, sorted.
        levels: Vec<String>,
        /// Whether the column has a feature for missing cells.
        missing: bool,
    },
}

impl TableColumn {
    /// Fits to the training rows of a column.
    pub(super) fn fit(column: &Column, train: &[SampleId], standard: bool) -> Result<Self> {
        let name = column.name.clone();
        match &column.cells {
            Cells::Numeric(cells) => {
                let train: Vec<f32> = train.iter().map(|id| cells[id.row()]).collect();
                let median = median(&train).ok_or_else(|| {
                    Error::input(
                        "data",
                        format!("no training sample has a value in column `{name}`"),
                    )
                    .remedy(format!("Leave it out with `ignore = [\"{name}\"]`"))
                })?;
                let filled: Vec<f32> = train
                    .iter()
                    .map(|x| if x.is_nan() { median } else { *x })
                    .collect();
                let (mean, std) = if standard {
                    moments(&filled, 1, 0..filled.len())
                } else {
                    (vec![0.0], vec![1.0])
                };
                Ok(Self::Numeric {
                    name,
                    median,
                    missing: train.iter().any(|x| x.is_nan()),
                    mean: mean[0],
                    std: std[0],
                })
            }
            Cells::Categorical { levels, codes } => {
                let mut seen = vec![false; levels.len()];
                let mut missing = false;
                for id in train {
                    match codes[id.row()] {
                        Some(code) => seen[code as usize] = true,
                        None => missing = true,
                    }
                }
                let seen = levels.iter().zip(seen).filter(|(_, seen)| *seen);
                let mut levels: Vec<String> = seen.map(|(level, _)| level.clone()).collect();
                levels.sort();
                Ok(Self::Categorical {
                    name,
                    levels,
                    missing,
                })
            }
        }
    }

    /// The header.
    pub fn name(&self) -> &str {
        match self {
            Self::Numeric { name, .. } | Self::Categorical { name, .. } => name,
        }
    }

    /// Whether the column holds text.
    pub fn is_categorical(&self) -> bool {
        matches!(self, Self::Categorical { .. })
    }

    /// Number of features.
    pub fn width(&self) -> usize {
        match self {
            Self::Numeric { missing, .. } => 1 + usize::from(*missing),
            Self::Categorical {
                levels, missing, ..
            } => levels.len() + usize::from(*missing),
        }
    }

    /// Names of the features.
    pub fn features(&self) -> Vec<String> {
        let (mut names, name, missing) = match self {
            Self::Numeric { name, missing, .. } => (vec![name.clone()], name, missing),
            Self::Categorical {
                name,
                levels,
                missing,
            } => (
                levels
                    .iter()
                    .map(|level| format!("{name} = {level}"))
                    .collect(),
                name,
                missing,
            ),
        };
        if *missing {
            names.push(format!("{name} is missing"));
        }
        names
    }

    /// Adds the features of all rows.
    pub(super) fn write(
        &self,
        cells: &Cells,
        samples: &mut Columns,
        prepared: &mut Prepared,
    ) -> Result<()> {
        match (self, cells) {
            (
                Self::Numeric {
                    name,
                    median,
                    missing,
                    mean,
                    std,
                },
                Cells::Numeric(cells),
            ) => {
                let filled = |x: &f32| (if x.is_nan() { *median } else { *x } - mean) / std;
                samples.numbers(cells.iter().map(filled).collect());
                if *missing {
                    let gaps = cells.iter().map(|x| f32::from(u8::from(x.is_nan())));
                    samples.numbers(gaps.collect());
                } else {
                    let gaps = (0..cells.len()).filter(|row| cells[*row].is_nan());
                    gaps.for_each(|row| Prepared::note(&mut prepared.missing, name, row));
                }
            }
            (
                Self::Categorical {
                    name,
                    levels,
                    missing,
                },
                Cells::Categorical {
                    levels: found,
                    codes,
                },
            ) => {
                // One more than there are places for.
                let none = self.width() as u32;
                let places: Vec<Option<usize>> = found
                    .iter()
                    .map(|level| levels.binary_search(level).ok())
                    .collect();
                let mut note = |row, code: &Option<u32>| match code {
                    Some(code) => places[*code as usize].map_or_else(
                        || {
                            Prepared::note(&mut prepared.unknown, name, row);
                            none
                        },
                        |place| place as u32,
                    ),
                    None if *missing => levels.len() as u32,
                    None => {
                        Prepared::note(&mut prepared.missing, name, row);
                        none
                    }
                };
                let codes = codes.iter().enumerate();
                let codes = codes.map(|(row, code)| note(row, code)).collect();
                samples.codes(codes, none);
            }
            _ => {
                let wanted = if self.is_categorical() {
                    "text"
                } else {
                    "numbers"
                };
                return Err(Error::input(
                    "data",
                    format!(
                        "column `{}` holds {}, the model reads {wanted} there",
                        self.name(),
                        cells.kind()
                    ),
                )
                .remedy("Bring the column to the form it had in training"));
            }
        }
        Ok(())
    }
}

/// A table's features, column by column.
#[derive(Default)]
pub struct Columns {
    numbers: Vec<Vec<f32>>,
    codes: Vec<Vec<u32>>,
    places: Vec<Place>,
}

impl Columns {
    /// One feature of numbers.
    fn numbers(&mut self, values: Vec<f32>) {
        self.places.push(Place::Number(self.numbers.len()));
        self.numbers.push(values);
    }

    /// One feature for each code below `count`.
    fn codes(&mut self, codes: Vec<u32>, count: u32) {
        let column = self.codes.len();
        let places = (0..count).map(|code| Place::Code { column, code });
        self.places.extend(places);
        self.codes.push(codes);
    }

    /// The samples, row by row.
    pub fn join(self, rows: usize) -> Coded {
        let by_row = 0..rows;
        let numbers = by_row
            .clone()
            .flat_map(|row| self.numbers.iter().map(move |column| column[row]));
        let codes = by_row.flat_map(|row| self.codes.iter().map(move |column| column[row]));
        Coded {
            numbers: Array::new([rows, self.numbers.len()], numbers.collect()),
            codes: codes.collect(),
            places: self.places.into(),
        }
    }
}

/// The middle value of those that are not NaN (the mean of the two middle ones); `None` if there is none.
fn median(values: &[f32]) -> Option<f32> {
    let mut known: Vec<f32> = values.iter().copied().filter(|x| !x.is_nan()).collect();
    known.sort_by(f32::total_cmp);
    let upper = *known.get(known.len() / 2)?;
    let lower = known[(known.len() - 1) / 2];
    Some(lower + (upper - lower) / 2.0)
}
