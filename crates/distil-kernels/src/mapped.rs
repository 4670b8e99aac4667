//! A file in memory without a copy: all processes that map it share one.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use memmap2::{Mmap, MmapMut};

/// So many bytes that were read stay with the process, before they are given back.
const KEPT: usize = 16 << 20;

/// A file, mapped to be read. A clone is the same mapping.
#[derive(Debug, Clone)]
pub struct Mapped(Arc<Map>);

#[derive(Debug)]
struct Map {
    bytes: Mmap,
    /// Bytes read since pages were given back last.
    read: AtomicUsize,
    /// Whether it is no mapping of a file: its pages cannot be read again.
    copied: bool,
}

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
        let bytes = unsafe { Mmap::map(file)? };
        Ok(Self::of(bytes, false))
    }

    /// A whole file in memory of this process: whatever becomes of it later does not matter.
    ///
    /// # Errors
    /// What the system says.
    pub fn copied(mut file: &File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        let length = usize::try_from(length).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let mut bytes = MmapMut::map_anon(length)?;
        file.rewind()?;
        file.read_exact(&mut bytes)?;
        Ok(Self::of(bytes.make_read_only()?, true))
    }

    fn of(bytes: Mmap, copied: bool) -> Self {
        let read = AtomicUsize::new(0);
        Self(Arc::new(Map {
            bytes,
            read,
            copied,
        }))
    }

    /// All of it.
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// Says that so many bytes were read and are not needed soon: after every 16 MB the pages are given back, to be read again from
    /// the file if they are asked for. So a file of any size takes no more memory than that.
    pub fn passed(&self, bytes: usize) {
        if self.0.read.fetch_add(bytes, Ordering::Relaxed) + bytes >= KEPT {
            self.give_back();
        }
    }

    /// Gives all pages of a file that is mapped back to the system.
    pub fn give_back(&self) {
        if self.0.copied {
            return;
        }
        self.0.read.store(0, Ordering::Relaxed);
        #[cfg(unix)]
        {
            // SAFETY: pages of a shared mapping that is only read hold nothing but what stands in the file; whoever reads them, now or later,
            // gets the same bytes. What the system answers does not matter: at worst the pages stay.
            let _ = unsafe {
                self.0
                    .bytes
                    .unchecked_advise(memmap2::UncheckedAdvice::DontNeed)
            };
        }
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

impl<T> Slice<T> {
    /// The mapping they lie in.
    pub fn file(&self) -> &Mapped {
        &self.file
    }
}

/// The bytes of numbers, in this machine's order.
pub fn bytes_of<T: Plain>(values: &[T]) -> &[u8] {
    // SAFETY: plain numbers have no padding, so that all their bytes are set; the slice lives as long as the numbers are borrowed.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
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
