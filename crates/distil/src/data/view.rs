//! Views: linear reductions of the data's finest form, coarse = fine · P.

use std::sync::Arc;

use distil_recipe::recipe;
use serde::{Deserialize, Serialize};

use crate::data::axis::{AxisMap, kronecker};
use crate::data::features::Features;
use crate::data::pca::principal_axes;
use crate::data::reduction::Reduction;
use crate::error::{Error, Result};
use crate::sample::SampleId;
use crate::weights::Array;

/// A linear reduction of a sample's finest form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// The finest form itself.
    Full,
    /// Means over blocks of this size, one number per axis; missing last axes are left whole.
    Pool(Vec<usize>),
    /// The first numbers of a sample, row-major.
    First(usize),
    /// These features, in this order.
    Columns(Vec<Feature>),
    /// This height and width, by the mean over each new cell's area; further axes are left whole.
    Resize([usize; 2]),
    /// Every so many-th element from the first, one number per axis; missing last axes are left whole.
    Stride(Vec<usize>),
    /// So many principal components of the training part, largest first. Each component's sign makes
    /// its largest weight positive. The projection does not subtract the mean (it must be linear):
    /// components are centred where the inputs are standardised, and shifted by a constant elsewhere.
    Pca(usize),
}

impl From<&recipe::View> for View {
    fn from(view: &recipe::View) -> Self {
        let size = |number: &u64| usize::try_from(*number).unwrap_or(usize::MAX);
        let sizes = |numbers: &[u64]| numbers.iter().map(size).collect();
        match view {
            recipe::View::Pool(blocks) => Self::Pool(sizes(blocks)),
            recipe::View::First(count) => Self::First(size(count)),
            recipe::View::Columns(columns) => Self::Columns(
                columns
                    .iter()
                    .map(|column| match &column.value {
                        recipe::Column::Name(name) => Feature::Name(name.clone()),
                        recipe::Column::Number(number) => Feature::Number(size(number)),
                    })
                    .collect(),
            ),
            recipe::View::Resize(to) => Self::Resize(to.value.map(|number| size(&number))),
            recipe::View::Stride(steps) => Self::Stride(sizes(steps)),
            recipe::View::Pca(count) => Self::Pca(size(count)),
        }
    }
}

/// A feature of a sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Feature {
    /// By its number, from 0.
    Number(usize),
    /// By the name of a table's column: all features made of it.
    Name(String),
}

/// The finest form as a view sees it.
#[derive(Debug, Clone, Copy)]
pub struct Fine<'a> {
    /// The shape of one sample.
    pub shape: &'a [usize],
    /// The column each feature was made of, for tables; empty for blocks.
    pub columns: &'a [String],
    /// All samples in their finest form.
    pub inputs: &'a Features,
    /// The rows a view may be fitted on.
    pub train: &'a [SampleId],
}

/// A view made concrete: the matrix P.
#[derive(Debug, Clone, PartialEq)]
pub struct ViewMatrix {
    /// The shape of one coarse sample.
    pub shape: Vec<usize>,
    /// P, `[fine, coarse]`; `None` where nothing changes.
    pub matrix: Option<Arc<Reduction>>,
}

impl View {
    /// The shape of a coarse sample, or why this view does not fit the data. Needs no rows.
    pub fn shape(&self, shape: &[usize], columns: &[String]) -> Result<Vec<usize>> {
        let fine: usize = shape.iter().product();
        match self {
            Self::First(count) | Self::Pca(count) if *count == 0 || *count > fine => {
                Err(refuse(format!(
                    "a sample has {fine} numbers, so {} numbers cannot be taken of it",
                    count
                )))
            }
            Self::First(count) | Self::Pca(count) => Ok(vec![*count]),
            Self::Columns(features) => Ok(vec![find_features(features, fine, columns)?.len()]),
            _ => Ok(self.axes(shape)?.iter().map(AxisMap::len).collect()),
        }
    }

    /// The matrix of this view for the data; a PCA is fitted on the training rows.
    pub fn fit(&self, fine: Fine<'_>) -> Result<ViewMatrix> {
        if let Some(fixed) = self.of_shape(fine.shape, fine.columns)? {
            return Ok(fixed);
        }
        let count = self.shape(fine.shape, fine.columns)?.iter().product();
        let matrix = principal_axes(fine.inputs, fine.train, count)?;
        Ok(ViewMatrix {
            shape: vec![count],
            matrix: Some(Arc::new(matrix.into())),
        })
    }

    /// The matrix of this view for samples of a shape; `None` where it takes the samples themselves.
    ///
    /// # Errors
    /// As [`View::shape`].
    pub fn of_shape(&self, fine: &[usize], columns: &[String]) -> Result<Option<ViewMatrix>> {
        let shape = self.shape(fine, columns)?;
        let width: usize = fine.iter().product();
        let matrix = match self {
            Self::Full => return Ok(Some(ViewMatrix::identity(fine))),
            Self::Pca(_) => return Ok(None),
            Self::First(count) => choose(width, 0..*count),
            Self::Columns(features) => {
                choose(width, find_features(features, width, columns)?.into_iter())
            }
            _ => kronecker(&self.axes(fine)?),
        };
        Ok(Some(ViewMatrix {
            shape,
            matrix: Some(Arc::new(matrix)),
        }))
    }

