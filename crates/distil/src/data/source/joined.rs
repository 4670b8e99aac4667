//! Arrays one after the other.

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
                    let doubled = |values: &[f32]| values.iter().map(|x| f64::from(*x)).collect();
                    wide.get_or_insert_with(|| doubled(values))
                        .extend(wide_more.unwrap_or_else(|| doubled(&more)));
                }
                values.extend(more);
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
