//! Named host arrays: what growth reads and writes, what a checkpoint stores, what a model file holds.

use std::borrow::{Borrow, Cow};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use distil_kernels::bytes_of;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::files;

/// A row-major f32 array on the host.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Array {
    /// Lengths of the axes; their product is the number of values.
    pub shape: Vec<usize>,
    /// The values, last axis fastest.
    pub values: Vec<f32>,
}

/// Arrays by the path of their parameter, for example `hidden.0.weight`.
pub type Weights = BTreeMap<String, Array>;

impl Array {
    /// Wraps values; `values.len()` must be the product of `shape` (asserted in debug builds).
    pub fn new(shape: impl Into<Vec<usize>>, values: Vec<f32>) -> Self {
        let shape = shape.into();
        debug_assert_eq!(shape.iter().product::<usize>(), values.len());
        Self { shape, values }
    }

    /// An array of zeros.
    pub fn zeros(shape: impl Into<Vec<usize>>) -> Self {
        let shape = shape.into();
        let count = shape.iter().product();
        Self::new(shape, vec![0.0; count])
    }

    /// Rows and columns of a matrix (a vector is one row; higher ranks flatten all but the first axis).
    pub fn rows_cols(&self) -> (usize, usize) {
        match self.shape.as_slice() {
            [] => (1, self.values.len()),
            [columns] => (1, *columns),
            [rows, rest @ ..] => (*rows, rest.iter().product()),
        }
    }

    /// One row of a matrix.
    pub fn row(&self, row: usize) -> &[f32] {
        let (_, columns) = self.rows_cols();
        &self.values[row * columns..(row + 1) * columns]
    }
}

/// Serialises arrays as safetensors: one metadata key (`format = pt`), so the same weights have the same bytes.
pub fn to_safetensors<A: Borrow<Array>>(weights: &BTreeMap<String, A>) -> Result<Vec<u8>> {
    let arrays = weights.iter().map(|(name, array)| {
        let array = array.borrow();
        (name.as_str(), array.shape.as_slice(), &array.values[..])
    });
    arrays_to_safetensors(arrays)
}

/// The same of names, shapes and values, in the order of their names.
pub fn arrays_to_safetensors<'a>(
    arrays: impl IntoIterator<Item = (&'a str, &'a [usize], &'a [f32])>,
) -> Result<Vec<u8>> {
    let arrays = arrays.into_iter();
    let arrays: Vec<_> = arrays
        .map(|(name, shape, values)| (name, shape, little_endian(values)))
        .collect();
    let views = arrays.iter().map(|(name, shape, bytes)| {
        TensorView::new(Dtype::F32, shape.to_vec(), bytes).map(|view| (name, view))
    });
    let refuse = |error: safetensors::SafeTensorError| Error::input("weights", error);
    let views = views
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(refuse)?;
    let metadata = HashMap::from([("format".to_string(), "pt".to_string())]);
    safetensors::serialize(views, Some(metadata)).map_err(refuse)
}

/// Where that is this machine's order of bytes they are not copied.
fn little_endian(values: &[f32]) -> Cow<'_, [u8]> {
    match cfg!(target_endian = "little") {
        true => Cow::Borrowed(bytes_of(values)),
        false => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
    }
}

/// Reads f32 arrays back from safetensors bytes; `path` is for the message.
pub fn from_safetensors(path: &Path, bytes: &[u8]) -> Result<Weights> {
    let remedy = "Restore the file from a copy, or train again";
    let tensors = SafeTensors::deserialize(bytes).map_err(|e| {
        Error::damaged(path, format!("not a whole safetensors file ({e})")).remedy(remedy)
    })?;
    tensors
        .iter()
        .map(|(name, view)| {
            if view.dtype() != Dtype::F32 {
                return Err(Error::damaged(
                    path,
                    format!("tensor `{name}` is {:?}, not F32", view.dtype()),
                )
                .remedy(remedy));
            }
            let values = view
                .data()
                .as_chunks::<4>()
                .0
                .iter()
                .map(|b| f32::from_le_bytes(*b))
                .collect();
            Ok((name.to_string(), Array::new(view.shape(), values)))
        })
        .collect()
}

/// SHA-256 of bytes, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// SHA-256 of bytes that come piece by piece.
#[derive(Debug, Default)]
pub struct Hash(Sha256);

impl Hash {
    /// Takes the next piece.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Of all pieces, in hexadecimal.
    pub fn end(self) -> String {
        hexadecimal(&self.0.finalize())
    }
}

/// SHA-256 of a file, in hexadecimal; it is not held as a whole.
pub fn sha256_of_file(path: &Path) -> Result<String> {
    let mut hash = Hash::default();
    files::read_pieces(path, |piece| hash.add(piece))?;
    Ok(hash.end())
}

/// SHA-256 of four-byte words one after the other, in hexadecimal; no copy of them all is made.
pub fn sha256_of(words: impl IntoIterator<Item = [u8; 4]>) -> String {
    let mut hash = Sha256::new();
    let mut buffer = [[0; 4]; 4096];
    let mut filled = 0;
    for word in words {
        buffer[filled] = word;
        filled += 1;
        if filled == buffer.len() {
            hash.update(buffer.as_flattened());
            filled = 0;
        }
    }
    hash.update(buffer[..filled].as_flattened());
    hexadecimal(&hash.finalize())
}

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_hash_like_their_bytes() {
        for count in [0, 1, 4096, 10_000] {
            let words: Vec<[u8; 4]> = (0..count).map(u32::to_le_bytes).collect();
            assert_eq!(sha256_of(words.clone()), sha256(words.as_flattened()));
        }
    }
}
