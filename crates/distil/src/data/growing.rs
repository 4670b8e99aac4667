//! An array that grows: in memory, and from some size on in a file.

use std::io::{self, Write};
use std::sync::Arc;

use distil_kernels::{Mapped, Plain, bytes_of};
use tempfile::NamedTempFile;

use crate::data::held::Held;
use crate::data::private;
use crate::error::{Error, Result};

/// What is kept free at the beginning of a file, for whoever makes more of it.
pub const FREE: usize = 64;

/// Bytes written at once.
const PIECE: usize = 1 << 20;

/// Numbers that come one after the other.
#[derive(Debug)]
pub struct Growing<T: Plain> {
    /// Those that are in no file.
    values: Vec<T>,
    file: Option<NamedTempFile>,
    /// How many are in it.
    written: usize,
    /// Bytes from which they go into a file.
    least: usize,
}

impl<T: Plain> Default for Growing<T> {
    fn default() -> Self {
        Self::from_bytes(private::least())
    }
}

impl<T: Plain> Growing<T> {
    /// One that lies in a file from so many bytes on.
    pub fn from_bytes(least: usize) -> Self {
        Self {
            values: Vec::new(),
            file: None,
            written: 0,
            least,
        }
    }

    /// One of about so many numbers: what will not stay in memory goes into a file from the first piece on.
    pub fn expecting(count: usize) -> Self {
        let least = private::least();
        match count.saturating_mul(size_of::<T>()) < least {
            true => Self {
                values: Vec::with_capacity(count),
                ..Self::from_bytes(least)
            },
            false => Self::from_bytes(least.min(PIECE)),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.written + self.values.len()
    }

    /// Adds numbers.
    ///
    /// # Errors
    /// The file cannot be written, and there are too many for memory.
    pub fn extend(&mut self, values: &[T]) -> Result<()> {
        for values in values.chunks(PIECE / size_of::<T>()) {
            self.values.extend_from_slice(values);
            let most = match self.file {
                None => self.least,
                Some(_) => PIECE,
            };
            if size_of_val(&self.values[..]) >= most {
                self.write()?;
            }
        }
        Ok(())
    }

    /// Adds all numbers of an array.
    ///
    /// # Errors
    /// As [`Growing::extend`].
    pub fn add(&mut self, values: &Held<T>) -> Result<()> {
        let whole = values.rows(PIECE / size_of::<T>());
        let rest = whole.len() * (PIECE / size_of::<T>());
        for values in whole {
            self.extend(values)?;
        }
        self.extend(&values[rest..])
    }

    /// All of them.
    ///
    /// # Errors
    /// As [`Growing::extend`].
    pub fn finish(mut self) -> Result<Held<T>> {
        if self.file.is_some() {
            self.write()?;
        }
        let Some(file) = self.file else {
            return Ok(self.values.into());
        };
        let mapped = Mapped::new(file.as_file()).map_err(|error| Error::io(file.path(), &error))?;
        let values = mapped.slice(FREE, self.written);
        let values = values.ok_or_else(|| Error::damaged(file.path(), "it was cut short"))?;
        Ok(Held::Mapped(values, Some(Arc::new(file))))
    }

    fn write(&mut self) -> Result<()> {
        match self.try_to_write() {
            Ok(()) => {
                self.written += self.values.len();
                self.values.clear();
                self.values.shrink_to(PIECE / size_of::<T>());
                Ok(())
            }
            Err(error) => self.stay(&error),
        }
    }

    fn try_to_write(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let mut file = private::begin()?;
                file.write_all(&[0; FREE])?;
                self.file.insert(file)
            }
        };
        file.write_all(bytes_of(&self.values))
    }

    /// Takes all back into memory and keeps them there, if there is room.
    fn stay(&mut self, error: &io::Error) -> Result<()> {
        let bytes = (self.len() * size_of::<T>()) as u64;
        private::fits(bytes, error)?;
        self.least = usize::MAX;
        if let Some(file) = self.file.take() {
            let back =
                Mapped::new(file.as_file()).map_err(|error| Error::io(file.path(), &error))?;
            let back = back.slice::<T>(FREE, self.written);
            let back = back.ok_or_else(|| Error::damaged(file.path(), "it was cut short"))?;
            let mut all = back.to_vec();
            all.append(&mut self.values);
            (self.values, self.written) = (all, 0);
        }
        Ok(())
    }
}

/// One array after another.
///
/// # Errors
/// As [`Growing::extend`].
pub fn join<T: Plain>(own: &Held<T>, more: &Held<T>) -> Result<Held<T>> {
    let mut all = Growing::default();
    all.add(own)?;
    all.add(more)?;
    all.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_same_in_memory_and_in_a_file() {
        let values: Vec<f32> = (0..3_000_000).map(|x| x as f32).collect();
        for least in [0, 1000, 5 << 20, usize::MAX] {
            let mut growing = Growing::from_bytes(least);
            for values in values.chunks(70_001) {
                growing.extend(values).unwrap();
            }
            assert_eq!(growing.len(), values.len());
            let held = growing.finish().unwrap();
            assert_eq!(held.is_mapped(), least < usize::MAX, "from {least} on");
            assert!(held[..] == values[..], "from {least} on");
            assert!(held.rows(3).eq(values.chunks(3)));
            assert_eq!(held.row(7, 2000), &values[14_000..16_000]);
        }
    }

    #[test]
    fn what_finds_no_room_comes_back_into_memory() {
        let mut growing = Growing::from_bytes(8);
        growing.extend(&[1_u32, 2, 3]).unwrap();
        let path = growing.file.as_ref().unwrap().path().to_owned();
        // A file that is only read refuses what is written to it, as a full disk does.
        let read_only = std::fs::File::open(&path).unwrap();
        let (_, name) = growing.file.take().unwrap().into_parts();
        growing.file = Some(NamedTempFile::from_parts(read_only, name));
        growing.extend(&vec![4; PIECE]).unwrap();
        growing.extend(&[5]).unwrap();
        let held = growing.finish().unwrap();
        assert!(!held.is_mapped() && !path.exists());
        assert_eq!(held[..4], [1, 2, 3, 4]);
        assert_eq!(held.len(), PIECE + 4);
        assert_eq!(held.last(), Some(&5));
    }
}
