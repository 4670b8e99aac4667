//! The features of all samples, in the form that takes least memory; numbers are made batch by batch.

use std::sync::{Arc, OnceLock};

use distil_kernels::{Plain, gather};
use rayon::prelude::*;

use crate::data::augment::Augmentation;
use crate::data::codes::Coded;
use crate::data::growing::Growing;
use crate::data::held::Held;
use crate::data::private;
use crate::data::reduction::Reduction;
use crate::data::table_rows::TableRows;
use crate::error::Result;
use crate::sample::SampleId;
use crate::weights::Array;

/// Rows brought through a view at once.
const ROWS: usize = 256;

/// The features `[samples, features]` that a network reads, by row of the source. A clone shares the block.
#[derive(Debug, Clone, Default)]
pub struct Features {
    fine: Arc<Block>,
    seen: Option<Arc<Seen>>,
}

/// The finest form.
#[derive(Debug)]
enum Block {
    Numbers(Array),
    /// feature = (byte − shift) / scale; one number each.
    Bytes {
        values: Held<u8>,
        scale: Scale,
    },
    /// feature = (number − shift) / scale; numbers that lie in a file.
    Mapped {
        values: Held<f32>,
        scale: Scale,
    },
    /// One feature for each place.
    Coded(Coded),
    /// A table of which some lies in a file.
    Table(TableRows),
}

/// What each number of a sample is shifted and divided by, as long as a sample.
#[derive(Debug)]
struct Scale {
    shift: Vec<f32>,
    scale: Vec<f32>,
}

impl Scale {
    fn new(width: usize, shift: &[f32], scale: &[f32]) -> Self {
        let each = |numbers: &[f32]| numbers.iter().copied().cycle().take(width).collect();
        Self {
            shift: each(shift),
            scale: each(scale),
        }
    }

    fn width(&self) -> usize {
        self.shift.len()
    }

    fn push<T: Plain + Into<f32>>(&self, values: &Held<T>, row: usize, out: &mut Vec<f32>) {
        let values = values.row(row, self.width()).iter();
        let scaled = values.zip(&self.shift).zip(&self.scale);
        out.extend(scaled.map(|((x, shift), scale)| ((*x).into() - shift) / scale));
    }
}

/// What a view makes of the finest form; computed when it is first read, or by [`Features::make`].
#[derive(Debug)]
struct Seen {
    reduction: Arc<Reduction>,
    values: OnceLock<Held<f32>>,
}

