//! Answers from elsewhere as their file has them, by row of the source.

use distil_recipe::recipe::AnswersForm;
use distil_report::show::grouped;

use crate::error::{Error, Result};

/// What another program predicts for every sample.
#[derive(Debug, Clone, PartialEq)]
pub struct RawAnswers {
    /// The file, for messages.
    pub place: String,
    /// `[samples, width]`, row-major, all finite.
    pub values: Vec<f64>,
    /// Numbers a sample, at least 1.
    pub width: usize,
    /// What the recipe says they are.
    pub form: Option<AnswersForm>,
    /// SHA-256 of the file, in hexadecimal.
    pub hash: String,
}

impl RawAnswers {
    /// How many samples it answers.
    pub fn len(&self) -> usize {
        self.values.len() / self.width
    }

    /// Whether it answers none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Refuses data of another number of samples.
    ///
    /// # Errors
    /// Both numbers.
    pub fn fit_rows(&self, samples: usize) -> Result<()> {
        if self.len() == samples {
            return Ok(());
        }
        let count = |count: usize| grouped(count as f64);
        Err(Error::input(
            &self.place,
            format!(
                "{} rows of answers, and the data has {} samples",
                count(self.len()),
                count(samples)
            ),
        )
        .remedy("Save one row for every sample of the data, in its order: those to choose by and to test on, too"))
    }

    /// Those of these rows only, in this order.
    pub fn keep(&self, rows: &[usize]) -> Self {
        Self {
            values: rows
                .iter()
                .flat_map(|row| &self.values[row * self.width..][..self.width])
                .copied()
                .collect(),
            place: self.place.clone(),
            hash: self.hash.clone(),
            ..*self
        }
    }
}
