//! One column of a table, fitted.

use distil_report::show::exact;
use serde::{Deserialize, Serialize};

use crate::data::far::far;
use crate::data::held::Held;
use crate::data::moments::{exact_moments, moments, narrow, needs_64_bits};
use crate::data::prepared::Prepared;
use crate::data::raw::{Cells, Column};
use crate::data::table_rows::TableRows;
use crate::error::{Error, Result};
use crate::sample::SampleId;

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
        /// The same in 64 bits, where 32 would cut off what the numbers tell.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wide: Option<WideScale>,
        /// Whether training has one value only: the feature is that of the median, whatever a cell says.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        constant: bool,
        /// Numbers far outside all others, and what is put in their place: the end of the others' range.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        far: Vec<(f64, f64)>,
    },
    /// Text.
    Categorical {
        /// The header.
        name: String,
        /// The texts seen in training, sorted.
        levels: Vec<String>,
        /// Whether the column has a feature for missing cells.
        missing: bool,
        /// Whether training has one text only: its feature is 1, whatever a cell says.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        constant: bool,
    },
}

/// What the features of a table's column are, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnFeatures {
    /// A number, and perhaps whether it is missing.
    Number {
        /// Whether there is a feature for missing cells.
        missing: bool,
    },
    /// A one-hot vector.
    Category {
        /// Its places, one for each text.
        levels: usize,
        /// Whether there is one more, for missing cells.
        missing: bool,
    },
}

impl ColumnFeatures {
    /// Number of features.
    pub fn width(&self) -> usize {
        match *self {
            Self::Number { missing } => 1 + usize::from(missing),
            Self::Category { levels, missing } => levels + usize::from(missing),
        }
    }
}

/// A numeric column's scale in 64 bits: see [`TableColumn::Numeric`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct WideScale {
    /// The training part's median.
    pub median: f64,
    /// feature = (number − mean) / std
    pub mean: f64,
    /// See `mean`.
    pub std: f64,
}

