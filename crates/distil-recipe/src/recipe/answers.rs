//! `answers`: predictions of another program, where a stage has no model.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spanned::Spanned;

/// Predictions of another program for every sample. A string stands for `{ file = "…" }`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub struct AnswersTable {
    /// A `.npy` file: one row a sample, in the order of the data.
    pub file: Spanned<String>,
    /// What its numbers are; the numbers tell, if absent.
    pub form: Option<Spanned<AnswersForm>>,
}

/// What the numbers of a file of answers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswersForm {
    /// Logits of classes or labels.
    Logits,
    /// Probabilities of classes or labels.
    Probabilities,
    /// Values in the targets' own unit.
    Values,
}
