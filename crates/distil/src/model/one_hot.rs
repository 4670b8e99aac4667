//! Codes as one-hot vectors.

use std::sync::Arc;

use burn::tensor::{Bool, Int, Tensor, TensorData};

use crate::data::Place;

/// The layer that turns a sample's codes into one-hot vectors among its numbers, each at its place. It has no weights, and
/// its answers are exact: 0, 1 and the numbers as they were.
#[derive(Debug, Clone)]
pub struct OneHot(pub Arc<[Place]>);

impl OneHot {
    /// The features, one for each place.
    ///
    /// # Shapes
    /// - `numbers`: `[rows, numbers]`, perhaps without a column
    /// - `codes`: `[rows, columns]`
    /// - output: `[rows, places]`
    pub fn forward(&self, numbers: Tensor<2>, codes: Tensor<2, Int>) -> Tensor<2> {
        let ([rows, count], device) = (numbers.dims(), numbers.device());
        let shape = [rows, self.0.len()];
        let integers = |of: fn(&Place) -> i64| {
            let values: Vec<i64> = self.0.iter().map(of).collect();
            Tensor::<1, Int>::from_data(TensorData::new(values, [shape[1]]), &device)
        };
        let column = integers(|place| match *place {
            Place::Code { column, .. } => column as i64,
            Place::Number(_) => 0,
        });
        let wanted = integers(|place| match *place {
            Place::Code { code, .. } => i64::from(code),
            Place::Number(_) => -1,
        });
        let wanted = wanted.reshape([1, shape[1]]).expand(shape);
        let hot = codes.select(1, column).equal(wanted).float();
        if count == 0 {
            return hot;
        }
        let number = integers(|place| match *place {
            Place::Code { .. } => 0,
            Place::Number(column) => column as i64,
        });
        let coded = self
            .0
            .iter()
            .map(|place| matches!(place, Place::Code { .. }));
        let coded = TensorData::new(coded.collect::<Vec<bool>>(), [1, shape[1]]);
        let coded = Tensor::<2, Bool>::from_data(coded, &device).expand(shape);
        numbers.select(1, number).mask_where(coded, hot)
    }
}
