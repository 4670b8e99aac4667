//! Numbers of a source: of this process alone, or shared by all that map the same copy of the data.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use distil_kernels::{Plain, Slice};

/// An array that is not changed in its place. A clone shares it.
#[derive(Clone)]
pub enum Held<T: Plain> {
    /// Of this process.
    Own(Arc<Vec<T>>),
    /// A part of a mapped file.
    Shared(Slice<T>),
}

impl<T: Plain> Held<T> {
    /// Numbers of one's own: taken where nobody else holds them, else a copy.
    pub fn into_vec(self) -> Vec<T> {
        match self {
            Self::Own(values) => Arc::unwrap_or_clone(values),
            Self::Shared(values) => values.to_vec(),
        }
    }

    /// Whether other processes share them.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Shared(_))
    }
}

impl<T: Plain> Deref for Held<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::Own(values) => values,
            Self::Shared(values) => values,
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
