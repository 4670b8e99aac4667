//! A file in memory without a copy: all processes that map it share one.

use std::fmt;
use std::fs::File;
use std::io;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use memmap2::Mmap;

/// A file, mapped to be read. A clone is the same mapping.
#[derive(Debug, Clone)]
pub struct Mapped(Arc<Mmap>);

/// Numbers without padding for which any bits are a value.
pub trait Plain: Copy + sealed::Sealed + 'static {}

mod sealed {
    pub trait Sealed {}
}

macro_rules! plain {
    ($($number:ty),*) => {$(
        impl sealed::Sealed for $number {}
        impl Plain for $number {}
    )*};
}
plain!(u8, u32, u64, f32, f64);

/// Numbers that lie in a mapped file.
#[derive(Clone)]
pub struct Slice<T> {
    file: Mapped,
    start: usize,
    count: usize,
    of: PhantomData<T>,
}

impl Mapped {
    /// Maps a whole file, which nobody may write to or cut short any more, under any name: it is one that this program wrote into a
    /// folder of its own, gave its name when it was complete, and at most removes, which leaves the mapping as it is.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(file: &File) -> io::Result<Self> {
        // SAFETY: nobody changes the file while it is mapped, as required above. Were it cut short all the same, reading behind its
        // end would end the process by a signal, not read other memory.
        let map = unsafe { Mmap::map(file)? };
        Ok(Self(Arc::new(map)))
    }

    /// All of it.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// `count` numbers in this machine's order of bytes, from the byte `start`; `None` where they do not lie in the file, or not at a
    /// multiple of their alignment.
    pub fn slice<T: Plain>(&self, start: usize, count: usize) -> Option<Slice<T>> {
        let end = count.checked_mul(size_of::<T>())?.checked_add(start)?;
        let bytes = self.bytes().get(start..end)?;
        bytes.as_ptr().cast::<T>().is_aligned().then(|| Slice {
            file: self.clone(),
            start,
            count,
            of: PhantomData,
        })
    }
}

impl<T: Plain> Deref for Slice<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        let first = self.file.bytes()[self.start..].as_ptr().cast::<T>();
        // SAFETY: [`Mapped::slice`] saw that the numbers lie in the mapping, which lives as long as `file` and does not move, and that
        // the first is aligned; any bits are a value of a plain number.
        unsafe { std::slice::from_raw_parts(first, self.count) }
    }
}

impl<T: Plain + fmt::Debug> fmt::Debug for Slice<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self[..].fmt(f)
    }
}