    /// One map per axis, for the views that treat each axis by itself.
    fn axes(&self, shape: &[usize]) -> Result<Vec<AxisMap>> {
        let per_axis = |numbers: &[usize], make: fn(usize, usize) -> Option<AxisMap>| {
            if numbers.is_empty() || numbers.len() > shape.len() {
                return Err(refuse(format!(
                    "{numbers:?} names {} axes, a sample of shape {shape:?} has {}",
                    numbers.len(),
                    shape.len()
                )));
            }
            let numbers = numbers.iter().copied().chain(std::iter::repeat(1));
            shape
                .iter()
                .zip(numbers)
                .map(|(&length, number)| {
                    make(length, number).ok_or_else(|| refuse(format!("{number} does not fit into the axis of length {length} of shape {shape:?} a whole number of times")))
                })
                .collect()
        };
        match self {
            Self::Pool(blocks) => per_axis(blocks, AxisMap::pool),
            Self::Stride(steps) => per_axis(steps, AxisMap::stride),
            Self::Resize(sizes) => {
                if shape.len() < 2
                    || sizes
                        .iter()
                        .zip(shape)
                        .any(|(&to, &from)| to == 0 || to > from)
                {
                    return Err(refuse(format!(
                        "a sample of shape {shape:?} cannot be brought to {sizes:?}"
                    )));
                }
                let whole = shape[2..]
                    .iter()
                    .map(|&length| AxisMap::area(length, length));
                Ok(sizes
                    .iter()
                    .zip(shape)
                    .map(|(&to, &from)| AxisMap::area(from, to))
                    .chain(whole)
                    .collect())
            }
            _ => Ok(shape
                .iter()
                .map(|&length| AxisMap::area(length, length))
                .collect()),
        }
    }
}

fn refuse(reason: String) -> Error {
    Error::input("view", reason).remedy("`distil check --data` shows the shape of a sample")
}

fn find_features(features: &[Feature], width: usize, columns: &[String]) -> Result<Vec<usize>> {
    let mut found = Vec::new();
    for feature in features {
        match feature {
            Feature::Number(number) if *number < width => found.push(*number),
            Feature::Number(number) => {
                return Err(refuse(format!(
                    "a sample has {width} numbers, there is no number {number}"
                )));
            }
            Feature::Name(name) => {
                let before = found.len();
                found.extend((0..columns.len()).filter(|&i| columns[i] == *name));
                if found.len() == before {
                    return Err(refuse(format!("there is no column `{name}`")));
                }
            }
        }
    }
    if found.is_empty() {
        return Err(refuse("no column is named".to_string()));
    }
    Ok(found)
}

/// The matrix that takes these features.
fn choose(width: usize, features: impl Iterator<Item = usize>) -> Reduction {
    let columns: Vec<Vec<(usize, f32)>> = features.map(|feature| vec![(feature, 1.0)]).collect();
    Reduction::of_columns(width, &columns)
}

impl ViewMatrix {
    /// The view that changes nothing.
    pub fn identity(shape: &[usize]) -> Self {
        Self {
            shape: shape.to_vec(),
            matrix: None,
        }
    }

    /// Length of a fine sample.
    pub fn fine(&self) -> usize {
        match &self.matrix {
            Some(matrix) => matrix.fine(),
            None => self.coarse(),
        }
    }

    /// Length of a coarse sample.
    pub fn coarse(&self) -> usize {
        self.shape.iter().product()
    }

    /// All samples through this view; the view that changes nothing shares their block.
    pub fn see(&self, fine: &Features) -> Features {
        match &self.matrix {
            None => fine.clone(),
            Some(matrix) => fine.through(Arc::clone(matrix)),
        }
    }

    /// The matrix B `[large, small]` with x_small = x_large · B for every sample, if the views differ and there is one
    /// that is known to be exact: the large view is the finest form, or its columns are orthogonal and span the small
    /// view's (B = P_large⁺ · P_small, checked to 1e-5).
    pub fn between(small: &Self, large: &Self) -> Option<Array> {
        if small.fine() != large.fine() || small == large {
            return None;
        }
        // From the finest form every view is its own matrix; nothing leads back to it.
        let wanted = small.matrix.as_ref()?.to_array();
        let Some(columns) = &large.matrix else {
            return Some(wanted);
        };
        let columns = columns.to_array();
        let squares = gram(&columns, &columns);
        let width = large.coarse();
        let diagonal: Vec<f64> = (0..width).map(|i| squares[i * width + i]).collect();
        let largest = diagonal.iter().fold(0.0, |a: f64, b| a.max(*b));
        let orthogonal = squares
            .iter()
            .enumerate()
            .all(|(i, s)| i % (width + 1) == 0 || s.abs() <= 1e-5 * largest);
        if !orthogonal || diagonal.iter().any(|d| *d <= 0.0) {
            return None;
        }
        let shared = gram(&columns, &wanted);
        let values = shared
            .chunks(small.coarse())
            .zip(&diagonal)
            .flat_map(|(row, d)| row.iter().map(move |x| (x / d) as f32));
        let between = Array::new([width, small.coarse()], values.collect());
        let mut again = vec![0.0; wanted.values.len()];
        Reduction::from(between.clone()).apply(&columns.values, &mut again);
        let size = wanted.values.iter().fold(0.0, |a: f32, b| a.max(b.abs()));
        let exact = again
            .iter()
            .zip(&wanted.values)
            .all(|(a, b)| (a - b).abs() <= 1e-5 * size);
        exact.then_some(between)
    }
}

/// aᵀ · b in double precision, row-major.
fn gram(a: &Array, b: &Array) -> Vec<f64> {
    let ((rows, left), (_, right)) = (a.rows_cols(), b.rows_cols());
    let mut product = vec![0.0; left * right];
    for row in 0..rows {
        for (i, x) in a.row(row).iter().enumerate().filter(|(_, x)| **x != 0.0) {
            let sums = &mut product[i * right..(i + 1) * right];
            sums.iter_mut()
                .zip(b.row(row))
                .for_each(|(sum, y)| *sum += f64::from(*x) * f64::from(*y));
        }
    }
    product
}
