//! Files of answers from elsewhere.

use std::path::Path;

use distil_recipe::recipe::AnswersForm;

use crate::data::answers::RawAnswers;
use crate::data::held::Held;
use crate::data::source::arrays::{check_finite, read_npy};
use crate::data::source::file::read_file;
use crate::error::{Error, Result};
use crate::weights::sha256;

/// Reads a `.npy` file of `[samples]` or `[samples, outputs]` numbers; `form` is what they are said to be.
///
/// # Errors
/// Another file, another shape, numbers that are not finite.
pub fn read_answers(path: &Path, form: Option<AnswersForm>) -> Result<RawAnswers> {
    let npy = path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("npy"));
    if !npy {
        return Err(
            Error::input(path.display(), "answers are not read from such a file")
                .remedy("Save them as one array with numpy.save, in a file that ends in .npy"),
        );
    }
    let bytes = read_file(path)?;
    let named = read_npy(path, &bytes)?;
    let width = match named.shape.as_slice() {
        [_] => 1,
        [_, width] => *width,
        shape => {
            return Err(Error::input(
                named.place,
                format!("shape {shape:?} is no table of answers"),
            )
            .remedy("Save an array `[samples, outputs]`"));
        }
    };
    if named.values.is_empty() {
        let shape = &named.shape;
        return Err(
            Error::input(named.place, format!("shape {shape:?} holds no number"))
                .remedy("Save an array `[samples, outputs]`"),
        );
    }
    check_finite(&named.place, &named.values, width)?;
    let single = || named.values.iter().copied().map(f64::from).collect();
    Ok(RawAnswers {
        place: named.place,
        values: named.wide.map_or_else(single, Held::into_vec),
        width,
        form,
        hash: sha256(&bytes),
    })
}
