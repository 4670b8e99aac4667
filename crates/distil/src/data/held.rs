//! Numbers of a source: in this process's memory, or in a mapped file, which takes memory only where it is read.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use distil_kernels::{Plain, Slice};
use tempfile::NamedTempFile;

/// Rows of so many bytes are far enough apart that pages read for one are of no use to others.
const PAGE: usize = 4096;

/// An array that is not changed in its place. A clone shares it.
#[derive(Clone)]
pub enum Held<T: Plain> {
    /// In memory.
    Own(Arc<Vec<T>>),
    /// A part of a mapped file; and the file, where it was written for this array alone.
    Mapped(Slice<T>, Option<Arc<NamedTempFile>>),
}

impl<T: Plain> Held<T> {
    /// Numbers of one's own: taken where nobody else holds them, else a copy.
    pub fn into_vec(self) -> Vec<T> {
        match self {
            Self::Own(values) => Arc::unwrap_or_clone(values),
            Self::Mapped(values, _) => values.to_vec(),
        }
    }

    /// Whether they lie in a file.
    pub fn is_mapped(&self) -> bool {
        matches!(self, Self::Mapped(..))
    }

    /// The file that was written for them alone.
    pub(super) fn file(&self) -> Option<&Arc<NamedTempFile>> {
        match self {
            Self::Own(_) => None,
            Self::Mapped(_, file) => file.as_ref(),
        }
    }

    /// One of the rows of `width` numbers, in any order. Of long rows in a file no more stays in memory than was read last.
    pub fn row(&self, row: usize, width: usize) -> &[T] {
        let numbers = &self[row * width..(row + 1) * width];
        if size_of_val(numbers) >= PAGE {
            self.passed(numbers);
        }
        numbers
    }

    /// All rows of `width` numbers in turn. Of a file no more stays in memory than was read last.
    pub fn rows(&self, width: usize) -> impl ExactSizeIterator<Item = &[T]> {
        let rows = self.chunks_exact(width.max(1));
        rows.inspect(|row| self.passed(row))
    }

    /// Says that these were read and are not needed soon: of a file no more stays in memory than was read last.
    pub fn passed(&self, numbers: &[T]) {
        if let Self::Mapped(values, _) = self {
            values.file().passed(size_of_val(numbers));
        }
    }

    /// Gives back what memory holds of a file, until it is read again.
    pub(super) fn give_back(&self) {
        if let Self::Mapped(values, _) = self {
            values.file().give_back();
        }
    }
}

impl<T: Plain> Default for Held<T> {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<T: Plain> Deref for Held<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::Own(values) => values,
            Self::Mapped(values, _) => values,
        }
    }
}

impl<T: Plain + fmt::Debug> fmt::Debug for Held<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self[..].fmt(f)
    }
}

impl<T: Plain> From<Vec<T>> for Held<T> {
    fn from(values: Vec<T>) -> Self {
        Self::Own(Arc::new(values))
    }
}

impl<T: Plain> FromIterator<T> for Held<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        values.into_iter().collect::<Vec<T>>().into()
    }
}

impl<T: Plain + PartialEq> PartialEq for Held<T> {
    fn eq(&self, other: &Self) -> bool {
        self[..] == other[..]
    }
}

impl<T: Plain + Eq> Eq for Held<T> {}
