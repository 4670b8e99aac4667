//! Arrays one after the other.

use crate::data::growing::{Growing, join};
use crate::data::held::Held;
use crate::data::source::arrays::{Elements, Found};
use crate::error::{Error, Result};

/// Joins arrays along their first axis; the others must be equal.
pub fn joined(arrays: Vec<Found>) -> Result<Found> {
    let mut arrays = arrays.into_iter();
    let Some(mut all) = arrays.next() else {
        return Err(Error::input("data", "there is no array"));
    };
    for next in arrays {
        let alike = !all.shape.is_empty() && all.shape.get(1..) == next.shape.get(1..);
        match (&mut all.elements, next.elements) {
            (
                Elements::Numbers { values, wide },
                Elements::Numbers {
                    values: more,
                    wide: wide_more,
                },
            ) if alike => {
                // One part in 64 bits takes the others along.
                if wide.is_some() || wide_more.is_some() {
                    let own = wide.take().map_or_else(|| doubled(values), Ok)?;
                    let more = wide_more.map_or_else(|| doubled(&more), Ok)?;
                    *wide = Some(join(&own, &more)?);
                }
                *values = join(values, &more)?;
            }
            (Elements::Text(texts), Elements::Text(more)) if alike => texts.extend(more),
            _ => {
                return Err(Error::input(
                    next.place,
                    format!(
                        "it has shape {:?}, {} has {:?}: they are no parts of one data set",
                        next.shape, all.place, all.shape
                    ),
                )
                .remedy("Name the arrays with `inputs = \"…\"` and `labels = \"…\"`"));
            }
        }
        all.shape[0] += next.shape[0];
    }
    Ok(all)
}

/// The same numbers in 64 bits.
fn doubled(values: &Held<f32>) -> Result<Held<f64>> {
    let mut doubled = Growing::default();
    for value in values.rows(1) {
        doubled.extend(&[f64::from(value[0])])?;
    }
    doubled.finish()
}