impl TableColumn {
    /// Fits to the training rows of a column; `wide`: its numbers in 64 bits, where 32 do not hold them.
    pub(super) fn fit(
        column: &Column,
        wide: Option<&[f64]>,
        train: &[SampleId],
        standard: bool,
    ) -> Result<Self> {
        let name = column.name.clone();
        match &column.cells {
            Cells::Numeric(cells) => {
                let rows = train.iter().map(|id| id.row());
                let exact: Vec<f64> = match wide {
                    Some(wide) => rows.map(|row| wide[row]).collect(),
                    None => rows.map(|row| f64::from(cells[row])).collect(),
                };
                let far = far(&exact);
                let is_far = |x: f64| far.iter().any(|(value, _)| *value == x);
                let train = train.iter().zip(&exact).filter(|(_, x)| !is_far(**x));
                let (train, exact): (Vec<f32>, Vec<f64>) =
                    train.map(|(id, x)| (cells[id.row()], *x)).unzip();
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
                let mut known = exact.iter().filter(|x| !x.is_nan());
                let first = known.next();
                Ok(Self::Numeric {
                    name,
                    median,
                    missing: train.iter().any(|x| x.is_nan()),
                    mean: mean[0],
                    std: std[0],
                    wide: wide
                        .filter(|_| standard)
                        .and_then(|_| WideScale::where_needed(&exact)),
                    constant: train.len() > 1 && known.all(|x| Some(x) == first) && far.is_empty(),
                    far,
                })
            }
            Cells::Categorical { levels, codes } => {
                let mut seen = vec![false; levels.len()];
                let mut missing = false;
                for id in train {
                    match codes.at(id.row()) {
                        Some(code) => seen[code as usize] = true,
                        None => missing = true,
                    }
                }
                let seen = levels.iter().zip(seen).filter(|(_, seen)| *seen);
                let mut levels: Vec<String> = seen.map(|(level, _)| level.clone()).collect();
                levels.sort();
                Ok(Self::Categorical {
                    name,
                    constant: train.len() > 1 && levels.len() == 1 && !missing,
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

    /// Whether it has one value in all of training, and says nothing.
    pub fn is_constant(&self) -> bool {
        match self {
            Self::Numeric {
                constant, missing, ..
            } => *constant && !missing,
            Self::Categorical { constant, .. } => *constant,
        }
    }

    /// Whether its numbers are read in 64 bits.
    pub fn is_wide(&self) -> bool {
        match self {
            Self::Numeric { wide, far, .. } => wide.is_some() || !far.is_empty(),
            Self::Categorical { .. } => false,
        }
    }

    /// What is to be said of how it becomes features, a sentence without its full stop.
    pub(super) fn note(&self, cells: &Cells) -> Option<String> {
        match (self, cells) {
            (Self::Numeric { name, far, .. }, Cells::Numeric(cells)) if !far.is_empty() => {
                let of = |(value, end): &(f64, f64)| {
                    let count = cells.iter().filter(|x| **x == *value as f32).count();
                    format!(
                        "{count} cells are {}, which stands for {}",
                        shown(*value),
                        shown(*end)
                    )
                };
                let first = shown(far[0].0);
                let far: Vec<String> = far.iter().map(of).collect();
                Some(format!(
                    "column {name}: {}, the end of the range of all others, far from it; if it means that there is no value, `missing = [\"{first}\", …]`",
                    far.join(", ")
                ))
            }
            (Self::Numeric { name, median, .. }, _) if self.is_constant() => Some(format!(
                "column {name} is {median} in every training sample: it tells nothing, and is held at that for other samples"
            )),
            (Self::Categorical { name, levels, .. }, _) if self.is_constant() => Some(format!(
                "column {name} is `{}` in every training sample: it tells nothing, and is held at that for other samples",
                levels[0]
            )),
            _ => None,
        }
    }

    /// Whether the column holds text.
    pub fn is_categorical(&self) -> bool {
        matches!(self, Self::Categorical { .. })
    }

    /// What its features are.
    pub fn kinds(&self) -> ColumnFeatures {
        match self {
            Self::Numeric { missing, .. } => ColumnFeatures::Number { missing: *missing },
            Self::Categorical {
                levels, missing, ..
            } => ColumnFeatures::Category {
                levels: levels.len(),
                missing: *missing,
            },
        }
    }

    /// Number of features.
    pub fn width(&self) -> usize {
        self.kinds().width()
    }

    /// Names of the features.
    pub fn features(&self) -> Vec<String> {
        let (mut names, name, missing) = match self {
            Self::Numeric { name, missing, .. } => (vec![name.clone()], name, missing),
            Self::Categorical {
                name,
                levels,
                missing,
                ..
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

    /// Adds how its features are computed, and notes what has to be guessed.
    pub(super) fn write(
        &self,
        cells: &Cells,
        wide: Option<&Held<f64>>,
        rows: &mut TableRows,
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
                    wide: scale,
                    constant,
                    far,
                },
                Cells::Numeric(cells),
            ) => {
                let (own, far) = (cells.clone(), far.clone());
                match (*scale, wide.cloned()) {
                    (Some(scale), Some(wide)) => {
                        rows.number(wide.is_mapped(), move |row| scale.feature(wide[row], &far));
                    }
                    (Some(scale), None) => rows.number(own.is_mapped(), move |row| {
                        scale.feature(f64::from(own[row]), &far)
                    }),
                    (None, _) => {
                        let (median, mean, std, constant) = (*median, *mean, *std, *constant);
                        rows.number(own.is_mapped(), move |row| {
                            let x = own[row];
                            let x = if x.is_nan() || constant { median } else { x };
                            (near(x, &far) - mean) / std
                        });
                    }
                }
                if *missing {
                    let cells = cells.clone();
                    rows.number(cells.is_mapped(), move |row| {
                        f32::from(u8::from(cells[row].is_nan()))
                    });
                } else {
                    let gaps = cells.iter().enumerate().filter(|(_, x)| x.is_nan());
                    gaps.for_each(|(row, _)| Prepared::note(&mut prepared.missing, name, row));
                }
            }
            (
                Self::Categorical {
                    name,
                    levels,
                    missing,
                    constant,
                },
                Cells::Categorical {
                    levels: found,
                    codes,
                },
            ) => {
                // One more than there are places for.
                let none = self.width() as u32;
                let places: Vec<Option<u32>> = found
                    .iter()
                    .map(|level| levels.binary_search(level).ok().map(|place| place as u32))
                    .collect();
                for (row, code) in codes.iter().enumerate() {
                    match code {
                        Some(code) if places[code as usize].is_none() => {
                            Prepared::note(&mut prepared.unknown, name, row);
                        }
                        None if !*missing => Prepared::note(&mut prepared.missing, name, row),
                        _ => {}
                    }
                }
                let absent = if *missing { levels.len() as u32 } else { none };
                let (codes, constant) = (codes.clone(), *constant);
                rows.code(none, codes.held().is_mapped(), move |row| {
                    match codes.at(row) {
                        _ if constant => 0,
                        Some(code) => places[code as usize].unwrap_or(none),
                        None => absent,
                    }
                });
            }
            _ => return self.check(cells),
        }
        Ok(())
    }

    /// Refuses cells of another kind than it was fitted to.
    pub(super) fn check(&self, cells: &Cells) -> Result<()> {
        if self.is_categorical() == matches!(cells, Cells::Categorical { .. }) {
            return Ok(());
        }
        let wanted = if self.is_categorical() {
            "text"
        } else {
            "numbers"
        };
        Err(Error::input(
            "data",
            format!(
                "column `{}` holds {}, the model reads {wanted} there",
                self.name(),
                cells.kind()
            ),
        )
        .remedy("Bring the column to the form it had in training"))
    }
}

impl WideScale {
    /// The scale of numbers, NaN where missing, if rounding them to 32 bits would shift features by more than 1e-5.
    fn where_needed(values: &[f64]) -> Option<Self> {
        let mut known: Vec<f64> = values.iter().copied().filter(|x| !x.is_nan()).collect();
        known.sort_by(f64::total_cmp);
        let (lower, upper) = (
            *known.get(known.len().checked_sub(1)? / 2)?,
            known[known.len() / 2],
        );
        let median = lower + (upper - lower) / 2.0;
        let filled = values.iter().map(|x| if x.is_nan() { median } else { *x });
        let (mean, std) = exact_moments(filled)?;
        let largest = known
            .iter()
            .fold(0.0, |largest: f64, x| largest.max(x.abs()));
        needs_64_bits(largest, std).then_some(Self { median, mean, std })
    }

    fn feature(&self, x: f64, far: &[(f64, f64)]) -> f32 {
        let x = if x.is_nan() { self.median } else { x };
        let x = far
            .iter()
            .find(|(value, _)| *value == x)
            .map_or(x, |(_, end)| *end);
        narrow((x - self.mean) / self.std)
    }
}

/// A number as a file has it: the shortest decimals of its 32 bits where they suffice.
pub(super) fn shown(x: f64) -> String {
    match f64::from(x as f32) == x {
        true => exact(x as f32),
        false => exact(x),
    }
}

/// What stands for a number that may be far outside all others.
fn near(x: f32, far: &[(f64, f64)]) -> f32 {
    far.iter()
        .find(|(value, _)| *value as f32 == x)
        .map_or(x, |(_, end)| *end as f32)
}

/// The middle value of those that are not NaN (the mean of the two middle ones); `None` if there is none.
fn median(values: &[f32]) -> Option<f32> {
    let mut known: Vec<f32> = values.iter().copied().filter(|x| !x.is_nan()).collect();
    known.sort_by(f32::total_cmp);
    let upper = *known.get(known.len() / 2)?;
    let lower = known[(known.len() - 1) / 2];
    Some(lower + (upper - lower) / 2.0)
}
