//! The worst mistakes.

use serde::Serialize;

use super::picture::data_uri;
use crate::trials::Predictions;

/// One sample.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mistake {
    /// Its file or row.
    pub place: String,
    /// The truth.
    pub truth: String,
    /// The prediction.
    pub prediction: String,
    /// The row's loss.
    pub loss: String,
    /// The first cells of its row, each with its column's name.
    pub cells: String,
    /// The input as a data URI.
    pub picture: Option<String>,
}

/// As the predictions list them.
pub(super) fn mistakes(predictions: &Predictions) -> Vec<Mistake> {
    let shown = predictions.worst.iter().map(|worst| Mistake {
        place: match &worst.place {
            Some(place) => place.clone(),
            None => format!("sample {}", worst.id),
        },
        cells: worst.cells.join(", "),
        truth: worst.truth.clone(),
        prediction: worst.prediction.clone(),
        loss: format!("{:.2}", worst.loss),
        picture: worst.picture.as_ref().and_then(data_uri),
    });
    shown.collect()
}
