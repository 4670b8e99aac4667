//! Linear maps of one axis, and their product over all axes of a sample.

use crate::data::reduction::Reduction;

/// A linear map of one axis: for each new place, the old places it reads and their weights.
pub struct AxisMap {
    old: usize,
    new: Vec<Vec<(usize, f64)>>,
}

impl AxisMap {
    /// Means of blocks; `None` if the block does not divide the axis.
    pub fn pool(length: usize, block: usize) -> Option<Self> {
        (block > 0 && length.is_multiple_of(block)).then(|| Self::area(length, length / block))
    }

    /// Every `step`-th place from the first; `None` if the step does not divide the axis.
    pub fn stride(length: usize, step: usize) -> Option<Self> {
        (step > 0 && length.is_multiple_of(step)).then(|| Self {
            old: length,
            new: (0..length).step_by(step).map(|i| vec![(i, 1.0)]).collect(),
        })
    }

    /// `to` places of equal length, each the mean of what it covers.
    pub fn area(from: usize, to: usize) -> Self {
        // In units of 1/to of an old place, new place j covers [j·from, (j+1)·from), old place i
        // covers [i·to, (i+1)·to): overlaps are exact integers.
        let place = |j: usize| {
            let (start, end) = (j * from, (j + 1) * from);
            let overlap =
                |i: usize| (end.min((i + 1) * to) - start.max(i * to)) as f64 / from as f64;
            (start / to..end.div_ceil(to))
                .map(|i| (i, overlap(i)))
                .collect()
        };
        Self {
            old: from,
            new: (0..to).map(place).collect(),
        }
    }

    /// For each new place, the old places it reads and their weights.
    pub fn places(&self) -> impl Iterator<Item = &[(usize, f64)]> {
        self.new.iter().map(Vec::as_slice)
    }

    /// Number of new places.
    pub fn len(&self) -> usize {
        self.new.len()
    }
}

/// The matrix `[old, new]` of the maps applied to each axis of a row-major sample.
pub fn kronecker(axes: &[AxisMap]) -> Reduction {
    let old: usize = axes.iter().map(|axis| axis.old).product();
    let mut columns: Vec<Vec<(usize, f64)>> = vec![vec![(0, 1.0)]];
    for axis in axes {
        let extend = |column: &Vec<(usize, f64)>, place: &Vec<(usize, f64)>| {
            let pairs = column
                .iter()
                .flat_map(|(i, w)| place.iter().map(move |(j, v)| (i * axis.old + j, w * v)));
            pairs.collect()
        };
        columns = columns
            .iter()
            .flat_map(|column| axis.new.iter().map(move |place| extend(column, place)))
            .collect();
    }
    let narrow = |column: &Vec<(usize, f64)>| column.iter().map(|(i, w)| (*i, *w as f32)).collect();
    let columns: Vec<Vec<(usize, f32)>> = columns.iter().map(narrow).collect();
    Reduction::of_columns(old, &columns)
}
