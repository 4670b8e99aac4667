//! The order of a picture's axes in an array.

use distil_kernels::Plain;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::growing::Growing;
use crate::data::held::Held;
use crate::error::{Error, Result};

/// The order of the axes of an array of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Axes {
    /// Samples, channels, height, width: PyTorch's order.
    Nchw,
    /// Samples, height, width, channels: TensorFlow's and NumPy's order, and Distil's own.
    Nhwc,
}

/// The order of a sample of this shape and what is to be said of it; none if it is no picture of several channels.
pub fn of(
    place: &str,
    shape: &[usize],
    given: Option<Axes>,
) -> Result<(Option<Axes>, Option<String>)> {
    let [first, _, last] = *shape else {
        if given.is_some() && shape.len() != 2 {
            return Err(Error::input(
                "data.layout",
                format!("a sample of shape {shape:?} has no height, width and channels"),
            )
            .remedy("Leave out `layout`"));
        }
        return Ok((None, None));
    };
    if given.is_some() {
        return Ok((given, None));
    }
    let channels = |axis: usize| matches!(axis, 1 | 3 | 4);
    let said = |order: &str, which: &str, other: &str| {
        Some(format!(
            "{place}: samples of shape {shape:?} are read as {order}, by their {which} axis; `layout = \"{other}\"` if they are not"
        ))
    };
    match (channels(first), channels(last)) {
        (true, false) => Ok((
            Some(Axes::Nchw),
            said("channels, height, width", "first", "nhwc"),
        )),
        (false, true) => Ok((
            Some(Axes::Nhwc),
            said("height, width, channels", "last", "nchw"),
        )),
        (true, true) => Err(Error::input(
            place,
            format!("of samples of shape {shape:?} the channels may be the first axis or the last"),
        )
        .remedy("Say it: `layout = \"nchw\"` if they are the first, else `layout = \"nhwc\"`")),
        (false, false) => Ok((None, None)),
    }
}

/// Samples of shape `[channels, height, width]` as `[height, width, channels]`.
pub fn channels_last<T: Plain>(values: &Held<T>, shape: &[usize]) -> Result<Held<T>> {
    let channels = shape.first().copied().unwrap_or(1).max(1);
    let plane = shape.iter().skip(1).product::<usize>().max(1);
    let mut turned = Growing::default();
    let mut last = Vec::with_capacity(channels * plane);
    for sample in values.rows(channels * plane) {
        let pixel = |at: usize| (0..channels).map(move |c| sample[c * plane + at]);
        last.extend((0..plane).flat_map(pixel));
        turned.extend(&last)?;
        last.clear();
    }
    turned.finish()
}