/// Numbers of all samples.
enum Numbers<'a> {
    Array(&'a Array),
    Held(&'a Held<f32>),
}

impl From<Array> for Features {
    fn from(values: Array) -> Self {
        Self::of(Block::Numbers(values))
    }
}

impl From<Coded> for Features {
    fn from(samples: Coded) -> Self {
        match samples.codes.is_empty() {
            true => samples.numbers.into(),
            false => Self::of(Block::Coded(samples)),
        }
    }
}

impl From<TableRows> for Features {
    fn from(rows: TableRows) -> Self {
        match rows.is_mapped() {
            true => Self::of(Block::Table(rows)),
            false => rows.join().into(),
        }
    }
}

impl Default for Block {
    fn default() -> Self {
        Self::Numbers(Array::zeros([0, 0]))
    }
}

impl PartialEq for Features {
    fn eq(&self, other: &Self) -> bool {
        let shape = (self.len(), self.width());
        shape == (other.len(), other.width())
            && (0..self.len()).all(|row| self.row(row) == other.row(row))
    }
}

impl Features {
    fn of(block: Block) -> Self {
        Self {
            fine: Arc::new(block),
            seen: None,
        }
    }

    /// Features (byte − shift) / scale of `[samples, width]` bytes; `shift` and `scale` hold one number for all features,
    /// or as many as repeat through a sample a whole number of times.
    pub fn bytes(values: impl Into<Held<u8>>, width: usize, shift: &[f32], scale: &[f32]) -> Self {
        Self::of(Block::Bytes {
            values: values.into(),
            scale: Scale::new(width, shift, scale),
        })
    }

    /// The same of numbers that stay where they are.
    pub(super) fn mapped(values: Held<f32>, width: usize, shift: &[f32], scale: &[f32]) -> Self {
        Self::of(Block::Mapped {
            values,
            scale: Scale::new(width, shift, scale),
        })
    }

    /// The same samples through a view.
    pub(super) fn through(&self, reduction: Arc<Reduction>) -> Self {
        Self {
            fine: Arc::clone(&self.fine),
            seen: Some(Arc::new(Seen {
                reduction,
                values: OnceLock::new(),
            })),
        }
    }

    /// Computes what is seen of all samples through a view, unless it has been: done now, no batch has to wait for it.
    ///
    /// # Errors
    /// Neither disk nor memory has room for it.
    pub fn make(&self) -> Result<()> {
        if let Some(seen) = &self.seen
            && seen.values.get().is_none()
        {
            let values = self.reduced(&seen.reduction, private::least())?;
            seen.values.get_or_init(|| values);
        }
        Ok(())
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        match &*self.fine {
            Block::Numbers(array) => array.rows_cols().0,
            Block::Bytes { values, scale } => values.len() / scale.width().max(1),
            Block::Mapped { values, scale } => values.len() / scale.width().max(1),
            Block::Coded(samples) => samples.rows(),
            Block::Table(rows) => rows.len(),
        }
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of memory the finest form takes: none where it lies in a file.
    pub fn bytes_held(&self) -> u64 {
        match &*self.fine {
            Block::Numbers(array) => 4 * array.values.len() as u64,
            Block::Bytes { values, .. } if !values.is_mapped() => values.len() as u64,
            Block::Coded(of) => 4 * (of.numbers.values.len() + of.codes.len()) as u64,
            Block::Bytes { .. } | Block::Mapped { .. } | Block::Table(_) => 0,
        }
    }

    /// Numbers of one sample.
    pub fn width(&self) -> usize {
        match &self.seen {
            Some(seen) => seen.reduction.coarse(),
            None => self.fine.width(),
        }
    }

    /// The features of one sample.
    pub fn row(&self, row: usize) -> Vec<f32> {
        let mut values = Vec::with_capacity(self.width());
        self.push(row, &mut values);
        values
    }

    /// The features of these samples, `[ids, features]`.
    pub fn rows(&self, ids: &[SampleId]) -> Array {
        let shape = [ids.len(), self.width()];
        let rows = ids.iter().map(|id| id.row());
        match self.numbers() {
            Some(Numbers::Array(numbers)) => {
                return Array::new(shape, gather(&numbers.values, shape[1], rows));
            }
            Some(Numbers::Held(numbers)) if !numbers.is_mapped() => {
                return Array::new(shape, gather(numbers, shape[1], rows));
            }
            _ => {}
        }
        if let (None, Block::Table(rows)) = (&self.seen, &*self.fine)
            && !rows.has_codes()
        {
            return rows.take(ids.iter().map(|id| id.row())).numbers;
        }
        let mut values = Vec::with_capacity(shape.iter().product());
        ids.iter().for_each(|id| self.push(id.row(), &mut values));
        Array::new(shape, values)
    }

    /// The numbers and codes of these samples, where they have codes and no view reads them.
    pub fn coded(&self, ids: &[SampleId]) -> Option<Coded> {
        match (&self.seen, &*self.fine) {
            (None, Block::Coded(samples)) => Some(samples.take(ids.iter().map(|id| id.row()))),
            (None, Block::Table(rows)) if rows.has_codes() => {
                Some(rows.take(ids.iter().map(|id| id.row())))
            }
            _ => None,
        }
    }

    /// The features of these samples as an epoch of training varies them: their finest form is changed and mixed, then
    /// viewed.
    pub fn varied(&self, ids: &[SampleId], augmentation: &Augmentation) -> Array {
        let width = self.fine.width();
        let mut values = Vec::with_capacity(ids.len() * width);
        let mut row = Vec::with_capacity(width);
        let mut push = |id: SampleId, out: &mut Vec<f32>| {
            row.clear();
            self.fine.push(id.row(), &mut row);
            augmentation.push(id, &row, out);
        };
        let mut other = Vec::with_capacity(width);
        for (at, id) in ids.iter().enumerate() {
            push(*id, &mut values);
            if let Some((share, partner)) = augmentation.partner(at) {
                other.clear();
                push(partner, &mut other);
                for (own, other) in values[at * width..].iter_mut().zip(&other) {
                    *own = share * *own + (1.0 - share) * other;
                }
            }
        }
        let Some(seen) = &self.seen else {
            return Array::new([ids.len(), width], values);
        };
        let mut viewed = vec![0.0; ids.len() * self.width()];
        seen.reduction.apply(&values, &mut viewed);
        Array::new([ids.len(), self.width()], viewed)
    }

    fn push(&self, row: usize, out: &mut Vec<f32>) {
        match self.numbers() {
            Some(Numbers::Array(numbers)) => out.extend_from_slice(numbers.row(row)),
            Some(Numbers::Held(numbers)) => out.extend_from_slice(numbers.row(row, self.width())),
            None => self.fine.push(row, out),
        }
    }

    /// The features of all samples, where they are kept as numbers.
    fn numbers(&self) -> Option<Numbers<'_>> {
        match (&self.seen, &*self.fine) {
            (Some(seen), _) => {
                let values = seen.values.get_or_init(|| {
                    // In memory nothing is refused.
                    let values = self.reduced(&seen.reduction, usize::MAX);
                    values.unwrap_or_default()
                });
                Some(Numbers::Held(values))
            }
            (None, Block::Numbers(array)) => Some(Numbers::Array(array)),
            (
                None,
                Block::Bytes { .. } | Block::Mapped { .. } | Block::Coded(_) | Block::Table(_),
            ) => None,
        }
    }

    /// `mapped_from`: bytes from which it lies in a file.
    fn reduced(&self, reduction: &Reduction, mapped_from: usize) -> Result<Held<f32>> {
        let mut all = Growing::from_bytes(mapped_from);
        let coarse = reduction.coarse();
        let mut values = vec![0.0; ROWS * coarse];
        for first in (0..self.len()).step_by(ROWS) {
            let rows = ROWS.min(self.len() - first);
            let values = &mut values[..rows * coarse];
            let seen = values.par_chunks_exact_mut(coarse.max(1)).enumerate();
            seen.for_each_init(Vec::new, |fine, (at, seen)| {
                fine.clear();
                self.fine.push(first + at, fine);
                reduction.apply(fine, seen);
            });
            all.extend(values)?;
        }
        all.finish()
    }
}

impl Block {
    fn width(&self) -> usize {
        match self {
            Self::Numbers(array) => array.rows_cols().1,
            Self::Bytes { scale, .. } | Self::Mapped { scale, .. } => scale.width(),
            Self::Coded(samples) => samples.places.len(),
            Self::Table(rows) => rows.width(),
        }
    }

    fn push(&self, row: usize, out: &mut Vec<f32>) {
        match self {
            Self::Numbers(array) => out.extend_from_slice(array.row(row)),
            Self::Coded(samples) => samples.push(row, out),
            Self::Table(rows) => rows.push(row, out),
            Self::Bytes { values, scale } => scale.push(values, row, out),
            Self::Mapped { values, scale } => scale.push(values, row, out),
        }
    }
}
